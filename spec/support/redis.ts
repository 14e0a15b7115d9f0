import { randomUUID } from 'node:crypto';
import { createHub, type Hub, type HubOptions, type OmniError } from 'express-omnimessage';
import { redisBackplane, type RedisBackplaneOptions } from 'express-omnimessage/redis';
import { createClient } from 'redis';
import { onTestFinished } from 'vitest';
import { gate, type Gate } from './gate.ts';
import { type Admin, admin, keysOf, redisUrl } from './redis-admin.ts';
import { until } from './until.ts';

async function isThere(): Promise<boolean> {
  try {
    const client = await admin();
    await client.ping();
    client.destroy();
    return true;
  } catch {
    return false;
  }
}

export { type Admin, admin, keysOf, redisUrl };

/**
 * Whether what needs Redis is run: `describe.runIf(withRedis)`. Where there is none it is skipped,
 * and says so; where REDIS_REQUIRED is 1, as in .ci/run, it fails instead.
 */
export const withRedis = process.env['REDIS_REQUIRED'] === '1' || (await isThere());
if (!withRedis) {
  process.stderr.write(`specs are SKIPPED: no Redis at ${redisUrl} (another one: REDIS_URL)\n`);
}

/**
 * Keys of one test's own, and a client to look at them. All are gone when the test has finished.
 * `stream` is the log of the topic `news`.
 */
export async function keys(): Promise<{ prefix: string; stream: string; redis: Admin }> {
  const prefix = `omnimessage-spec:${randomUUID()}`;
  const redis = await admin();
  onTestFinished(async () => {
    const left = await keysOf(redis, prefix);
    if (left.length > 0) await redis.del(left);
    redis.destroy();
  });
  return { prefix, stream: `${prefix}:t{news}`, redis };
}

/** A message of these tests. */
export type News = readonly [headline: string];

export const newsCodec = {
  decode: (encoded: string): News => {
    const value: unknown = JSON.parse(encoded);
    if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string') {
      return [value[0]];
    }
    throw new TypeError('expected news');
  },
  encode: (news: News): string => JSON.stringify(news),
};

/** The hub of one process, and what it heard on its topic and reported, in order. */
export interface Node {
  readonly hub: Hub<News>;
  /** Headlines, and `gap in …`. */
  readonly heard: string[];
  readonly errors: OmniError[];
  /** Adds a subscription whose headlines go to `heard`. */
  readonly listen: (topic: string) => void;
}

/** Starts a hub of its own, as another process would have it, and listens on `news`. */
export function node(options: RedisBackplaneOptions, more: Partial<HubOptions<News>> = {}): Node {
  const heard: string[] = [];
  const errors: OmniError[] = [];
  const hub = createHub<News>({
    codec: newsCodec,
    backplane: redisBackplane(options),
    onError: (error) => errors.push(error),
    onGap: (topic) => heard.push(`gap in ${topic}`),
    ...more,
  });
  onTestFinished(() => hub.close());
  const listen = (topic: string): void => {
    hub.subscribe(topic, ([headline]) => heard.push(headline));
  };
  return { hub, heard, errors, listen };
}

/** The same, when it is followed in Redis, so that it hears what others publish from now on. */
export async function readyNode(
  options: RedisBackplaneOptions,
  more: Partial<HubOptions<News>> = {},
): Promise<Node> {
  const made = node(options, more);
  await made.hub.ready();
  made.listen('news');
  // What follows together is followed together: when it hears itself here, it hears others there.
  const probe = `probe:${randomUUID()}`;
  await new Promise<void>((resolve) => {
    const end = made.hub.subscribe(probe, () => {
      end();
      resolve();
    });
    made.hub.publish(probe, ['probe']);
  });
  return made;
}

/** Waits until a node heard this as the last. */
export async function hears({ heard }: Node, headline: string): Promise<void> {
  await until(() => heard.at(-1) === headline);
}

/** A client as a pattern, whose connections Redis knows by a name. */
export function named(name: string): ReturnType<typeof createClient> {
  return createClient({ url: redisUrl, name });
}

/** The ids of the connections that have this name. */
export async function connectionsOf(redis: Admin, name: string): Promise<string[]> {
  const list = await redis.sendCommand(['CLIENT', 'LIST']);
  return (list as unknown as string)
    .split('\n')
    .filter((line) => line.includes(` name=${name} `))
    .map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
}

/** Cuts the connections that have this name. @returns how many there were */
export async function cut(redis: Admin, name: string): Promise<number> {
  const ids = await connectionsOf(redis, name);
  for (const id of ids) await redis.sendCommand(['CLIENT', 'KILL', 'ID', id]);
  return ids.length;
}

/** A gate before the Redis of the specs, and the address that leads through it. */
export async function redisGate(): Promise<{ gate: Gate; url: string }> {
  const url = new URL(redisUrl);
  const opened = await gate(url.hostname, Number(url.port === '' ? 6379 : url.port));
  url.hostname = '127.0.0.1';
  url.port = String(opened.port);
  return { gate: opened, url: url.href };
}
