import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, enums, integer, literal, number, object, size, string } from 'superstruct';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AnyStruct } from '../../lib/codecs/any-struct.ts';
import { check, type Finding, lineOf } from '../../lib/cli/check.ts';
import { examplesOf } from '../../lib/cli/examples.ts';
import { run } from '../../lib/cli/run.ts';
import {
  definitionOf,
  type DefinitionFile,
  dict,
  hashOf,
  nullable,
  oneOf,
  optional,
  recursive,
  tuple,
  tupleVariants,
  variants,
} from '../../lib/codecs.ts';

const drop = { unknownFields: 'drop' } as const;

function fileOf(sender: 'client' | 'server' | 'both', struct: AnyStruct): DefinitionFile {
  const definition = definitionOf(struct, 'Message');
  return {
    omnimessage: 1,
    hash: hashOf(definition),
    roots: [{ name: 'Message', sender, shape: definition.root }],
    types: definition.types,
  };
}

const between = (
  sender: 'client' | 'server',
  before: AnyStruct,
  after: AnyStruct,
  gleamPages = false,
): string[] =>
  check(fileOf(sender, before), fileOf(sender, after), { gleamPages }).map(
    ({ level, path, what }: Finding) => `${level} ${path}: ${what}`,
  );

const message = (fields: Record<string, AnyStruct>, options = {}): AnyStruct =>
  variants('type', { send: fields }, options);

describe('check', () => {
  it.each<[name: string, sender: 'client' | 'server', before: AnyStruct, after: AnyStruct]>([
    ['nothing changed', 'client', message({ a: string() }), message({ a: string() })],
    [
      'an optional field is new, dropped by old servers',
      'client',
      message({}, drop),
      message({ a: optional(string()) }, drop),
    ],
    [
      'a nullable field is new, dropped by old servers',
      'client',
      message({}, drop),
      message({ a: nullable(string()) }, drop),
    ],
    [
      'a field is new that old pages drop',
      'server',
      message({}, drop),
      message({ a: optional(string()) }, drop),
    ],
    [
      'docs and order',
      'client',
      message({ a: string(), b: string() }),
      message({ b: string(), a: string() }),
    ],
  ])('finds nothing where %s', (_, sender, before, after) => {
    expect(between(sender, before, after)).toEqual([]);
  });

  it.each<
    [
      name: string,
      sender: 'client' | 'server',
      before: AnyStruct,
      after: AnyStruct,
      findings: string[],
    ]
  >([
    [
      'the server needs a new field',
      'client',
      message({}, drop),
      message({ a: string() }, drop),
      ['breaking Message.send.a: pages that are open may leave it out, and new servers need it'],
    ],
    [
      'the server no longer sends a field',
      'server',
      message({ a: string() }, drop),
      message({}, drop),
      ['breaking Message.send.a: new servers may leave it out, and pages that are open need it'],
    ],
    [
      'a strict page gets a new field',
      'server',
      message({}),
      message({ a: optional(string()) }),
      [
        'breaking Message.send.a: new servers send it, and pages that are open refuse fields that they do not know',
      ],
    ],
    [
      'a strict server no longer knows a field',
      'client',
      message({ a: string() }),
      message({}),
      [
        'breaking Message.send.a: pages that are open send it, and new servers refuse fields that they do not know',
      ],
    ],
    [
      'an old server is strict',
      'client',
      message({}),
      message({ a: optional(string()) }),
      [
        'order Message.send.a: new pages send it, and servers that are not replaced yet refuse fields that they do not know',
      ],
    ],
    [
      'the page has a new variant',
      'client',
      variants('type', { a: {} }),
      variants('type', { a: {}, b: {} }),
      ['order Message.b: new pages send "b", and servers that are not replaced yet do not know it'],
    ],
    [
      'the server has a new variant',
      'server',
      variants('type', { a: {} }),
      variants('type', { a: {}, b: {} }),
      ['breaking Message.b: new servers send "b", and pages that are open do not know it'],
    ],
    [
      'a variant is gone',
      'client',
      variants('type', { a: {}, b: {} }),
      variants('type', { a: {} }),
      ['breaking Message.b: pages that are open send "b", and new servers do not know it'],
    ],
    [
      'an enumeration has a new value',
      'server',
      message({ s: enums(['a']) }),
      message({ s: enums(['a', 'b']) }),
      ['breaking Message.send.s: new servers send "b", and pages that are open do not know it'],
    ],
    [
      'an enumeration has a first field',
      'client',
      message({ s: enums(['a', 'b']) }),
      message({ s: variants('type', { a: {}, b: { n: integer() } }) }),
      [
        'breaking Message.send.s: every value changes: pages that are open send a plain value (an enumeration), not an object with a tag',
      ],
    ],
    [
      'a record has a second constructor',
      'server',
      object({ a: string() }),
      variants('type', { one: { a: string() }, two: {} }),
      [
        'breaking Message: every value changes: new servers send an object with a tag, not an object without a tag',
      ],
    ],
    [
      'a bound is narrower',
      'client',
      message({ a: size(string(), 0, 20) }),
      message({ a: size(string(), 0, 10) }),
      [
        'breaking Message.send.a: pages that are open may send what new servers refuse: maxLength is 10',
      ],
    ],
    [
      'a bound is wider',
      'client',
      message({ a: size(string(), 0, 10) }),
      message({ a: size(string(), 0, 20) }),
      [
        'order Message.send.a: new pages may send what servers that are not replaced yet refuse: maxLength is 10',
      ],
    ],
    [
      'a number may have a fraction now',
      'server',
      message({ n: integer() }),
      message({ n: number() }),
      ['breaking Message.send.n: every value changes: new servers send a number, not an integer'],
    ],
    [
      'null may be sent',
      'server',
      message({ n: integer() }),
      message({ n: nullable(integer()) }),
      ['breaking Message.send.n: new servers send null, and pages that are open do not know it'],
    ],
    [
      'it is deep within',
      'client',
      message({ l: array(dict(tuple([string(), literal('a')]))) }),
      message({ l: array(dict(tuple([string(), literal('b')]))) }),
      [
        'breaking Message.send.l.*.*.1: pages that are open send "a", and new servers do not know it',
      ],
    ],
    [
      'the tag has another key',
      'client',
      variants('type', { a: {} }),
      variants('kind', { a: {} }),
      [
        'breaking Message: every value changes: pages that are open send the tag as `type`, not as `kind`',
      ],
    ],
    [
      'an option is gone',
      'client',
      message({ a: oneOf([string(), integer()]) }),
      message({ a: string() }),
      [
        'breaking Message.send.a: every value changes: pages that are open send an integer, not a string',
      ],
    ],
    [
      'a tuple variant is new',
      'server',
      tupleVariants({ 0: string() }),
      tupleVariants({ 0: string(), 1: integer() }),
      ['breaking Message.1: new servers send 1, and pages that are open do not know it'],
    ],
  ])('finds what breaks where %s', (_, sender, before, after, findings) => {
    expect(between(sender, before, after)).toEqual(findings);
  });

  it('knows that pages in Gleam drop unknown fields, whatever the struct says', () => {
    const [before, after] = [message({}), message({ a: optional(string()) })];

    expect(between('server', before, after)).toHaveLength(1);
    expect(between('server', before, after, true)).toEqual([]);
    expect(between('client', after, before, true)).toHaveLength(1);
  });

  it('ends at shapes that hold themselves', () => {
    const thread = (extra: Record<string, AnyStruct>): AnyStruct =>
      recursive<object>('Thread', (self) => object({ replies: array(self), ...extra }));

    expect(between('client', thread({}), thread({ text: string() }))).toEqual([
      'breaking Message.text: pages that are open may leave it out, and new servers need it',
    ]);
  });

  it('finds a message that is gone', () => {
    const before = fileOf('both', message({}));
    const after = { ...before, roots: [] };

    expect(check(before, after).map(lineOf)).toEqual([
      'breaking: Message (from the client): this message is gone, or travels the other way: keep it as long as it is sent or expected',
      'breaking: Message (from the server): this message is gone, or travels the other way: keep it as long as it is sent or expected',
    ]);
  });

  it('exits with 0, 1 and 2', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'check-'));
    onTestFinished(() => rm(cwd, { recursive: true }));
    const files: Record<string, unknown> = {
      'a.json': fileOf('client', message({}, drop)),
      'b.json': fileOf('client', message({ a: string() }, drop)),
      'c.json': fileOf('client', message({ a: optional(string()) }, drop)),
      'd.json': { ...fileOf('client', message({})), omnimessage: 2 },
      'e.json': {},
    };
    for (const [name, file] of Object.entries(files)) {
      await writeFile(join(cwd, name), JSON.stringify(file));
    }
    const ran = async (...args: string[]): Promise<[number, string]> => {
      let text = '';
      const said = (part: string): void => void (text += part);
      return [await run(['check', ...args], { out: said, log: said, cwd }), text.trim()];
    };

    expect(await ran('a.json', 'a.json')).toEqual([0, 'the messages are the same']);
    expect(await ran('a.json', 'c.json')).toEqual([0, 'the messages differ, and nothing breaks']);
    expect(await ran('a.json', 'b.json')).toEqual([
      1,
      'breaking: Message.send.a (from the client): pages that are open may leave it out, and new servers need it: make it `optional` (or `nullable`) until the old pages are gone',
    ]);
    expect((await ran('a.json'))[0]).toBe(2);
    expect(await ran('a.json', 'none.json')).toEqual([2, 'there is no file none.json']);
    expect((await ran('a.json', 'd.json'))[1]).toContain('is a definition of version 2');
    expect((await ran('a.json', 'e.json'))[1]).toContain('e.json is no definition');
  });
});

describe('examplesOf', () => {
  interface Tree {
    readonly type: 'leaf' | 'node';
    readonly of?: Tree[];
  }
  const Tree = recursive<Tree>('Tree', (tree) =>
    variants('type', { node: { only: tree, of: array(tree) }, leaf: {} }),
  );
  const Message = variants('type', {
    send: { text: size(string(), 3, 12), to: optional(string()), at: nullable(integer()) },
    draw: { tree: Tree, kind: enums(['a', 'b', 'c']), points: array(tuple([number(), number()])) },
    count: { by: dict(integer()), either: oneOf([string(), integer()]) },
    stop: {},
  });
  const { root, types } = definitionOf(Message);

  it('shows every variant, and what may be absent both ways', () => {
    const examples = examplesOf(root, types) as Record<string, unknown>[];

    expect(examples.every((example) => Message.is(example))).toBe(true);
    expect(new Set(examples.map(({ type }) => type))).toEqual(
      new Set(['send', 'draw', 'count', 'stop']),
    );
    const sent = examples.filter(({ type }) => type === 'send');
    expect(sent.length).toBeGreaterThan(1);
    expect(examplesOf(root, types)).toEqual(examples);
  });
});
