/** Faults B2 to B7: what a codec lets through, by the smallest input that showed each. */
import { structCodec, variants } from 'express-omnimessage';
import { safeInteger } from 'express-omnimessage/codecs';
import { any, array, enums, integer, number, object, string, Struct } from 'superstruct';
import { describe, expect, it } from 'vitest';

const codecOf = <Value, Schema>(struct: Struct<Value, Schema>) =>
  structCodec({ incoming: struct, outgoing: struct });

describe('B: what a codec lets through', () => {
  it.each(['1e400', '-1e400'])('B2 %s is refused, and would be another value', (text) => {
    expect(() => codecOf(number()).decode(text)).toThrow('expected finite numbers');
  });

  it.each([
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a Map', new Map()],
    ['undefined in a list', [undefined]],
  ])('B2 %s is not sent: JSON would change it', (_, value) => {
    expect(() => codecOf(any()).encode(value)).toThrow(TypeError);
  });

  it('B3 a struct whose schema and entries disagree is read by its entries, as superstruct does', () => {
    const { entries, validator, coercer } = object({ a: number() });
    const schema = { a: string() };
    const odd = new Struct({
      type: 'object',
      schema,
      entries,
      validator,
      coercer,
    });

    expect(odd.is({ a: 'x' })).toBe(false);
    expect(() => codecOf(odd).decode('{"a":"x"}')).toThrow('at a: expected a number');
    expect(codecOf(odd).decode('{"a":1}')).toEqual({ a: 1 });
  });

  it('B4 a Gleam type without fields, as the language server writes it, is read by enums', () => {
    const state = codecOf(object({ state: enums(['draft', 'sent']) }));

    expect(state.decode('{"state":"draft"}')).toEqual({ state: 'draft' });
    expect(() => state.decode('{"state":"lost"}')).toThrow('at state: expected one of');
  });

  it('B5 an object with toJSON does not leave: what it gives was never checked', () => {
    const codec = structCodec({
      incoming: any(),
      outgoing: variants('type', { user: { name: string() } }, { unknownFields: 'drop' }),
    });
    const checked = { type: 'user', name: 'Ada', secret: 1 } as const;
    const message = { ...checked, toJSON: () => checked };

    expect(codec.encode(checked)).toBe('{"type":"user","name":"Ada"}');
    expect(codec.encode(message)).toBe('{"type":"user","name":"Ada"}');
    expect(() => codecOf(any()).encode(message)).toThrow('toJSON');
  });

  it('B7 an integer beyond 2^53 loses digits as JSON is read; safeInteger refuses it', () => {
    const text = '[9007199254740993]';

    expect(codecOf(array(integer())).decode(text)).toEqual([9_007_199_254_740_992]);
    expect(() => codecOf(array(safeInteger())).decode(text)).toThrow('at 0: expected');
    expect(codecOf(array(safeInteger())).decode('[9007199254740991]')).toEqual([
      Number.MAX_SAFE_INTEGER,
    ]);
  });
});
