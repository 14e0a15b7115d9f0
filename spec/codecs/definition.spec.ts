import {
  array,
  boolean,
  coerce,
  date,
  define,
  defaulted,
  dynamic,
  enums,
  integer,
  intersection,
  lazy,
  literal,
  map,
  max,
  min,
  nonempty,
  nullable as plainNullable,
  number,
  object,
  optional as plainOptional,
  pattern,
  record,
  refine,
  set,
  size,
  string,
  type Struct,
  trimmed,
  tuple as plainTuple,
  type,
  union,
  unknown,
} from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type AnyStruct } from '../../lib/codecs/any-struct.ts';
import { canonicalOf, hashOf } from '../../lib/codecs/canonical.ts';
import { DefinitionError } from '../../lib/codecs/definition-error.ts';
import { definitionOf, type Shape } from '../../lib/codecs/definition.ts';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';
import {
  described,
  dict,
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  safeInteger,
  tuple,
} from '../../lib/codecs/words.ts';
import { Thread } from '../support/thread.ts';

const shapeOf = (struct: AnyStruct): Shape => definitionOf(struct).root;
const refusal = (struct: AnyStruct, name?: string): DefinitionError => {
  try {
    definitionOf(struct, name);
  } catch (error) {
    expect(error).toBeInstanceOf(DefinitionError);
    return error as DefinitionError;
  }
  throw new Error('nothing was refused');
};

describe('definitionOf', () => {
  it.each<[name: string, struct: AnyStruct, shape: Shape]>([
    ['string', string(), { kind: 'string' }],
    ['number', number(), { kind: 'number' }],
    ['integer', integer(), { kind: 'integer' }],
    [
      'safeInteger',
      safeInteger(),
      { kind: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
    ],
    ['boolean', boolean(), { kind: 'boolean' }],
    ['unknown', unknown(), { kind: 'unknown' }],
    ['literal', literal('a'), { kind: 'literal', value: 'a' }],
    ['literal null', literal(null), { kind: 'null' }],
    ['enums, in their order', enums(['b', 2, 1] as never), { kind: 'enums', values: ['b', 2, 1] }],
    ['enums of hard words', enums(['a,b', '"', '`']), { kind: 'enums', values: ['a,b', '"', '`'] }],
    ['array', array(string()), { kind: 'array', items: { kind: 'string' } }],
    ['array of anything', array(), { kind: 'array', items: { kind: 'unknown' } }],
    ['object of anything', object(), { kind: 'dict', values: { kind: 'unknown' } }],
    [
      'object',
      object({ b: string(), a: integer() }),
      {
        kind: 'object',
        fields: [
          { key: 'b', shape: { kind: 'string' } },
          { key: 'a', shape: { kind: 'integer' } },
        ],
        unknownFields: 'refuse',
      },
    ],
    ['object without fields', object({}), { kind: 'object', fields: [], unknownFields: 'refuse' }],
    [
      'type',
      type({ a: integer() }),
      {
        kind: 'object',
        fields: [{ key: 'a', shape: { kind: 'integer' } }],
        unknownFields: 'keep',
      },
    ],
    ['dict', dict(integer()), { kind: 'dict', values: { kind: 'integer' } }],
    [
      'tuple',
      tuple([string(), nullable(integer())]),
      {
        kind: 'tuple',
        items: [{ kind: 'string' }, { kind: 'nullable', of: { kind: 'integer' } }],
      },
    ],
    [
      'oneOf',
      oneOf([string(), integer()]),
      { kind: 'oneOf', options: [{ kind: 'string' }, { kind: 'integer' }] },
    ],
    [
      'optional and nullable fields',
      object({ a: optional(string()), b: nullable(string()), c: optional(nullable(string())) }),
      {
        kind: 'object',
        fields: [
          { key: 'a', shape: { kind: 'string' }, optional: true },
          { key: 'b', shape: { kind: 'nullable', of: { kind: 'string' } } },
          { key: 'c', shape: { kind: 'nullable', of: { kind: 'string' } }, optional: true },
        ],
        unknownFields: 'refuse',
      },
    ],
    [
      'variants',
      variants('kind', { 0: {}, add: { amount: integer() } }),
      {
        kind: 'variants',
        tag: 'kind',
        variants: [
          { tag: 0, fields: [] },
          { tag: 'add', fields: [{ key: 'amount', shape: { kind: 'integer' } }] },
        ],
        unknownFields: 'refuse',
      },
    ],
    [
      'variants that drop, and what is within them',
      variants('type', { add: { at: object({ x: integer() }) } }, { unknownFields: 'drop' }),
      {
        kind: 'variants',
        tag: 'type',
        variants: [
          {
            tag: 'add',
            fields: [
              {
                key: 'at',
                shape: {
                  kind: 'object',
                  fields: [{ key: 'x', shape: { kind: 'integer' } }],
                  unknownFields: 'refuse',
                },
              },
            ],
          },
        ],
        unknownFields: 'drop',
      },
    ],
    [
      'tuple variants',
      tupleVariants({ 0: string(), end: literal(null) }),
      {
        kind: 'tupleVariants',
        variants: [
          { tag: 0, payload: { kind: 'string' } },
          { tag: 'end', payload: { kind: 'null' } },
        ],
        unknownFields: 'refuse',
      },
    ],
    [
      'docs',
      described('Who it is', size(string(), 1, 20)),
      { kind: 'string', minLength: 1, maxLength: 20, docs: 'Who it is' },
    ],
    [
      'a refinement of a word',
      refine(dict(integer()), 'small', () => true),
      { kind: 'dict', values: { kind: 'integer' }, unchecked: ['refine'] },
    ],
    [
      'a refinement of variants',
      refine(variants('type', { a: {} }), 'odd', () => false),
      {
        kind: 'variants',
        tag: 'type',
        variants: [{ tag: 'a', fields: [] }],
        unknownFields: 'refuse',
        unchecked: ['odd'],
      },
    ],
  ])('reads %s', (_, struct, shape) => {
    expect(shapeOf(struct)).toStrictEqual(shape);
  });

  it.each<[name: string, struct: AnyStruct, constraints: object]>([
    ['size of a string', size(string(), 0, 2000), { maxLength: 2000 }],
    ['size that is exact', size(string(), 8), { minLength: 8, maxLength: 8 }],
    ['two sizes', size(size(string(), 1, 9), 3, 20), { minLength: 3, maxLength: 9 }],
    ['nonempty', nonempty(string()), { minLength: 1 }],
    ['pattern', pattern(string(), /^#[a-f]+\/$/), { pattern: '^#[a-f]+\\/$' }],
    [
      'pattern and size',
      pattern(size(string(), 1, 5), /^a/),
      { minLength: 1, maxLength: 5, pattern: '^a' },
    ],
    [
      'a pattern with a flag that matters',
      pattern(string(), /^[a-z]$/i),
      { unchecked: ['pattern'] },
    ],
    ['a pattern with a flag that does not', pattern(string(), /^\d$/u), { pattern: '^\\d$' }],
    ['a pattern that matches everything', pattern(string(), /(?:)/), { unchecked: ['refine'] }],
    [
      'one that throws before size',
      size(
        refine(string(), 'spelt', (text) => text.trim() === text),
        3,
        7,
      ),
      { minLength: 3, maxLength: 7, unchecked: ['spelt'] },
    ],
    ['a refinement of one’s own', refine(string(), 'even', () => false), { unchecked: ['even'] }],
    [
      'a refinement of one’s own that throws at numbers',
      refine(size(string(), 1, 2), 'trimmed', (text) => text.trim() === text),
      { minLength: 1, maxLength: 2, unchecked: ['trimmed'] },
    ],
    [
      'one that is named as superstruct’s',
      refine(string(), 'size', () => false),
      { unchecked: ['size'] },
    ],
  ])('reads the constraints of a string: %s', (_, struct, constraints) => {
    expect(shapeOf(struct)).toStrictEqual({ kind: 'string', ...constraints });
  });

  it.each<[name: string, struct: AnyStruct, constraints: object]>([
    ['min', min(number(), 0.1), { minimum: 0.1 }],
    ['min 0', min(number(), 0), { minimum: 0 }],
    ['min, exclusive', min(number(), 5, { exclusive: true }), { exclusiveMinimum: 5 }],
    [
      'min below 0, exclusive',
      min(number(), -2.5, { exclusive: true }),
      { exclusiveMinimum: -2.5 },
    ],
    ['max', max(number(), -1e-7), { maximum: -1e-7 }],
    ['max, exclusive', max(number(), 1e21, { exclusive: true }), { exclusiveMaximum: 1e21 }],
    ['max 0, exclusive', max(number(), 0, { exclusive: true }), { exclusiveMaximum: 0 }],
    ['both', max(min(number(), 1), 5), { minimum: 1, maximum: 5 }],
    ['size', size(number(), -5, 5), { minimum: -5, maximum: 5 }],
    ['one’s own', refine(number(), 'odd', (n) => n % 2 === 1), { unchecked: ['odd'] }],
  ])('reads the constraints of a number: %s', (_, struct, constraints) => {
    expect(shapeOf(struct)).toStrictEqual({ kind: 'number', ...constraints });
  });

  it('reads the size of an array', () => {
    expect(shapeOf(size(array(string()), 1, 3))).toStrictEqual({
      kind: 'array',
      items: { kind: 'string' },
      minItems: 1,
      maxItems: 3,
    });
  });

  it('reads a named struct once, and refers to it', () => {
    const Author = named('Author', object({ name: string() }));
    const author: Shape = { kind: 'reference', name: 'Author' };

    expect(definitionOf(tuple([Author, nullable(Author), Thread]))).toStrictEqual({
      root: {
        kind: 'tuple',
        items: [author, { kind: 'nullable', of: author }, { kind: 'reference', name: 'Thread' }],
      },
      types: {
        Author: {
          kind: 'object',
          fields: [{ key: 'name', shape: { kind: 'string' } }],
          unknownFields: 'refuse',
        },
        Thread: {
          kind: 'object',
          fields: [
            { key: 'text', shape: { kind: 'string' } },
            {
              key: 'replies',
              shape: { kind: 'array', items: { kind: 'reference', name: 'Thread' } },
            },
          ],
          unknownFields: 'refuse',
        },
      },
    });
  });

  it('reads structs that name each other, in any order of the file', () => {
    const First: Struct = recursive<unknown>('First', () => object({ next: nullable(Second) }));
    const Second: Struct = recursive<unknown>('Second', () => object({ next: nullable(First) }));

    expect(Object.keys(definitionOf(Second).types)).toStrictEqual(['First', 'Second']);
  });

  it('takes two structs of one name that say the same, and refuses two that do not', () => {
    const author = (extra: object = {}): AnyStruct =>
      named('Author', object({ name: string(), ...extra }));

    expect(shapeOf(tuple([author(), author()]))).toMatchObject({ kind: 'tuple' });
    expect(refusal(tuple([author(), author({ age: integer() })])).message).toBe(
      'at 1: two different structs are named `Author`: give one of them another name',
    );
  });

  it('ends at a struct that makes another one of its name without end', () => {
    const make = (): Struct => recursive<unknown>('Endless', () => object({ next: make() }));

    expect(refusal(make()).message).toContain('two different structs are named `Endless`');
  });

  it.each<[word: string, struct: object, instead: string]>([
    ['optional', plainOptional(string()), 'take `optional` from express-omnimessage/codecs'],
    ['optional', plainOptional(dict(string())), 'take `optional` from express-omnimessage/codecs'],
    ['optional', plainOptional(variants('type', { a: {} })), 'take `optional` from'],
    ['nullable', plainNullable(object({})), 'take `nullable` from express-omnimessage/codecs'],
    ['record', record(string(), string()), 'take `dict` from express-omnimessage/codecs'],
    ['tuple', plainTuple([string()]), 'take `tuple` from express-omnimessage/codecs'],
    ['union', union([string(), number()]), 'take `oneOf` from express-omnimessage/codecs'],
    ['lazy', lazy(() => string()), 'take `recursive` from express-omnimessage/codecs'],
    ['intersection', intersection([type({}), type({})]), 'write one `object`'],
    ['dynamic', dynamic(() => string() as never), 'take `variants` or `oneOf`'],
    ['Map', map(string(), string()), 'take `dict`'],
    ['Set', set(string()), 'take `array`'],
    ['Date', date(), 'send a string (ISO 8601) or an integer'],
    ['coerce', coerce(number(), string(), Number), 'say what travels'],
    ['coerce', coerce(dict(number()), string(), () => ({})), 'say what travels'],
    ['coerce', coerce(variants('type', { a: {} }), string(), () => ({})), 'say what travels'],
    ['trimmed', trimmed(string()), 'say what travels'],
    ['defaulted', defaulted(integer(), 1), '`optional` for a field with a default'],
    ['Email', define('Email', (value) => typeof value === 'string'), 'narrow it by `refine`'],
    ['string', define('string', (value) => value === 'a'), 'narrow it by `refine`'],
    ['literal', literal(undefined), 'a string, a number, a boolean or null'],
  ])('refuses %s, says where, and what to write', (word, struct, instead) => {
    const error = refusal(object({ a: array(struct as Struct) }), 'FromClient');

    expect(error.path).toStrictEqual(['FromClient', 'a', '*']);
    expect(error.message).toMatch(/^at FromClient\.a\.\*: /);
    expect(error.message).toContain(`\`${word}\``);
    expect(error.message).toContain(instead);
  });

  it('refuses `optional` where nothing can be absent', () => {
    expect(refusal(array(optional(string()))).message).toBe(
      'at *: only a field of `object` or `variants` can be `optional`: write `nullable` here',
    );
  });

  it('refuses anything but a struct', () => {
    expect(() => definitionOf({} as never)).toThrow('Expected `struct` to be a struct, got object');
  });
});

describe('the hash of a definition', () => {
  const hash = (struct: AnyStruct): string => hashOf(definitionOf(struct));
  const Message = variants('type', { add: { amount: integer(), by: string() }, reset: {} });

  it('is the same for other docs, orders of fields and variants, and unknownFields', () => {
    const same = variants(
      'type',
      { reset: {}, add: { by: described('Who', string()), amount: integer() } },
      { unknownFields: 'drop' },
    );

    expect(hash(same)).toBe(hash(Message));
    expect(hash(Message)).toMatch(/^[0-9a-f]{16}$/);
    expect(canonicalOf(definitionOf(same))).toBe(canonicalOf(definitionOf(Message)));
  });

  it.each<[name: string, struct: AnyStruct]>([
    ['a key', variants('type', { add: { amount: integer(), who: string() }, reset: {} })],
    ['a tag', variants('type', { add: { amount: integer(), by: string() }, clear: {} })],
    ['the tag’s key', variants('kind', { add: { amount: integer(), by: string() }, reset: {} })],
    ['a kind', variants('type', { add: { amount: number(), by: string() }, reset: {} })],
    ['a bound', variants('type', { add: { amount: min(integer(), 0), by: string() }, reset: {} })],
    [
      'a field that may be absent',
      variants('type', { add: { amount: integer(), by: optional(string()) }, reset: {} }),
    ],
    ['the order of a tuple', tuple([Message, string()])],
  ])('changes with %s', (_, struct) => {
    expect(hash(struct)).not.toBe(hash(Message));
  });

  it('is FNV-1a of the canonical form', () => {
    // A definition without a type, so that the form can be written by hand.
    expect(canonicalOf({ root: { kind: 'string' }, types: {} })).toBe(
      '{"root":{"kind":"string"},"types":{}}',
    );
    expect(hashOf()).toBe('cbf29ce484222325');
  });
});
