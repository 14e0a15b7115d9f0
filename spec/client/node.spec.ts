/** The client in Node, over the WebSocket that Node itself has (undici's). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { gate } from '../support/gate.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Program {
  readonly lines: string[];
  readonly say: (line: string) => void;
  /** The code with which it ended. */
  readonly ended: Promise<number | null>;
}

/** A program with a link, which does what it is told and prints what the link does. */
async function start(url: string): Promise<Program> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { ask, connect } from './lib/client.ts';
        import { createInterface } from 'node:readline';
        const link = connect({
          url: ${JSON.stringify(url)},
          codec: { decode: String, encode: String },
          WebSocket,
          minDelay: 10,
          maxDelay: 50,
          onMessage: (message) => console.log('message ' + message),
          onUnconfirmed: (all) => console.log('unconfirmed ' + all),
        });
        link.subscribe(() => console.log(link.getSnapshot().state));
        createInterface(process.stdin).on('line', (line) => {
          if (line === 'retry') link.retry();
          else if (line === 'end') { link.close(); process.stdin.destroy(); }
          else ask(link, line, { timeout: 60_000 }).then((reply) => console.log('reply ' + reply), console.error);
        });`,
      resolveDir: fileURLToPath(new URL('../../', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const file = join(folder, 'program.mjs');
  await writeFile(file, outputFiles[0]!.text);
  const flags =
    Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-websocket'] : [];
  const child = spawn(process.execPath, [...flags, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  return {
    lines,
    say: (line) => {
      child.stdin.write(`${line}\n`);
    },
    ended: once(child, 'exit').then(([code]) => code as number | null),
  };
}

describe("Node's own WebSocket", () => {
  it('has messages confirmed, and comes back when its line is cut', async () => {
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    const program = await start(`ws://127.0.0.1:${door.port}`);
    program.say('one');
    await until(() => program.lines.includes('reply one'));
    await door.shut();
    await until(() => program.lines.includes('waiting'));
    program.say('two');
    await door.open();
    // An attempt of Node 20's may hang until the link gives it up, after ten seconds.
    await until(() => program.lines.includes('reply two'), 50_000);
    program.say('end');

    expect(await program.ended).toBe(0);
    expect(server.received()).toEqual(['one', 'two']);
    expect(server.peers.at(-1)!.offered).toEqual(['omnimessage.1']);
  }, 60_000);

  it('survives attempts that are given up before they open, and closes them (L6)', async () => {
    const sockets: Socket[] = [];
    let closed = 0;
    const mute = createServer((socket) => {
      sockets.push(socket.on('error', () => {}).resume());
      socket.on('close', () => (closed += 1));
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const program = await start(`ws://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    for (let attempts = 1; attempts <= 3; attempts++) {
      await until(() => sockets.length >= attempts);
      program.say('retry');
    }
    await until(() => closed >= 3);
    program.say('end');

    expect(await program.ended).toBe(0);
    await until(() => closed === sockets.length);
  });
});
