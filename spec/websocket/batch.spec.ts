import { describe, expect, it } from 'vitest';
import { type Wire } from '../../lib/core/codec.ts';
import { Batch, forgetBroadcast } from '../../lib/websocket/batch.ts';
import { Frame, LARGE, payloadSize, type Piece } from '../../lib/websocket/frame.ts';

type Item = Wire | Frame;

const sizeOf = (item: Item): number => (item instanceof Frame ? item.size : payloadSize(item));

/** A batch of at least two. */
function batchOf([first, second, ...more]: readonly Item[]): Batch {
  const batch = new Batch(first!, sizeOf(first!), second!, sizeOf(second!));
  for (const item of more) batch.push(item, sizeOf(item));
  return batch;
}

const bytesOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map((piece) => Buffer.from(piece as string, 'latin1')));
/** What would be sent without a batch: each frame by itself. */
const oneByOne = (items: readonly Item[]): Buffer =>
  Buffer.concat(items.map((item) => (item instanceof Frame ? item : new Frame(item)).bytes));

describe('a batch', () => {
  it.each<[name: string, items: readonly Item[]]>([
    ['strings', ['a', 'bc', '']],
    ['strings of several bytes a character', ['é', '日本', 'a']],
    ['bytes', [new Uint8Array([1, 2]), new Uint8Array()]],
    ['frames', [new Frame('a'), new Frame(new Uint8Array([3]))]],
    ['all of them', ['a', new Frame('b'), new Uint8Array([4]), 'é', new Frame('c')]],
    ['sizes with other headers', ['x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_536), 'y']],
    ['a large one in the middle', ['a', 'x'.repeat(LARGE), 'b', 'é'.repeat(LARGE), 'c']],
    ['a large frame in the middle', ['a', new Frame('x'.repeat(2 * LARGE)), 'b']],
  ])('is the frames in their order: %s', (_name, items) => {
    expect(bytesOf(Batch.join(batchOf(items)))).toEqual(oneByOne(items));
  });

  it('has small frames in one buffer', () => {
    const items = Array.from({ length: 100 }, (_, at) => `message ${at}`);

    expect(Batch.join(batchOf(items))).toHaveLength(1);
  });

  it('makes no buffer that is larger than a large message', () => {
    const items = Array.from({ length: 40 }, () => 'x'.repeat(1_000));
    const pieces = Batch.join(batchOf(items));

    expect(pieces).toHaveLength(3);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(LARGE);
  });

  it('does not copy a large string, or a large frame', () => {
    const text = 'x'.repeat(LARGE);
    const frame = new Frame(new Uint8Array(LARGE));
    const pieces = Batch.join(batchOf(['a', text, frame, 'b']));

    expect(pieces).toContain(text);
    expect(pieces).toContain(frame.bytes);
  });
});

describe('batches of the same frames', () => {
  const frames = ['a', 'b', 'c'].map((text) => new Frame(text));

  it('share their buffers until the end of the tick', () => {
    const [first, second] = [Batch.join(batchOf(frames)), Batch.join(batchOf(frames))];
    forgetBroadcast();
    const later = Batch.join(batchOf(frames));
    forgetBroadcast();

    expect(second).toBe(first);
    expect(later).not.toBe(first);
    expect(later).toEqual(first);
  });

  it.each<[name: string, items: readonly Item[]]>([
    ['fewer', frames.slice(0, 2)],
    ['another order', [frames[1]!, frames[0]!, frames[2]!]],
    ['other frames of the same text', ['a', 'b', 'c'].map((text) => new Frame(text))],
    ['a message among them', [frames[0]!, frames[1]!, 'c']],
  ])('are not those of %s', (_name, items) => {
    const first = Batch.join(batchOf(frames));
    const other = Batch.join(batchOf(items));
    forgetBroadcast();

    expect(other).not.toBe(first);
    expect(bytesOf(other)).toEqual(oneByOne(items));
  });
});
