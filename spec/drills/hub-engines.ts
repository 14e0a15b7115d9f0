/** Engines of a drill's own, which it may kill, start again, and take apart. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineOptions, freePort } from '../support/engines.ts';
import { until } from '../support/until.ts';

export interface DrilledEngine {
  readonly options: EngineOptions;
  /** Cuts connections of all processes to it. */
  readonly cut: () => Promise<void>;
  /** Ends it by kill -9, and starts it again. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly end: () => Promise<void>;
}

const cli = (port: number, ...args: string[]): string =>
  spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim();

/** A server that is started again and again in one folder. */
async function server(
  program: string,
  argumentsIn: (folder: string) => readonly string[],
  isThere: () => boolean | Promise<boolean>,
): Promise<Pick<DrilledEngine, 'kill' | 'start' | 'end'>> {
  const folder = await mkdtemp(join(tmpdir(), 'omnimessage-drill-'));
  let running: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (running === undefined) return;
    const exit = once(running, 'exit');
    running.kill('SIGKILL');
    running = undefined;
    await exit;
  };
  return {
    kill,
    start: async () => {
      running = spawn(program, argumentsIn(folder), { stdio: 'ignore' });
      await until(isThere);
    },
    end: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const redisArguments = (port: number, more: string): string[] => [
  ...`--port ${port} --bind 127.0.0.1 ${more}`.split(' '),
  '--save',
  '',
];

const isUp = (port: number) => (): boolean => cli(port, 'PING') === 'PONG';

function cutAll(port: number): void {
  for (const type of ['pubsub', 'normal'])
    cli(port, 'CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}

/** One Redis that writes everything down before it answers. */
export async function redisEngine(): Promise<DrilledEngine> {
  const port = await freePort();
  const own = await server(
    'redis-server',
    (folder) => [...redisArguments(port, '--appendonly yes --appendfsync always'), '--dir', folder],
    isUp(port),
  );
  await own.start();
  return {
    ...own,
    options: { kind: 'redis', url: `redis://127.0.0.1:${port}`, durable: true },
    cut: async () => cutAll(port),
  };
}

/** Three masters, each with a replica. */
export async function clusterEngine(): Promise<DrilledEngine> {
  const ports: number[] = [];
  const servers: Awaited<ReturnType<typeof server>>[] = [];
  for (let n = 0; n < 6; n++) {
    const port = await freePort();
    ports.push(port);
    const own = await server(
      'redis-server',
      (folder) => [
        ...redisArguments(
          port,
          '--cluster-enabled yes --cluster-node-timeout 1500 --cluster-require-full-coverage no',
        ),
        '--dir',
        folder,
      ],
      isUp(port),
    );
    await own.start();
    servers.push(own);
  }
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  spawnSync('redis-cli', [
    '--cluster',
    'create',
    ...addresses,
    '--cluster-replicas',
    '1',
    '--cluster-yes',
  ]);
  await until(() => ports.every((port) => cli(port, 'CLUSTER', 'INFO').includes('state:ok')));
  await until(() =>
    ports.every((port) => !cli(port, 'INFO', 'replication').includes('link_status:down')),
  );
  const masters = (): number[] =>
    ports.filter((port) => cli(port, 'INFO', 'replication').includes('role:master'));
  let turn = 0;
  return {
    options: { kind: 'cluster', ports },
    cut: async () => {
      const all = masters();
      cutAll(all[turn++ % all.length] ?? 0);
    },
    kill: async () => {
      await Promise.all(servers.map((own) => own.kill()));
    },
    start: async () => {
      await Promise.all(servers.map((own) => own.start()));
    },
    end: async () => {
      await Promise.all(servers.map((own) => own.end()));
    },
  };
}

/** One NATS with JetStream. */
export async function natsEngine(): Promise<DrilledEngine> {
  const port = await freePort();
  const own = await server(
    'nats-server',
    (folder) => ['-js', '-sd', folder, '-p', String(port), '-a', '127.0.0.1'],
    async () => {
      const { connect } = await import('@nats-io/transport-node');
      try {
        await (await connect({ servers: `127.0.0.1:${port}`, reconnect: false })).close();
        return true;
      } catch {
        return false;
      }
    },
  );
  await own.start();
  // It has no command that cuts a connection: they go through here.
  const pairs = new Set<readonly [Socket, Socket]>();
  const proxy = createServer((client) => {
    const behind = connectTo(port, '127.0.0.1');
    const pair = [client, behind] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [behind, client] as const]) {
      from.pipe(to);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    }
    client.on('close', () => pairs.delete(pair));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    ...own,
    options: { kind: 'nats', servers: `127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    cut: async () => {
      for (const [client] of pairs) client.destroy();
    },
    end: async () => {
      proxy.close();
      await own.end();
    },
  };
}
