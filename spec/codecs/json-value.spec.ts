import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFaultIn } from '../../lib/codecs/json-value.ts';

describe('values that JSON cannot hold', () => {
  it('is nothing in a value that was parsed from JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonFaultIn(value)).toBeUndefined();
      }),
    );
  });

  it('is found exactly where printing and parsing would give another value', () => {
    const odd = fc.constantFrom<unknown>(
      NaN,
      Infinity,
      1n,
      Symbol('a'),
      () => 1,
      new Map([[1, 2]]),
      new Set([1]),
      /a/,
      new Error('a'),
      new Uint8Array(2),
      new URL('http://a'),
      new Date(NaN),
      Object('a'),
    );
    // JSON.stringify prints -0 as 0, which is no fault.
    const printed = fc.jsonValue().map((given): unknown => JSON.parse(JSON.stringify(given)));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        printed,
        odd,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 3 }),
      ),
    }));
    const survives = (given: unknown): boolean => {
      try {
        expect(JSON.parse(JSON.stringify(given))).toEqual(given);
        return true;
      } catch {
        return false;
      }
    };

    fc.assert(
      fc.property(value, (given) => {
        expect(jsonFaultIn(given) === undefined).toBe(survives(given));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not -0, which JSON can hold, and which JSON.stringify prints as 0', () => {
    expect(jsonFaultIn(JSON.parse('[-0]'))).toBeUndefined();
    expect(JSON.stringify([-0])).toBe('[0]');
  });

  it('says where it is', () => {
    expect(jsonFaultIn({ a: [0, { b: NaN }] })).toStrictEqual({
      expected: 'a finite number',
      path: ['a', 1, 'b'],
      branch: [[0, { b: NaN }], { b: NaN }, NaN],
    });
  });
});
