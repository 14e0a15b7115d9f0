import * as fc from 'fast-check';
import {
  array,
  enums,
  integer,
  is,
  literal,
  max,
  min,
  number,
  object,
  pattern,
  size,
  string,
  type Struct,
  type,
  unknown,
  validate,
} from 'superstruct';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type AnyStruct } from '../../lib/codecs/any-struct.ts';
import { definitionOf } from '../../lib/codecs/definition.ts';
import { jsonSchemaOf } from '../../lib/codecs/json-schema.ts';
import { standardSchemaOf } from '../../lib/codecs/standard-struct.ts';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';
import {
  described,
  dict,
  named,
  nullable,
  oneOf,
  optional,
  tuple,
} from '../../lib/codecs/words.ts';
import { Thread } from '../support/thread.ts';

const Author = named('Author', object({ name: size(string(), 1, 5), nick: nullable(string()) }));

describe('jsonSchemaOf', () => {
  it('writes JSON Schema 2020-12, with names as definitions', () => {
    const Message = variants('type', {
      send: { author: Author, text: described('What is said', pattern(string(), /^a/)) },
      fetch: { before: optional(integer()) },
    });

    expect(jsonSchemaOf(Message, { direction: 'outgoing' })).toStrictEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      oneOf: [
        {
          type: 'object',
          properties: {
            type: { const: 'send' },
            author: { $ref: '#/$defs/Author' },
            text: { type: 'string', pattern: '^a', description: 'What is said' },
          },
          required: ['type', 'author', 'text'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: { type: { const: 'fetch' }, before: { type: 'integer' } },
          required: ['type'],
          additionalProperties: false,
        },
      ],
      $defs: {
        Author: {
          type: 'object',
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 5 },
            nick: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          },
          required: ['name', 'nick'],
          additionalProperties: false,
        },
      },
    });
  });

  it('lets a nullable field be absent when it is received, and unknown fields where they are dropped', () => {
    const Message = variants(
      'type',
      { send: { author: Author, extra: type({}) } },
      { unknownFields: 'drop' },
    );
    const incoming = jsonSchemaOf(Message);
    const outgoing = jsonSchemaOf(Message, { direction: 'output' });

    expect(incoming).toStrictEqual(jsonSchemaOf(Message, { direction: 'input' }));
    expect(incoming).toMatchObject({ $defs: { 'Author.drop': { required: ['name'] } } });
    expect(JSON.stringify(incoming)).not.toContain('additionalProperties');
    expect(outgoing).toMatchObject({
      oneOf: [{ additionalProperties: false }],
      $defs: { Author: { additionalProperties: false, required: ['name', 'nick'] } },
    });
  });

  it('takes a definition, and refuses a direction that there is not', () => {
    const definition = definitionOf(Thread);

    expect(jsonSchemaOf(definition)).toStrictEqual(jsonSchemaOf(Thread));
    expect(() => jsonSchemaOf(Thread, { direction: 'both' as never })).toThrow(
      "Expected `direction` to be 'incoming' or 'outgoing', got \"both\"",
    );
  });

  const structs: Record<string, AnyStruct> = {
    author: Author,
    thread: Thread,
    bounds: object({ a: max(min(number(), 1), 5), b: min(integer(), 0, { exclusive: true }) }),
    tuple: tuple([string(), nullable(integer())]),
    dict: dict(array(nullable(number()))),
    'one of': oneOf([string(), array(integer()), object({ a: string() })]),
    variants: variants('type', { a: { n: nullable(Thread) }, b: { o: optional(enums(['x'])) } }),
    'tuple variants': tupleVariants({ 0: Author, end: literal(null) }),
    open: type({ a: unknown() }),
  };

  it('accepts exactly the values that the struct accepts', () => {
    const key = fc.constantFrom('a', 'b', 'n', 'o', 'type', 'text', 'replies', 'name', 'nick');
    const leaf = fc.constantFrom<unknown>(
      null,
      'a',
      'b',
      'x',
      'end',
      '',
      'abcdef',
      0,
      1,
      3,
      6,
      1.5,
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
        fc.record({ text: leaf, replies: fc.array(tie('value'), { maxLength: 1 }) }),
        fc.record({ name: leaf, nick: leaf }, { requiredKeys: ['name'] }),
        fc.record({ type: fc.constantFrom('a', 'b'), n: tie('value') }, { requiredKeys: ['type'] }),
        fc.tuple(fc.constantFrom('a', 0, 'end'), tie('value')),
        fc.record({ a: leaf, b: leaf }),
      ),
    }));
    const met = new Set<string>();
    const checks = Object.entries(structs).map(([name, struct]) => ({
      name,
      struct: struct as Struct,
      incoming: z.fromJSONSchema(jsonSchemaOf(struct) as never),
      outgoing: z.fromJSONSchema(jsonSchemaOf(struct, { direction: 'outgoing' }) as never),
    }));

    fc.assert(
      fc.property(value, (generated) => {
        // superstruct throws at what has no prototype, which no text makes.
        const text = JSON.stringify(generated);
        const given: unknown = JSON.parse(text);
        const different: string[] = [];
        for (const { name, struct, incoming, outgoing } of checks) {
          const [error] = validate(JSON.parse(text), struct, { coerce: true });
          if (incoming.safeParse(given).success !== (error === undefined)) {
            different.push(`${name}, incoming`);
          }
          if (outgoing.safeParse(given).success !== is(given, struct)) {
            different.push(`${name}, outgoing`);
          }
          if (error === undefined) met.add(name);
        }
        expect(different).toEqual([]);
      }),
      { numRuns: 3_000 },
    );

    expect([...met].sort()).toStrictEqual(Object.keys(structs).sort());
  });
});

describe('standardSchemaOf', () => {
  const schema = standardSchemaOf(Author);

  it('is a Standard Schema, whose issues hold nothing of the message', () => {
    const { validate: check } = schema['~standard'];

    expect(check({ name: 'Ann' })).toStrictEqual({ value: { name: 'Ann', nick: null } });
    expect(check({ name: 'SECRET', nick: null })).toStrictEqual({
      issues: [{ message: 'Expected a string that passes size', path: ['name'] }],
    });
  });

  it('gives JSON Schema of both directions', () => {
    const { input, output } = schema['~standard'].jsonSchema;

    expect(input({ target: 'draft-2020-12' })).toStrictEqual(jsonSchemaOf(Author));
    expect(output({ target: 'draft-2020-12' })).toStrictEqual(
      jsonSchemaOf(Author, { direction: 'outgoing' }),
    );
    expect(() => input({ target: 'openapi-3.0' })).toThrow('Expected the target draft-2020-12');
    expect(() => standardSchemaOf({} as never)).toThrow('Expected `struct` to be a struct');
  });

  it('comes back as the definition of the struct', () => {
    const back = definitionOf(standardSchemaOf(variants('type', { a: { n: integer() }, b: {} })));

    expect(back).toStrictEqual(definitionOf(variants('type', { a: { n: integer() }, b: {} })));
  });
});

describe('definitionOf a schema of another library', () => {
  it('reads the JSON Schema of zod', () => {
    const Message = z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('add'),
        amount: z.number().min(1),
        by: z.string().nullable(),
      }),
      z.strictObject({ type: z.literal('list'), tags: z.array(z.string()).optional() }),
    ]);

    expect(definitionOf(Message as never)).toStrictEqual({
      root: {
        kind: 'variants',
        tag: 'type',
        variants: [
          {
            tag: 'add',
            fields: [
              { key: 'amount', shape: { kind: 'number', minimum: 1 } },
              { key: 'by', shape: { kind: 'nullable', of: { kind: 'string' } } },
            ],
          },
          {
            tag: 'list',
            fields: [
              { key: 'tags', shape: { kind: 'array', items: { kind: 'string' } }, optional: true },
            ],
          },
        ],
        unknownFields: 'refuse',
      },
      types: {},
    });
  });

  it('reads one side of a schema that converts', () => {
    const Length = z.string().transform((text) => text.length);

    expect(definitionOf(Length as never).root).toStrictEqual({ kind: 'string' });
    expect(() => definitionOf(Length as never, 'Length', 'outgoing')).toThrow(
      'at Length: it has no JSON Schema',
    );
  });

  it.each<[name: string, schema: unknown, text: string]>([
    ['a date', z.object({ at: z.date() }), 'at M: it has no JSON Schema'],
    [
      'a tuple with a rest',
      z.object({ a: z.tuple([z.string()]).rest(z.number()) }),
      'at M.a: a tuple with a rest',
    ],
    [
      'a library without it',
      { '~standard': { version: 1, validate: () => ({}) } },
      'at M: the library of this schema does not give JSON Schema',
    ],
  ])('refuses %s by its place', (_, schema, text) => {
    expect(() => definitionOf(schema as never, 'M')).toThrow(text);
  });
});
