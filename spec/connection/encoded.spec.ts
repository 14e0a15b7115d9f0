import { describe, expect, it } from 'vitest';
import { encodedIn, frameOf } from '../../lib/connection/encoded.ts';
import { type Received } from '../../lib/connection/line.ts';
import { DecodeError } from '../../lib/core/errors.ts';

const bytes = Buffer.from('hé');
const backing = new Uint8Array([0, ...bytes, 0]);

/** The shapes in which ws gives the same frame. */
const shapes: [name: string, data: Received][] = [
  ['a Buffer', bytes],
  ['a view of a larger buffer', backing.subarray(1, -1)],
  ['an ArrayBuffer', new Uint8Array(bytes).buffer],
  ['fragments', [bytes.subarray(0, 2), bytes.subarray(2)]],
];

describe('what a frame holds for a codec of text', () => {
  it.each([['a string', 'hé'] as [string, Received], ...shapes])(
    'is text, of %s',
    (_name, data) => {
      expect(encodedIn(data, false, false)).toBe('hé');
    },
  );

  it.each(shapes)('is nothing where the frame is binary, of %s', (_name, data) => {
    expect(() => encodedIn(data, true, false)).toThrow(new DecodeError('expected a text frame'));
  });
});

describe('what a frame holds for a binary codec', () => {
  it.each(shapes)('is exactly its bytes, of %s', (_name, data) => {
    const encoded = encodedIn(data, true, true);

    // Not a Buffer, whose methods differ from those of bytes.
    expect(encoded.constructor).toBe(Uint8Array);
    expect(encoded).toEqual(new Uint8Array(bytes));
  });

  it.each([['a string', 'hé'] as [string, Received], ...shapes])(
    'is nothing where the frame is text, of %s',
    (_name, data) => {
      expect(() => encodedIn(data, false, true)).toThrow(
        new DecodeError('expected a binary frame'),
      );
    },
  );
});

describe('the frame itself', () => {
  it.each(shapes)('is its bytes, of %s', (_name, data) => {
    expect(Buffer.from(frameOf(data)).toString()).toBe('hé');
  });

  it('is the string where ws 7 gives one', () => {
    expect(frameOf('hé')).toBe('hé');
  });
});
