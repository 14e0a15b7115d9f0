/** The messages in a hash of Redis. */
import { redisBackplane } from 'express-omnimessage/redis';
import { createClient, type RedisClientType } from 'redis';
import { type Engine, type EngineOptions } from './engine.ts';

export async function onRedis({ url, prefix, onError, onBack }: EngineOptions): Promise<Engine> {
  const redis: RedisClientType = createClient({ url });
  redis.on('error', onError);
  await redis.connect();
  redis.on('ready', onBack);
  const key = `${prefix}:messages`;
  return {
    table: {
      add: async (id, value) => void (await redis.hSetNX(key, id, value)),
      remove: async (ids) => void (await redis.hDel(key, [...ids])),
      values: () => redis.hVals(key),
    },
    backplane: redisBackplane({ url, prefix: `${prefix}:hub` }),
    close: async () => redis.destroy(),
  };
}
