import {
  array,
  enums,
  integer,
  is,
  max,
  min,
  number,
  object,
  pattern,
  refine,
  size,
  string,
  type Struct,
} from 'superstruct';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplesOf } from '../../../lib/cli/examples.ts';
import {
  definitionOf,
  dict,
  nullable,
  oneOf,
  optional,
  recursive,
  tuple,
  tupleVariants,
  variants,
} from '../../../lib/codecs.ts';
import { type AnyStruct } from '../../../lib/codecs/any-struct.ts';
import { makeProject, type Project } from '../../support/project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject();
  await project.write(
    'messages.js',
    `import { variants } from 'express-omnimessage/codecs';
     import { integer, refine, string } from 'superstruct';
     const even = refine(integer(), 'even', (value) => value % 2 === 0);
     export const FromClient = variants('type', { add: { text: string() }, fetch: {} });
     export const FromServer = variants('type', { count: { even } });`,
  );
});

afterAll(() => project.remove());

describe('golden', { timeout: 60_000 }, () => {
  it('writes examples of every message, the same ones each time', async () => {
    const first = await project.command('golden', 'messages.js');
    const written = await project.command('golden', 'messages.js', '--out', 'golden.json');

    expect(first.code).toBe(0);
    expect(await project.read('golden.json')).toBe(first.out);
    expect(written.log).toContain('golden.json written\n');
    expect(first.out.endsWith(']\n')).toBe(true);

    const golden = JSON.parse(first.out) as { name: string; sender: string; texts: string[] }[];
    expect(golden.map(({ name, sender }) => `${name} from the ${sender}`)).toEqual([
      'FromClient from the client',
      'FromServer from the server',
    ]);
    const types = golden[0]?.texts.map((text) => (JSON.parse(text) as { type: string }).type);
    expect(new Set(types)).toEqual(new Set(['add', 'fetch']));
  });

  it('leaves out what a refinement refuses, and says so', async () => {
    const { out, log } = await project.command('golden', 'messages.js', '--server', 'FromServer');
    const [{ texts } = { texts: [] }] = JSON.parse(out) as { texts: string[] }[];

    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect((JSON.parse(text) as { even: number }).even % 2).toBe(0);
    expect(log).toMatch(/^FromServer: \d+ examples left out that its refinements refuse\n$/);
  });
});

describe('the examples of a struct', () => {
  const Tree = recursive<unknown>('Tree', (tree) =>
    variants('type', { leaf: {}, node: { left: tree, right: nullable(tree) } }),
  );

  it.each<[name: string, struct: AnyStruct]>([
    [
      'bounds',
      object({ a: min(integer(), 5), b: max(number(), -3), c: max(min(integer(), 4), 4) }),
    ],
    ['sizes', object({ a: size(string(), 30, 40), b: size(array(string()), 2, 3) })],
    ['a pattern', object({ a: pattern(string(), /@/), b: optional(pattern(string(), /^\d/)) })],
    ['tuples', tupleVariants({ 0: tuple([string(), integer()]), x: dict(number()) })],
    ['a choice', oneOf([string(), integer(), enums(['a', 'b']), array(number())])],
    ['a tree', Tree],
  ])('are accepted by it: %s', (_name, struct) => {
    const { root, types } = definitionOf(struct);
    const examples = examplesOf(root, types);

    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(is(example, struct as Struct)).toBe(true);
  });

  it('show each variant, each value, and each field that may be absent or null both ways', () => {
    const struct = variants('type', {
      a: { status: enums(['x', 'y', 'z']), note: optional(string()), by: nullable(string()) },
      ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`v${at}`, {}])),
    });
    const { root, types } = definitionOf(struct);
    const examples = examplesOf(root, types, 200) as Record<string, unknown>[];
    const first = examples.filter(({ type }) => type === 'a');

    expect(new Set(examples.map(({ type }) => type)).size).toBe(21);
    expect(new Set(first.map(({ status }) => status)).size).toBe(3);
    expect(new Set(first.map((message) => 'note' in message)).size).toBe(2);
    expect(new Set(first.map(({ by }) => by === null)).size).toBe(2);
  });

  it('ignores what cannot be said', () => {
    const { root, types } = definitionOf(refine(string(), 'short', (text) => text.length < 3));

    expect(examplesOf(root, types)).toContain('xxxxxxxxxx');
  });
});
