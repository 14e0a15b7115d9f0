/** The entry point `express-omnimessage/redis`: the backplane on Redis, and the store of windows. */
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
export { redisWindows, type RedisWindows, type RedisWindowsOptions } from './hub/redis/windows.ts';
