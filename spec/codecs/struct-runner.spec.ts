import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  any,
  array,
  boolean,
  coerce,
  type Context,
  define,
  integer,
  intersection,
  is,
  nullable,
  object,
  optional,
  refine,
  string,
  Struct,
  trimmed,
  type,
  validate,
} from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type AnyStruct } from '../../lib/codecs/any-struct.ts';
import { accepts, create, FAILED } from '../../lib/codecs/struct-runner.ts';
import { tupleVariants } from '../../lib/codecs/tuple-variants.ts';
import { variants } from '../../lib/codecs/variants.ts';
import { print, samples, structs, value } from '../support/structs.ts';

const RUNS = Number(process.env['TEXTS'] ?? 20_000);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);

/** What came of it. superstruct throws at some values that it cannot print: those are refused, too. */
function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return FAILED;
  }
}

function bySuperstruct(received: unknown, struct: Struct): unknown {
  const [error, message] = validate(received, struct, { coerce: true });
  return error === undefined ? message : FAILED;
}

/** Compares the two ways to run a struct, each on a value of its own: some coerce in place. */
function compare(text: string, name: string, struct: Struct): unknown {
  const created = outcomeOf(() => create(JSON.parse(text), struct));
  deepStrictEqual(
    created,
    outcomeOf(() => bySuperstruct(JSON.parse(text), struct)),
    name,
  );
  deepStrictEqual(
    outcomeOf(() => accepts(JSON.parse(text), struct) || FAILED),
    outcomeOf(() => is(JSON.parse(text), struct) || FAILED),
    name,
  );
  return created;
}

describe(`the runner of structs, beside superstruct (${RUNS} values, SEED=${SEED})`, () => {
  const all = Object.entries(structs) as [string, Struct][];

  it('comes to the same for any struct and value', () => {
    const met = new Set<string>();
    const meet = (text: string, name: string, struct: Struct): void => {
      const isRefused = compare(text, name, struct) === FAILED;
      met.add(`${name}: ${isRefused ? 'refused' : 'message'}`);
    };
    for (const sample of samples) {
      for (const [name, struct] of all) meet(print(sample), name, struct);
    }
    fc.assert(
      fc.property(value, fc.constantFrom(...all), (json, [name, struct]) => {
        meet(print(json), name, struct);
      }),
      { numRuns: RUNS, seed: SEED },
    );

    // Nearly every struct has met both, or this would prove little.
    expect(met.size).toBeGreaterThan(all.length * 1.7);
  }, 600_000);
});

/** Writes down what the functions of a struct are called with. */
function traced(given: AnyStruct, name: string, trace: unknown[]): Struct {
  const struct = given as Struct;
  const note = (what: string, seen: unknown, { path, branch, mask }: Context): void => {
    trace.push([name, what, structuredClone({ seen, path, branch, mask })]);
  };
  const { type: itsType, schema, entries } = struct;
  return new Struct({
    type: itsType,
    schema,
    entries,
    coercer: (seen, context) => {
      note('coercer', seen, context);
      return struct.coercer(seen, context);
    },
    validator: (seen, context) => {
      note('validator', seen, context);
      return struct.validator(seen, context);
    },
    refiner: (seen, context) => {
      note('refiner', seen, context);
      return struct.refiner(seen, context);
    },
  });
}

describe('the arguments of the functions of a struct', () => {
  const trace: unknown[] = [];
  const text = traced(trimmed(string()), 'text', trace);
  const Item = traced(object({ name: text, tags: optional(array(text)) }), 'item', trace);
  const shapes: Record<string, Struct> = {
    object: Item,
    array: array(Item) as never,
    intersection: intersection([type({ name: text }), type({ name: string() })]) as never,
    variants: traced(variants('type', { item: { item: Item } }), 'variants', trace),
    'variants that drop': variants(
      'type',
      { item: { item: Item } },
      { unknownFields: 'drop' },
    ) as never,
    'tuple variants': traced(tupleVariants({ 0: Item }), 'tuple', trace),
    'tuple variants that drop': tupleVariants({ 0: Item }, { unknownFields: 'drop' }) as never,
  };
  const item = { name: ' Ann ', tags: ['a', ' b '] };
  const received: Record<string, unknown> = {
    object: item,
    array: [item, { name: 'Bob' }],
    intersection: { name: ' Cid ' },
    variants: { type: 'item', item },
    'variants that drop': { type: 'item', item: { ...item, more: 1 }, more: 1 },
    'tuple variants': [0, item],
    'tuple variants that drop': [0, { ...item, more: 1 }, 1],
  };

  it.each(Object.keys(shapes))('are those that superstruct gives: %s', (name) => {
    const struct = shapes[name]!;
    const given = received[name];
    const expected = bySuperstruct(structuredClone(given), struct);
    const calls = trace.splice(0);

    const created = create(structuredClone(given), struct);

    expect(created).toStrictEqual(expected);
    expect(calls.length).toBeGreaterThan(2);
    expect(trace.splice(0)).toStrictEqual(calls);
  });
});

describe('a struct that only looks like one of superstruct', () => {
  const { entries, coercer, schema } = object({ n: integer() });
  const lookalike = new Struct<object>({
    type: 'object',
    schema,
    entries,
    coercer,
    validator: (given) => 'n' in (given as object),
  });

  it.each<[name: string, struct: Struct, accepted: unknown, refused: unknown]>([
    ['of the type string', define('string', (text) => text === 'a'), 'a', 'b'],
    ['of the type object, with another validator', lookalike as never, { n: 1 }, {}],
    [
      'an object, refined',
      refine(object({ n: integer() }), 'even', ({ n }) => n % 2 === 0) as never,
      { n: 2 },
      { n: 1 },
    ],
    ['an object, nullable', nullable(object({ n: integer() })) as never, null, undefined],
    [
      'variants, refined',
      refine(variants('type', { a: { n: integer() } }), 'positive', ({ n }) => n > 0) as never,
      { type: 'a', n: 1 },
      { type: 'a', n: 0 },
    ],
    ['variants, optional', optional(variants('type', { a: {} })) as never, undefined, null],
    [
      'variants, coerced',
      coerce(variants('type', { a: {} }), boolean(), () => ({ type: 'a' })) as never,
      true,
      'a',
    ],
    ['tuple variants, nullable', nullable(tupleVariants({ 0: string() })) as never, null, [1, 'a']],
  ])('is taken for what it does: %s', (_, struct, accepted, refused) => {
    expect(create(accepted, struct)).toStrictEqual(bySuperstruct(accepted, struct));
    expect(create(accepted, struct)).not.toBe(FAILED);
    expect(create(refused, struct)).toBe(FAILED);
    expect(bySuperstruct(refused, struct)).toBe(FAILED);
  });

  it('refuses elements after the payload of a tuple', () => {
    const struct = tupleVariants({ 0: string() }) as unknown as Struct;

    expect(create([0, 'a'], struct)).toStrictEqual([0, 'a']);
    expect(create([0, 'a', 1], struct)).toBe(FAILED);
    expect(accepts([0, 'a', 1], struct)).toBe(false);
  });

  it('takes nothing inherited for a field of a variant', () => {
    const struct = variants('type', { a: { valueOf: optional(any()) } }) as unknown as Struct;

    const created = create({ type: 'a' }, struct);

    expect(created).toStrictEqual(bySuperstruct({ type: 'a' }, struct));
    expect(created).toStrictEqual({ type: 'a', valueOf: undefined });
  });

  it('keeps the sign of a tag that is zero as superstruct does', () => {
    const struct = variants('kind', { 0: {} }) as unknown as Struct;

    expect(create({ kind: -0 }, struct)).toStrictEqual({ kind: 0 });
    expect(bySuperstruct({ kind: -0 }, struct)).toStrictEqual({ kind: 0 });
  });

  it('throws the errors of its functions', () => {
    const struct = define('faulty', () => {
      throw new Error('mine');
    }) as unknown as Struct;

    expect(() => create(1, struct)).toThrow('mine');
    expect(() => accepts(1, struct)).toThrow('mine');
  });
});
