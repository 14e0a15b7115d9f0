/**
 * Whatever text arrives, the outcome is a message or a DecodeError: generated texts over many
 * structs and schemas. `TEXTS=1000000 npx vitest run spec/totality.spec.ts` runs the long form;
 * `SEED` repeats a run, whose seed stands in the names of the tests.
 */
import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  any,
  array,
  boolean,
  coerce,
  date,
  defaulted,
  define,
  dynamic,
  enums,
  integer,
  intersection,
  lazy,
  literal,
  map,
  max,
  nonempty,
  nullable,
  number,
  object,
  optional,
  pattern,
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
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DecodeError } from '../lib/errors.ts';
import { schemaCodec } from '../lib/schema-codec.ts';
import { structCodec } from '../lib/struct-codec.ts';
import { tupleVariants } from '../lib/tuple-variants.ts';
import { variants } from '../lib/variants.ts';

const TEXTS = Number(process.env['TEXTS'] ?? 20_000);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
/** Stands in strings and keys that are received, and in no struct. */
const CANARY = 'C4N4RY';

interface Tree {
  readonly value: unknown;
  readonly left?: Tree;
  readonly right?: Tree;
}
const Tree: Struct<Tree> = object({
  value: any(),
  left: optional(lazy(() => Tree)),
  right: optional(lazy(() => Tree)),
}) as never;
const Chat = object({ id: string(), content: trimmed(string()), sent_at: integer() });
const Message = variants('type', {
  send: { chat: Chat },
  rename: { name: nonempty(string()), nick: optional(string()) },
  constructor: { prototype: optional(any()), value: record(string(), number()) },
  fetch: {},
});
const Pair = tupleVariants({ 0: Chat, 1: string(), 2: literal(null), type: Message });
const drop = { unknownFields: 'drop' } as const;

const structs: Record<string, object> = {
  string: string(),
  number: number(),
  any: any(),
  literal: literal('type'),
  enums: enums(['send', 'fetch', 'toString']),
  object: object({ type: string(), value: number(), nick: optional(string()) }),
  'object without schema': object(),
  type: type({ type: string(), value: array(unknown()) }),
  array: array(nullable(string())),
  'array of objects': array(object({ type: optional(string()) })),
  tuple: tuple([number(), string(), optional(boolean())]),
  record: record(string(), union([string(), number(), record(string(), any())])),
  'record of refined keys': record(size(string(), 1, 8), max(number(), 5)),
  union: union([string(), array(union([number(), boolean()])), object({ value: number() })]),
  intersection: intersection([type({ type: string() }), type({ value: number() })]),
  tree: Tree,
  dynamic: dynamic((value) => ((value as { type?: 1 })?.type === 1 ? Tree : Message) as Struct),
  defaulted: defaulted(object({ type: defaulted(string(), 'a'), value: any() }), { value: 1 }),
  coerced: coerce(number(), string(), Number),
  'coerced to a set': coerce(set(string()), array(), (all) => new Set(all as string[])),
  'coerced to a map': coerce(
    map(string(), number()),
    object(),
    (all) => new Map(Object.entries(all) as [string, number][]),
  ),
  'coerced to a date': coerce(date(), string(), (text) => new Date(text)),
  pattern: pattern(string(), /^[a-z]+$/),
  'refined by code that throws': refine(any(), 'faulty', (value) => {
    throw new Error((value as object).constructor.name);
  }),
  'defined, quoting': define('Quoting', (value) => `Not: ${String(value)}`),
  'defined, throwing': define('Throwing', (value) => (value as string[]).length > 1),
  variants: Message,
  'variants that drop': variants(
    'type',
    { send: { chat: Chat, tree: optional(Tree) }, any: { value: any() }, fetch: {} },
    drop,
  ),
  'tuple variants': Pair,
  'tuple variants that drop': tupleVariants(
    { 0: array(Chat), 1: Message, 2: any(), 3: Tree },
    drop,
  ),
  'variants by number': variants('kind', { 0: { value: Pair }, 1: { value: array(Message) } }),
};

const schemas: Record<string, z.ZodType> = {
  'a discriminated union': z.discriminatedUnion('type', [
    z.object({ type: z.literal('send'), value: z.record(z.string(), z.number()) }),
    z.strictObject({ type: z.literal('fetch') }),
  ]),
  'a record': z.record(z.string(), z.array(z.object({ type: z.string() }))),
  'a loose object': z.looseObject({ value: z.unknown() }),
};

const decoders = [
  ...Object.entries(structs).map(([name, struct]) => {
    const codec = structCodec({ incoming: struct as Struct, outgoing: any() });
    return { name, ...codec };
  }),
  ...Object.entries(schemas).map(([name, schema]) => {
    const codec = schemaCodec({ incoming: schema, outgoing: schema });
    return { name, ...codec };
  }),
];

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('type', 'value', 'chat', 'id', 'content', 'kind') },
  { weight: 3, arbitrary: fc.constantFrom('name', 'nick', 'left', 'right', 'sent_at', 'length') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'),
  },
  { weight: 2, arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype') },
  { weight: 1, arbitrary: fc.constant(`${CANARY}\u0000\n${'key'.repeat(100)}`) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 2, -0, 1e308, 0.5, '', 'send', 'fetch'),
  fc.constantFrom<unknown>(CANARY, `${CANARY} \u001b[31m`, 'rename', 'type', '__proto__', 'any'),
  fc.string({ maxLength: 4 }),
  fc.integer(),
);
/** What some of the structs accept, to be met whole and in parts. */
const samples: readonly unknown[] = [
  { type: 'fetch' },
  { type: 'rename', name: 'Ann' },
  { type: 'send', chat: { id: 'a', content: ' Hi ', sent_at: 1 } },
  { type: 'constructor', value: { a: 1 } },
  { type: 'any', value: [] },
  { type: 'a', value: 1 },
  { a: 1 },
  '2026-11-23',
  { kind: 0, value: [1, 'a'] },
  { kind: 1, value: [{ type: 'fetch' }] },
  { value: 1, left: { value: 2, right: { value: null } } },
];
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.constantFrom(...samples),
    fc.array(tie('value'), { maxLength: 4 }),
    // Not an object, for which `__proto__` is no key.
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((fields) => new Fields(fields)),
    fc.record({ id: leaf, content: leaf, sent_at: leaf }, { requiredKeys: [] }),
    fc.record({ type: leaf, chat: tie('value'), value: tie('value'), name: leaf }),
    fc.tuple(fc.constantFrom(0, 1, 2, 3, 'type'), tie('value')),
  ),
}));

/** Is printed as an object of any keys, doubled ones too. */
class Fields {
  readonly fields: readonly (readonly [string, unknown])[];
  constructor(fields: readonly (readonly [string, unknown])[]) {
    this.fields = fields;
  }
}

function print(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(print).join()}]`;
  if (json instanceof Fields) {
    return `{${json.fields.map(([name, part]) => `${JSON.stringify(name)}:${print(part)}`).join()}}`;
  }
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  return print(new Fields(Object.entries(json)));
}

/** Spells a text's letters by escapes where JSON allows them: within strings. */
const escaped = (text: string): string =>
  text.replaceAll(/[_pc](?=[a-z_]*":)/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);

const text = fc.oneof(
  { weight: 12, arbitrary: value.map(print) },
  { weight: 2, arbitrary: value.map((json) => escaped(print(json))) },
  {
    weight: 2,
    arbitrary: fc.tuple(value, fc.nat(), fc.string()).map(([json, at, piece]) => {
      const whole = print(json);
      const cut = at % (whole.length + 1);
      return whole.slice(0, cut) + piece + whole.slice(cut + 1);
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(['[', ']'], ['{"left":', '}'], ['[{"value":', '}]']),
        fc.integer({ min: 1, max: 200 }),
        value,
      )
      .map(([[opening, closing], depth, json]) => {
        return opening.repeat(depth) + print(json) + closing.repeat(depth);
      }),
  },
  { weight: 1, arbitrary: fc.string() },
);

/** All that hostile keys would change: names, values and functions, to be the same ones. */
const prototypes = (): unknown[] =>
  [Object, Array, Function, String, Number, Map, Set].flatMap(({ prototype }) => [
    Object.getPrototypeOf(prototype) as unknown,
    ...Reflect.ownKeys(prototype).flatMap((name): unknown[] => [
      name,
      ...(Object.values({ ...Object.getOwnPropertyDescriptor(prototype, name) }) as unknown[]),
    ]),
  ]);

function holdsHostileKey(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  if (Object.hasOwn(json, '__proto__')) return true;
  const { constructor } = json;
  if (Object.hasOwn(json, 'constructor') && constructor != null) {
    if (Object.hasOwn(constructor, 'prototype')) return true;
  }
  return Object.values(json).some(holdsHostileKey);
}

function expectDecodeError(error: unknown, name: string): void {
  if (!(error instanceof DecodeError)) throw error;
  const fault = (what: string): Error => new Error(`${name} ${what}`, { cause: error });
  if (error.message.includes(CANARY)) throw fault('quotes');
  if (JSON.stringify(error).includes(CANARY)) throw fault('keeps');
  if (error.message.length > 200 || /\p{Cc}/u.test(error.message)) throw fault('says too much');
}

/** All decoders in the long form; in the short one a few, in turn. */
function* some(): Generator<(typeof decoders)[number]> {
  if (TEXTS > 20_000) return yield* decoders;
  for (let count = 0; count < 3; count++) yield decoders[turn++ % decoders.length]!;
}
let turn = 0;

describe(`decoding ${TEXTS} generated texts (SEED=${SEED})`, () => {
  const verdicts = new Map<string, [decoded: number, refused: number]>();

  it('gives a message or a DecodeError, and changes no prototype', () => {
    const before = prototypes();
    for (const { name } of decoders) verdicts.set(name, [0, 0]);

    const meet = (received: string, all: Iterable<(typeof decoders)[number]>): void => {
      for (const { name, decode } of all) {
        const counts = verdicts.get(name)!;
        let message: unknown;
        try {
          message = decode(received);
        } catch (error) {
          expectDecodeError(error, name);
          counts[1]++;
          continue;
        }
        if (holdsHostileKey(message)) throw new Error(`${name} lets a hostile key pass`);
        counts[0]++;
      }
    };
    for (const sample of [...samples, 'type', 'send', 1, [1, 'a'], ['a'], { name: [] }]) {
      meet(print(sample), decoders);
    }
    fc.assert(
      fc.property(text, (received) => {
        meet(received, some());
      }),
      { numRuns: TEXTS, seed: SEED },
    );

    const after = prototypes();
    expect(after).toHaveLength(before.length);
    expect(after.findIndex((held, at) => !Object.is(held, before[at]))).toBe(-1);
  }, 3_600_000);

  it('met messages and refusals with nearly every struct, or it would prove little', () => {
    const never = [...verdicts].filter(([, [decoded]]) => decoded === 0).map(([name]) => name);
    const always = [...verdicts].filter(([, [, refused]]) => refused === 0);

    // A struct whose code throws at whatever it sees.
    expect(never).toStrictEqual(['refined by code that throws', 'defined, quoting']);
    expect(always).toStrictEqual([]);
  });

  it('gives the same for a value that was parsed before', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(...decoders), (json, { decode, decodeValue }) => {
        const outcome = (run: () => unknown): unknown => {
          try {
            return { message: run() };
          } catch (error) {
            return { refused: (error as Error).message };
          }
        };
        const received = print(json);

        // It compares also what has a `constructor` of its own, which toStrictEqual does not.
        deepStrictEqual(
          outcome(() => decodeValue(JSON.parse(received))),
          outcome(() => decode(received)),
        );
      }),
      { numRuns: Math.min(TEXTS, 2_000), seed: SEED },
    );
    expect.assertions(0);
  });
});
