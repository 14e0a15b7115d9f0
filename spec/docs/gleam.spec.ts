/** The guide to Gleam, followed from nothing: its files, and its commands as far as Node runs them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { layoutFaults } from '../cli/gleam/layout-rules.ts';
import { freePort } from '../support/free-port.ts';
import { makeProject, type Project } from '../support/project.ts';
import { until } from '../support/until.ts';

const guide = await readFile(new URL('../../docs/gleam.md', import.meta.url), 'utf8');

/** A file stands below a line that begins with its name. */
const files = [...guide.matchAll(/^\*\*`([^`]+)`\*\*.*?\n\n```\w+\n(.*?)^```$/gms)].map(
  ([, name = '', text = '']) => ({ name, text }),
);
const text = (name: string): string => files.find((file) => file.name === name)?.text ?? '';

let project: Project;

beforeAll(async () => {
  project = await makeProject(['superstruct', 'tsx', 'express', 'express-ws', 'ws']);
  for (const file of files) await project.write(file.name, file.text);
});

afterAll(() => project.remove());

describe('docs/gleam.md, from nothing', { timeout: 60_000 }, () => {
  it('shows every file', () => {
    expect(files.map(({ name }) => name)).toEqual([
      'src/messages.ts',
      'src/server.ts',
      'page/gleam.toml',
      'page/src/page.gleam',
      'page/index.html',
    ]);
    expect(layoutFaults(text('page/src/page.gleam'))).toEqual([]);
  });

  it('writes the messages that the page and the text use', async () => {
    const args = ['gleam', 'src/messages.ts', '--out', 'page/src/messages.gleam'];
    expect(guide).toContain(`npx express-omnimessage ${args.join(' ')}\n`);

    const { code } = await project.cli(...args);
    const module = await project.read('page/src/messages.gleam');

    expect(code).toBe(0);
    for (const [, name = ''] of text('page/src/page.gleam').matchAll(/\bmessages\.(\w+)/g)) {
      expect(module).toMatch(new RegExp(String.raw`(?:pub type|pub fn|^ {2})\s*${name}\b`, 'm'));
    }
    // What the chapter after it shows of Note.
    const shown = /^```gleam\n(pub type Note .*?)^```$/ms.exec(guide)?.[1] ?? '';
    for (const part of shown.trim().split('\n\n')) expect(module).toContain(part);
    expect(shown.split('\n\n')).toHaveLength(3);
  });

  it('serves the page, and answers it', async () => {
    const port = await freePort();
    const server = spawn(process.execPath, ['--import', 'tsx', 'src/server.ts'], {
      cwd: project.directory,
      env: { ...process.env, PORT: String(port) },
      stdio: 'inherit',
    });
    onTestFinished(async () => {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    });
    let page: Response | undefined;
    await until(async () => {
      if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
      page = await fetch(`http://localhost:${port}/`).catch(() => undefined);
      return page !== undefined;
    });

    expect(await page?.text()).toBe(text('page/index.html'));

    const socket = new WebSocket(`ws://localhost:${port}/omni-ws`);
    await once(socket, 'open');
    socket.send('{"type":"add","text":"Hi"}');
    const [added] = (await once(socket, 'message')) as [Buffer];
    socket.send('{"type":"fetch"}');
    const [notes] = (await once(socket, 'message')) as [Buffer];
    socket.close();

    expect(JSON.parse(String(added))).toMatchObject({ type: 'added', note: { text: 'Hi' } });
    expect(JSON.parse(String(notes))).toMatchObject({ type: 'notes', notes: [{ text: 'Hi' }] });
  });

  it('checks a change as its pipeline does', async () => {
    const define = ['definition', 'src/messages.ts', '--out', 'messages.json'];
    const check = ['check', 'deployed.json', 'messages.json', '--gleam-pages'];
    for (const args of [define, check]) {
      expect(guide).toContain(`npx express-omnimessage ${args.join(' ')}\n`);
    }
    await project.command(...define);
    await project.write('deployed.json', await project.read('messages.json'));
    let changes = 0;
    /** Makes the change in a folder of its own, for the process of the commands reads a file once. */
    const change = async (from: string, to: string): Promise<string> => {
      const folder = `change-${(changes += 1)}`;
      const changed = text('src/messages.ts').replace(from, to);
      await project.write(`${folder}/src/messages.ts`, changed);
      await project.write(`${folder}/deployed.json`, await project.read('deployed.json'));
      expect((await project.commandIn(folder, ...define)).code).toBe(0);
      const { code, out } = await project.commandIn(folder, ...check);
      return `${code} ${out}`;
    };

    // The rows of the table, in its order.
    const note = 'text: string() })';
    const add = 'add: { text: size(string(), 1, 200) }';
    expect(await change(note, 'text: string(), at: string() })')).toMatch(/^0 /);
    expect(await change(add, add.replace('{ text', '{ by: string(), text'))).toMatch(
      /^1 breaking: FromClient\.add\.by .*make it `optional`/,
    );
    expect(await change('added: { note: Note }', 'added: { note: Note }, gone: {}')).toMatch(
      /^1 breaking: FromServer\.gone /,
    );
    expect(await change(note, '})')).toMatch(/^1 breaking: FromServer\..*text/);
    expect(await change("named('Note',", "named('Entry',")).toMatch(/^0 /);
    expect(await change('', '')).toBe('0 the messages are the same\n');
  });
});
