/**
 * The goals of docs/reliability.md that concern texts: what is decoded, how long that takes, and
 * what it leaves behind. And what is left of connections that were killed.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DecodeError, structCodec, tupleVariants, variants } from 'express-omnimessage';
import {
  any,
  array,
  boolean,
  coerce,
  date,
  defaulted,
  enums,
  integer,
  intersection,
  lazy,
  literal,
  map,
  nonempty,
  nullable,
  number,
  object,
  optional,
  partial,
  pattern,
  record,
  size,
  string,
  type Struct,
  tuple,
  type,
  union,
} from 'superstruct';
import { describe, expect, it } from 'vitest';
import { oneOf, type Random, upTo } from '../drills/fuzz.ts';
import { isLong, scaled } from './drilled.ts';
import { randomOf, seed } from './random.ts';

const tree: Struct<unknown, null> = lazy(() => union([string(), array(tree)])) as never;
const choice = union([array(number()), literal(1), literal('a')]);
const shape = { a: string(), b: optional(number()) };

/** Twenty kinds of struct, each with something for a text to go wrong at. */
const structs: readonly unknown[] = [
  string(),
  number(),
  boolean(),
  array(string()),
  object(shape),
  type(shape),
  record(string(), number()),
  any(),
  tree,
  choice,
  intersection([type({ a: string() }), type({ b: number() })]),
  tuple([number(), string()]),
  enums(['a', 'b']),
  nullable(partial(shape)),
  defaulted(object(shape), { a: 'x' }),
  coerce(date(), string(), (text) => new Date(text)),
  size(nonempty(array(integer())), 1, 3),
  pattern(size(string(), 0, 20), /^[a-z]*$/),
  map(string(), number()),
  variants('type', { add: { amount: integer() }, say: { text: string() }, none: {} }),
  tupleVariants({ 0: object(shape), 1: string(), 2: literal(null) }),
];

const KEYS = ['a', 'b', 'type', '__proto__', 'constructor', 'prototype', 'toString', 'valueOf', ''];
const LEAVES = [
  '1',
  '-0',
  '1e999',
  'null',
  'true',
  '"a"',
  '"add"',
  '"say"',
  '0',
  '"\\ud800"',
  '{}',
];

/** A JSON text, now and then broken. */
function anyText(random: Random, depth = 0): string {
  const kind = depth > 4 ? 0 : upTo(random, 4);
  if (kind < 2) return oneOf(random, LEAVES);
  const parts = Array.from({ length: upTo(random, 4) }, () => anyText(random, depth + 1));
  if (kind === 2) return `[${parts.join(',')}]`;
  const fields = parts.map((part) => `${JSON.stringify(oneOf(random, KEYS))}:${part}`);
  const text = `{${fields.join(',')}}`;
  return random() < 0.02 ? text.slice(0, -1) : text;
}

function codecs(): readonly { decode: (text: string) => unknown }[] {
  return structs.map((struct) => structCodec({ incoming: struct as Struct, outgoing: any() }));
}

/** Whether a value, or a part of it, has the own key that reaches for a prototype. */
function isHostile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  const { constructor } = value as { constructor: object | null };
  if (Object.hasOwn(value, 'constructor') && Object.hasOwn(constructor ?? {}, 'prototype')) {
    return true;
  }
  return Object.values(value).some(isHostile);
}

/** What was measured, for docs/reliability.md. */
function measured(goal: string, text: string): void {
  process.stdout.write(`${goal}: ${text}\n`);
}

describe(`drills of decoding, ${isLong ? 'long' : 'short'} form, seed ${seed}`, () => {
  it('G13 G14 random texts and 21 structs: a message or a DecodeError, no hostile key, no prototype changed', () => {
    const random = randomOf('G13');
    const texts = scaled(4_000, 1_000_000);
    const before = JSON.stringify(Object.getOwnPropertyDescriptors(Object.prototype));
    const all = codecs();
    const counts = { messages: 0, refused: 0, hostile: 0, tooLong: 0 };

    for (let n = 0; n < texts; n += 1) {
      const text = anyText(random);
      for (const { decode } of all) {
        try {
          const message = decode(text);
          counts.messages += 1;
          if (isHostile(message)) throw new Error(`Let through: ${text}`);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          counts.refused += 1;
          if (/__proto__|prototype/.test(error.message)) counts.hostile += 1;
          if (error.message.length > 200) counts.tooLong += 1;
        }
      }
    }

    expect(JSON.stringify(Object.getOwnPropertyDescriptors(Object.prototype))).toBe(before);
    expect(counts.messages + counts.refused).toBe(texts * 21);
    expect(counts.messages).toBeGreaterThan(texts);
    expect(counts.tooLong).toBe(0);
    expect(counts.hostile).toBeGreaterThan(texts / 10);
    measured('G13', `${texts} texts x 21 structs: ${JSON.stringify(counts)}, 0 other throws`);
  });

  // superstruct's `union` tries every branch and keeps every failure of each, so one with
  // an array is slow: that is measured and named, and what `variants` are for.
  it('G12 hostile texts of 64 KiB: decoded or refused within 25 ms', () => {
    const all = codecs();
    const fill = (part: string, from = '[', to = ']'): string =>
      from + `${part},`.repeat(Math.floor(65_000 / (part.length + 1))).slice(0, -1) + to;
    const corpus: Record<string, string> = {
      brackets: '['.repeat(65_000),
      'empty arrays': fill('[]'),
      'empty objects': fill('{}'),
      numbers: fill('1'),
      strings: fill('"a"'),
      'hostile keys': fill('{"__proto__":1}'),
      objects: fill('{"a":"x","b":1}'),
      'one string': `"${'x'.repeat(65_000)}"`,
      escapes: `"${String.raw`\u0000`.repeat(10_000)}"`,
      quotes: '"\\"'.repeat(20_000),
      'a message': `{"a":"${'x'.repeat(65_000)}"}`,
      fields: `{${Array.from({ length: 5_000 }, (_, n) => `"k${n}":1`).join(',')}}`,
      'no text': '{"toString":1,"valueOf":1}'.repeat(2_000),
    };
    const worst = { ms: 0, what: '' };
    const unions = { ms: 0, what: '' };

    for (const [what, text] of Object.entries(corpus)) {
      for (const [index, { decode }] of all.entries()) {
        const times = Array.from({ length: 3 }, () => {
          // Of the processor, not of the clock: others may be at work too.
          const began = process.cpuUsage();
          try {
            decode(text);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
          }
          return process.cpuUsage(began).user / 1_000;
        });
        // The best of three: what is measured is the text, not the warming up.
        const ms = Math.min(...times);
        const found = [tree, choice].includes(structs[index] as never) ? unions : worst;
        if (ms > found.ms) Object.assign(found, { ms, what: `${what}, struct ${index}` });
      }
    }

    measured('G12', `at most ${worst.ms.toFixed(1)} ms (${worst.what})`);
    measured('G12', `with superstruct's union: ${unions.ms.toFixed(1)} ms (${unions.what})`);
    expect(worst.ms).toBeLessThan(25 * (isLong ? 1 : 5));
  });

  it.each([7, 8])(
    'G4 connections killed at random moments, on ws %i: nothing is left',
    async (version) => {
      const count = scaled(300, 5_000);
      const drill = fileURLToPath(new URL('../drills/application-leaks.ts', import.meta.url));
      const args = ['--expose-gc', '--import', 'tsx', drill, `${count}`, `${seed}`, `${version}`];

      // It resolves when the process ends by itself with 0.
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { begun, left } = JSON.parse(stdout) as {
        begun: number;
        left: Record<string, number>;
      };

      expect(Object.values(left)).toEqual(Object.values(left).map(() => 0));
      expect(Object.keys(left)).toEqual(expect.arrayContaining(['programs', 'models', 'timers']));
      expect(begun).toBeGreaterThan(count / 10);
      measured('G4', `${count} connections on ws ${version}, ${begun} programs: nothing left`);
    },
  );
});
