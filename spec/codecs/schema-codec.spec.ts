import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type Codec } from '../../lib/core/codec.ts';
import { DecodeError } from '../../lib/core/errors.ts';
import { schemaCodec } from '../../lib/codecs/schema-codec.ts';
import { type StandardSchema } from '../../lib/codecs/standard-schema.ts';

const Chat = z.object({ id: z.string(), content: z.string().trim() });
const incoming = z.discriminatedUnion('type', [
  z.object({ type: z.literal('send'), chat: Chat, tags: z.array(z.string()).default([]) }),
  z.strictObject({ type: z.literal('fetch') }),
]);
const outgoing = z.discriminatedUnion('type', [
  z.object({ type: z.literal('all'), chats: z.array(Chat) }),
  z.object({ type: z.literal('at'), time: z.date().transform((time) => time.getTime()) }),
]);
const codec = schemaCodec({ incoming, outgoing });

/** Infers the messages as `omniHttp` and its kin do. */
const same = <In, Out>(given: Codec<In, Out>): Codec<In, Out> => given;
const decoding = (schema: StandardSchema, text: string): DecodeError => {
  try {
    schemaCodec({ incoming: schema, outgoing }).decode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  throw new Error(`${text} was decoded`);
};
/** A schema of no library. */
const handmade = (validate: (value: unknown) => unknown): StandardSchema => ({
  '~standard': { version: 1, vendor: 'spec', validate: validate as never },
});

describe('schemaCodec', () => {
  it('decodes to the result of the incoming schema', () => {
    const text = '{"type":"send","chat":{"id":"a","content":" Hi ","more":1}}';

    expect(codec.decode(text)).toStrictEqual({
      type: 'send',
      chat: { id: 'a', content: 'Hi' },
      tags: [],
    });
  });

  it('decodes a value that was parsed before', () => {
    expect(codec.decodeValue({ type: 'fetch' })).toStrictEqual({ type: 'fetch' });
    expect(() => codec.decodeValue({ type: 'nope' })).toThrow(DecodeError);
    expect(() => codec.decodeValue(JSON.parse('{"type":"fetch","__proto__":1}'))).toThrow(
      'expected no key `__proto__`',
    );
  });

  it('puts the guards before the schema', () => {
    const open = schemaCodec({ incoming: z.any(), outgoing: z.any() });

    expect(() => void open.decode('{')).toThrow('expected JSON');
    expect(() => void open.decode('[{"__proto__":1}]')).toThrow('expected no key `__proto__`');
    expect(() => void open.decode('['.repeat(65) + ']'.repeat(65))).toThrow(
      'expected nesting no deeper than 64',
    );
  });

  it('encodes the result of the outgoing schema', () => {
    const chats = [{ id: 'a', content: ' Hi ', address: '127.0.0.1' }];

    expect(codec.encode({ type: 'all', chats })).toBe(
      '{"type":"all","chats":[{"id":"a","content":"Hi"}]}',
    );
    expect(codec.encode({ type: 'at', time: new Date(5) })).toBe('{"type":"at","time":5}');
  });

  it.each([undefined, null, 'all', { type: 'tick' }, { type: 'all' }, { type: 'at', time: 5 }])(
    'skips %j, which the outgoing schema does not accept',
    (message) => {
      expect(codec.encode(message)).toBeUndefined();
    },
  );

  it('throws for a value that JSON cannot hold in an accepted message, and an error of the schema', () => {
    const fault = new RangeError('a fault');
    const faulty = handmade(() => {
      throw fault;
    });

    expect(() => schemaCodec({ incoming, outgoing: z.any() }).encode(1n)).toThrow(TypeError);
    expect(() => schemaCodec({ incoming, outgoing: faulty }).encode(1)).toThrow(fault);
  });

  it.each<[StandardSchema, string, (string | number)[]]>([
    [incoming, '{"type":"SECRET"}', ['type']],
    [incoming, '{"type":"send","chat":{"id":"a","content":["SECRET"]}}', ['chat', 'content']],
    [incoming, '{"type":"send","chat":{"id":"a","content":""},"tags":["",1]}', ['tags', 1]],
    [incoming, '{"type":"fetch","SECRET":1}', []],
    [z.record(z.string(), z.number()), '{"SECRET":"x"}', ['*']],
    [z.record(z.string(), Chat), '{"SECRET":{"id":1}}', ['*', 'id']],
    [z.object({ a: z.date().optional(), b: z.string() }), '{"b":1}', ['b']],
    [
      z.object({ properties: z.object({ a: z.string() }) }),
      '{"properties":{}}',
      ['properties', 'a'],
    ],
    [z.tuple([z.string(), z.number()]), '["SECRET","SECRET"]', [1]],
    [z.string(), '1', []],
    [
      z.preprocess((all) => new Map(Object.entries(all as object)), z.map(z.string(), z.number())),
      '{"SECRET":"x"}',
      ['*'],
    ],
    [
      handmade(() => ({
        issues: [{ message: 'SECRET', path: [{ key: 'a' }, 0, Symbol('SECRET')] }],
      })),
      '{"a":[{}]}',
      ['*', 0, '*'],
    ],
    [handmade(() => ({ issues: [{ message: 'SECRET', path: [0] }] })), '{"0":1}', ['*']],
    [
      handmade(() => ({ issues: [{ message: 'SECRET', path: ['a', 'b', 'c'] }] })),
      'null',
      ['*', '*', '*'],
    ],
    [handmade(() => ({ issues: [] })), 'null', []],
  ])('says where the failure is, with the words of the schema alone (%#)', (schema, text, path) => {
    const error = decoding(schema, text);

    expect(error.path).toStrictEqual(path);
    expect(error.message).toBe(
      path.length === 0
        ? 'expected what the schema asks for'
        : `at ${path.join('.')}: expected what the schema asks for`,
    );
    expect(error.cause).toBeUndefined();
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('SECRET');
  });

  it('makes a DecodeError of an error of the schema for a received message', () => {
    const fault = new RangeError('a fault');
    const own = new DecodeError('expected a date');
    const throwing = (error: Error): StandardSchema =>
      handmade((value) => {
        if (value !== undefined) throw error;
      });

    expect(decoding(throwing(fault), '1').cause).toBe(fault);
    expect(decoding(throwing(own), '1')).toBe(own);
  });

  it('names no place for a failure of the whole message, for any class of paths', () => {
    // As arktype's: made by `map`, one of these would hold its own length.
    class Path extends Array<string> {
      constructor(...steps: string[]) {
        super();
        this.push(...steps);
      }
    }
    const failing = (...steps: string[]): StandardSchema =>
      handmade(() => ({ issues: [{ message: 'no', path: new Path(...steps) }] }));

    expect(decoding(failing(), '{}').path).toEqual([]);
    expect(decoding(failing(), '{}').message).toBe('expected what the schema asks for');
    expect(decoding(failing('n'), '{}').path).toEqual(['*']);
  });

  it('refuses an asynchronous schema when a message shows it', () => {
    const late = z.string().refine(() => Promise.resolve(true));
    const asynchronous = schemaCodec({ incoming: late, outgoing: late });
    const text = (which: string): string =>
      `Expected \`${which}\` to answer at once, got a promise: it is asynchronous, or a part of it threw`;

    expect(decoding(late, '"a"').cause).toEqual(new TypeError(text('incoming')));
    expect(() => asynchronous.encode('a')).toThrow(new TypeError(text('outgoing')));
    expect(asynchronous.encode(1)).toBeUndefined();
  });

  it('leaves no rejection of an asynchronous schema unhandled', async () => {
    const rejections: unknown[] = [];
    const heard = (reason: unknown): unknown => rejections.push(reason);
    process.on('unhandledRejection', heard);
    onTestFinished(() => void process.off('unhandledRejection', heard));
    const rejecting = handmade(() => Promise.reject(new Error('no')));

    expect(decoding(rejecting, '"a"').cause).toBeInstanceOf(TypeError);
    expect(() => schemaCodec({ incoming, outgoing: rejecting }).encode(1)).toThrow(TypeError);

    // An unhandled rejection is reported when the microtasks are done, before the next macrotask.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(rejections).toStrictEqual([]);
  });

  it.each([undefined, null, {}, { '~standard': {} }, 'schema'])(
    'refuses to be made of %j',
    (schema) => {
      expect(() => schemaCodec({ incoming: schema as never, outgoing })).toThrow(TypeError);
      expect(() => schemaCodec({ incoming, outgoing: schema as never })).toThrow(
        `Expected \`outgoing\` to be a Standard Schema, got ${typeof schema}`,
      );
    },
  );

  it('has the types of the schemas: the output of incoming, the input of outgoing', () => {
    type In = z.output<typeof incoming>;
    type Out = z.input<typeof outgoing>;

    expectTypeOf(codec).toExtend<Codec<In, Out>>();
    expectTypeOf(codec.decode).returns.toEqualTypeOf<In>();
    expectTypeOf(same(codec)).toEqualTypeOf<Codec<In, Out>>();
    const said = (message: In): string => {
      switch (message.type) {
        case 'send':
          return message.chat.content;
        case 'fetch':
          return '';
      }
    };
    expect(said(codec.decode('{"type":"fetch"}'))).toBe('');
  });
});
