/** Those who write into the logs and channels of an engine and are no hub, all about the topic `news`. */
import { connect, headers } from '@nats-io/transport-node';
import { createClient, createCluster } from 'redis';
import { type Place } from '../../lib/hub/backplane.ts';
import { MESSAGE_ID, tokenOf } from '../../lib/hub/nats/subjects.ts';
import { namesOf } from '../../lib/hub/redis/entry.ts';
import { type EngineOptions } from './engines.ts';
import { keysOf } from './redis-admin.ts';

export interface Forger {
  /** Pushes bytes on the channel of the topic. */
  readonly push: (bytes: Buffer) => Promise<unknown>;
  /** Writes bytes into its log, as an entry of somebody else. */
  readonly write: (bytes: Buffer) => Promise<unknown>;
  /** Pushes what looks like the next entry after a place, and stands far behind all others. */
  readonly forge: (after: Place, message: string) => Promise<unknown>;
  /** Removes all of it. */
  readonly end: () => Promise<void>;
}

const STRANGER = 'stranger--------';

/** In thousands of years. */
export const FAR = 99_999_999_999_999;

type Argument = string | Buffer;

function onRedis(
  prefix: string,
  publish: 'PUBLISH' | 'SPUBLISH',
  send: (log: string, args: Argument[]) => Promise<unknown>,
): Omit<Forger, 'end'> {
  const log = namesOf(prefix).log('news');
  return {
    push: (bytes) => send(log, [publish, log, bytes]),
    write: (bytes) => send(log, ['XADD', log, '*', 'p', STRANGER, 'n', '1', 'm', bytes]),
    forge: (after, message) => {
      const previous = after.split('.')[0] ?? '';
      return send(log, [publish, log, `1 ${FAR}-0 ${previous} ${STRANGER} 7 m\n${message}`]);
    },
  };
}

async function atRedis(prefix: string, url: string): Promise<Forger> {
  const redis = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
  redis.on('error', () => {});
  await redis.connect();
  return {
    ...onRedis(prefix, 'PUBLISH', (_, args) => redis.sendCommand(args)),
    end: async () => {
      const left = await keysOf(redis, prefix);
      if (left.length > 0) await redis.del(left);
      redis.destroy();
    },
  };
}

async function atCluster(prefix: string, ports: readonly number[]): Promise<Forger> {
  const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  const cluster = createCluster({ rootNodes });
  await cluster.connect();
  return {
    ...onRedis(prefix, 'SPUBLISH', (log, args) => cluster.sendCommand(log, false, args)),
    // Such a cluster is the test's own.
    end: async () => cluster.destroy(),
  };
}

async function atNats(prefix: string, servers: string): Promise<Forger> {
  const connection = await connect({ servers, reconnect: false });
  let count = 0;
  const channel = `${prefix}.r.${tokenOf('news')}`;
  const log = `${prefix}.t.${tokenOf('news')}`;
  const publish = async (
    subject: string,
    payload: string | Buffer,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const header = headers();
    for (const [name, value] of Object.entries(fields)) header.set(name, value);
    connection.publish(subject, payload, { headers: header });
    await connection.flush();
  };
  return {
    push: (bytes) => publish(channel, bytes),
    write: (bytes) => publish(log, bytes, { [MESSAGE_ID]: `${STRANGER}.${count++}.m` }),
    forge: (after, message) =>
      publish(channel, message, {
        [MESSAGE_ID]: `${STRANGER}.7.m`,
        'Nats-Sequence': String(FAR),
        'Nats-Last-Sequence': after.split('.')[0] ?? '',
      }),
    end: async () => {
      await connection.request(`$JS.API.STREAM.DELETE.${prefix}`).catch(() => {});
      await connection.close();
    },
  };
}

/** @param prefix - of the hub that is to be fooled */
export function forgerOf(options: EngineOptions, prefix: string): Promise<Forger> {
  if (options.kind === 'nats') return atNats(prefix, options.servers);
  if (options.kind === 'redis') return atRedis(prefix, options.url);
  return atCluster(prefix, options.ports);
}
