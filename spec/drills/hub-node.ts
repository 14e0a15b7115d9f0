/**
 * One server process of a cluster, for the drills: what its clients say is published, and all of
 * them hear all that is.
 *
 *     node --expose-gc --import tsx spec/drills/hub-node.ts '{"engine":{"kind":"redis","url":"redis://127.0.0.1:6379"},"prefix":"drill","name":"a"}'
 *
 * It is started with an IPC channel: it sends its port, answers whatever it is sent with its state,
 * and ends when the channel does.
 */
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { createClient } from 'redis';
import {
  attachWebSockets,
  type Connection,
  createHub,
  DecodeError,
  omniWs,
} from '../../lib/index.ts';
import { redisBackplane } from '../../lib/redis.ts';
import { backplaneOf } from '../support/engines.ts';
import { type NodeOptions, type NodeState, type Said } from './hub-cluster.ts';

const options = JSON.parse(process.argv[2] ?? '') as NodeOptions;
const { engine, prefix, name, messages, topics = ['news'] } = options;

const errors: string[] = [];
let gaps = 0;
let peak = 0;

const codec = {
  decode: (encoded: string): Said => {
    const value: unknown = JSON.parse(encoded);
    const { from, n, padding = '', topic = 'news', gap } = (value ?? {}) as Partial<Said>;
    if (typeof from !== 'string' || typeof n !== 'number' || typeof padding !== 'string') {
      throw new DecodeError('expected from, n and padding');
    }
    return { from, n, padding, topic, gap };
  },
  encode: (said: Said): string => JSON.stringify(said),
};

const hub = createHub<Said>({
  codec,
  backplane:
    engine.kind === 'redis'
      ? redisBackplane({
          client: createClient({ url: engine.url, name: `${prefix}-${name}` }),
          prefix,
          log: { messages },
          durable: engine.durable,
        })
      : backplaneOf(engine, { prefix, messages }),
  onError: ({ code, message }) => errors.push(`${code}: ${message}`),
  // Its clients learn of it where the gap is.
  onGap: (topic, gap) => {
    gaps += 1;
    const said = { from: `gap at ${name}`, n: gaps, padding: '', topic, gap };
    for (const connection of connections) connection.send(said);
  },
});

const connections = new Set<Connection<Said, unknown>>();
const { app, server } = attachWebSockets(express());
app.ws(
  '/news',
  omniWs<Said, Said>({
    codec,
    onOpen: (connection) => {
      connections.add(connection);
      for (const topic of topics) hub.join(topic, connection);
    },
    onClose: (connection) => void connections.delete(connection),
    handler: (said) => {
      hub.publish(said.topic, said);
      return undefined;
    },
    maxBuffered: 16_777_216,
  }),
);

const sample = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
setInterval(sample, 100);

process.on('disconnect', () => process.exit());
process.on('message', () => {
  void (async () => {
    const { user, system } = process.cpuUsage();
    const count = await hub.count('news');
    globalThis.gc?.();
    sample();
    const state: NodeState = {
      count,
      errors,
      gaps,
      rss: process.memoryUsage.rss(),
      peak,
      cpu: user + system,
    };
    process.send?.(state);
    peak = 0;
  })();
});

server.listen(0, '127.0.0.1');
await once(server, 'listening');
await hub.ready();
process.send?.((server.address() as AddressInfo).port);
