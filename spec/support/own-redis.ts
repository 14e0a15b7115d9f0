import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface OwnRedis {
  readonly port: number;
  readonly tell: (...args: string[]) => string;
}

/** Starts a Redis of the test's own, with which it may do what others would feel. */
export async function ownRedis(): Promise<OwnRedis> {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'omnimessage-redis-'))];
  const server = spawn('redis-server', [
    ...`--port ${port} --bind 127.0.0.1 --repl-diskless-sync-delay 0`.split(' '),
    '--save',
    '',
    '--dir',
    folder,
  ]);
  onTestFinished(async () => {
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
    rmSync(folder, { recursive: true });
  });
  const tell = (...args: string[]): string =>
    spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim();
  await until(() => tell('PING') === 'PONG');
  return { port, tell };
}
