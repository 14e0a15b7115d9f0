/** The generator: a process of its own, with connections to all contenders, that runs one turn at a time. */
import { connect, type Socket } from 'node:net';
import { Client } from './load/client.ts';
import { speechFor } from './load/dialect.ts';
import { bucketOf, type LoadOrder, type LoadReport, type Target, type Turn } from './protocol.ts';

interface Connected {
  readonly clients: Client[];
  readonly control: Socket | undefined;
}

const CONNECTING_AT_ONCE = 64;

const targets = new Map<string, Connected>();

/** The turn that runs: what it counts, and what a reply does in it. */
let messages = 0;
let latencies = new Map<number, number>();
let onReplies = (_client: Client, _count: number): void => {};

const post = (report: LoadReport): void => {
  process.send?.(report);
};

function count(milliseconds: number, times: number): void {
  const bucket = bucketOf(milliseconds);
  latencies.set(bucket, (latencies.get(bucket) ?? 0) + times);
}

async function open(target: Target): Promise<Connected> {
  const speech = speechFor(target);
  const { atOnce = CONNECTING_AT_ONCE, first = 0 } = target;
  const replied = (client: Client, replies: number): void => onReplies(client, replies);
  const clients: Client[] = [];
  while (clients.length < target.connections) {
    const missing = Math.min(atOnce, target.connections - clients.length);
    const some = Array.from({ length: missing }, (_, index) =>
      Client.open(target, first + clients.length + index, speech, replied),
    );
    clients.push(...(await Promise.all(some)));
  }
  const { control: port } = target;
  if (port === undefined) return { clients, control: undefined };
  const control = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => control.once('connect', resolve));
  return { clients, control };
}

/** Each connection has `window` messages on the way; a reply lets the next one go. */
function closedLoop({ clients }: Connected, { milliseconds, window }: Turn): Promise<void> {
  return new Promise((resolve) => {
    const end = performance.now() + milliseconds;
    let onTheWay = window * clients.length;
    onReplies = (client, replies) => {
      const now = performance.now();
      messages += replies;
      for (let each = 0; each < replies; each++) count(now - client.answered(), 1);
      if (now < end) client.send(replies, now);
      else onTheWay -= replies;
      if (onTheWay === 0) resolve();
    };
    for (const client of clients) client.send(window, performance.now());
  });
}

/** So many messages a second in all, one connection after the other, however quickly they are answered. */
function openLoop({ clients }: Connected, { milliseconds, rate = 0 }: Turn): Promise<void> {
  return new Promise((resolve) => {
    const began = performance.now();
    let sent = 0;
    let next = 0;
    let isOver = false;
    onReplies = (client, replies) => {
      const now = performance.now();
      messages += replies;
      for (let each = 0; each < replies; each++) count(now - client.answered(), 1);
      if (isOver && messages === sent) resolve();
    };
    const timer = setInterval(() => {
      const now = performance.now();
      const due = Math.floor((Math.min(now - began, milliseconds) / 1_000) * rate);
      for (; sent < due; sent++) {
        clients[next]?.send(1, now);
        next = (next + 1) % clients.length;
      }
      if (now - began < milliseconds) return;
      isOver = true;
      clearInterval(timer);
      if (messages === sent) resolve();
    }, 1);
  });
}

/** Publishes so many times at once; again when everybody has received all of it. */
function publishing(connected: Connected, { milliseconds, burst = 1 }: Turn): Promise<void> {
  return new Promise((resolve) => {
    const { clients, control } = connected;
    const bytes = Buffer.alloc(burst);
    const end = performance.now() + milliseconds;
    let began = 0;
    let missing = 0;
    const publish = (): void => {
      missing = burst * clients.length;
      began = performance.now();
      control?.write(bytes);
    };
    onReplies = (_client, replies) => {
      const now = performance.now();
      messages += replies;
      missing -= replies;
      count(now - began, replies);
      if (missing > 0) return;
      if (now < end) publish();
      else resolve();
    };
    publish();
  });
}

async function run(turn: Turn): Promise<void> {
  const connected = targets.get(turn.target);
  if (connected === undefined) throw new Error(`Not connected to ${turn.target}`);
  messages = 0;
  latencies = new Map();
  if (turn.burst !== undefined) await publishing(connected, turn);
  else if (turn.rate !== undefined) await openLoop(connected, turn);
  else await closedLoop(connected, turn);
  post({ kind: 'done', messages, latencies: [...latencies] });
}

async function obey(order: LoadOrder): Promise<void> {
  switch (order.kind) {
    case 'connect':
      targets.set(order.name, await open(order.target));
      post({ kind: 'ready' });
      return;
    case 'turn':
      await run(order.turn);
      return;
    case 'disconnect': {
      const connected = targets.get(order.name);
      targets.delete(order.name);
      for (const client of connected?.clients ?? []) client.close();
      connected?.control?.destroy();
      post({ kind: 'ready' });
    }
  }
}

process.on('message', (order: LoadOrder) => {
  void obey(order);
});
process.on('disconnect', () => process.exit());
