/**
 * Messages that wait: for `context`, for a slow handler, for the next turn. It is bounded by
 * pausing the socket, so that what does not fit waits in the kernel and, in the end, in the client.
 */
import { type Duplex } from 'node:stream';
import { type RawData, type WebSocket } from 'ws';
import { textOfBytes, withoutMark } from '../core/utf8.ts';

/** Past either of these the socket is paused, at half of both it reads on. */
const MAX_MESSAGES = 64;
const MAX_BYTES = 262_144;

/** One frame's payload as ws gives it: text is a string on ws 7, a Buffer on ws 8. */
export type Received = RawData | string;

interface Item {
  readonly data: Received;
  readonly isBinary: boolean;
}

/** First in, first out. */
export class Inbox {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  #items: Item[] = [];
  #head = 0;
  #bytes = 0;
  #isPaused = false;

  constructor(socket: WebSocket, stream: Duplex) {
    this.#socket = socket;
    this.#stream = stream;
  }

  /** How many wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** True while we read nothing: then the client's silence is our own doing. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  push(data: Received, isBinary: boolean): void {
    this.#items.push({ data, isBinary });
    this.#bytes += sizeOf(data);
    // guard: pause by bytes → if (!this.#isPaused && (this.length > MAX_MESSAGES )) this.#pause();
    // guard: pause by number → if (!this.#isPaused && ( this.#bytes > MAX_BYTES)) this.#pause();
    if (!this.#isPaused && (this.length > MAX_MESSAGES || this.#bytes > MAX_BYTES)) this.#pause();
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= sizeOf(item.data);
    if (this.#head === this.#items.length) this.#empty();
    else if (this.#head > MAX_MESSAGES && this.#head * 2 > this.#items.length) this.#compact();
    if (this.#isPaused && this.length <= MAX_MESSAGES / 2 && this.#bytes <= MAX_BYTES / 2) {
      this.resume();
    }
    return item;
  }

  /** Forgets all that waits, and reads on: a close frame, or the end, must still arrive. */
  discard(): void {
    this.#empty();
    this.#bytes = 0;
    this.resume();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (canPause(this.#socket)) {
      this.#socket.resume();
    } else {
      this.#stream.off('resume', pauseAgain);
      this.#stream.resume();
    }
  }

  #pause(): void {
    this.#isPaused = true;
    if (canPause(this.#socket)) {
      this.#socket.pause();
    } else {
      // ws 7 has no pause of its own, and resumes the stream whenever its parser has drained.
      this.#stream.on('resume', pauseAgain);
      this.#stream.pause();
    }
  }

  /** A connection that always has something waiting must not keep all that ever waited. */
  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  #empty(): void {
    this.#items = [];
    this.#head = 0;
  }
}

function pauseAgain(this: Duplex): void {
  this.pause();
}

/** ws 8 has `pause`, ws 7 has not, whatever the types say. */
function canPause(socket: WebSocket): boolean {
  return typeof (socket as { pause?: unknown }).pause === 'function';
}

/** The size of a payload, in bytes; of a string, which only ws 7 gives, in UTF-16 units. */
export function sizeOf(data: Received): number {
  if (typeof data === 'string') return data.length;
  if (Array.isArray(data)) return data.reduce((sum, part) => sum + part.length, 0);
  return data.byteLength;
}

/**
 * The text of a text frame, without a byte order mark.
 * @returns undefined for a binary frame
 */
export function textOf(data: Received, isBinary: boolean): string | undefined {
  if (typeof data === 'string') return withoutMark(data);
  // ws 7 gives no second argument and a Buffer for binary frames only; the caller made that true.
  return isBinary ? undefined : textOfBytes(bytesOf(data));
}

/** The payload as one Buffer, whatever `binaryType` the socket was given. */
export function bytesOf(data: Exclude<Received, string>): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
