import { describe, expect, it } from 'vitest';
import { HEADER_LIMIT, joinFrame, splitFrame } from '../../lib/core/protocol.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a frame of omnimessage.1', () => {
  it.each(['', '17', '=17', '-17;handler', '!', '.', '?', '17;a=b'])(
    'is split where it was joined (%j)',
    (header) => {
      for (const payload of ['', '{"a":1}', 'ü\n\n;=', '\n']) {
        expect(splitFrame(joinFrame(header, payload))).toEqual({ header, payload });
        expect(splitFrame(joinFrame(header, bytes(payload)))).toEqual({
          header,
          payload: bytes(payload),
        });
      }
    },
  );

  it('looks the same as text and as bytes', () => {
    expect(joinFrame('17', bytes('{}'))).toEqual(bytes(joinFrame('17', '{}')));
    expect(joinFrame('17', '{}')).toBe('17\n{}');
  });

  it('has a header of at most 256 characters', () => {
    const longest = 'x'.repeat(HEADER_LIMIT);
    for (const encode of [String, bytes]) {
      expect(splitFrame(encode(`${longest}\n`))?.header).toBe(longest);
      expect(splitFrame(encode(`${longest}x\n`))).toBeUndefined();
    }
  });

  it('is none without a line feed', () => {
    for (const frame of ['', '17', '{"a":1}']) {
      expect(splitFrame(frame)).toBeUndefined();
      expect(splitFrame(bytes(frame))).toBeUndefined();
    }
  });

  it('has a payload that is a view of a larger buffer', () => {
    const larger = bytes('....17\nabc....');

    expect(splitFrame(larger.subarray(4, 10))?.payload).toEqual(bytes('abc'));
  });
});
