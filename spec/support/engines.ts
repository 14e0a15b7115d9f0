/** The engines of a hub: what holds for every engine is run over each that is there. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsBackplane } from '../../lib/nats.ts';
import { redisBackplane } from '../../lib/redis.ts';
import { type Backplane } from '../../lib/hub/backplane.ts';
import { freePort } from './free-port.ts';
import { admin, keysOf, redisUrl } from './redis-admin.ts';
import { until } from './until.ts';

/** What a process needs to know to be part of a hub. */
export type EngineOptions =
  | { readonly kind: 'redis'; readonly url: string; readonly durable?: boolean | undefined }
  | { readonly kind: 'cluster'; readonly ports: readonly number[] }
  | { readonly kind: 'sentinel'; readonly ports: readonly number[]; readonly master: string }
  | { readonly kind: 'nats'; readonly servers: string };

export interface LogSettings {
  readonly prefix: string;
  readonly messages?: number | undefined;
  readonly seconds?: number | undefined;
}

export function backplaneOf(options: EngineOptions, settings: LogSettings): Backplane {
  const { prefix, messages, seconds } = settings;
  const log = { messages, seconds };
  if (options.kind === 'nats') return natsBackplane({ servers: options.servers, prefix, log });
  if (options.kind === 'redis') {
    return redisBackplane({ url: options.url, prefix, log, durable: options.durable });
  }
  if (options.kind === 'sentinel') {
    const sentinelRootNodes = options.ports.map((port) => ({ host: '127.0.0.1', port }));
    return redisBackplane({ sentinel: { name: options.master, sentinelRootNodes }, prefix, log });
  }
  const rootNodes = options.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  return redisBackplane({ cluster: { rootNodes }, prefix, log });
}

export interface Engine {
  readonly name: string;
  readonly start: () => Promise<StartedEngine>;
}

export interface StartedEngine {
  readonly options: EngineOptions;
  /** Removes all that has this prefix. */
  readonly clear: (prefix: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const natsServers = process.env['NATS_URL'] ?? '127.0.0.1:4222';

export const randomPrefix = (): string => `omnimessage-spec-${randomUUID()}`;

const redis: Engine = {
  name: 'Redis',
  start: async () => ({
    options: { kind: 'redis', url: redisUrl },
    clear: async (prefix) => {
      const client = await admin();
      const left = await keysOf(client, prefix);
      if (left.length > 0) await client.del(left);
      client.destroy();
    },
    stop: () => Promise.resolve(),
  }),
};

const nats: Engine = {
  name: 'NATS',
  start: async () => ({
    options: { kind: 'nats', servers: natsServers },
    clear: async (prefix) => {
      const connection = await connect({ servers: natsServers, reconnect: false });
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.streams.delete(prefix).catch(() => {});
      await connection.close();
    },
    stop: () => Promise.resolve(),
  }),
};

/** Three masters. @param more - arguments of each server besides */
export async function startCluster(more: readonly string[] = []): Promise<{
  readonly ports: readonly number[];
  readonly tell: (...args: string[]) => string;
  /** Sends a signal to the nodes from this one on. */
  readonly signalFrom: (first: number, signal: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'omnimessage-cluster-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const servers = ports.map((port) =>
    spawn(
      'redis-server',
      `--port ${port} --bind 127.0.0.1 --save --cluster-enabled yes --cluster-config-file ${port}.conf --cluster-node-timeout 2000`
        .split(' ')
        .toSpliced(5, 0, '')
        .concat('--dir', folder, ...more),
      { stdio: 'ignore' },
    ),
  );
  const stop = async (): Promise<void> => {
    const left = servers.filter(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null);
    const ended = left.map((server) => once(server, 'exit'));
    for (const server of left) server.kill('SIGKILL');
    await Promise.all(ended);
    await rm(folder, { recursive: true, force: true });
  };
  const tell = (...args: string[]): string =>
    spawnSync('redis-cli', args, { encoding: 'utf8' }).stdout.trim();
  try {
    await until(() => ports.every((port) => tell('-p', String(port), 'PING').includes('PONG')));
    tell('--cluster', 'create', ...ports.map((port) => `127.0.0.1:${port}`), '--cluster-yes');
    await until(() =>
      ports.every((port) => tell('-p', String(port), 'CLUSTER', 'INFO').includes('state:ok')),
    );
  } catch (error) {
    // Whoever asked for it has nothing to stop.
    await stop();
    throw error;
  }
  return {
    ports,
    tell,
    signalFrom: (first, signal) => {
      for (const server of servers.slice(first)) server.kill(signal);
    },
    stop,
  };
}

const cluster: Engine = {
  name: 'Redis Cluster of three',
  start: async () => {
    const { ports, stop } = await startCluster();
    return { options: { kind: 'cluster', ports }, clear: () => Promise.resolve(), stop };
  },
};

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}

export const isThere: Readonly<Record<'redis' | 'nats' | 'natsServer' | 'cluster', boolean>> = {
  redis: await answers(async () => (await admin()).destroy()),
  nats: await answers(async () =>
    (await connect({ servers: natsServers, reconnect: false, timeout: 2_000 })).close(),
  ),
  natsServer: spawnSync('nats-server', ['--version']).status === 0,
  cluster: spawnSync('redis-server', ['--version']).status === 0,
};
/** Where these are 1, as in .ci/run, a missing engine fails the specs that need it. */
const required = { redis: 'REDIS_REQUIRED', nats: 'NATS_REQUIRED' } as const;
for (const [name, found] of Object.entries(isThere)) {
  const isRequired = name in required && process.env[required[name as 'nats']] === '1';
  if (!found && isRequired) throw new Error(`There is no ${name} (REDIS_URL, NATS_URL)`);
  if (!found) process.stderr.write(`specs are SKIPPED: no ${name} (REDIS_URL, NATS_URL)\n`);
}

/** Those that are there. */
export const engines: readonly Engine[] = [
  ...(isThere.redis ? [redis] : []),
  ...(isThere.cluster ? [cluster] : []),
  ...(isThere.nats ? [nats] : []),
];
