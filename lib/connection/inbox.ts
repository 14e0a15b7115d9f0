/**
 * Messages that wait: for `context`, for a slow handler, for the next turn. It is bounded by
 * pausing the line, so that what does not fit waits in the kernel and, in the end, in the client.
 * What was read already can still be thousands of tiny messages, so those are kept in one buffer:
 * an object for each would weigh a hundred times what was sent.
 */
import { type Received } from './line.ts';
import { textOfBytes, withoutMark } from '../core/utf8.ts';

/** Past either of these the line is paused, at half of both it reads on. */
const MAX_MESSAGES = 64;
const MAX_BYTES = 262_144;

interface Item {
  readonly data: Received;
  readonly isBinary: boolean;
}

/** Before each packed message: its length, and what it was. */
const PACKED_HEADER = 5;
const PACKED_ROOM = 4_096;
const IS_BINARY = 1;
const IS_STRING = 2;

/** First in, first out. */
export class Inbox {
  #items: Item[] = [];
  #head = 0;
  #bytes = 0;
  /** What came when `#items` had as many as may wait. */
  #packed: Buffer | undefined;
  #packedCount = 0;
  #readAt = 0;
  #writeAt = 0;

  /** How many wait. */
  get length(): number {
    return this.#items.length - this.#head + this.#packedCount;
  }

  /** True when no more should be read. */
  get isFull(): boolean {
    // guard: pause by bytes → return this.length > MAX_MESSAGES;
    // guard: pause by number → return this.#bytes > MAX_BYTES;
    return this.length > MAX_MESSAGES || this.#bytes > MAX_BYTES;
  }

  /** True when more may be read again. */
  get hasRoom(): boolean {
    return this.length <= MAX_MESSAGES / 2 && this.#bytes <= MAX_BYTES / 2;
  }

  push(data: Received, isBinary: boolean): void {
    this.#bytes += sizeOf(data);
    // guard: what waits is bounded in pieces → this.#items.push({ data, isBinary });
    if (this.#packedCount > 0 || this.length > MAX_MESSAGES) this.#pack(data, isBinary);
    else this.#items.push({ data, isBinary });
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return this.#unpack();
    this.#head += 1;
    this.#bytes -= sizeOf(item.data);
    if (this.#head === this.#items.length) this.#empty();
    else if (this.#head > MAX_MESSAGES && this.#head * 2 > this.#items.length) this.#compact();
    return item;
  }

  /** Forgets all that waits. */
  discard(): void {
    this.#empty();
    this.#forgetPacked();
    this.#bytes = 0;
  }

  #pack(data: Received, isBinary: boolean): void {
    const isString = typeof data === 'string';
    const bytes = isString ? Buffer.from(data) : bytesOf(data);
    const buffer = this.#roomFor(PACKED_HEADER + bytes.length);
    buffer.writeUInt32LE(bytes.length, this.#writeAt);
    buffer[this.#writeAt + 4] = (isBinary ? IS_BINARY : 0) | (isString ? IS_STRING : 0);
    bytes.copy(buffer, this.#writeAt + PACKED_HEADER);
    this.#writeAt += PACKED_HEADER + bytes.length;
    this.#packedCount += 1;
  }

  #unpack(): Item | undefined {
    const packed = this.#packed;
    if (packed === undefined) return undefined;
    const length = packed.readUInt32LE(this.#readAt);
    const kind = packed[this.#readAt + 4] ?? 0;
    const from = this.#readAt + PACKED_HEADER;
    const bytes = packed.subarray(from, from + length);
    // A copy of bytes: a handler that keeps them must not keep the whole buffer.
    const isBinary = (kind & IS_BINARY) !== 0;
    const data =
      (kind & IS_STRING) !== 0 ? bytes.toString() : isBinary ? Buffer.from(bytes) : bytes;
    this.#readAt = from + length;
    this.#packedCount -= 1;
    this.#bytes -= sizeOf(data);
    if (this.#packedCount === 0) this.#forgetPacked();
    return { data, isBinary };
  }

  /** The buffer, with room for so many bytes at `#writeAt`. */
  #roomFor(size: number): Buffer {
    const packed = this.#packed;
    if (packed !== undefined && this.#writeAt + size <= packed.length) return packed;
    const used = this.#writeAt - this.#readAt;
    const grown = Buffer.allocUnsafeSlow(Math.max(PACKED_ROOM, 2 * (used + size)));
    packed?.copy(grown, 0, this.#readAt, this.#writeAt);
    this.#readAt = 0;
    this.#writeAt = used;
    this.#packed = grown;
    return grown;
  }

  #forgetPacked(): void {
    this.#packed = undefined;
    this.#packedCount = 0;
    this.#readAt = 0;
    this.#writeAt = 0;
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

/** The size of a payload, in bytes; of a string, which only ws 7 gives, in UTF-16 units. */
export function sizeOf(data: Received): number {
  if (typeof data === 'string') return data.length;
  if (isParts(data)) return data.reduce((sum, part) => sum + part.length, 0);
  return data.byteLength;
}

/** Whether a message is over the limit, without measuring a string that is short enough anyway. */
export function isLarger(data: Received, limit: number): boolean {
  if (typeof data !== 'string') return sizeOf(data) > limit;
  return data.length > limit || (data.length * 3 > limit && Buffer.byteLength(data) > limit);
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
  if (isParts(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer
    ? Buffer.from(data)
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function isParts(data: Exclude<Received, string>): data is readonly Uint8Array[] {
  return Array.isArray(data);
}
