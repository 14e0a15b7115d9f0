/** Several messages that leave in one write. */
import { type Wire } from '../core/codec.ts';
import { Frame, frameSize, LARGE, type Piece, piecesOf, writeFrame } from './frame.ts';

/** Messages and frames, in order; at least two. */
export class Batch {
  readonly items: (Wire | Frame)[];
  /** The size of each: of the payload, or of the frame where there is one already. */
  readonly #sizes: number[];
  #hasFramesOnly: boolean;

  constructor(first: Wire | Frame, firstSize: number, second: Wire | Frame, secondSize: number) {
    this.items = [first, second];
    this.#sizes = [firstSize, secondSize];
    this.#hasFramesOnly = first instanceof Frame && second instanceof Frame;
  }

  push(item: Wire | Frame, size: number): void {
    this.items.push(item);
    this.#sizes.push(size);
    if (!(item instanceof Frame)) this.#hasFramesOnly = false;
  }

  /** All frames, in few buffers. Batches of the same frames, as of a burst of publishes, share the buffers. */
  static join(batch: Batch): readonly Piece[] {
    if (!batch.#hasFramesOnly) return batch.#join();
    if (lastBroadcast === undefined || !batch.#isSame(lastBroadcast)) {
      lastBroadcast = batch;
      lastPieces = batch.#join();
    }
    return lastPieces;
  }

  #join(): Piece[] {
    const pieces: Piece[] = [];
    const { length } = this.items;
    let from = 0;
    let total = 0;
    for (let index = 0; index < length; index++) {
      const size = sizeOf(this.items[index] as Wire | Frame, this.#sizes[index] as number);
      // Small frames are cheaper in one buffer than in many. A large buffer would be allocated by the
      // system each time, so a large frame stays a buffer of its own.
      if (total > 0 && total + size > LARGE) {
        this.#copy(pieces, from, index, total);
        from = index;
        total = 0;
      }
      total += size;
    }
    this.#copy(pieces, from, length, total);
    return pieces;
  }

  /** Adds the frames from one index to before another: in one buffer, if they are several. */
  #copy(pieces: Piece[], from: number, to: number, total: number): void {
    const first = this.items[from] as Wire | Frame;
    if (to - from === 1) {
      if (first instanceof Frame) pieces.push(first.bytes);
      else pieces.push(...piecesOf(first, this.#sizes[from] as number));
      return;
    }
    const buffer = Buffer.allocUnsafe(total);
    let at = 0;
    for (let index = from; index < to; index++) {
      at = put(buffer, at, this.items[index] as Wire | Frame, this.#sizes[index] as number);
    }
    pieces.push(buffer);
  }

  #isSame(other: Batch): boolean {
    const { items } = other;
    if (this.items.length !== items.length) return false;
    for (let index = 0; index < items.length; index++) {
      if (this.items[index] !== items[index]) return false;
    }
    return true;
  }
}

let lastBroadcast: Batch | undefined;
let lastPieces: readonly Piece[] = [];

/** Forgets the batches of a tick; called at its end. */
export function forgetBroadcast(): void {
  if (lastBroadcast === undefined) return;
  lastBroadcast = undefined;
  lastPieces = [];
}

function sizeOf(item: Wire | Frame, size: number): number {
  return item instanceof Frame ? size : frameSize(size);
}

function put(buffer: Buffer, at: number, item: Wire | Frame, size: number): number {
  if (!(item instanceof Frame)) return writeFrame(buffer, at, item, size);
  buffer.set(item.bytes, at);
  return at + size;
}
