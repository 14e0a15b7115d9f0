/**
 * What others write into the logs and channels of an engine: none of it reaches a receiver, none of
 * it ends a process, it is reported, and the topic goes on.
 */
import { connect as connectNats, headers } from '@nats-io/transport-node';
import { createHub, type OmniError } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namesOf } from '../../lib/hub/redis/entry.ts';
import { MESSAGE_ID, tokenOf } from '../../lib/hub/nats/subjects.ts';
import {
  backplaneOf,
  type EngineOptions,
  isThere,
  natsServers,
  randomPrefix,
} from '../support/engines.ts';
import { randomOf } from '../support/random.ts';
import { admin, keysOf, redisUrl } from '../support/redis-admin.ts';
import { until } from '../support/until.ts';

/** Only what begins so is a message. */
const codec = {
  decode: (encoded: string): string => {
    if (!encoded.startsWith('news ')) throw new TypeError('expected news');
    return encoded;
  },
  encode: (message: string): string => message,
};

interface Forger {
  /** Pushes bytes on the channel of a topic. */
  readonly push: (bytes: Buffer) => Promise<unknown>;
  /** Writes bytes into its log, as an entry of somebody else. */
  readonly write: (bytes: Buffer) => Promise<unknown>;
  readonly end: () => Promise<void>;
}

const STRANGER = 'stranger--------';

async function atRedis(prefix: string): Promise<Forger> {
  const redis = await admin();
  const log = namesOf(prefix).log('news');
  return {
    push: (bytes) => redis.publish(log, bytes),
    write: (bytes) => redis.sendCommand(['XADD', log, '*', 'p', STRANGER, 'n', '1', 'm', bytes]),
    end: async () => {
      const left = await keysOf(redis, prefix);
      if (left.length > 0) await redis.del(left);
      redis.destroy();
    },
  };
}

async function atNats(prefix: string): Promise<Forger> {
  const connection = await connectNats({ servers: natsServers, reconnect: false });
  let count = 0;
  return {
    push: async (bytes) => {
      connection.publish(`${prefix}.r.${tokenOf('news')}`, bytes);
      await connection.flush();
    },
    write: async (bytes) => {
      count += 1;
      const header = headers();
      header.set(MESSAGE_ID, `${STRANGER}.${count}.m`);
      connection.publish(`${prefix}.t.${tokenOf('news')}`, bytes, { headers: header });
      await connection.flush();
    },
    end: async () => {
      await connection.request(`$JS.API.STREAM.DELETE.${prefix}`).catch(() => {});
      await connection.close();
    },
  };
}

const forgeries: readonly [
  name: string,
  isThere: boolean,
  options: EngineOptions,
  forger: (prefix: string) => Promise<Forger>,
][] = [
  ['Redis', isThere.redis, { kind: 'redis', url: redisUrl }, atRedis],
  ['NATS', isThere.nats, { kind: 'nats', servers: natsServers }, atNats],
];

describe.each(forgeries.filter(([, isHere]) => isHere))('garbage on %s', (_, __, options, open) => {
  it('reaches nobody and ends nothing: it is reported, and the topic goes on', async () => {
    const prefix = randomPrefix();
    const random = randomOf(19);
    const heard: string[] = [];
    const gaps: string[] = [];
    const errors: OmniError[] = [];
    const hub = createHub<string>({
      codec,
      backplane: backplaneOf(options, { prefix }),
      onError: (error) => errors.push(error),
      onGap: (topic, reason) => gaps.push(`${topic}: ${reason}`),
    });
    await hub.ready();
    const forger = await open(prefix);
    onTestFinished(async () => {
      await hub.close();
      await forger.end();
    });
    hub.subscribe('news', (message) => heard.push(message));
    hub.publish('news', 'news 0');
    await until(() => heard.length === 1);
    const place = (await hub.place('news')) ?? '';

    for (let n = 0; n < 500; n++) {
      const bytes = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
      await (n % 2 === 0 ? forger.push(bytes) : forger.write(bytes));
    }
    hub.publish('news', 'news 1');
    await until(() => heard.includes('news 1'));
    hub.publish('news', 'news 2');
    await until(() => heard.includes('news 2'));
    const found = await hub.since('news', place);

    expect(heard).toEqual(['news 0', 'news 1', 'news 2']);
    expect(errors.map(({ message }) => message).join()).toContain('that is no message');
    expect(new Set(errors.map(({ code }) => code)).has('backplane')).toBe(true);
    // What was written is in the log, and who reads on learns that something is missing.
    expect(found.isComplete).toBe(false);
    expect(found.messages.every(({ message }) => message.startsWith('news '))).toBe(true);
    // Redis pushes what its script writes, NATS whatever is written.
    expect(new Set(gaps)).toEqual(new Set(options.kind === 'nats' ? ['news: undecodable'] : []));
  });
});
