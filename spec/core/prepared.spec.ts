import { describe, expect, it } from 'vitest';
import { type Wire } from '../../lib/core/codec.ts';
import { Prepared } from '../../lib/core/prepared.ts';

describe('a prepared message', () => {
  it('is framed once for each kind of transport, in any order', () => {
    const message = new Prepared('hello');
    const framed: string[] = [];
    const framingOf =
      (name: string) =>
      (encoded: Wire): { readonly frame: string } => {
        framed.push(name);
        return { frame: `${name}: ${String(encoded)}` };
      };
    const [a, b, c] = [framingOf('a'), framingOf('b'), framingOf('c')];

    const frames = [a, b, c].map((framing) => message.framedBy(framing));
    const again = [c, b, a, b, a, c].map((framing) => message.framedBy(framing));

    expect(frames.map(({ frame }) => frame)).toEqual(['a: hello', 'b: hello', 'c: hello']);
    expect(framed).toEqual(['a', 'b', 'c']);
    // The very same object: what a transport sends to a thousand clients is held once.
    expect(again.map((frame) => frames.indexOf(frame))).toEqual([2, 1, 0, 1, 0, 2]);
  });

  it('holds the encoded message as it is', () => {
    const bytes = new Uint8Array([1]);

    expect(new Prepared(bytes).encoded).toBe(bytes);
  });
});
