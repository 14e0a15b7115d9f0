import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../lib/core/errors.ts';
import { checkJson, parseJson } from '../../lib/codecs/json.ts';
import { cpuTimeOf } from '../support/clock.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const failing = (run: () => unknown): DecodeError => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  throw new Error('nothing was thrown');
};

describe('parseJson', () => {
  it.each([
    ['null', null],
    ['"a"', 'a'],
    ['{"type":"add","amount":1}', { type: 'add', amount: 1 }],
    ['[0,{"id":"a"}]', [0, { id: 'a' }]],
    ['  [1]\n', [1]],
  ])('parses %s', (text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  it.each(['', '{', 'undefined', "{'a':1}", '[1,]', 'NaN', '\uFEFF1', '"a', '"a\\'])(
    'refuses %j, which is no JSON, without quoting it',
    (text) => {
      const error = failing(() => parseJson(text));

      expect(error.message).toBe('expected JSON');
      expect(error.cause).toBeUndefined();
    },
  );

  it('refuses bytes where a text belongs', () => {
    expect(failing(() => parseJson(Buffer.from('1') as unknown as string)).message).toBe(
      'expected a text',
    );
  });

  it('parses nesting 64 deep and refuses 65', () => {
    expect(JSON.stringify(parseJson(nested(64)))).toBe(nested(64));
    expect(failing(() => parseJson(nested(65))).message).toBe('expected nesting no deeper than 64');
  });

  it('counts objects as it counts arrays', () => {
    const inObjects = (depth: number): string =>
      '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1);
    const mixed = (depth: number): string =>
      '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2);

    expect(JSON.stringify(parseJson(inObjects(64)))).toBe(inObjects(64));
    expect(JSON.stringify(parseJson(mixed(64)))).toBe(mixed(64));
    expect(() => parseJson(inObjects(65))).toThrow('expected nesting no deeper than 64');
    expect(() => parseJson(mixed(66))).toThrow('expected nesting no deeper than 64');
  });

  it('counts depth, not brackets', () => {
    const wide = `[${Array.from({ length: 500 }, () => '[{}]').join()}]`;

    const wideAndDeep = `[${wide},${nested(63)}]`;

    expect(JSON.stringify(parseJson(wide))).toBe(wide);
    expect(JSON.stringify(parseJson(wideAndDeep))).toBe(wideAndDeep);
    expect(() => parseJson(`[${wide},${nested(64)}]`)).toThrow('no deeper than 64');
  });

  it('does not count brackets within strings, with any escapes', () => {
    const value = ['['.repeat(200), '\\"'.repeat(3) + '{'.repeat(200), '\\'];

    expect(parseJson(JSON.stringify(value))).toStrictEqual(value);
  });

  it('is not fooled by strings that close brackets', () => {
    const deep = '["]]]]",'.repeat(64) + '[]' + ']'.repeat(64);

    expect(() => parseJson(deep)).toThrow('expected nesting no deeper than 64');
  });

  it('refuses a million brackets long before a parser would', async () => {
    const text = '['.repeat(1_000_000);
    const computed = await cpuTimeOf(() => {
      expect(() => parseJson(text)).toThrow('expected nesting no deeper than 64');
    });

    expect(computed).toBeLessThan(100);
  });

  it.each([
    '{"__proto__":1}',
    '{"__proto__":{"isAdmin":true}}',
    '{"\\u005f_proto__":{}}',
    '{"__\\u0070roto__":{}}',
    '{"\\u005F\\u005f\\u0070\\u0072\\u006F\\u0074\\u006f\\u005f\\u005f":{}}',
    '[{"a":[{"__proto__":null}]}]',
  ])('refuses a key __proto__: %s', (text) => {
    expect(failing(() => parseJson(text)).message).toBe('expected no key `__proto__`');
  });

  it.each([
    '{"constructor":{"prototype":{}}}',
    '{"constructor":{"prototype":null}}',
    '{"\\u0063onstructor":{"\\u0070rototype":1}}',
    '{"a":[0,{"constructor":{"a":1,"prototype":1}}]}',
  ])('refuses a key prototype in constructor: %s', (text) => {
    expect(failing(() => parseJson(text)).message).toBe(
      'expected no key `prototype` in `constructor`',
    );
  });

  it.each([
    '1e400',
    '-1e400',
    '[1E+309]',
    '{"a":[0,1.5e0400]}',
    '9'.repeat(309),
    `${'1'.repeat(250)}e99`,
  ])('refuses a number that would become Infinity: %s', (text) => {
    expect(failing(() => parseJson(text)).message).toBe('expected finite numbers');
  });

  it.each([
    '1e308',
    '1.7976931348623157e308',
    '[0.1E-400]',
    '"1e400"',
    '0.00001e310',
    `0.${'1'.repeat(300)}`,
  ])('parses a number at the limit, and a string that looks like one past it: %s', (text) => {
    expect(parseJson(text)).toStrictEqual(JSON.parse(text));
  });

  it('finds a long number wherever it begins', () => {
    for (let before = 0; before < 120; before++) {
      const text = `["${'a'.repeat(before)}",${'9'.repeat(309)}]`;
      expect(failing(() => parseJson(text)).message).toBe('expected finite numbers');
    }
  });

  it('reads 64 KiB of digits in no more than a few milliseconds', async () => {
    const text = `["${'1'.repeat(199).concat('a').repeat(327)}"]`;

    expect(await cpuTimeOf(() => parseJson(text))).toBeLessThan(100);
  });

  it.each([
    '"__proto__"',
    '["constructor","prototype"]',
    '{"a":"__proto__"}',
    '{"constructor":"prototype"}',
    '{"constructor":{"a":1},"prototype":{}}',
    '{"prototype":{"constructor":{}}}',
    '{"proto":1,"_proto_":2,"\\u0000":3}',
    '{"constructor":null,"a":"proto"}',
  ])('lets the words pass where they do no harm: %s', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });
});

describe('checkJson', () => {
  it('gives back the value that it was given', () => {
    const value = { a: [1, { b: null }], constructor: 'x' };

    expect(checkJson(value)).toBe(value);
  });

  it('refuses a number that is not finite', () => {
    expect(() => checkJson({ a: [JSON.parse('1e400')] })).toThrow('expected finite numbers');
    expect(() => checkJson(Number.NaN)).toThrow('expected finite numbers');
  });

  it('refuses the same keys and the same depth', () => {
    expect(() => checkJson(JSON.parse('{"a":{"__proto__":1}}'))).toThrow(
      'expected no key `__proto__`',
    );
    expect(() => checkJson(JSON.parse('[{"constructor":{"prototype":1}}]'))).toThrow(
      'expected no key `prototype` in `constructor`',
    );
    expect(() => checkJson({ constructor: Object })).toThrow(
      'expected no key `prototype` in `constructor`',
    );
    expect(checkJson(JSON.parse(nested(64)))).toBeInstanceOf(Array);
    expect(() => checkJson(JSON.parse(nested(65)))).toThrow('expected nesting no deeper than 64');
  });

  it('ends at a value that holds itself', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);

    expect(() => checkJson(cycle)).toThrow('expected nesting no deeper than 64');
  });
});
