/** The entry point `express-omnimessage/redis`: the backplane on Redis. */
export {
  redisBackplane,
  type RedisBackplaneOptions,
  type RedisClientPattern,
  type RedisLogOptions,
} from './hub/redis/backplane.ts';
