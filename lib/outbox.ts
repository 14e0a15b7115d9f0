/**
 * What a connection is about to send. Everything said in one turn (the replies to one read, the
 * publishes of one tick) leaves in one write, because the kernel's write is most of what a message
 * costs; and what a slow client has not taken waits here, where it can be counted.
 */
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type Wire } from './codec.ts';
import { Frame, frameSize, payloadSize, writeFrame } from './frame.ts';

/** What a frame that waits costs beside its bytes; measured at about 300. */
const FRAME_OVERHEAD = 256;
const OPEN = 1;
const NOTHING = Buffer.alloc(0);
const ignoreError = (): void => {};

/** Holds what is to be sent over one socket. */
export class Outbox {
  readonly #socket: WebSocket;
  /**
   * The stream beneath the socket, when frames may be written to it directly: ws does the same,
   * synchronously, as long as there is no compression. Undefined: everything goes through `send`.
   */
  readonly #stream: Duplex | undefined;
  #waiting: (Wire | Frame)[] = [];
  /** The size of each of them: of the payload, or of the whole frame where it is made already. */
  #sizes: number[] = [];
  #waitingBytes = 0;
  #said = 0;
  #isScheduled = false;
  /** A write has found the stream backed up: until it is through, the rest waits here. */
  #isBlocked = false;
  #unblock: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(socket: WebSocket, stream: Duplex | undefined) {
    this.#socket = socket;
    this.#stream = stream;
  }

  /** What was said and not yet taken by the kernel: its bytes, plus 256 for each frame that waits. */
  get buffered(): number {
    const written =
      this.#stream === undefined ? this.#socket.bufferedAmount : this.#stream.writableLength;
    return written + this.#waitingBytes + FRAME_OVERHEAD * this.#waiting.length;
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
    this.#waiting.push(item);
    this.#sizes.push(size);
    this.#waitingBytes += size;
    this.#said += size;
    if (!this.#isScheduled && !this.#isBlocked) this.#schedule();
  }

  /** Writes all that waits, whatever the client has taken: what was said before a close leaves before it. */
  flush(): void {
    const items = this.#waiting;
    if (items.length === 0) return;
    const sizes = this.#sizes;
    const isOpen = this.#socket.readyState === OPEN;
    this.#forget();
    if (!isOpen) return;
    if (this.#stream === undefined) this.#sendEach(items);
    else this.#write(this.#stream, join(items, sizes));
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
    this.#waiting = [];
    this.#sizes = [];
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

  #sendEach(items: readonly (Wire | Frame)[]): void {
    const wasBacked = this.#socket.bufferedAmount > 0;
    for (const [index, item] of items.entries()) {
      const encoded = item instanceof Frame ? item.encoded : item;
      const isLast = index === items.length - 1;
      if (wasBacked && isLast) this.#isBlocked = true;
      this.#socket.send(
        encoded,
        { binary: typeof encoded !== 'string' },
        wasBacked && isLast ? this.#onTaken() : ignoreError,
      );
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

/** The frames that were joined last and what came of it: a burst of publishes is the same for all. */
let broadcastFrames: readonly (Wire | Frame)[] = [];
let broadcastBytes: Buffer = NOTHING;

function forgetBroadcast(): void {
  if (broadcastFrames.length === 0) return;
  broadcastFrames = [];
  broadcastBytes = NOTHING;
}

/** Makes one buffer of what waits. */
function join(items: readonly (Wire | Frame)[], sizes: readonly number[]): Buffer {
  const [first] = items;
  if (items.length === 1 && first instanceof Frame) return first.bytes;
  const isBroadcast = items.every((item) => item instanceof Frame);
  if (isBroadcast && isSame(items, broadcastFrames)) return broadcastBytes;
  let total = 0;
  for (let index = 0; index < items.length; index++) {
    const size = sizes[index] as number;
    total += items[index] instanceof Frame ? size : frameSize(size);
  }
  const buffer = Buffer.allocUnsafe(total);
  let at = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as Wire | Frame;
    if (item instanceof Frame) {
      buffer.set(item.bytes, at);
      at += item.bytes.length;
    } else {
      at = writeFrame(buffer, at, item, sizes[index] as number);
    }
  }
  if (isBroadcast) {
    broadcastFrames = items;
    broadcastBytes = buffer;
  }
  return buffer;
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
