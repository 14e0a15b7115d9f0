/** What leaves in one write. */
import { type Wire } from './codec.ts';
import { Frame, frameSize, writeFrame } from './frame.ts';

/**
 * Messages and frames, in order; never none. Most often there is one, and no array is made for it.
 */
export class Batch {
  readonly #first: Wire | Frame;
  /** Its size: of the payload, or of the whole frame where it is made already. */
  readonly #firstSize: number;
  #others: (Wire | Frame)[] | undefined;
  #sizes: number[] | undefined;
  #hasFramesOnly: boolean;

  constructor(first: Wire | Frame, size: number) {
    this.#first = first;
    this.#firstSize = size;
    this.#hasFramesOnly = first instanceof Frame;
  }

  /** How many there are. */
  get count(): number {
    return this.#others === undefined ? 1 : 1 + this.#others.length;
  }

  push(item: Wire | Frame, size: number): void {
    (this.#others ??= []).push(item);
    (this.#sizes ??= []).push(size);
    if (!(item instanceof Frame)) this.#hasFramesOnly = false;
  }

  items(): readonly (Wire | Frame)[] {
    return this.#others === undefined ? [this.#first] : [this.#first, ...this.#others];
  }

  /** All frames in one buffer. Batches of the same frames share it: a burst of publishes is one. */
  static join(batch: Batch): Buffer {
    const first = batch.#first;
    if (batch.#others === undefined && first instanceof Frame) return first.bytes;
    if (!batch.#hasFramesOnly) return batch.#copy();
    if (lastBroadcast === undefined || !batch.#isSame(lastBroadcast)) {
      lastBroadcast = batch;
      lastBytes = batch.#copy();
    }
    return lastBytes;
  }

  #copy(): Buffer {
    const others = this.#others ?? [];
    const sizes = this.#sizes ?? [];
    let total = sizeOf(this.#first, this.#firstSize);
    for (let index = 0; index < others.length; index++) {
      total += sizeOf(others[index] as Wire | Frame, sizes[index] as number);
    }
    const buffer = Buffer.allocUnsafe(total);
    let at = put(buffer, 0, this.#first, this.#firstSize);
    for (let index = 0; index < others.length; index++) {
      at = put(buffer, at, others[index] as Wire | Frame, sizes[index] as number);
    }
    return buffer;
  }

  #isSame(other: Batch): boolean {
    const ours = this.#others ?? [];
    const theirs = other.#others ?? [];
    if (this.#first !== other.#first || ours.length !== theirs.length) return false;
    for (let index = 0; index < ours.length; index++) {
      if (ours[index] !== theirs[index]) return false;
    }
    return true;
  }
}

let lastBroadcast: Batch | undefined;
let lastBytes: Buffer = Buffer.alloc(0);

/** To be called when a tick is over: what was broadcast in it is not kept. */
export function forgetBroadcast(): void {
  if (lastBroadcast === undefined) return;
  lastBroadcast = undefined;
  lastBytes = Buffer.alloc(0);
}

function sizeOf(item: Wire | Frame, size: number): number {
  return item instanceof Frame ? size : frameSize(size);
}

function put(buffer: Buffer, at: number, item: Wire | Frame, size: number): number {
  if (!(item instanceof Frame)) return writeFrame(buffer, at, item, size);
  buffer.set(item.bytes, at);
  return at + size;
}
