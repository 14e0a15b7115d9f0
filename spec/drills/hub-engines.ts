/** Engines of a drill's own, which it may kill, start again, deafen, and take apart. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { slotOf } from '../../lib/hub/redis/topology.ts';
import { type EngineOptions } from '../support/engines.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { type Gateway, gateway } from './gateway.ts';

export interface DrilledEngine {
  readonly options: EngineOptions;
  /** Whether it still has all that it had taken when it starts again, so that this is no gap. */
  readonly keeps: boolean;
  /** Cuts connections of all processes to it. */
  readonly cut: () => Promise<void>;
  /**
   * Keeps the connections that are open, and lets nothing through that is pushed on them.
   * @returns how many
   */
  readonly deafen: () => number;
  /** Ends it by kill -9, and starts it again. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Takes all that it has from it. */
  readonly empty?: (prefix: string) => Promise<void>;
  /**
   * Loses the master of a topic, while the replica that takes over has heard nothing for a while:
   * what is said in `meanwhile` reaches the master alone.
   */
  readonly failOver?: (log: string, meanwhile: () => Promise<void>) => Promise<void>;
  /** Stops the master of a topic, as a machine that hangs; lets it go on when another took over. */
  readonly hang?: (log: string) => Promise<void>;
  /** Gives the slot of a topic to another master. */
  readonly reshard?: (log: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

const execute = promisify(execFile);

/** How long a server may take to start on a machine that does other work, in milliseconds. */
const SETUP_LIMIT = 40_000;

/** Asks redis-cli. Not by spawnSync: what goes through a gateway needs this process. */
async function cli(port: number, ...args: string[]): Promise<string> {
  const { stdout } = await execute('redis-cli', ['-p', String(port), ...args]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim();
}

interface Server {
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly start: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** A server that is started again and again in one folder. */
async function server(
  program: string,
  argumentsIn: (folder: string) => readonly string[] | Promise<readonly string[]>,
  isThere: () => Promise<boolean>,
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'omnimessage-drill-'));
  let running: ChildProcess | undefined;
  const runs = (): boolean => running?.exitCode === null && running.signalCode === null;
  const kill = async (): Promise<void> => {
    if (running === undefined || !runs()) return;
    const exit = once(running, 'exit');
    running.kill('SIGKILL');
    await exit;
  };
  return {
    kill,
    signal: (signal) => running?.kill(signal),
    start: async () => {
      // A second one would find the port taken, and nobody would end the first.
      if (runs()) throw new Error(`${program} runs already`);
      running = spawn(program, [...(await argumentsIn(folder))], { stdio: 'ignore' });
      await until(isThere, SETUP_LIMIT);
    },
    end: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const redisServer = (port: number, more: string): Promise<Server> =>
  server(
    'redis-server',
    (folder) => [
      ...`--port ${port} --bind 127.0.0.1 ${more}`.trim().split(' '),
      '--save',
      '',
      '--dir',
      folder,
    ],
    async () => (await cli(port, 'PING')) === 'PONG',
  );

const isMaster = async (port: number): Promise<boolean> =>
  (await cli(port, 'INFO', 'replication')).includes('role:master');

const isReplica = async (port: number): Promise<boolean> =>
  (await cli(port, 'INFO', 'replication')).includes('role:slave');

const hears = async (port: number): Promise<boolean> =>
  (await cli(port, 'INFO', 'replication')).includes('master_link_status:up');

/** One Redis that writes everything down before it answers. */
export async function redisEngine(): Promise<DrilledEngine> {
  const port = await freePort();
  const own = await redisServer(port, '--appendonly yes --appendfsync always');
  await own.start();
  const door = await gateway(port);
  return {
    options: { kind: 'redis', url: `redis://127.0.0.1:${door.port}`, durable: true },
    keeps: true,
    cut: async () => door.cut(),
    deafen: () => door.deafen('subscribers'),
    kill: () => own.kill(),
    start: own.start,
    end: async () => {
      door.close();
      await own.end();
    },
  };
}

/** A Redis that keeps nothing, and a replica that an address may lead to. */
export async function volatileEngine(): Promise<DrilledEngine> {
  const [port, other] = [await freePort(), await freePort()];
  const [own, replica] = [await redisServer(port, ''), await redisServer(other, '')];
  await own.start();
  const door = await gateway(port);
  return {
    options: { kind: 'redis', url: `redis://127.0.0.1:${door.port}` },
    keeps: false,
    cut: async () => door.cut(),
    deafen: () => door.deafen('subscribers'),
    kill: () => own.kill(),
    start: own.start,
    empty: async () => {
      await cli(port, 'FLUSHALL');
      door.cut();
    },
    failOver: async (_log, meanwhile) => {
      await replica.start();
      await cli(other, 'REPLICAOF', '127.0.0.1', String(door.port));
      await until(() => hears(other));
      door.holdReplicas(true);
      await meanwhile();
      await own.kill();
      await cli(other, 'REPLICAOF', 'NO', 'ONE');
      door.redirect(other);
      door.holdReplicas(false);
      door.cut();
    },
    end: async () => {
      door.close();
      await own.end();
      await replica.end();
    },
  };
}

/** A master, a replica, and three Sentinels, who see to it that there is a master. */
export async function sentinelEngine(): Promise<DrilledEngine> {
  const ports = [await freePort(), await freePort()] as const;
  // What Sentinels and replicas are told are the doors, so everybody comes through them.
  const doors = [await gateway(ports[0]), await gateway(ports[1])] as const;
  const announced = ports.map(
    (port, n) =>
      [
        port,
        `--replica-announce-ip 127.0.0.1 --replica-announce-port ${doors[n]?.port ?? 0}`,
      ] as const,
  );
  const [first, second] = await Promise.all(
    announced.map(([port, more]) => redisServer(port, more)),
  );
  if (first === undefined || second === undefined) throw new Error('no servers');
  await Promise.all([first.start(), second.start()]);
  await cli(ports[1], 'REPLICAOF', '127.0.0.1', String(doors[0].port));
  await until(() => hears(ports[1]), SETUP_LIMIT);
  const sentinelPorts = [await freePort(), await freePort(), await freePort()];
  const sentinels = await Promise.all(
    sentinelPorts.map((port) =>
      server(
        'redis-server',
        async (folder) => {
          const file = join(folder, 'sentinel.conf');
          await writeFile(
            file,
            `port ${port}\nbind 127.0.0.1\ndir ${folder}\n` +
              `sentinel monitor drilled 127.0.0.1 ${doors[0].port} 2\n` +
              'sentinel down-after-milliseconds drilled 3000\n' +
              'sentinel failover-timeout drilled 5000\n',
          );
          return [file, '--sentinel'];
        },
        async () => (await cli(port, 'PING')) === 'PONG',
      ),
    ),
  );
  await Promise.all(sentinels.map((sentinel) => sentinel.start()));
  const knows = async (port: number): Promise<boolean> => {
    const known = await cli(port, 'SENTINEL', 'ckquorum', 'drilled');
    const replicas = await cli(port, 'SENTINEL', 'replicas', 'drilled');
    return known.startsWith('OK 3') && replicas.includes('slave');
  };
  for (const port of sentinelPorts) await until(() => knows(port), SETUP_LIMIT);
  const servers = [first, second] as const;
  /** As the Sentinels have it: for a moment after a failover both say that they are master. */
  const masterIndex = async (): Promise<0 | 1> => {
    const address = await cli(
      sentinelPorts[0] ?? 0,
      'SENTINEL',
      'get-master-addr-by-name',
      'drilled',
    );
    return address.includes(String(doors[1].port)) ? 1 : 0;
  };
  /** The other one is master, and this one is its replica as soon as it may. */
  async function tookOver(before: 0 | 1, goOn: () => Promise<void>): Promise<void> {
    const after = before === 0 ? 1 : 0;
    await until(
      async () => (await masterIndex()) === after && (await isMaster(ports[after])),
      30_000,
    );
    await goOn();
    await until(
      async () => (await isReplica(ports[before])) && (await hears(ports[before])),
      30_000,
    );
  }
  return {
    options: { kind: 'sentinel', ports: sentinelPorts, master: 'drilled' },
    keeps: false,
    cut: async () => doors[await masterIndex()].cut(),
    deafen: () => doors.reduce((sum, door) => sum + door.deafen('subscribers'), 0),
    kill: async () => {
      await Promise.all(servers.map((own) => own.kill()));
    },
    start: async () => {
      await Promise.all(servers.map((own) => own.start()));
    },
    failOver: async (_log, meanwhile) => {
      const master = await masterIndex();
      doors[master].holdReplicas(true);
      await meanwhile();
      await servers[master].kill();
      await tookOver(master, async () => {
        doors[master].holdReplicas(false);
        await servers[master].start();
      });
    },
    hang: async () => {
      const master = await masterIndex();
      servers[master].signal('SIGSTOP');
      await tookOver(master, async () => servers[master].signal('SIGCONT'));
    },
    end: async () => {
      doors.forEach((door) => door.close());
      await Promise.all([...sentinels, ...servers].map((own) => own.end()));
    },
  };
}

interface ClusterNode {
  readonly port: number;
  readonly own: Server;
  readonly door: Gateway;
}

/** Three masters, each with a replica. */
export async function clusterEngine(): Promise<DrilledEngine> {
  const nodes: ClusterNode[] = [];
  for (let n = 0; n < 6; n++) {
    const port = await freePort();
    const door = await gateway(port);
    const own = await redisServer(
      port,
      '--cluster-enabled yes --cluster-node-timeout 3000 --cluster-require-full-coverage no ' +
        `--cluster-announce-ip 127.0.0.1 --cluster-announce-port ${door.port} ` +
        `--cluster-announce-bus-port ${port + 10_000} --repl-diskless-sync-delay 0`,
    );
    await own.start();
    nodes.push({ port, own, door });
  }
  await execute('redis-cli', [
    '--cluster',
    'create',
    ...nodes.map(({ port }) => `127.0.0.1:${port}`),
    '--cluster-replicas',
    '1',
    '--cluster-yes',
  ]);
  const info = (port: number): Promise<string> => cli(port, 'CLUSTER', 'INFO');
  const isWhole = async (): Promise<boolean> => {
    for (const { port } of nodes) {
      const state = await info(port);
      if (!state.includes('state:ok') || !state.includes('slots_ok:16384')) return false;
      if (!(await isMaster(port)) && !(await hears(port))) return false;
    }
    return true;
  };
  await until(isWhole, SETUP_LIMIT);
  const masters = async (): Promise<ClusterNode[]> => {
    const found: ClusterNode[] = [];
    for (const node of nodes) if (await isMaster(node.port)) found.push(node);
    return found;
  };
  const idOf = ({ port }: ClusterNode): Promise<string> => cli(port, 'CLUSTER', 'MYID');
  /** The master of a slot, as most of them have it. */
  async function masterOf(key: string): Promise<ClusterNode> {
    const slot = slotOf(key);
    for (const node of await masters()) {
      for (const line of (await cli(node.port, 'CLUSTER', 'NODES')).split('\n')) {
        if (!line.includes('myself')) continue;
        const ranges = line.split(' ').slice(8);
        const has = ranges.some((range) => {
          const [first, last = first] = range.split('-').map(Number);
          return first !== undefined && slot >= first && slot <= (last ?? -1);
        });
        if (has) return node;
      }
    }
    throw new Error(`no master has slot ${slot}`);
  }
  /** Another node than this one is master of a key. */
  async function tookOver(key: string, before: ClusterNode): Promise<void> {
    await until(async () => {
      try {
        return (await masterOf(key)) !== before;
      } catch {
        return false;
      }
    }, 30_000);
  }
  let turn = 0;
  return {
    options: { kind: 'cluster', ports: nodes.map(({ door }) => door.port) },
    keeps: false,
    cut: async () => {
      const all = await masters();
      all[turn++ % all.length]?.door.cut();
    },
    deafen: () => nodes.reduce((sum, { door }) => sum + door.deafen('subscribers'), 0),
    kill: async () => {
      await Promise.all(nodes.map(({ own }) => own.kill()));
    },
    start: async () => {
      await Promise.all(nodes.map(({ own }) => own.start()));
    },
    failOver: async (log, meanwhile) => {
      const master = await masterOf(log);
      master.door.holdReplicas(true);
      await meanwhile();
      await master.own.kill();
      await until(
        async () => (await masters()).length >= 3 && !(await isMaster(master.port)),
        30_000,
      );
      master.door.holdReplicas(false);
      await tookOver(log, master);
      await master.own.start();
      await until(isWhole, 30_000);
    },
    hang: async (log) => {
      const master = await masterOf(log);
      master.own.signal('SIGSTOP');
      const others = nodes.filter((node) => node !== master);
      await until(async () => {
        const all = await Promise.all(others.map(({ port }) => isMaster(port)));
        return all.filter(Boolean).length === 3;
      }, 30_000);
      master.own.signal('SIGCONT');
      await until(isWhole, 30_000);
    },
    reshard: async (log) => {
      const from = await masterOf(log);
      const to = (await masters()).find((node) => node !== from);
      if (to === undefined) throw new Error('no other master');
      const slot = String(slotOf(log));
      await cli(to.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
      await cli(from.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
      for (;;) {
        const keys = await cli(from.port, 'CLUSTER', 'GETKEYSINSLOT', slot, '100');
        if (keys === '') break;
        const move = ['MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'REPLACE', 'KEYS'];
        const reply = await cli(from.port, ...move, ...keys.split('\n'));
        if (reply !== 'OK' && reply !== 'NOKEY') throw new Error(`MIGRATE: ${reply}`);
      }
      const id = await idOf(to);
      await cli(to.port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
      await cli(from.port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
      for (const node of await masters()) {
        if (node !== to && node !== from)
          await cli(node.port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
      }
    },
    end: async () => {
      nodes.forEach(({ door }) => door.close());
      await Promise.all(nodes.map(({ own }) => own.end()));
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
      try {
        await (await connect({ servers: `127.0.0.1:${port}`, reconnect: false })).close();
        return true;
      } catch {
        return false;
      }
    },
  );
  await own.start();
  const door = await gateway(port);
  return {
    options: { kind: 'nats', servers: `127.0.0.1:${door.port}` },
    keeps: true,
    cut: async () => door.cut(),
    deafen: () => door.deafen('all'),
    kill: () => own.kill(),
    start: own.start,
    empty: async (prefix) => {
      const connection = await connect({ servers: `127.0.0.1:${port}`, reconnect: false });
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.streams.delete(prefix);
      await connection.close();
      door.cut();
    },
    end: async () => {
      door.close();
      await own.end();
    },
  };
}
