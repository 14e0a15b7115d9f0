/**
 * One process of a cluster: it publishes at a rate, or hears, by the hub or by the sharded adapter or
 * the streams adapter of Socket.IO. Its order is JSON in the first argument; it answers what it is sent by IPC.
 */
import { createServer } from 'node:http';
import { createHub, type Hub } from 'express-omnimessage';
import { redisBackplane } from 'express-omnimessage/redis';
import { createClient, createCluster } from 'redis';
import { type HubOrder, type HubReport, type HubTurn } from './hub-protocol.ts';

const order = JSON.parse(process.argv[2] ?? '') as HubOrder;
const { engine, ports, prefix, publishes, hears, topics } = order;

/** About 200 bytes on the way, as in the other questions. */
const padding = 'x'.repeat(150);
/** The time of the machine in microseconds: all processes have one. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n);

let heard = 0;
let latencies: number[] = [];
function hear(encoded: string): void {
  heard += 1;
  latencies.push(now() - Number(encoded.slice(0, encoded.indexOf(' '))));
}

const url = `redis://127.0.0.1:${ports[0]}`;
const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));

async function byHub(): Promise<(topic: string, message: string) => void> {
  const hub: Hub<string> = createHub({
    codec: { decode: (encoded: string) => encoded, encode: (message: string) => message },
    backplane: redisBackplane(
      ports.length === 1 ? { url, prefix } : { cluster: { rootNodes }, prefix },
    ),
    onError: (error) => process.stderr.write(`${error.message}\n`),
    // Where the machine is too slow for the rate; the table shows it.
    onGap: () => {},
  });
  await hub.ready();
  for (const topic of hears) hub.subscribe(topic, hear);
  return (topic, message) => hub.publish(topic, message);
}

async function shardedAdapter(): Promise<unknown> {
  const { createShardedAdapter } = await import('@socket.io/redis-adapter');
  const client = await connected();
  const subscriber = client.duplicate();
  subscriber.on('error', () => {});
  await subscriber.connect();
  return createShardedAdapter(client, subscriber, {
    channelPrefix: prefix,
    subscriptionMode: 'dynamic',
  });
}

/** It keeps all messages of all rooms in one stream, which each process reads. */
async function streamsAdapter(): Promise<unknown> {
  const { createAdapter } = await import('@socket.io/redis-streams-adapter');
  return createAdapter(await connected(), { streamName: prefix, channelPrefix: prefix });
}

async function connected() {
  const client = ports.length === 1 ? createClient({ url }) : createCluster({ rootNodes });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/**
 * The adapter alone: rooms have a member that is no socket, and what arrives for it is counted where
 * the adapter would hand it to sockets.
 */
async function bySocketIo(): Promise<(topic: string, message: string) => void> {
  const { Server } = await import('socket.io');
  const adapter = engine === 'sharded' ? await shardedAdapter() : await streamsAdapter();
  const io = new Server(createServer(), { adapter: adapter as never });
  const own = io.of('/').adapter as unknown as {
    addAll(id: string, rooms: Set<string>): void;
    apply(options: { rooms: Set<string> }, callback: (socket: unknown) => void): void;
  };
  own.addAll('a member', new Set(hears));
  const all = new Set(hears);
  type Broadcast = (
    this: unknown,
    packet: { data: [string, string] },
    options: { rooms: Set<string> },
  ) => void;
  // What is for this process goes to the adapter in memory, which this one extends.
  let inMemory = own as object as { broadcast: Broadcast };
  for (let above = inMemory; 'broadcast' in above;) {
    inMemory = above;
    above = Object.getPrototypeOf(above) as typeof above;
  }
  const { broadcast } = inMemory;
  inMemory.broadcast = function delivered(packet, options) {
    const [room = ''] = options.rooms;
    if (all.has(room)) hear(packet.data[1]);
    broadcast.call(this, packet, options);
  };
  return (topic, message) => io.to(topic).emit('said', message);
}

const publish = engine === 'hub' ? await byHub() : await bySocketIo();

/** How often it publishes, in milliseconds. */
const TICK = 5;

async function turn({ rate, milliseconds }: HubTurn): Promise<HubReport> {
  heard = 0;
  latencies = [];
  // Nothing is collected by force: V8 would throw away code with the objects that it was made for.
  const before = process.cpuUsage();
  const began = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passed = Math.min(milliseconds, performance.now() - began);
      const due = publishes ? Math.floor((passed * rate) / 1_000) : 0;
      for (; sent < due; sent++) {
        publish(topics[sent % topics.length] ?? '', `${now()} ${padding}`);
      }
      if (passed < milliseconds) return;
      clearInterval(timer);
      // What is on its way belongs to it.
      setTimeout(resolve, 200);
    }, TICK);
  });
  const { user, system } = process.cpuUsage(before);
  const sorted = latencies.toSorted((left, right) => left - right);
  const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? NaN) / 1_000;
  return { cpu: user + system, sent, heard, p50: at(0.5), p99: at(0.99) };
}

process.on('message', (asked: HubTurn) => {
  void turn(asked).then((report) => process.send?.(report));
});
process.send?.('ready');
