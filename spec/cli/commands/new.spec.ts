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

describe('a new project', { timeout: 120_000 }, () => {
  let [typescript, gleam] = ['', ''];
  beforeAll(async () => {
    typescript = await make('ts-app');
    gleam = await make('gleam-app', '--lustre');
  }, 60_000);

  it.each([
    ['TypeScript', () => typescript, 12],
    ['Gleam', () => gleam, 14],
  ] as const)('with a page in %s passes its own tests, and starts', async (_, made, count) => {
    const project = made();
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

  it('compiles', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');

    expect(await runIn(typescript, process.execPath, [tsc])).toEqual({ code: 0, out: '', log: '' });
  });

  it('has the messages in Gleam that its own command writes', async () => {
    const args = [cli, 'gleam', 'src/messages.ts', '--out', 'page/src/messages.gleam'];
    const written = await runIn(gleam, process.execPath, args);

    expect(written.log).toBe('page/src/messages.gleam is up to date\n');
    expect(await readFile(join(gleam, 'page/src/messages.gleam'), 'utf8')).toBe(PAGE_MESSAGES);
  });

  it('writes over nothing, and takes names of packages only', async () => {
    expect(await runIn(folder, process.execPath, [cli, 'new', 'ts-app'])).toEqual({
      code: 2,
      out: '',
      log: 'ts-app is there already, and not empty\n',
    });
    expect(await runIn(folder, process.execPath, [cli, 'new', 'My App'])).toEqual({
      code: 2,
      out: '',
      log: 'My App is no name for a package: expected small letters, digits, . _ and -\n',
    });
  });
});
