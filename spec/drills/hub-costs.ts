/**
 * Measures what a hub costs, for docs/scaling.md: one server process and more, one Redis, and all
 * clients in this process.
 *
 *     node --import tsx spec/drills/hub-costs.ts
 *
 * REDIS_URL says where Redis is. Numbers of one machine: it is their proportions that carry over.
 */
import { randomUUID } from 'node:crypto';
import { admin, keysOf, redisUrl } from '../support/redis-admin.ts';
import { Client, type ServerNode, startNode } from './hub-cluster.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const prefix = `omnimessage-costs:${randomUUID()}`;
const PADDING = 'x'.repeat(150);
const started: ServerNode[] = [];
const redis = await admin();

const start = async (name: string): Promise<ServerNode> => {
  const node = await startNode({ engine: { kind: 'redis', url: redisUrl }, prefix, name });
  started.push(node);
  return node;
};

const connect = async (node: ServerNode, count: number): Promise<Client[]> => {
  const clients: Client[] = [];
  while (clients.length < count) {
    const some = Math.min(100, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => Client.connect(node)))));
  }
  return clients;
};

/** How many entries the stream has, and what it takes in the memory of Redis. */
const stream = async (): Promise<[entries: number, bytes: number]> => {
  const key = `${prefix}:t{news}`;
  return [await redis.xLen(key), (await redis.memoryUsage(key, { SAMPLES: 0 })) ?? 0];
};

const median = (numbers: number[]): number =>
  numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** What one delivery costs the process of its receiver, with so many of them on one topic. */
async function fanOut(node: ServerNode, count: number, from: string): Promise<void> {
  const before = (await node.state()).rss;
  const clients = await connect(node, count);
  const [speaker] = clients;
  if (speaker === undefined) return;
  const held = ((await node.state()).rss - before) / count;
  await speaker.say(`${from} warm`, 0, 100, PADDING);
  const messages = Math.max(50, Math.round(20_000 / count));
  const words: string[] = [];
  for (const ahead of [0, 50]) {
    const costs: number[] = [];
    for (let round = 0; round < 3; round++) {
      const name = `${from} ${ahead} ${round}`;
      const { cpu } = await node.state();
      await speaker.say(name, 0, messages, PADDING, ahead);
      await Promise.all(
        clients.map((client) => client.until(() => client.of(name).length === messages)),
      );
      costs.push(((await node.state()).cpu - cpu) / (messages * count));
    }
    words.push(median(costs).toFixed(2));
  }
  print(`| ${count} | ${words.join(' | ')} | ${count < 1_000 ? '' : (held / 1_024).toFixed(0)} |`);
  for (const client of clients) client.end();
}

try {
  const a = await start('a');
  print('messages of 200 bytes on one topic: us of processor a delivery');
  print('| receivers | one at a time | up to 50 on their way | KiB a connection |');
  for (const count of [1, 100, 1_000, 4_000]) await fanOut(a, count, `to ${count}`);

  print('from process to process');
  const b = await start('b');
  const [[atA], [atB]] = [await connect(a, 1), await connect(b, 1)];
  if (atA === undefined || atB === undefined) throw new Error('no clients');
  const quiet = await stream();
  const delays: number[] = [];
  for (let n = 0; n < 500; n++) {
    const began = performance.now();
    await Promise.all([atA.say('one', n, 1, PADDING), atB.until(() => atB.of('one').at(-1) === n)]);
    delays.push(performance.now() - began);
  }
  const [entriesOfOne, bytesOfOne] = (await stream()).map((value, n) => value - (quiet[n] ?? 0));
  print(
    `one at a time, client to client: ${median(delays).toFixed(2)} ms in the middle; ` +
      `${Math.round((bytesOfOne ?? 0) / (entriesOfOne ?? 1))} bytes of Redis an entry of one message`,
  );

  const flood = 20_000;
  const before = [(await a.state()).cpu, (await b.state()).cpu, ...(await stream())] as const;
  const began = performance.now();
  await atA.say('many', 0, flood, PADDING);
  await atB.until(() => atB.of('many').length === flood);
  const took = performance.now() - began;
  const after = [(await a.state()).cpu, (await b.state()).cpu, ...(await stream())] as const;
  const [saying, hearing, entries, bytes] = after.map((value, n) => value - (before[n] ?? 0));
  print(
    `as fast as one client says them: ${Math.round((flood / took) * 1_000)} a second; ` +
      `us a message: ${((saying ?? 0) / flood).toFixed(1)} where said, ${((hearing ?? 0) / flood).toFixed(1)} where heard; ` +
      `${(flood / (entries ?? 1)).toFixed(1)} messages an entry, ${Math.round((bytes ?? 0) / flood)} bytes of Redis a message`,
  );
  atA.end();
  atB.end();
} finally {
  await Promise.all(started.map((node) => node.kill()));
  const left = await keysOf(redis, prefix);
  if (left.length > 0) await redis.del(left);
  redis.destroy();
}
