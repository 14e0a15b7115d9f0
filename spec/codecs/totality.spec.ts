/**
 * Whatever text arrives, the outcome is a message or a DecodeError: generated texts over many
 * structs and schemas. `TEXTS=1000000 npx vitest run spec/totality.spec.ts` runs the long form;
 * `SEED` repeats a run, whose seed stands in the names of the tests.
 */
import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { any, type Struct } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DecodeError } from '../../lib/core/errors.ts';
import { schemaCodec } from '../../lib/codecs/schema-codec.ts';
import { structCodec } from '../../lib/codecs/struct-codec.ts';
import { CANARY, print, samples, structs, value } from '../support/structs.ts';

const TEXTS = Number(process.env['TEXTS'] ?? 20_000);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
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
