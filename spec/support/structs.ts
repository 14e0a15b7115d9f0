/** Structs of every kind, and values that some of them accept: what properties are tested with. */
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
  Struct,
  trimmed,
  tuple,
  type,
  union,
  unknown,
} from 'superstruct';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';
import * as words from '../../lib/codecs/words.ts';

/** Stands in strings and keys that are received, and in no struct. */
export const CANARY = 'C4N4RY';

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
const Branch = words.recursive<Tree>(
  'Branch',
  (branch) =>
    object({ value: any(), left: words.optional(branch), right: words.optional(branch) }) as never,
);

/** The same struct with another schema, which superstruct itself does not look at. */
function claiming(struct: object, schema: unknown): object {
  return new Struct(Object.assign({}, struct as Struct, { schema }));
}

export const structs: Record<string, object> = {
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
  'object whose schema says something else': claiming(object({ type: string(), value: number() }), {
    type: number(),
  }),
  'object without schema that claims one': claiming(object(), { a: number() }),
  'type whose schema says something else': claiming(type({ type: string() }), { value: number() }),
  'array whose schema says something else': claiming(array(nullable(string())), number()),
  'array without elements that claims some': claiming(array(), number()),
  'array of elements that claims none': claiming(array(string()), undefined),
  'optional field': object({ type: words.optional(trimmed(string())), value: any() }),
  'nullable field': object({
    type: words.nullable(trimmed(string())),
    value: words.nullable(any()),
  }),
  'optional nullable field': object({ type: words.optional(words.nullable(string())) }),
  dict: words.dict(words.nullable(number())),
  pair: words.tuple([number(), words.nullable(string())]),
  'one of': words.oneOf([string(), array(words.nullable(number())), object({ value: number() })]),
  recursive: Branch,
  'named and described': words.described('Says it', words.named('Message', Message)),
  'nullable variants': words.nullable(Message),
  'words within variants that drop': variants(
    'type',
    { any: { value: words.nullable(Branch), name: words.optional(words.nullable(Pair)) }, a: {} },
    drop,
  ),
  'variants by number': variants('kind', { 0: { value: Pair }, 1: { value: array(Message) } }),
};

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
export const samples: readonly unknown[] = [
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
export const { value } = fc.letrec<{ value: unknown }>((tie) => ({
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
export class Fields {
  readonly fields: readonly (readonly [string, unknown])[];
  constructor(fields: readonly (readonly [string, unknown])[]) {
    this.fields = fields;
  }
}

/** JSON of a value, in which objects may have any keys. */
export function print(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(print).join()}]`;
  if (json instanceof Fields) {
    return `{${json.fields.map(([name, part]) => `${JSON.stringify(name)}:${print(part)}`).join()}}`;
  }
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  return print(new Fields(Object.entries(json)));
}
