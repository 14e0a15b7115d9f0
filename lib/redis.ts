/** The entry point `express-omnimessage/redis`: the backplane on Redis. */
export {
  redisBackplane,
  type RedisBackplaneOptions,
  type RedisLogOptions,
} from './hub/redis/backplane.ts';
export {
  type RedisClientPattern,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from './hub/redis/clients.ts';
