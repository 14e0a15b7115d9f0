import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeProject, type Project } from '../support/project.ts';

const MESSAGES = `
import { variants } from 'express-omnimessage/codecs';
import { string } from 'superstruct';
export const FromClient = variants('type', { send: { text: string() } });
export const limit: number = 5;
`;

let project: Project;

beforeAll(async () => {
  project = await makeProject(['superstruct', 'tsx']);
  await project.write('messages.ts', MESSAGES);
  await project.write('text.json', '{}');
  await project.write('broken.js', 'export const = 1;');
  await project.write('empty.js', 'export const limit = 1;');
});

afterAll(() => project.remove());

// What depends on the process is shown in one of its own.
describe('the command line', { timeout: 30_000 }, () => {
  it('shows its commands, and exits with 0 when it was asked for them', async () => {
    const asked = await project.cli('--help');
    const bare = await project.cli();

    expect(asked).toMatchObject({ code: 0, log: '' });
    expect(asked.out).toContain('gleam MESSAGES.ts');
    expect(bare).toMatchObject({ code: 2, out: '' });
    expect(bare.log).toContain('gleam MESSAGES.ts');
  });

  it('reads TypeScript, and writes a module of Gleam', async () => {
    const args = ['gleam', 'messages.ts', '--out', 'src/messages.gleam'];

    expect(await project.cli(...args)).toEqual({
      code: 0,
      out: '',
      log: 'src/messages.gleam written\n',
    });
    expect(await project.read('src/messages.gleam')).toContain(
      'pub type FromClient {\n  Send(text: String)\n}\n',
    );
    expect((await project.command(...args)).log).toBe('src/messages.gleam is up to date\n');
  });

  it.each([['{}'], ['{"type":"commonjs"}']])(
    'reads TypeScript in a project of CommonJS: %s',
    async (manifest) => {
      const old = await makeProject(['superstruct', 'tsx']);
      onTestFinished(() => old.remove());
      await old.write('package.json', manifest);
      await old.write('messages.ts', MESSAGES);

      expect(await old.cli('gleam', 'messages.ts')).toEqual(
        await project.command('gleam', 'messages.ts'),
      );
    },
  );

  it('reads CommonJS', async () => {
    await project.write(
      'messages.cjs',
      MESSAGES.replaceAll(/import (.*) from (.*);/g, 'const $1 = require($2);')
        .replace('export const FromClient', 'exports.FromClient')
        .replace(/export const limit.*/, ''),
    );

    const { out } = await project.cli('gleam', 'messages.cjs');

    expect(out).toContain('pub type FromClient {\n  Send(text: String)\n}\n');
  });

  it('prints to the standard output where no file is named', async () => {
    const { code, out, log } = await project.command('gleam', 'messages.ts');

    expect({ code, log }).toEqual({ code: 0, log: '' });
    expect(out).toContain('pub fn from_client_decoder()');
  });

  it.each([
    [['fly'], 'there is no command `fly`: new, gleam, typescript, definition, golden, check'],
    [['gleam'], 'the argument MESSAGES.ts is missing'],
    [['gleam', 'a.ts', 'b.ts'], 'there is one argument too many: `b.ts`'],
    [['gleam', 'a.ts', '--fast'], "Unknown option '--fast'"],
    [['gleam', 'none.ts'], 'there is no file none.ts'],
    [['gleam', '.'], '. is no file'],
    [['gleam', 'text.json'], 'text.json is no module: expected a file that ends with .ts or .js'],
    [['gleam', 'broken.js'], 'broken.js cannot be imported: '],
    [['gleam', 'empty.js'], 'empty.js exports no struct'],
    [['gleam', 'messages.ts', '--client', 'Nobody'], 'messages.ts exports no struct `Nobody`'],
    [
      ['gleam', 'empty.js', '--out', 'My-messages.gleam'],
      'My-messages.gleam is no name of a Gleam',
    ],
    [
      ['gleam', 'messages.ts', '--out', 'text.json/a.gleam'],
      'text.json/a.gleam cannot be written: ',
    ],
  ])('answers %j with one line, and exits with 2', async (args, line) => {
    const { code, out, log } = await project.command(...args);

    expect(log).toContain(line);
    expect({ code, out, lines: log.trim().split('\n').length }).toEqual({
      code: 2,
      out: '',
      lines: 1,
    });
  });
});
