/**
 * One server process to which clients come back, for the drill of G35.
 *
 *     node --import tsx spec/drills/resume-node.ts '{"engine":{"kind":"redis","url":"redis://127.0.0.1:6379"},"prefix":"drill","hasStore":true}'
 *
 * It is started with an IPC channel: it sends its port and each message that it handles, publishes what
 * it is given, and ends when the channel does.
 */
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { attachWebSockets, createHub, type Hub, omniWs } from '../../lib/index.ts';
import { redisWindows, type RedisWindowsOptions } from '../../lib/redis.ts';
import { backplaneOf } from '../support/engines.ts';
import { type ResumeNodeOptions } from './resume.ts';

const { engine, prefix, hasStore } = JSON.parse(process.argv[2] ?? '') as ResumeNodeOptions;

/** Where the engine is, as an option of `redisWindows`. */
function placeOf(options: typeof engine): Pick<RedisWindowsOptions, 'url' | 'cluster'> {
  if (options?.kind === 'redis') return { url: options.url };
  if (options?.kind !== 'cluster') throw new Error('no Redis');
  const rootNodes = options.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  return { cluster: { rootNodes } };
}

const codec = { decode: (encoded: string) => encoded, encode: (message: string) => message };
const hub: Hub<string> = createHub({
  codec,
  ...(engine === undefined
    ? { log: { messages: 5_000 } }
    : { backplane: backplaneOf(engine, { prefix, messages: 5_000 }) }),
  onError: () => undefined,
  // Those that are connected hear of it as of any message; those that come back, from their places.
  onGap: (topic) => hub.publish(topic, 'gap', { local: true }),
});
const { app, server } = attachWebSockets(express(), { maxConnections: 20_000 });
app.ws(
  '/room/:topic',
  omniWs({
    codec,
    handlerTimeout: 3_000,
    resume: {
      ring: false,
      ...(hasStore && { store: redisWindows({ ...placeOf(engine), prefix: `${prefix}:w` }) }),
    },
    onOpen: (connection) => {
      const { params } = connection.request as unknown as { params: { topic: string } };
      hub.join(params.topic, connection);
    },
    handler: async (message) => {
      process.send?.({ handled: message });
      // Some are under way when the line breaks, or the process is killed.
      if (message.endsWith('7')) await new Promise((resolve) => setTimeout(resolve, 30));
      return `did ${message}`;
    },
    onError: () => undefined,
  }),
);
await hub.ready();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
process.on('message', ({ topic, message }: { topic: string; message: string }) => {
  hub.publish(topic, message);
});
process.on('disconnect', () => process.exit());
