import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject, type Project } from '../../support/project.ts';

const messages = (fields: string): string => `
import { variants } from 'express-omnimessage/codecs';
import { integer, string } from 'superstruct';
export const FromClient = variants('type', { add: { ${fields} } });
`;

let project: Project;

beforeAll(async () => {
  project = await makeProject();
  await project.write('messages.js', messages('text: string()'));
  await project.write('newer.js', messages('text: string(), by: string()'));
  await project.command('definition', 'messages.js', '--out', 'old.json');
  await project.command('definition', 'newer.js', '--out', 'new.json');
  await project.write('text.json', 'text');
  await project.write('other.json', '{"name":"x"}');
  await project.write('later.json', '{"omnimessage":2,"roots":[],"types":{}}');
  await project.write('half.json', '{"omnimessage":1}');
}, 60_000);

afterAll(() => project.remove());

describe('definition', () => {
  it('writes the roots with their senders, and a hash', async () => {
    expect(JSON.parse(await project.read('old.json'))).toMatchObject({
      omnimessage: 1,
      hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      roots: [{ name: 'FromClient', sender: 'client', shape: { kind: 'variants', tag: 'type' } }],
      types: {},
    });
  });
});

describe('check', { timeout: 60_000 }, () => {
  it.each<[args: string[], code: number, out: string]>([
    [['old.json', 'old.json'], 0, 'the messages are the same\n'],
    [
      ['old.json', 'new.json'],
      1,
      'breaking: FromClient.add.by (from the client): pages that are open may leave it out, and new servers need it: make it `optional` (or `nullable`) until the old pages are gone\n',
    ],
  ])('%j exits with %d', async (args, code, out) => {
    expect(await project.command('check', ...args)).toEqual({ code, out, log: '' });
  });

  it.each<[args: string[], line: string]>([
    [[], 'the argument OLD.json is missing'],
    [['old.json'], 'the argument NEW.json is missing'],
    [['old.json', 'none.json'], 'there is no file none.json'],
    [['.', 'old.json'], '. is no file'],
    [
      ['text.json', 'old.json'],
      'text.json is no JSON: write it by `express-omnimessage definition`',
    ],
    [
      ['other.json', 'old.json'],
      'other.json is no definition: write it by `express-omnimessage definition messages.ts --out other.json`',
    ],
    [
      ['later.json', 'old.json'],
      'later.json is a definition of version 2, and this knows version 1: write it anew',
    ],
    [['half.json', 'old.json'], 'half.json is a definition of version 1'],
    [['old.json', 'old.json', '--quick'], "Unknown option '--quick'"],
  ])('%j is misuse, said in one line', async (args, line) => {
    const { code, out, log } = await project.command('check', ...args);

    expect({ code, out, lines: log.trim().split('\n').length }).toEqual({
      code: 2,
      out: '',
      lines: 1,
    });
    expect(log).toContain(line);
  });
});

describe('gleam', { timeout: 60_000 }, () => {
  it('writes nothing when something is refused, and names every place in a line of its own', async () => {
    await project.write(
      'refused.js',
      `import { nullable, optional, variants } from 'express-omnimessage/codecs';
       import { any, string, union } from 'superstruct';
       export const FromClient = variants('type', { a: { b: any(), c: optional(nullable(string())) } });`,
    );
    await project.write(
      'union.js',
      `import { string, integer, union } from 'superstruct';
       export const FromClient = union([string(), integer()]);`,
    );

    const refused = await project.command('gleam', 'refused.js', '--out', 'refused.gleam');
    const union = await project.command('gleam', 'union.js', '--out', 'union.gleam');

    expect(refused.log.trim().split('\n')).toEqual([
      'refused.js: at FromClient.a.b: Gleam has no type for any JSON value: say what it is, or send it as a string',
      'refused.js: at FromClient.a.c: an absent field and null would be the same in Gleam: take `optional` or `nullable`, not both',
    ]);
    expect(union.log).toMatch(
      /^union\.js: at FromClient: superstruct's `union` .* take `oneOf`.*\n$/,
    );
    expect([refused.code, union.code]).toEqual([2, 2]);
    await expect(project.read('refused.gleam')).rejects.toThrow('ENOENT');
    await expect(project.read('union.gleam')).rejects.toThrow('ENOENT');
  });
});
