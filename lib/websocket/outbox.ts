/**
 * The messages that a connection is about to send. All that are sent in one turn (the replies to one
 * read, the publishes of one tick) leave in one write, because the kernel's write is most of the cost
 * of a message. Messages that a slow client has not read wait here, where they are counted.
 */
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type Wire } from '../core/codec.ts';
import { Batch, forgetBroadcast } from './batch.ts';
import { afterThisCallback } from '../process/timers.ts';
import { Frame, type Piece, piecesOf, payloadSize } from './frame.ts';

/** The memory of a waiting frame beside its bytes; measured at about 300. */
// guard: 256 bytes for each frame that waits → const FRAME_OVERHEAD = 0;
const FRAME_OVERHEAD = 256;
const OPEN = 1;
const NOTHING = Buffer.alloc(0);

/** The messages for one socket. */
export class Outbox {
  readonly #socket: WebSocket;
  /**
   * The stream beneath the socket, when frames may be written to it directly: ws does the same,
   * synchronously, as long as there is no compression. Undefined: everything goes through `send`.
   */
  readonly #stream: Duplex | undefined;
  /** The stream of the request, which may be the one beneath the socket. */
  readonly #beneath: Duplex;
  /** The waiting messages: mostly none, or one. */
  #waiting: Wire | Frame | Batch | undefined;
  #waitingBytes = 0;
  #bytesSent = 0;
  #isScheduled = false;
  /** A write has found the stream full: until it has drained, the rest waits here. */
  #isBlocked = false;
  #unblock: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  /**
   * @param stream - the stream to which frames are written directly, where that is possible
   * @param beneath - the stream of the request that opened the socket
   */
  constructor(socket: WebSocket, stream: Duplex | undefined, beneath: Duplex) {
    this.#socket = socket;
    this.#stream = stream;
    this.#beneath = beneath;
  }

  /** The bytes that the kernel has not taken yet, plus 256 for each waiting frame. */
  get buffered(): number {
    const written =
      this.#stream === undefined ? this.#socket.bufferedAmount : this.#stream.writableLength;
    const waiting = this.#waiting;
    if (waiting === undefined) return written;
    const count = waiting instanceof Batch ? waiting.items.length : 1;
    return written + this.#waitingBytes + FRAME_OVERHEAD * count;
  }

  /** How much was sent since the beginning, in bytes. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** True when frames are written as one buffer, without the socket's own sender. */
  get isDirect(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Adds a message, which is written when this callback of the event loop has ended.
   * @returns by how much `buffered` has grown
   */
  push(item: Wire | Frame): number {
    const size = item instanceof Frame ? item.size : payloadSize(item);
    const waiting = this.#waiting;
    if (waiting === undefined) this.#waiting = item;
    else if (waiting instanceof Batch) waiting.push(item, size);
    else this.#waiting = new Batch(waiting, this.#waitingBytes, item, size);
    this.#waitingBytes += size;
    this.#bytesSent += size;
    if (!this.#isScheduled && !this.#isBlocked) this.#schedule();
    return size + FRAME_OVERHEAD;
  }

  /** Writes all that waits, also to a slow client: messages before a close leave before it. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const size = this.#waitingBytes;
    const isOpen = this.#socket.readyState === OPEN;
    this.#forget();
    if (!isOpen) return;
    const stream = this.#stream;
    // The kernel has not taken the bytes before. The callback of the last write then comes when it has
    // taken all; a callback for every write would cost a fifth of a message more.
    if (stream === undefined) {
      const isAwaited = this.#socket.bufferedAmount > 0;
      if (waiting instanceof Batch) this.#sendAll(waiting.items, isAwaited);
      else this.#send(waiting, isAwaited);
    } else {
      // What is corked waits for us, not for the kernel: the 101, when the hello follows it.
      const isAwaited = stream.writableLength > 0 && stream.writableCorked === 0;
      if (waiting instanceof Batch) this.#write(stream, Batch.join(waiting), isAwaited);
      else if (waiting instanceof Frame) this.#writeOne(stream, waiting.bytes, isAwaited);
      else this.#write(stream, piecesOf(waiting, size), isAwaited);
    }
  }

  /** Writes at once, before this callback has ended; but not to a stream that is full. */
  flushUnlessBlocked(): void {
    if (!this.#isBlocked) this.flush();
  }

  /** Calls back once the kernel has taken all that is written now; never, if the socket closes first. */
  whenDrained(callback: () => void): void {
    this.#onDrain = callback;
    if (this.#isBlocked) return;
    this.#isBlocked = true;
    // Neither is a message for the client, and both call back after all earlier writes.
    if (this.#stream === undefined) this.#socket.ping(undefined, undefined, this.#onTaken());
    else this.#stream.write(NOTHING, this.#onTaken());
  }

  /** Drops the waiting messages: the socket is closed. */
  discard(): void {
    this.#forget();
    this.#onDrain = undefined;
  }

  static #unflushed: Outbox[] = [];

  static #flushAll(this: void): void {
    const outboxes = Outbox.#unflushed;
    Outbox.#unflushed = [];
    for (const outbox of outboxes) {
      outbox.#isScheduled = false;
      outbox.flushUnlessBlocked();
    }
    forgetBroadcast();
  }

  #schedule(): void {
    this.#isScheduled = true;
    // One tick for all connections, not a closure for each.
    if (Outbox.#unflushed.push(this) === 1) afterThisCallback(Outbox.#flushAll);
  }

  #forget(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #write(stream: Duplex, pieces: readonly Piece[], isAwaited: boolean): void {
    const last = pieces.length - 1;
    // A cork around a single write would cost more than it saves.
    if (last > 0) stream.cork();
    for (let index = 0; index <= last; index++) {
      this.#writeOne(stream, pieces[index] as Piece, isAwaited && index === last);
    }
    if (last > 0) stream.uncork();
  }

  #writeOne(stream: Duplex, piece: Piece, isAwaited: boolean): void {
    if (isAwaited) {
      this.#isBlocked = true;
      stream.write(piece, 'latin1', this.#onTaken());
    } else {
      stream.write(piece, 'latin1');
    }
  }

  #send(item: Wire | Frame, isAwaited: boolean): void {
    const encoded = item instanceof Frame ? item.encoded : item;
    const options = { binary: typeof encoded !== 'string' };
    if (isAwaited) {
      this.#isBlocked = true;
      this.#socket.send(encoded, options, this.#onTaken());
    } else {
      this.#socket.send(encoded, options);
    }
  }

  #sendAll(items: readonly (Wire | Frame)[], isAwaited: boolean): void {
    // One write, where this is the stream that ws writes to; harmless where it is another.
    this.#beneath.cork();
    try {
      for (const [index, item] of items.entries()) {
        this.#send(item, isAwaited && index === items.length - 1);
      }
    } finally {
      this.#beneath.uncork();
    }
  }

  /** Made at the first use: most connections never have a slow client. */
  #onTaken(): () => void {
    this.#unblock ??= () => {
      this.#isBlocked = false;
      this.flush();
      const callback = this.#onDrain;
      this.#onDrain = undefined;
      callback?.();
    };
    return this.#unblock;
  }
}
