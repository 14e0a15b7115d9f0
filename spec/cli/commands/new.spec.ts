/** Projects made by the package as it is published: packed, unpacked, and run by their own commands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { PAGE_MESSAGES } from '../../../lib/cli/new/lustre-messages.ts';
import { runIn } from '../../support/project.ts';

const root = new URL('../../../', import.meta.url).pathname;
const INSTALLED = [
  '@types',
  'esbuild',
  'express',
  'express-ws',
  'raw-body',
  'superstruct',
  'tsx',
  'ws',
];

let folder: string;
let cli: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnimessage-new-'));
  const packed = await runIn(root, 'npm', [
    'pack',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ]);
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'express-omnimessage'), { recursive: true });
  const into = ['--strip-components=1', '-C', 'node_modules/express-omnimessage'];
  const unpacked = await runIn(folder, 'tar', ['xzf', packed.out.trim(), ...into]);
  if (unpacked.code !== 0) throw new Error(`${packed.log}${unpacked.log}`);
  for (const name of INSTALLED)
    await symlink(join(root, 'node_modules', name), join(modules, name));
  cli = join(modules, 'express-omnimessage/dist/cli/main.js');
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

/** Makes a project beside the packages, which it finds in the folder above its own. */
async function make(name: string, ...options: string[]): Promise<string> {
  const made = await runIn(folder, process.execPath, [cli, 'new', name, ...options]);
  expect(made).toMatchObject({ code: 0, out: '' });
  return join(folder, name);
}

/** Runs `npm start` on a free port, and gives the address that it prints. */
async function start(project: string): Promise<string> {
  const child = spawn('npm', ['start', '--silent'], {
    cwd: project,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // npm does not hand every signal on to what it runs: the whole group is ended.
    detached: true,
  });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    process.kill(-(child.pid ?? 0));
    await ended;
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

async function ask(address: string, message: unknown): Promise<unknown> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/omni-ws`);
  await once(socket, 'open');
  const reply = once(socket, 'message');
  socket.send(JSON.stringify(message));
  const [data] = (await reply) as [Buffer];
  socket.close();
  return JSON.parse(data.toString());
}

describe.each([
  ['in TypeScript', 'ts-app', [], 12],
  ['in Gleam', 'gleam-app', ['--lustre'], 14],
] as const)('a new project with a page %s', (_, name, options, count) => {
  it('passes its own tests, and starts', { timeout: 120_000 }, async () => {
    const project = await make(name, ...options);
    const listed = await runIn(project, 'find', ['.', '-type', 'f']);

    expect(listed.out.trim().split('\n')).toHaveLength(count);

    const tested = await runIn(project, 'npm', ['test', '--silent']);

    expect(tested).toMatchObject({ code: 0 });
    expect(tested.out).toMatch(/pass 3/);

    const address = await start(project);
    const page = await fetch(address);

    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Notes</title>');
    expect(await ask(address, { type: 'fetch' })).toEqual({ type: 'notes', notes: [] });
    expect(await ask(address, { type: 'add', text: 'Hi' })).toMatchObject({
      type: 'added',
      note: { text: 'Hi' },
    });
  });
});

describe('a new project', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    const project = await make('compiled');
    const tsc = join(root, 'node_modules/typescript/bin/tsc');

    expect(await runIn(project, process.execPath, [tsc])).toEqual({ code: 0, out: '', log: '' });
  });

  it('has the messages in Gleam that its own command writes', { timeout: 120_000 }, async () => {
    const project = await make('written', '--lustre');
    const args = [cli, 'gleam', 'src/messages.ts', '--out', 'page/src/messages.gleam'];
    const written = await runIn(project, process.execPath, args);

    expect(written.log).toBe('page/src/messages.gleam is up to date\n');
    expect(await readFile(join(project, 'page/src/messages.gleam'), 'utf8')).toBe(PAGE_MESSAGES);
  });

  it('writes over nothing, and takes names of packages only', async () => {
    await make('once');

    expect(await runIn(folder, process.execPath, [cli, 'new', 'once'])).toEqual({
      code: 2,
      out: '',
      log: 'once is there already, and not empty\n',
    });
    expect(await runIn(folder, process.execPath, [cli, 'new', 'My App'])).toEqual({
      code: 2,
      out: '',
      log: 'My App is no name for a package: expected small letters, digits, . _ and -\n',
    });
  });
});
