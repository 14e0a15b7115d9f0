/** The Redis of the specs and drills, and a client for what these do with it themselves. */
import { createClient } from 'redis';

/** Where the Redis of the specs is. */
export const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** A client for what a test itself does with Redis. Replies are texts unless told. */
export type Admin = Awaited<ReturnType<typeof admin>>;

// Duplicates of one cost nothing beside the first of its kind, which takes 40 ms.
const pattern = createClient({
  url: redisUrl,
  RESP: 2,
  socket: { reconnectStrategy: false, connectTimeout: 2_000 },
});

export async function admin() {
  const client = pattern.duplicate();
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The names of all keys that begin so. */
export async function keysOf(redis: Admin, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const found of redis.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) {
    names.push(...found);
  }
  return names.sort();
}
