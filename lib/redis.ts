/** The entry point `express-omnimessage/redis`: the backplane on Redis Streams. */
export {
  redisBackplane,
  type RedisBackplaneOptions,
  type RedisClientPattern,
} from './hub/redis/backplane.ts';
