/**
 * What a connection is about to send. Everything said in one turn (the replies to one read, the
 * publishes of one tick) leaves in one write, because the kernel's write is most of what a message
 * costs; and what a slow client has not taken waits here, where it can be counted.
 */
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type Wire } from './codec.ts';
import { Batch, forgetBroadcast } from './batch.ts';
import { Frame, payloadSize } from './frame.ts';

/** What a frame that waits costs beside its bytes; measured at about 300. */
const FRAME_OVERHEAD = 256;
const OPEN = 1;
const NOTHING = Buffer.alloc(0);

/** Holds what is to be sent over one socket. */
export class Outbox {
  readonly #socket: WebSocket;
  /**
   * The stream beneath the socket, when frames may be written to it directly: ws does the same,
   * synchronously, as long as there is no compression. Undefined: everything goes through `send`.
   */
  readonly #stream: Duplex | undefined;
  /** The stream of the request, which is beneath the socket, or may be. */
  readonly #beneath: Duplex;
  /** What waits, in order; most connections have nothing to say at a time. */
  #waiting: Batch | undefined;
  #waitingBytes = 0;
  #said = 0;
  #isScheduled = false;
  /** A write has found the stream backed up: until it is through, the rest waits here. */
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

  /** What was said and not yet taken by the kernel: its bytes, plus 256 for each frame that waits. */
  get buffered(): number {
    const written =
      this.#stream === undefined ? this.#socket.bufferedAmount : this.#stream.writableLength;
    const waiting = this.#waiting;
    return waiting === undefined
      ? written
      : written + this.#waitingBytes + FRAME_OVERHEAD * waiting.count;
  }

  /** How much was ever said, in bytes. */
  get said(): number {
    return this.#said;
  }

  /** True when frames are written as one buffer, without the socket's own sender. */
  get isDirect(): boolean {
    return this.#stream !== undefined;
  }

  /** Takes a message, to be written when this callback of the event loop has ended. */
  push(item: Wire | Frame): void {
    const size = item instanceof Frame ? item.bytes.length : payloadSize(item);
    if (this.#waiting === undefined) this.#waiting = new Batch(item, size);
    else this.#waiting.push(item, size);
    this.#waitingBytes += size;
    this.#said += size;
    if (!this.#isScheduled && !this.#isBlocked) this.#schedule();
  }

  /** Writes all that waits, whatever the client has taken: what was said before a close leaves before it. */
  flush(): void {
    const batch = this.#waiting;
    if (batch === undefined) return;
    const isOpen = this.#socket.readyState === OPEN;
    this.#forget();
    if (!isOpen) return;
    if (this.#stream === undefined) this.#sendEach(batch);
    else this.#write(this.#stream, Batch.join(batch));
  }

  /** Writes what waits now, and not only when this callback has ended; not past a stream that is backed up. */
  flushUnlessBlocked(): void {
    if (!this.#isBlocked) this.flush();
  }

  /** Calls back once what is written now was taken; never, if the socket closes first. */
  whenDrained(callback: () => void): void {
    this.#onDrain = callback;
    if (this.#isBlocked) return;
    this.#isBlocked = true;
    // Neither says anything to the application, and both call back behind all that was written.
    if (this.#stream === undefined) this.#socket.ping(undefined, undefined, this.#onTaken());
    else this.#stream.write(NOTHING, this.#onTaken());
  }

  /** Forgets what waits: the socket is gone. */
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
    if (Outbox.#unflushed.push(this) === 1) process.nextTick(Outbox.#flushAll);
  }

  #forget(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #write(stream: Duplex, chunk: Buffer): void {
    if (stream.writableLength === 0) {
      stream.write(chunk);
      return;
    }
    // The kernel has not taken what came before. This write will tell when it has taken both; to
    // be told at every write would cost a fifth of a message more.
    this.#isBlocked = true;
    stream.write(chunk, this.#onTaken());
  }

  #sendEach(batch: Batch): void {
    // One write, where this is the stream that ws writes to; if it is another, nothing is lost.
    this.#beneath.cork();
    try {
      this.#sendAll(batch);
    } finally {
      this.#beneath.uncork();
    }
  }

  #sendAll(batch: Batch): void {
    const taken = this.#socket.bufferedAmount > 0 ? this.#onTaken() : undefined;
    if (taken !== undefined) this.#isBlocked = true;
    let left = batch.count;
    for (const item of batch.items()) {
      left -= 1;
      const encoded = item instanceof Frame ? item.encoded : item;
      const options = { binary: typeof encoded !== 'string' };
      // A callback costs a fifth of a message more.
      if (left === 0 && taken !== undefined) this.#socket.send(encoded, options, taken);
      else this.#socket.send(encoded, options);
    }
  }

  /** Made when first needed: most connections never meet a slow client. */
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
