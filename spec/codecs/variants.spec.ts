import {
  array,
  create,
  defaulted,
  func,
  type Infer,
  integer,
  is,
  lazy,
  literal,
  mask,
  nullable,
  number,
  object,
  optional,
  refine,
  string,
  type Struct,
  trimmed,
  type,
  union,
  unknown,
  validate,
} from 'superstruct';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { variants } from '../../lib/codecs/variants.ts';

const Chat = object({ id: string(), content: string() });
const ClientMessage = variants('type', {
  user_send: { chat: Chat },
  user_rename: { name: string(), nick: optional(string()) },
  fetch: {},
});
type ClientMessage = Infer<typeof ClientMessage>;

/** What superstruct reports first: path, type and refinement. */
const failure = (value: unknown, struct: Struct<never> | object): unknown => {
  const [error] = validate(value, struct as Struct, { coerce: true });
  return error && { path: error.path, type: error.type, refinement: error.refinement };
};

describe('variants', () => {
  it.each([
    { type: 'user_send', chat: { id: 'a', content: 'Hi' } },
    { type: 'user_rename', name: 'Ann', nick: 'A' },
    { type: 'user_rename', name: 'Ann' },
    { type: 'fetch' },
  ])('accepts %j', (message) => {
    expect(create(message, ClientMessage)).toStrictEqual(message);
    expect(create(message, ClientMessage)).not.toBe(message);
    expect(is(message, ClientMessage)).toBe(true);
    expect(mask(message, ClientMessage)).toStrictEqual(message);
  });

  it.each([null, 1, 'fetch', [], [{ type: 'fetch' }], undefined, true])(
    'refuses %j, which is no object',
    (value) => {
      expect(is(value, ClientMessage)).toBe(false);
      expect(failure(value, ClientMessage)).toStrictEqual({
        path: [],
        type: 'variants',
        refinement: undefined,
      });
    },
  );

  it.each([
    {},
    { type: 'nope' },
    { type: 0 },
    { type: null },
    { type: ['fetch'] },
    { type: '__proto__' },
    { type: 'constructor' },
    { type: 'toString' },
    { type: 'hasOwnProperty' },
    Object.create({ type: 'fetch' }),
  ] as unknown[])('names the tag of %j, which is unknown', (value) => {
    expect(is(value, ClientMessage)).toBe(false);
    expect(failure(value, ClientMessage)).toStrictEqual({
      path: ['type'],
      type: 'variants',
      refinement: undefined,
    });
  });

  it('reports one failure for an unknown tag, and quotes nothing that was received', () => {
    const [error] = validate({ type: 'a secret' }, ClientMessage);

    expect(error?.failures()).toHaveLength(1);
    expect(error?.message).toBe(
      'At path: type -- Expected one of "user_send", "user_rename", "fetch"',
    );
    expect(error?.key).toBe('type');
    expect(error?.value).toBe('a secret');
    expect(error?.branch).toStrictEqual([{ type: 'a secret' }, 'a secret']);
  });

  it('names the field of the one variant, at any depth', () => {
    expect(failure({ type: 'user_send', chat: { id: 1, content: '' } }, ClientMessage)).toEqual({
      path: ['chat', 'id'],
      type: 'string',
    });
    expect(failure({ type: 'user_send' }, ClientMessage)).toEqual({
      path: ['chat'],
      type: 'object',
    });
    expect(failure({ type: 'user_rename', name: 'Ann', nick: 7 }, ClientMessage)).toEqual({
      path: ['nick'],
      type: 'string',
    });
  });

  it('refuses fields of another variant, and any unknown one, by default', () => {
    expect(failure({ type: 'fetch', name: 'Ann' }, ClientMessage)).toEqual({
      path: ['name'],
      type: 'never',
    });
    const chat = { id: 'a', content: '', more: 1 };
    expect(failure({ type: 'user_send', chat }, ClientMessage)).toEqual({
      path: ['chat', 'more'],
      type: 'never',
    });
    expect(
      failure(
        { type: 'fetch', x: 1 },
        variants('type', { fetch: {} }, { unknownFields: 'refuse' }),
      ),
    ).toEqual({ path: ['x'], type: 'never' });
  });

  it('coerces within a variant', () => {
    const Message = variants('type', {
      add: { name: trimmed(string()), amount: defaulted(integer(), 1) },
    });

    expect(create({ type: 'add', name: ' a ' }, Message)).toStrictEqual({
      type: 'add',
      name: 'a',
      amount: 1,
    });
    expect(is({ type: 'add', name: ' a ' }, Message)).toBe(false);
  });

  it('never changes its argument', () => {
    const Message = variants(
      'type',
      { add: { chat: Chat, at: defaulted(number(), 0) } },
      { unknownFields: 'drop' },
    );
    const given = { type: 'add', chat: { id: 'a', content: '', more: 1 }, extra: true };
    const before = structuredClone(given);

    create(given, Message);

    expect(given).toStrictEqual(before);
  });

  it('takes canonical integers as numbers on the wire, and nothing else', () => {
    const Message = variants('kind', { 0: {}, '-1': {}, '01': {}, '1.5': {}, '1e3': {}, '-0': {} });

    for (const kind of [0, -1, '01', '1.5', '1e3', '-0']) {
      expect(create({ kind }, Message)).toStrictEqual({ kind });
    }
    for (const kind of ['0', '-1', 1, 1.5, 1000, [0], null, true]) {
      expect(failure({ kind }, Message)).toEqual({ path: ['kind'], type: 'variants' });
    }
    expectTypeOf<Infer<typeof Message>['kind']>().toEqualTypeOf<
      0 | -1 | '01' | '1.5' | '1e3' | '-0'
    >();
  });

  it('takes an integer that no number holds exactly as a string', () => {
    const Message = variants('kind', { '9007199254740993': {}, '9007199254740991': {} });

    expect(is({ kind: '9007199254740993' }, Message)).toBe(true);
    expect(is(JSON.parse('{"kind":9007199254740993}'), Message)).toBe(false);
    expect(is({ kind: 9007199254740991 }, Message)).toBe(true);
    expectTypeOf<Infer<typeof Message>['kind']>().toEqualTypeOf<
      '9007199254740993' | 9007199254740991
    >();
  });

  it('makes of minus zero the number that it equals', () => {
    const made = create(JSON.parse('{"kind":-0}'), variants('kind', { 0: {} }));

    expect(Object.is(made.kind, 0)).toBe(true);
  });

  it('takes words of JavaScript as tags and fields like any other', () => {
    const definitions = { toString: { valueOf: string() }, ['__proto__']: {} };
    Object.setPrototypeOf(definitions, { never: {} });
    const Message = variants('constructor', definitions);

    const named = { constructor: 'toString', valueOf: 'a' };
    expect(create(named, Message)).toEqual(named);
    expect(create({ constructor: '__proto__' }, Message)).toEqual({ constructor: '__proto__' });
    expect(failure({ constructor: 'never' }, Message)).toEqual({
      path: ['constructor'],
      type: 'variants',
    });
  });

  it('does not take an inherited property for a field', () => {
    const Message = variants('type', { a: { toString: func() as Struct<unknown, null> } });

    expect(failure({ type: 'a' }, Message)).toEqual({ path: ['toString'], type: 'func' });
  });

  describe("with unknownFields: 'drop'", () => {
    const Dropping = variants(
      'type',
      {
        send: { chat: Chat, tags: optional(array(object({ name: string() }))) },
        open: { any: type({ id: string() }) },
        either: { either: union([object({ a: string() }), object({ b: string() })]) },
        inner: { message: ClientMessage, later: optional(lazy(() => Chat)) },
      },
      { unknownFields: 'drop' },
    );

    it('leaves unknown fields out of the result of create', () => {
      expect(create({ type: 'open', more: 1, any: { id: 'a', more: 2 } }, Dropping)).toStrictEqual({
        type: 'open',
        // type() is superstruct's word for an object that may have more.
        any: { id: 'a', more: 2 },
      });
    });

    it('reaches the plain objects within a variant', () => {
      const made = create(
        {
          type: 'send',
          chat: { id: 'a', content: '', more: 1 },
          tags: [{ name: 'x', more: 2 }, { name: 'y' }],
        },
        Dropping,
      );

      expect(made).toStrictEqual({
        type: 'send',
        chat: { id: 'a', content: '' },
        tags: [{ name: 'x' }, { name: 'y' }],
      });
    });

    it('reaches unions, other variants and lazy structs', () => {
      expect(create({ type: 'either', either: { b: 'x', more: 1 } }, Dropping)).toStrictEqual({
        type: 'either',
        either: { b: 'x' },
      });
      expect(
        create(
          {
            type: 'inner',
            message: { type: 'fetch', more: 1 },
            later: { id: 'a', content: '', more: 1 },
          },
          Dropping,
        ),
      ).toStrictEqual({
        type: 'inner',
        message: { type: 'fetch' },
        later: { id: 'a', content: '' },
      });
    });

    it('still refuses errors in the known fields', () => {
      expect(failure({ type: 'send', chat: { id: 1, content: '', more: 1 } }, Dropping)).toEqual({
        path: ['chat', 'id'],
        type: 'string',
      });
      expect(failure({ type: 'nope', more: 1 }, Dropping)).toEqual({
        path: ['type'],
        type: 'variants',
      });
    });

    it('checks as strictly as before, because is() makes nothing', () => {
      expect(is({ type: 'open', any: { id: 'a' } }, Dropping)).toBe(true);
      expect(is({ type: 'open', more: 1, any: { id: 'a' } }, Dropping)).toBe(false);
    });
  });

  it("drops unknown fields under superstruct's own mask, with any option", () => {
    const made = mask(
      { type: 'user_send', more: 1, chat: { id: 'a', content: '', more: 2 } },
      ClientMessage,
    );

    expect(made).toStrictEqual({ type: 'user_send', chat: { id: 'a', content: '' } });
  });

  it('works within other structs, and refined, optional or defaulted', () => {
    const Short = refine(ClientMessage, 'short', (message) => message.type !== 'user_send');
    const Batch = object({
      first: optional(ClientMessage),
      second: nullable(Short),
      rest: array(defaulted(ClientMessage, { type: 'fetch' })),
    });

    expect(create({ second: null, rest: [undefined] }, Batch)).toStrictEqual({
      second: null,
      rest: [{ type: 'fetch' }],
    });
    const chat = { id: 'a', content: '' };
    expect(failure({ second: { type: 'user_send', chat }, rest: [] }, Batch)).toEqual({
      path: ['second'],
      type: 'variants',
      refinement: 'short',
    });
    expect(failure({ second: null, rest: [{ type: 'x' }] }, Batch)).toEqual({
      path: ['rest', 0, 'type'],
      type: 'variants',
    });
  });

  it('calls no struct of another variant', () => {
    let calls = 0;
    const counted = refine(string(), 'counted', () => {
      calls++;
      return true;
    });
    const Message = variants('type', { a: { x: counted }, b: { x: counted }, c: { x: counted } });

    expect(is({ type: 'b', x: '' }, Message)).toBe(true);
    expect(calls).toBe(1);
  });

  it.each([
    [() => variants(1 as never, {}), 'Expected `tag` to be the name of a field, got 1'],
    [() => variants('__proto__', {}), 'Expected `tag` to be the name of a field, got "__proto__"'],
    [() => variants('type', null as never), 'Expected `definitions` to be an object, got null'],
    [() => variants('type', { a: 'b' as never }), 'Expected `a` to be an object, got b'],
    [
      () => variants('type', { a: { b: {} as never } }),
      'Expected `a.b` to be a struct, got object',
    ],
    [
      () => variants('type', { a: { type: string() } }),
      'Expected the variant `a` to have no field `type`',
    ],
    [
      () => variants('type', { a: { ['__proto__']: string() } }),
      'Expected the variant `a` to have no field `__proto__`',
    ],
    [
      () => variants('type', {}, { unknownFields: 'keep' as never }),
      "Expected `unknownFields` to be 'refuse' or 'drop', got keep",
    ],
  ])('refuses to be made wrongly (%#)', (make, text) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(text);
  });

  it('accepts nothing when there is no variant', () => {
    expect(is({ type: 'a' }, variants('type', {}))).toBe(false);
  });

  it('has the type of a union that a switch exhausts', () => {
    expectTypeOf<ClientMessage>().toEqualTypeOf<
      | { type: 'user_send'; chat: { id: string; content: string } }
      | { type: 'user_rename'; name: string; nick?: string | undefined }
      | { type: 'fetch' }
    >();
    const said = (message: ClientMessage): string => {
      switch (message.type) {
        case 'user_send':
          return message.chat.content;
        case 'user_rename':
          return message.nick ?? message.name;
        case 'fetch':
          return '';
      }
    };

    expect(said({ type: 'user_rename', name: 'Ann' })).toBe('Ann');
    // @ts-expect-error: a variant without its field is no message
    expect(said({ type: 'user_rename', nick: 'A' })).toBe('A');
    // @ts-expect-error: nor is a field of another variant
    expect(said({ type: 'fetch', name: 'Ann' })).toBe('');
    // @ts-expect-error: nor an unknown tag
    expect(said({ type: 'nope' })).toBeUndefined();
  });

  it('infers literals, unions and unknown as superstruct does', () => {
    const Message = variants('type', {
      a: { one: literal(1), maybe: nullable(string()), whatever: unknown() },
    });

    expectTypeOf<Infer<typeof Message>>().toEqualTypeOf<{
      type: 'a';
      one: 1;
      maybe: string | null;
      whatever: unknown;
    }>();
    const plain = object({ one: literal(1), maybe: nullable(string()), whatever: unknown() });
    expectTypeOf<Omit<Infer<typeof Message>, 'type'>>().toEqualTypeOf<Infer<typeof plain>>();
  });
});
