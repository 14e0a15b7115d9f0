import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface OwnRedis {
  readonly port: number;
  readonly tell: (...args: string[]) => string;
}

/** Starts a server of the test's own. @param args - beside port and folder, which is made for it */
async function own(args: (port: number, folder: string) => string[]): Promise<OwnRedis> {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'omnimessage-redis-'))];
  const server = spawn('redis-server', args(port, folder));
  onTestFinished(async () => {
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
    rmSync(folder, { recursive: true });
  });
  const tell = (...words: string[]): string =>
    spawnSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).stdout.trim();
  await until(() => tell('PING') === 'PONG');
  return { port, tell };
}

/** Starts a Redis of the test's own, with which it may do what others would feel. */
export const ownRedis = (): Promise<OwnRedis> =>
  own((port, folder) => [
    ...`--port ${port} --bind 127.0.0.1 --repl-diskless-sync-delay 0`.split(' '),
    '--save',
    '',
    '--dir',
    folder,
  ]);

/** Starts a Sentinel, which says that a master is at a port until it is told otherwise. */
export const ownSentinel = (name: string, master: number): Promise<OwnRedis> =>
  own((port, folder) => {
    const file = join(folder, 'sentinel.conf');
    const watched = `sentinel monitor ${name} 127.0.0.1 ${master} 1`;
    const patience = `sentinel down-after-milliseconds ${name} 600000`;
    writeFileSync(file, [`port ${port}`, `dir ${folder}`, watched, patience, ''].join('\n'));
    return [file, '--sentinel'];
  });
