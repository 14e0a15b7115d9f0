import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type HubOrder, type HubReport, type HubTurn } from '../hub-protocol.ts';
import { median } from '../median.ts';
import { answerOf, start } from '../processes.ts';
import { type Table } from '../report.ts';
import { type Question } from './question.ts';

/** Messages a second, and topics, where contenders are compared. */
const RATE = 6_000;
const TOPICS = Array.from({ length: 1_000 }, (_, n) => `topic ${n}`);
/** Messages a second of each process, where processes have rooms of their own. */
const OWN_RATE = 800;
/** Of a turn, in milliseconds. */
const TURN = 2_000;

const cli = (port: number, ...args: string[]): string =>
  execFileSync('redis-cli', ['-p', String(port), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** A port on which nothing listens. A node of a cluster listens 10,000 above as well. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port < 55_000 ? port : freePort();
}

async function holds(condition: () => boolean): Promise<void> {
  let cause: unknown;
  for (let tries = 0; tries < 600; tries++) {
    try {
      if (condition()) return;
    } catch (error) {
      // Not yet there.
      cause = error;
    }
    await pause(50);
  }
  throw new Error('Redis did not start', { cause });
}

interface Redis {
  readonly ports: readonly number[];
  /** In microseconds, all of them together. */
  readonly cpu: () => number;
  readonly stop: () => Promise<void>;
}

/** One Redis, or a cluster of so many masters, started for the purpose. */
async function redisOf(masters: number): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), 'omnimessage-bench-'));
  const isCluster = masters > 1;
  const ports: number[] = [];
  while (ports.length < masters) ports.push(await freePort());
  const servers = ports.map((port) =>
    spawn(
      'redis-server',
      [
        ...`--port ${port} --bind 127.0.0.1 --dir ${folder}`.split(' '),
        ...`--cluster-enabled ${isCluster ? 'yes' : 'no'}`.split(' '),
        ...`--cluster-config-file ${port}.conf --save`.split(' '),
        '',
      ],
      { stdio: 'ignore' },
    ),
  );
  const stop = async (): Promise<void> => {
    const left = servers.filter(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null);
    const ended = left.map((server) => once(server, 'exit'));
    for (const server of left) server.kill('SIGKILL');
    await Promise.all(ended);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await holds(() => ports.every((port) => cli(port, 'PING') === 'PONG'));
    if (isCluster) {
      const nodes = ports.map((port) => `127.0.0.1:${port}`);
      execFileSync('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
      await holds(() => ports.every((port) => cli(port, 'CLUSTER', 'INFO').includes('state:ok')));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports,
    cpu: () =>
      ports.reduce((sum, port) => {
        const info = cli(port, 'INFO', 'cpu');
        const seconds = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)];
        return sum + seconds.reduce((total, [, each]) => total + Number(each) * 1e6, 0);
      }, 0),
    stop,
  };
}

async function processOf(core: number, order: HubOrder): Promise<ChildProcess> {
  const child = start(core, 'hub.mjs', JSON.stringify(order));
  await answerOf(child);
  return child;
}

async function turnOf(processes: readonly ChildProcess[], turn: HubTurn): Promise<HubReport[]> {
  const reports = processes.map((child) => answerOf<HubReport>(child));
  for (const child of processes) child.send(turn);
  return Promise.all(reports);
}

interface Measured {
  readonly publisher: number[];
  readonly concerned: number[];
  readonly foreign: number[];
  readonly redis: number[];
  readonly p50: number[];
  readonly p99: number[];
}

interface Running {
  readonly title: string;
  readonly redis: Redis;
  /** Publisher, concerned, foreign, and the foreign one's idle twin. */
  readonly processes: readonly ChildProcess[];
  readonly measured: Measured;
  /** What Redis uses in a turn in which nobody publishes, in microseconds. */
  readonly idle: number;
}

async function contender(title: string, engine: HubOrder['engine']): Promise<Running> {
  const redis = await redisOf(1);
  const common = { engine, ports: redis.ports, publishes: false, topics: TOPICS };
  const others = TOPICS.map((topic) => `other ${topic}`);
  const processes = [
    await processOf(0, { ...common, prefix: 'bench', publishes: true, hears: TOPICS }),
    await processOf(1, { ...common, prefix: 'bench', hears: TOPICS }),
    await processOf(1, { ...common, prefix: 'bench', hears: others }),
    await processOf(1, { ...common, prefix: 'idle', hears: others }),
  ];
  const measured = { publisher: [], concerned: [], foreign: [], redis: [], p50: [], p99: [] };
  const before = redis.cpu();
  await turnOf(processes, { rate: 0, milliseconds: TURN });
  const idle = redis.cpu() - before;
  return { title, redis, processes, measured, idle };
}

async function measure(
  { processes, redis, measured, idle: atRest }: Running,
  isWarmUp: boolean,
): Promise<void> {
  const before = redis.cpu();
  const reports = await turnOf(processes, { rate: RATE, milliseconds: TURN });
  const used = redis.cpu() - before - atRest;
  const [publisher, concerned, foreign, idle] = reports;
  if (isWarmUp || !publisher || !concerned || !foreign || !idle) return;
  if (concerned.heard < publisher.sent * 0.9) {
    process.stderr.write(`only ${concerned.heard} of ${publisher.sent} were heard\n`);
  }
  measured.publisher.push(publisher.cpu / publisher.sent);
  measured.concerned.push((concerned.cpu - idle.cpu) / publisher.sent);
  measured.foreign.push((foreign.cpu - idle.cpu) / publisher.sent);
  measured.redis.push(used / publisher.sent);
  measured.p50.push(concerned.p50);
  measured.p99.push(concerned.p99);
}

const few = (values: readonly number[]): string => median(values).toFixed(1);
const two = (values: readonly number[]): string => median(values).toFixed(2);

async function contenders(rounds: number): Promise<Table> {
  const running: Running[] = [];
  try {
    running.push(await contender('ours, on one Redis', 'hub'));
    running.push(await contender('Socket.IO, sharded adapter', 'sharded'));
    running.push(await contender('Socket.IO, streams adapter', 'streams'));
    for (const each of running) await measure(each, true);
    for (let round = 0; round < rounds; round++) {
      for (const each of running) await measure(each, false);
    }
  } finally {
    for (const { processes, redis } of running) {
      for (const child of processes) child.kill('SIGKILL');
      await redis.stop();
    }
  }
  return {
    title: `${RATE.toLocaleString('en')} messages a second on 1,000 topics, µs of CPU a message`,
    head: [
      'contender',
      'publisher',
      'concerned',
      'foreign, over an idle twin',
      'Redis, over an idle one',
      'p50, ms',
      'p99, ms',
    ],
    rows: running.map(({ title, measured }) => [
      title,
      few(measured.publisher),
      few(measured.concerned),
      two(measured.foreign),
      few(measured.redis),
      two(measured.p50),
      two(measured.p99),
    ]),
  };
}

/** So many processes, each with 100 rooms of its own, on one Redis or three. */
async function ownRooms(
  count: number,
  masters: number,
  rounds: number,
): Promise<(string | number)[]> {
  const redis = await redisOf(masters);
  const processes: ChildProcess[] = [];
  const rows: number[][] = [];
  try {
    for (let n = 0; n < count; n++) {
      const rooms = Array.from({ length: 100 }, (_, room) => `room ${room} of ${n}`);
      const order = {
        engine: 'hub',
        ports: redis.ports,
        prefix: 'bench',
        publishes: true,
      } as const;
      processes.push(await processOf(n % 2, { ...order, topics: rooms, hears: rooms }));
    }
    for (let round = -1; round < rounds; round++) {
      const before = redis.cpu();
      const reports = await turnOf(processes, { rate: OWN_RATE, milliseconds: TURN });
      const used = redis.cpu() - before;
      if (round < 0) continue;
      const sum = (of: (report: HubReport) => number): number =>
        reports.reduce((total, report) => total + of(report), 0);
      const heard = sum((report) => report.heard);
      rows.push([
        (heard / TURN) * 1_000,
        sum((report) => report.cpu) / heard,
        used / heard,
        median(reports.map(({ p50 }) => p50)),
        Math.max(...reports.map(({ p99 }) => p99)),
      ]);
    }
  } finally {
    for (const child of processes) child.kill('SIGKILL');
    await redis.stop();
  }
  const column = (at: number, digits: number): string =>
    median(rows.map((row) => row[at] ?? NaN)).toFixed(digits);
  return [count, masters, column(0, 0), column(1, 1), column(2, 1), column(3, 2), column(4, 2)];
}

/** What a message costs that goes through Redis, and how that grows. */
export const hub: Question = {
  name: 'hub',
  asks: 'a message from process to process over Redis; 1 to 8 processes, 1 and 3 shards',
  answer: async ({ rounds }) => {
    const times = Math.max(2, Math.round(rounds / 3));
    const rows: (string | number)[][] = [];
    const first = await contenders(times);
    for (const masters of [1, 3]) {
      for (const count of [1, 2, 4, 8]) rows.push(await ownRooms(count, masters, times));
    }
    return [
      first,
      {
        title: `Processes with 100 rooms of their own, each ${OWN_RATE} messages a second`,
        head: [
          'processes',
          'shards',
          'heard a second',
          'CPU of a process, µs',
          'CPU of Redis, µs',
          'p50, ms',
          'p99, ms',
        ],
        rows,
      },
    ];
  },
};
