/**
 * Messages that were sent and may be asked for again, oldest first. Their bytes are copied into
 * buffers, and what is known of them stands in columns that are written over again and again:
 * strings and objects would live just long enough for the garbage collector to move each of them
 * twice, which costs more than all else that is done for a message that may be repeated.
 */
import { type Wire } from '../core/codec.ts';

/** What all windows of a route take together, in bytes of memory. */
export interface Budget {
  bytes: number;
  readonly limit: number;
}

/** About what a queue and a buffer take beside their columns and bytes, in bytes. */
const QUEUE = 500;
const BUFFER = 400;

const FIRST_ROOM = 8;
const FIRST_BUFFER = 512;
const LARGEST_BUFFER = 8_192;

/** What was kept one after the other. */
interface Chunk {
  readonly bytes: Buffer;
  /** How many messages in it are still kept. */
  live: number;
}

/** A queue of messages. Each has its slot as long as it is in it. */
export class KeptMessages {
  readonly #budget: Budget;
  /** What of the budget is taken here. */
  #held = 0;
  /** How many fit into the columns: a power of two. */
  #room = 0;
  #first = 0;
  #length = 0;
  #chunks: (Chunk | undefined)[] = NONE;
  #starts: number[] = NONE;
  /** The size of each in bytes, twice, and one more for a text; {@link UNKNOWN} before it is put. */
  #sizes: number[] = NONE;
  /** Where the next one is put. */
  #chunk: Chunk | undefined;
  #end = 0;
  /** One that is empty again. */
  #spare: Chunk | undefined;

  /** @param budget - what is held here counts toward this: when it grows and shrinks, not message by message */
  constructor(budget: Budget) {
    this.#budget = budget;
    this.#hold(QUEUE);
  }

  get length(): number {
    return this.#length;
  }

  /** The slot of the oldest one. */
  get first(): number {
    return this.#first;
  }

  /** The slot of the one after `at` others. */
  slotOf(at: number): number {
    return (this.#first + at) & (this.#room - 1);
  }

  /** A message joins the queue, which is put into it now or later. @returns its slot */
  add(): number {
    if (this.#length === this.#room) this.grow(Math.max(FIRST_ROOM, 2 * this.#room));
    const slot = this.slotOf(this.#length);
    this.#length += 1;
    this.#sizes[slot] = UNKNOWN;
    return slot;
  }

  has(slot: number): boolean {
    return this.#sizes[slot] !== UNKNOWN;
  }

  /** Copies a message. @returns how many bytes it takes */
  put(slot: number, encoded: Wire): number {
    if (typeof encoded === 'string') return this.#putText(slot, encoded);
    this.#roomFor(encoded.length).bytes.set(encoded, this.#end);
    this.#note(slot, encoded.length, 0);
    return encoded.length;
  }

  /** The message in a slot. */
  get(slot: number): Wire | undefined {
    const size = this.#sizes[slot] ?? UNKNOWN;
    if (size === UNKNOWN) return undefined;
    const start = this.#starts[slot] ?? 0;
    const bytes = this.#chunks[slot]?.bytes.subarray(start, start + (size >> 1));
    if ((size & 1) === 1) return bytes?.toString() ?? '';
    // A copy: the buffer is written over.
    return new Uint8Array(bytes ?? []);
  }

  /** How many bytes the message in a slot takes. */
  sizeAt(slot: number): number {
    return this.has(slot) ? (this.#sizes[slot] ?? 0) >> 1 : 0;
  }

  /** The oldest one leaves the queue. */
  drop(): void {
    this.#release(this.#first);
    this.#first = this.slotOf(1);
    this.#length -= 1;
  }

  /** One leaves the queue, wherever it is. */
  remove(slot: number): void {
    this.#release(slot);
    const behind = this.#length - ((slot - this.#first) & (this.#room - 1)) - 1;
    for (let at = 0; at < behind; at++) {
      this.move((slot + at + 1) & (this.#room - 1), (slot + at) & (this.#room - 1));
    }
    this.#length -= 1;
  }

  /** Is called when it is not used any more: what it held is free. */
  letGo(): void {
    this.#hold(-this.#held);
  }

  /** What is known of a message moves to another slot. */
  protected move(from: number, to: number): void {
    this.#chunks[to] = this.#chunks[from];
    this.#starts[to] = this.#starts[from] as number;
    this.#sizes[to] = this.#sizes[from] as number;
    this.#chunks[from] = undefined;
  }

  /** Makes room for so many. */
  protected grow(room: number): void {
    this.#chunks = this.grown(this.#chunks, room);
    this.#starts = this.grown(this.#starts, room);
    this.#sizes = this.grown(this.#sizes, room);
    this.#room = room;
    this.#first = 0;
  }

  /** A larger column, whose first is the oldest. */
  protected grown<Value>(column: readonly Value[], room: number): Value[] {
    this.#hold(8 * (room - column.length));
    // Made at once: an array that is made longer by its length has room for many more than that.
    const valueAt = (at: number): Value | undefined =>
      at < this.#length ? column[this.slotOf(at)] : undefined;
    return Array.from({ length: room }, (_, at) => valueAt(at) as Value);
  }

  #putText(slot: number, text: string): number {
    // Three bytes for each unit are always enough; what is short is not measured first.
    const atMost = 3 * text.length;
    const size = atMost > FIRST_BUFFER ? Buffer.byteLength(text) : atMost;
    const written = this.#roomFor(size).bytes.write(text, this.#end);
    this.#note(slot, written, 1);
    return written;
  }

  #note(slot: number, size: number, isText: 0 | 1): void {
    const chunk = this.#chunk as Chunk;
    chunk.live += 1;
    this.#chunks[slot] = chunk;
    this.#starts[slot] = this.#end;
    this.#sizes[slot] = 2 * size + isText;
    this.#end += size;
  }

  #roomFor(size: number): Chunk {
    const chunk = this.#chunk;
    if (chunk !== undefined && this.#end + size <= chunk.bytes.length) return chunk;
    this.#end = 0;
    this.#chunk = undefined;
    if (chunk?.live === 0) this.#leave(chunk);
    const spare = this.#spare;
    if (spare !== undefined && size <= spare.bytes.length) {
      this.#spare = undefined;
      this.#chunk = spare;
      return spare;
    }
    const usual = Math.min(LARGEST_BUFFER, 2 * (chunk?.bytes.length ?? FIRST_BUFFER / 2));
    const bytes = Buffer.allocUnsafeSlow(Math.max(usual, size));
    this.#hold(BUFFER + bytes.length);
    this.#chunk = { bytes, live: 0 };
    return this.#chunk;
  }

  #release(slot: number): void {
    const chunk = this.#chunks[slot];
    this.#chunks[slot] = undefined;
    if (chunk === undefined) return;
    chunk.live -= 1;
    // guard: buffers are used again only when nothing in them is kept
    if (chunk.live > 0) return;
    if (chunk === this.#chunk) this.#end = 0;
    else this.#leave(chunk);
  }

  /** Nothing is in a buffer any more. The larger one is kept: then two of them are soon enough. */
  #leave(chunk: Chunk): void {
    const spare = this.#spare;
    const size = chunk.bytes.length;
    const isKept = size <= LARGEST_BUFFER && size > (spare?.bytes.length ?? 0);
    const gone = isKept ? spare : chunk;
    if (isKept) this.#spare = chunk;
    if (gone !== undefined) this.#hold(-BUFFER - gone.bytes.length);
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#budget.bytes += bytes;
  }
}

/** Not put yet. */
const UNKNOWN = -1;

// One array for all that have none: there may be very many.
const NONE: never[] = [];
