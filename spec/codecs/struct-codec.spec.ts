import {
  any,
  array,
  boolean,
  coerce,
  date,
  define,
  defaulted,
  dynamic,
  enums,
  type Infer,
  integer,
  intersection,
  lazy,
  literal,
  map,
  max,
  never,
  nonempty,
  nullable,
  number,
  object,
  optional,
  record,
  refine,
  set,
  size,
  string,
  type Struct,
  trimmed,
  tuple,
  type,
  union,
  unknown,
} from 'superstruct';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Codec } from '../../lib/core/codec.ts';
import { DecodeError } from '../../lib/core/errors.ts';
import { pipe } from '../../lib/core/pipe.ts';
import { structCodec } from '../../lib/codecs/struct-codec.ts';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';

const Chat = object({ id: string(), content: trimmed(string()), likes: defaulted(integer(), 0) });
const incoming = variants('type', { send: { chat: Chat }, fetch: {} });
const outgoing = variants('type', { all: { chats: array(Chat) }, failed: {} });
const codec = structCodec({ incoming, outgoing });

/** Infers the messages as `omniHttp` and its kin do. */
const same = <In, Out>(given: Codec<In, Out>): Codec<In, Out> => given;
const decoding = (struct: object, text: string): DecodeError => {
  try {
    structCodec({ incoming: struct as Struct, outgoing: never() }).decode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  throw new Error(`${text} was decoded`);
};
const encoding = (struct: object, message: unknown): string | undefined =>
  structCodec({ incoming: never(), outgoing: struct as Struct }).encode(message);

describe('structCodec', () => {
  it('decodes to the result of the incoming struct', () => {
    expect(codec.decode('{"type":"send","chat":{"id":"a","content":" Hi "}}')).toStrictEqual({
      type: 'send',
      chat: { id: 'a', content: 'Hi', likes: 0 },
    });
  });

  it('decodes a value that was parsed before', () => {
    const body = { type: 'send', chat: { id: 'a', content: ' Hi ' } };

    expect(codec.decodeValue(body)).toStrictEqual({
      type: 'send',
      chat: { id: 'a', content: 'Hi', likes: 0 },
    });
    expect(body.chat.content).toBe(' Hi ');
    expect(() => codec.decodeValue({ type: 'nope' })).toThrow(DecodeError);
    expect(() => codec.decodeValue(JSON.parse('{"type":"fetch","__proto__":1}'))).toThrow(
      'expected no key `__proto__`',
    );
  });

  it('puts the guards before the struct', () => {
    const open = structCodec({ incoming: any(), outgoing: any() });

    expect(() => void open.decode('{')).toThrow('expected JSON');
    expect(() => void open.decode('{"a":{"__proto__":1}}')).toThrow('expected no key `__proto__`');
    expect(() => void open.decode('['.repeat(65) + ']'.repeat(65))).toThrow(
      'expected nesting no deeper than 64',
    );
  });

  it('encodes a message that the outgoing struct accepts, as it is', () => {
    const message = {
      type: 'all' as const,
      chats: [{ likes: 1, content: ' Hi ', id: 'a' }],
    };

    expect(codec.encode(message)).toBe(
      '{"type":"all","chats":[{"likes":1,"content":" Hi ","id":"a"}]}',
    );
  });

  it.each([
    undefined,
    null,
    'failed',
    { type: 'tick' },
    { type: 'all' },
    { type: 'failed', more: 1 },
    { type: 'all', chats: [{ id: 'a', content: 'Hi' }] },
    Symbol('failed'),
    () => 'failed',
    1n,
  ])('skips %o, which the outgoing struct does not accept', (message) => {
    expect(codec.encode(message)).toBeUndefined();
  });

  it('sends a message that is none of the variants, where the outgoing struct accepts it', () => {
    const Outgoing = variants('type', { failed: {} });

    expect(encoding(nullable(Outgoing), null)).toBe('null');
    expect(encoding(union([Outgoing, string()]), 'a')).toBe('"a"');
    expect(encoding(nullable(tupleVariants({ 0: any() })), null)).toBe('null');
    expect(encoding(Outgoing, null)).toBeUndefined();
  });

  it('never coerces a message that it sends', () => {
    const struct = object({ n: coerce(number(), string(), Number), s: defaulted(string(), 'x') });

    expect(encoding(struct, { n: 1, s: 'a' })).toBe('{"n":1,"s":"a"}');
    expect(encoding(struct, { n: '1', s: 'a' })).toBeUndefined();
    expect(encoding(struct, { n: 1 })).toBeUndefined();
    expect(encoding(trimmed(string()), ' a ')).toBe('" a "');
    expect(encoding(tupleVariants({ 2: literal(null) }), [2])).toBeUndefined();
  });

  it('sends no unknown fields, where the outgoing struct drops them', () => {
    const Stored = object({ id: string() });
    const dropping = tupleVariants(
      { 0: array(Stored), 1: coerce(number(), string(), Number) },
      { unknownFields: 'drop' },
    );
    const chats = [{ id: 'a', address: '127.0.0.1' }];

    expect(encoding(dropping, [0, chats])).toBe('[0,[{"id":"a"}]]');
    expect(encoding(dropping, [0, chats, 'more'])).toBe('[0,[{"id":"a"}]]');
    expect(encoding(dropping, [1, '1'])).toBeUndefined();
    expect(chats).toStrictEqual([{ id: 'a', address: '127.0.0.1' }]);
    expect(
      encoding(variants('t', { a: { n: any() } }, { unknownFields: 'drop' }), {
        t: 'a',
        n: [1],
        x: 1,
      }),
    ).toBe('{"t":"a","n":[1]}');
    expect(encoding(variants('t', { a: {} }, { unknownFields: 'drop' }), { t: 'a', x: 1 })).toBe(
      '{"t":"a"}',
    );
  });

  it('distinguishes a coerced date or map from its source', () => {
    const dates = coerce(date(), date(), (at) => new Date(at.getTime() + 1));

    expect(encoding(object({ at: dates, x: defaulted(string(), '') }), { at: new Date(0) })).toBe(
      undefined,
    );
    expect(encoding(map(string(), defaulted(string(), '')), new Map([['a', undefined]]))).toBe(
      undefined,
    );
  });

  it.each([
    ['without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['that says how to print it, and lies', { toString: 1, valueOf: 1 }],
    [
      'that throws when printed',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
    ['with such a thing in it', { n: [[{ toString: null, valueOf: null }]] }],
    ['with a symbol in it', [Symbol('a')]],
    ['with a symbol in a field', { n: Symbol('a') }],
  ])('skips an object %s, which superstruct cannot refuse', (_, message) => {
    expect(encoding(string(), message)).toBeUndefined();
    expect(encoding(object({ n: string() }), message)).toBeUndefined();
  });

  it('skips a message that holds itself, where the struct would follow without end', () => {
    interface Node {
      next?: Node;
    }
    const Node: Struct<Node> = object({ next: optional(lazy(() => Node)) }) as never;
    const cycle: Node = {};
    cycle.next = cycle;

    expect(encoding(Node, cycle)).toBeUndefined();
  });

  it.each<[name: string, message: unknown, text: string]>([
    ['NaN', { n: Number.NaN }, 'at n: expected a finite number'],
    ['Infinity', { n: [1, -Infinity] }, 'at n.1: expected a finite number'],
    ['a bigint', { n: 1n }, 'at n: expected a value that JSON can hold, got a bigint'],
    ['a symbol', { n: Symbol('a') }, 'at n: expected a value that JSON can hold, got a symbol'],
    ['a function', { n: () => 1 }, 'at n: expected a value that JSON can hold, got a function'],
    ['a Map', { n: new Map() }, 'at n: expected a value that JSON can hold: convert it'],
    ['a Set', { n: [new Set()] }, 'at n.0: expected a value that JSON can hold: convert it'],
    ['bytes', { n: new Uint8Array(1) }, 'at n: expected a value that JSON can hold: convert it'],
    ['a Buffer', { n: Buffer.of(1) }, 'at n: expected a value without `toJSON`'],
    ['an Error', { n: new Error('a') }, 'at n: expected a value that JSON can hold: convert it'],
    [
      'a boxed number',
      { n: Object(1) as unknown },
      'at n: expected a value that JSON can hold: convert it',
    ],
    ['undefined in an array', { n: [undefined] }, 'got undefined in an array'],
    ['a hole in an array', { n: Array.from({ length: 1 }) }, 'got undefined in an array'],
    ['an invalid date', { n: new Date(Number.NaN) }, 'at n: expected a valid date'],
    [
      'a value with toJSON',
      { n: new URL('http://a.b') },
      'at n: expected a value without `toJSON`',
    ],
    [
      'an inherited toJSON',
      { n: Object.create({ toJSON: () => 'secret' }) as unknown },
      'at n: expected a',
    ],
    [
      'a field in a dictionary, whose key is data',
      { d: { SECRET: Infinity } },
      'at d.*: expected a',
    ],
  ])('throws at %s, which JSON would change in silence', (_, message, text) => {
    const struct = object({ n: optional(any()), d: optional(record(string(), number())) });

    expect(() => encoding(struct, message)).toThrow(TypeError);
    expect(() => encoding(struct, message)).toThrow(text);
  });

  it('throws at a message that holds itself, and at one too deep to be received', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

    expect(() => encoding(any(), cycle)).toThrow('expected nesting no deeper than 64');
    expect(() => encoding(any(), nested(65))).toThrow('expected nesting no deeper than 64');
    expect(encoding(any(), nested(64))).toHaveLength(128);
  });

  it('sends dates as text, absent fields not at all, and fields of an instance', () => {
    class Point {
      x = 1;
      y: undefined;
    }

    expect(encoding(any(), { at: new Date(0), no: undefined, p: new Point() })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","p":{"x":1}}',
    );
    expect(encoding(any(), Object.assign(Object.create(null), { a: [null, -0] }))).toBe(
      '{"a":[null,0]}',
    );
  });

  it('sends nothing unchecked, for any toJSON, getter or prototype of a message', () => {
    const Dropping = variants(
      't',
      { a: { n: object({ x: number() }) } },
      { unknownFields: 'drop' },
    );
    const n = Object.assign(Object.create({ toJSON: () => ({ secret: 1 }) }) as object, { x: 1 });

    expect(encoding(Dropping, { t: 'a', n: { x: 1 }, toJSON: () => ({ secret: 1 }) })).toBe(
      '{"t":"a","n":{"x":1}}',
    );
    expect(() => encoding(Dropping, { t: 'a', n })).toThrow('at n: expected a value without');
  });

  it('throws the error of a refiner for a message to be sent', () => {
    const fault = new RangeError('a fault');
    const struct = refine(object({ a: any() }), 'faulty', () => {
      throw fault;
    });

    expect(() => encoding(struct, { a: 1 })).toThrow(fault);
  });

  it('makes a DecodeError of the error of a refiner for a received message', () => {
    const fault = new RangeError('a fault');
    const error = decoding(
      refine(any(), 'faulty', () => {
        throw fault;
      }),
      '1',
    );

    expect(error.message).toBe('expected a message');
    expect(error.cause).toBe(fault);
  });

  it('passes a DecodeError of a coercer on', () => {
    const own = new DecodeError('expected a date', { path: ['due'] });
    const struct = coerce(any(), any(), () => {
      throw own;
    });

    expect(decoding(struct, '1')).toBe(own);
  });

  it.each([
    ['{"toString":1,"valueOf":1}', string()],
    ['{"a":{"toString":1,"valueOf":1}}', object({ a: number() })],
    ['[{"toString":{},"valueOf":null}]', array(enums(['a', 'b']))],
    ['{"toString":1,"valueOf":1}', union([string(), number()])],
  ])('refuses %s, which superstruct cannot print', (text, struct) => {
    expect(decoding(struct, text)).toBeInstanceOf(DecodeError);
  });

  describe('names the place and the expected value', () => {
    const Tagged = variants('type', { a: { n: integer(), on: optional(boolean()) }, b: {} });
    const Pair = tupleVariants({ 0: object({ id: nonempty(string()) }), 1: literal(null) });
    const Second = type({ a: literal(1), b: string() });
    const Anything = define<string>('Email', () => false);

    it.each<[object, string, string, (string | number)[]]>([
      [string(), '1', 'expected a string', []],
      [Tagged, '1', 'expected an object', []],
      [Tagged, '{}', 'at type: expected one of "a", "b"', ['type']],
      [Tagged, '{"type":"SECRET"}', 'at type: expected one of "a", "b"', ['type']],
      [Tagged, '{"type":"a","n":0.5}', 'at n: expected an integer', ['n']],
      [Tagged, '{"type":"a","n":1,"on":"SECRET"}', 'at on: expected a boolean', ['on']],
      [Tagged, '{"type":"b","SECRET":1}', 'expected no further field', []],
      [Pair, '{"SECRET":1}', 'expected an array', []],
      [Pair, '["SECRET"]', 'at 0: expected one of 0, 1', [0]],
      [Pair, '[0,{"id":1}]', 'at 1.id: expected a string', [1, 'id']],
      [Pair, '[0,{"id":""}]', 'at 1.id: expected a string that passes nonempty', [1, 'id']],
      [Pair, '[0,{"id":"a","SECRET":1}]', 'at 1: expected no further field', [1]],
      [Pair, '[1,"SECRET"]', 'at 1: expected null', [1]],
      [Pair, '[1,null,"SECRET"]', 'at 2: expected nothing', [2]],
      [Anything, '"SECRET"', 'expected an Email', []],
      [
        object({ a: object({ b: number() }) }),
        '{"a":{"b":"SECRET"}}',
        'at a.b: expected a number',
        ['a', 'b'],
      ],
      [object({ a: never() as never }), '{"a":"SECRET"}', 'at a: expected nothing', ['a']],
      [
        type({ a: array(string()) }),
        '{"a":["",1],"SECRET":1}',
        'at a.1: expected a string',
        ['a', 1],
      ],
      [tuple([string(), number()]), '["","SECRET"]', 'at 1: expected a number', [1]],
      [tuple([string()]), '["","SECRET"]', 'at 1: expected nothing', [1]],
      [record(string(), number()), '{"SECRET":"x"}', 'at *: expected a number', ['*']],
      [
        record(size(string(), 1), number()),
        '{"SECRET":1}',
        'at *: expected a string that passes size',
        ['*'],
      ],
      [
        record(string(), object({ a: literal(1) })),
        '{"SECRET":{"a":2}}',
        'at *.a: expected 1',
        ['*', 'a'],
      ],
      [
        record(string(), record(string(), string())),
        '{"SECRET":{"SECRET":2}}',
        'at *.*: expected a string',
        ['*', '*'],
      ],
      [
        record(enums(['x', 'y']), enums([1, 2])),
        '{"x":"SECRET"}',
        'at *: expected one of 1, 2',
        ['*'],
      ],
      [
        record(enums(['x', 'y']), enums([1, 2])),
        '{"SECRET":1}',
        'at *: expected one of "x", "y"',
        ['*'],
      ],
      [enums(['x', 'y']), '"SECRET"', 'expected one of "x", "y"', []],
      [enums([1, 2]), '"SECRET"', 'expected one of 1, 2', []],
      [literal('x'), '"SECRET"', 'expected "x"', []],
      [literal(true), '"SECRET"', 'expected true', []],
      [literal(undefined), '"SECRET"', 'expected a literal', []],
      [optional(object({ a: string() })), '{"a":"","SECRET":""}', 'expected no further field', []],
      [nullable(Tagged), '{"type":"b","SECRET":1}', 'expected no further field', []],
      [lazy(() => Tagged), '{"type":"a","n":"SECRET"}', 'at n: expected an integer', ['n']],
      [lazy(() => object({ a: string() })), '{"a":1}', 'at a: expected a string', ['a']],
      [union([string(), number()]), '["SECRET"]', 'expected a union', []],
      [
        object({ a: union([string(), Tagged]) }),
        '{"a":["SECRET"]}',
        'at a: expected a union',
        ['a'],
      ],
      [
        intersection([type({ a: string() }), type({ b: string() })]),
        '{"a":"","b":1}',
        'at b: expected a string',
        ['b'],
      ],
      [
        dynamic((value) => ((value as { a?: 1 }).a === 1 ? Second : string()) as Struct),
        '{"a":1,"b":2,"SECRET":3}',
        'at b: expected a string',
        ['b'],
      ],
      [
        // A function that throws where the field is absent.
        dynamic((value) => ((value as { b: [] }).b.length > 9 ? string() : Second) as Struct),
        '{"a":1,"b":["SECRET"]}',
        'at *: expected a string',
        ['*'],
      ],
      [
        coerce(set(string()), array(), (all) => new Set(all)),
        '["a",7]',
        'at *: expected a string',
        ['*'],
      ],
      [max(number(), 5), '6', 'expected a number that passes max', []],
      [
        coerce(object({ a: string() }), string(), (text) => JSON.parse(text) as object),
        '"{\\"a\\":1}"',
        'at a: expected a string',
        ['a'],
      ],
    ])('%#: %s', (struct, text, message, path) => {
      const error = decoding(struct, text);

      expect(error.message).toBe(message);
      expect(error.path).toStrictEqual(path);
      expect(error.cause).toBeUndefined();
      expect(JSON.stringify(error)).not.toContain('SECRET');
      expect(error.stack).not.toContain('SECRET');
    });

    it('in fields that may be dropped, too', () => {
      const Dropping = variants(
        'type',
        { a: { o: object({ n: enums([1]) }) } },
        { unknownFields: 'drop' },
      );

      expect(decoding(Dropping, '{"type":"a","x":1,"o":{"n":2,"y":1}}').message).toBe(
        'at o.n: expected 1',
      );
    });

    it('in 200 characters without control characters', () => {
      const names = Array.from({ length: 100 }, (_, at) => `variant_${at}`);
      const Many = variants('type', Object.fromEntries(names.map((name) => [name, {}])));

      expect(decoding(Many, '{"type":1}').message).toHaveLength(200);
      expect(decoding(literal('a\u0000\n\u2028'), '1').message).not.toMatch(/\p{Cc}|\u2028/u);
    });

    it('without the message that a struct of the user gives, which may quote', () => {
      const quoting = define<string>('Name', (value) => `Not a name: ${String(value)}`);

      expect(decoding(quoting, '"SECRET"').message).toBe('expected a Name');
    });
  });

  // superstruct itself finds the function of the prototype, and refuses it.
  describe.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    'a field `%s` that is absent',
    (key) => {
      const fields = { a: string(), [key]: optional(string()) };
      it.each<[string, Struct]>([
        ['object', object(fields) as never],
        ['type', type(fields) as never],
        ['an object in an array', array(object(fields)) as never],
        ['lazy', lazy(() => object(fields)) as never],
        ['a payload', tupleVariants({ 0: object(fields) }, { unknownFields: 'drop' }) as never],
      ])('is absent, in %s', (name, struct) => {
        const wrap = (text: string): string => {
          if (name === 'an object in an array') return `[${text}]`;
          return name === 'a payload' ? `[0,${text}]` : text;
        };
        const its = structCodec({ incoming: struct, outgoing: struct });
        const text = wrap('{"a":"x"}');

        expect(its.encode(its.decode(text))).toBe(text);
        expect(its.encode(its.decodeValue(JSON.parse(text)))).toBe(text);
        expect(its.encode(JSON.parse(text))).toBe(text);
      });

      it('is asked for, where it must be there', () => {
        const required = object({ [key]: string() });

        expect(decoding(required, '{}').message).toBe(`at ${key}: expected a string`);
      });

      it('is not what another failure is blamed on', () => {
        const both = object({ [key]: optional(string()), a: string() });

        expect(decoding(both, '{"a":1}').message).toBe('at a: expected a string');
      });
    },
  );

  it('takes the first failure only, however many there are', () => {
    let calls = 0;
    const counted = define<string>('counted', () => {
      calls++;
      return false;
    });

    decoding(array(counted), JSON.stringify(Array.from({ length: 1000 }, () => 1)));

    // Once for the verdict, and once by superstruct itself, for the error.
    expect(calls).toBe(2);
  });

  it.each([
    [
      { incoming: undefined as never, outgoing },
      'Expected `incoming` to be a struct, got undefined',
    ],
    [{ incoming, outgoing: {} as never }, 'Expected `outgoing` to be a struct, got object'],
  ])('refuses to be made wrongly (%#)', (options, text) => {
    expect(() => structCodec(options)).toThrow(new TypeError(text));
  });

  it('takes part in the pipe', () => {
    const handler = (message: Infer<typeof incoming>): Infer<typeof outgoing> =>
      message.type === 'fetch' ? { type: 'all', chats: [] } : { type: 'failed' };

    expect(pipe('{"type":"fetch"}', { codec, handler })).toBe('{"type":"all","chats":[]}');
    expect(() => pipe('{"type":"x"}', { codec, handler })).toThrow(
      'at type: expected one of "send", "fetch"',
    );
  });

  it('serves a handler, and an application whose messages do not all travel', () => {
    type In = Infer<typeof incoming>;
    type Out = Infer<typeof outgoing>;
    type Any = In | Out | { type: 'tick' };

    expectTypeOf(codec).toExtend<Codec<In, Out>>();
    expectTypeOf(codec).toExtend<Codec<Any, Any>>();
    expectTypeOf(same(codec)).toEqualTypeOf<Codec<In, Out>>();
    expectTypeOf(codec.decode).returns.toEqualTypeOf<In>();

    const wrong = (): unknown =>
      pipe('{"type":"fetch"}', {
        codec,
        // @ts-expect-error: a handler's reply is checked
        handler: () => ({ type: 'nope' as const }),
      });
    expect(wrong).toThrow('at type: expected one of "all", "failed"');
    expect(codec.encode({ type: 'tick' })).toBeUndefined();
  });

  it('takes structs of unknown types as they are', () => {
    const open = structCodec({ incoming: unknown(), outgoing: any() });

    expectTypeOf(open.decode).returns.toBeUnknown();
    expect(open.decode('[1]')).toStrictEqual([1]);
    expect(open.encode(undefined)).toBeUndefined();
  });
});
