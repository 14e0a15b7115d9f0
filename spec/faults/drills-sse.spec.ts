/** Goal G26: clients of live views and event streams that pipeline, leave, freeze, and are closed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { oneOf } from '../drills/fuzz.ts';
import { type SseReport } from '../drills/report.ts';
import { until } from '../support/until.ts';
import { scaled } from './drilled.ts';
import { randomOf, seed } from './random.ts';

const PATHS = ['/own', '/later/own', '/shared', '/large', '/events'] as const;

async function startServer() {
  const path = fileURLToPath(new URL('../drills/sse-server.ts', import.meta.url));
  const child = fork(path, [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const report = async (): Promise<SseReport> => {
    const told = once(child, 'message') as Promise<[SseReport]>;
    child.send('report');
    return (await told)[0];
  };
  return { child, port, report };
}

function dial(port: number, paths: readonly string[]): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  for (const path of paths) socket.write(`GET ${path} HTTP/1.1\r\nhost: omni.example\r\n\r\n`);
  return socket;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe(`G26: streams, seed ${seed}`, () => {
  it('G26 streams of clients that leave, freeze and pipeline: nothing dies, nothing is left', async () => {
    const random = randomOf('G26');
    const count = scaled(600, 25_000);
    const { child, port, report } = await startServer();
    const died: unknown[] = [];
    const ended = once(child, 'exit').then(([code]) => died.push(code));
    const idle = await report();
    let left = count;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const paths = Array.from({ length: oneOf(random, [1, 1, 1, 2, 5]) }, () =>
          oneOf(random, PATHS),
        );
        const socket = dial(port, paths);
        const reading = random();
        if (reading < 0.6) socket.resume();
        await pause(random() * (reading > 0.9 ? 200 : 30));
        if (random() < 0.5) socket.resetAndDestroy();
        else if (random() < 0.7) socket.destroy();
        else socket.end();
        if (random() < 0.3) await pause(5);
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: 50 }, one));
    await until(async () => (await report()).connections === 0);
    const after = await report();

    expect(died).toEqual([]);
    expect(after).toEqual({ ...idle, joined: 0, connections: 0, receivers: 0 });

    // A view of 1 MB, while nothing changes.
    const viewer = dial(port, ['/large']);
    let bytes = 0;
    viewer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await until(() => bytes > 1_000_000);
    await pause(500);
    expect(bytes).toBeLessThan(1_010_000);

    // The end, with viewers of every kind, a third of which read nothing.
    const viewers = Array.from({ length: 100 }, (_, at) =>
      dial(port, [PATHS[at % PATHS.length] as string]),
    );
    for (const [at, socket] of viewers.entries()) if (at % 3 > 0) socket.resume();
    await until(async () => (await report()).connections > 100);
    const began = performance.now();
    child.send('close');
    await ended;

    expect(died).toEqual([0]);
    process.stdout.write(
      `G26: ${count} connections, 0 deaths, 0 programs or connections left; 1 MB sent once (${bytes} bytes); closed with 101 viewers in ${Math.round(performance.now() - began)} ms\n`,
    );
  });
});
