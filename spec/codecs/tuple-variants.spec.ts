import {
  any,
  array,
  create,
  defaulted,
  type Infer,
  is,
  literal,
  mask,
  nullable,
  object,
  optional,
  string,
  type Struct,
  trimmed,
  tuple,
  validate,
} from 'superstruct';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';

const Chat = object({ id: string(), content: string() });
type Chat = Infer<typeof Chat>;
const ClientMessage = tupleVariants({ 0: Chat, 1: string(), 2: literal(null) });
type ClientMessage = Infer<typeof ClientMessage>;

const failure = (value: unknown, struct: object): unknown => {
  const [error] = validate(value, struct as Struct, { coerce: true });
  return error && { path: error.path, type: error.type };
};

describe('tupleVariants', () => {
  it.each([[[0, { id: 'a', content: 'Hi' }]], [[1, 'a']], [[2, null]]])('accepts %j', (message) => {
    expect(create(message, ClientMessage)).toStrictEqual(message);
    expect(create(message, ClientMessage)).not.toBe(message);
    expect(is(message, ClientMessage)).toBe(true);
    expect(mask(message, ClientMessage)).toStrictEqual(message);
  });

  it('puts null where the payload is missing, when it makes a message', () => {
    expect(create([2], ClientMessage)).toStrictEqual([2, null]);
    expect(is([2], ClientMessage)).toBe(false);
    expect(failure([1], ClientMessage)).toEqual({ path: [1], type: 'string' });
    expect(failure([1], tupleVariants({ 1: optional(string()) }))).toEqual({
      path: [1],
      type: 'string',
    });
    expect(create([1], tupleVariants({ 1: nullable(string()) }))).toStrictEqual([1, null]);
    expect(create([1], tupleVariants({ 1: any() }))).toStrictEqual([1, null]);
  });

  it.each([null, 0, '[2,null]', {}, { 0: 2, 1: null, length: 2 }, undefined])(
    'refuses %j, which is no array',
    (value) => {
      expect(is(value, ClientMessage)).toBe(false);
      expect(failure(value, ClientMessage)).toEqual({ path: [], type: 'tupleVariants' });
    },
  );

  it.each([
    [[]],
    [['0', { id: 'a', content: '' }]],
    [[3, null]],
    [[-1]],
    [[null]],
    [[[2], null]],
    [['__proto__', null]],
    [['length', null]],
    [[0.5, null]],
  ] as unknown[][])('names the tag of %j, which is unknown', (value) => {
    expect(is(value, ClientMessage)).toBe(false);
    expect(failure(value, ClientMessage)).toEqual({ path: [0], type: 'tupleVariants' });
  });

  it('reports one failure for an unknown tag, and quotes nothing that was received', () => {
    const [error] = validate(['a secret'], ClientMessage);

    expect(error?.failures()).toHaveLength(1);
    expect(error?.message).toBe('At path: 0 -- Expected one of 0, 1, 2');
    expect(error?.value).toBe('a secret');
    expect(error?.branch).toStrictEqual([['a secret'], 'a secret']);
  });

  it('says a lone tag as it is', () => {
    const [error] = validate([1], tupleVariants({ a: string() }));

    expect(error?.message).toBe('At path: 0 -- Expected "a"');
  });

  it('names the place within the payload of the one variant', () => {
    expect(failure([0, { id: 'a', content: 1 }], ClientMessage)).toEqual({
      path: [1, 'content'],
      type: 'string',
    });
    expect(failure([2, 'x'], ClientMessage)).toEqual({ path: [1], type: 'literal' });
    expect(failure([0, { id: 'a', content: '', more: 1 }], ClientMessage)).toEqual({
      path: [1, 'more'],
      type: 'never',
    });
  });

  it('refuses further elements by default', () => {
    expect(failure([1, 'a', null], ClientMessage)).toEqual({ path: [2], type: 'never' });
    expect(is([1, 'a', undefined], ClientMessage)).toBe(false);

    const Dropping = tupleVariants({ 1: string(), 2: literal(null) }, { unknownFields: 'drop' });
    expect(create([1, 'a', 2, 3], Dropping)).toStrictEqual([1, 'a']);
    expect(create([2], Dropping)).toStrictEqual([2, null]);
    expect(is([1, 'a', 2], Dropping)).toBe(false);
  });

  it("drops unknown fields of plain objects in the payload with unknownFields: 'drop'", () => {
    const Dropping = tupleVariants(
      { 0: Chat, 1: array(Chat), 2: tuple([Chat, string()]), 3: ClientMessage },
      { unknownFields: 'drop' },
    );
    const chat = { id: 'a', content: '' };
    const more = { ...chat, more: 1 };

    expect(create([0, more], Dropping)).toStrictEqual([0, chat]);
    expect(create([1, [more, chat, more]], Dropping)).toStrictEqual([1, [chat, chat, chat]]);
    expect(create([2, [more, '']], Dropping)).toStrictEqual([2, [chat, '']]);
    expect(create([3, [0, more, 'x']], Dropping)).toStrictEqual([3, [0, chat]]);
    expect(failure([0, { ...more, id: 1 }], Dropping)).toEqual({ path: [1, 'id'], type: 'string' });
    expect(more).toHaveProperty('more', 1);
  });

  it("drops under superstruct's own mask, with any option", () => {
    expect(mask([0, { id: 'a', content: '', more: 1 }, 'x'], ClientMessage)).toStrictEqual([
      0,
      { id: 'a', content: '' },
    ]);
  });

  it('coerces the payload', () => {
    const Message = tupleVariants({
      a: trimmed(string()),
      b: object({ n: defaulted(string(), 'x') }),
    });

    expect(create(['a', ' y '], Message)).toStrictEqual(['a', 'y']);
    expect(create(['b', {}], Message)).toStrictEqual(['b', { n: 'x' }]);
  });

  it('makes of minus zero the number that it equals', () => {
    expect(Object.is(create([-0, 'a'], tupleVariants({ 0: string() }))[0], 0)).toBe(true);
  });

  it('works within other structs, and they within it', () => {
    const Both = variants('type', { many: { messages: array(ClientMessage) } });
    const Wrapped = tupleVariants({ 0: Both, 1: optional(ClientMessage) });

    expect(create([0, { type: 'many', messages: [[2], [1, 'a']] }], Wrapped)).toStrictEqual([
      0,
      {
        type: 'many',
        messages: [
          [2, null],
          [1, 'a'],
        ],
      },
    ]);
    expect(failure([0, { type: 'many', messages: [[2], [9]] }], Wrapped)).toEqual({
      path: [1, 'messages', 1, 0],
      type: 'tupleVariants',
    });
  });

  it.each([
    [() => tupleVariants(null as never), 'Expected `definitions` to be an object, got null'],
    [() => tupleVariants([string()] as never), 'Expected `definitions` to be an object, got '],
    [() => tupleVariants({ 0: 1 as never }), 'Expected `0` to be a struct, got number'],
    [
      () => tupleVariants({}, { unknownFields: true as never }),
      "Expected `unknownFields` to be 'refuse' or 'drop', got true",
    ],
  ])('refuses to be made wrongly (%#)', (make, text) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(text);
  });

  it('has the type of a union that a switch exhausts', () => {
    expectTypeOf<ClientMessage>().toEqualTypeOf<[0, Chat] | [1, string] | [2, null]>();
    const said = (message: ClientMessage): string => {
      switch (message[0]) {
        case 0:
          return message[1].content;
        case 1:
          return message[1];
        case 2:
          return '';
      }
    };

    expect(said([1, 'a'])).toBe('a');
    // @ts-expect-error: the payload is another variant's
    expect(said([2, 'a'])).toBe('');
    // @ts-expect-error: the tag is a number
    expect(said(['1', 'a'])).toBeUndefined();
  });

  it('has words and numbers for tags, as they stand on the wire', () => {
    const Message = tupleVariants({ send: string(), '3': string(), 4: literal(null), '05': any() });

    expectTypeOf<Infer<typeof Message>[0]>().toEqualTypeOf<'send' | 3 | 4 | '05'>();
    expect(create([3, 'a'], Message)).toStrictEqual([3, 'a']);
    expect(create(['05', 'a'], Message)).toStrictEqual(['05', 'a']);
    expect(is([5, 'a'], Message)).toBe(false);
  });
});
