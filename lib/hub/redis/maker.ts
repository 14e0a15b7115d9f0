/** How clients are made, from the options that say where Redis is. */
import { createClient } from 'redis';
import {
  duplicate,
  masterOf,
  type RedisClientPattern,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from './clients.ts';
import { type Client } from './connection.ts';

/** Where Redis is: one of them. */
interface Where {
  readonly url?: string | undefined;
  readonly client?: RedisClientPattern | undefined;
  readonly cluster?: RedisClusterOptions | undefined;
  readonly sentinel?: RedisSentinelOptions | undefined;
}

/**
 * @returns what makes a client; undefined for a cluster, which has many
 * @throws TypeError when not exactly one of them is given
 */
export function makerOf(options: Where): (() => Client | Promise<Client>) | undefined {
  const { url, client, cluster, sentinel } = options;
  const given = Object.entries({ url, client, cluster, sentinel }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.map(([name]) => name).join(' and ');
    throw new TypeError(
      `Expected \`url\`, \`client\`, \`cluster\` or \`sentinel\`, one of them, got ${got}`,
    );
  }
  if (cluster !== undefined) {
    if (Array.isArray(cluster.rootNodes) && cluster.rootNodes.length > 0) return undefined;
    throw new TypeError('Expected `cluster.rootNodes` to be some nodes of the cluster');
  }
  if (sentinel !== undefined) {
    if (
      typeof sentinel.name === 'string' &&
      Array.isArray(sentinel.sentinelRootNodes) &&
      sentinel.sentinelRootNodes.length > 0
    ) {
      return () => masterOf(sentinel);
    }
    throw new TypeError('Expected `sentinel` to have a `name` and `sentinelRootNodes`');
  }
  const pattern = patternOf(url, client);
  return () => duplicate(pattern);
}

function patternOf(url: unknown, client: RedisClientPattern | undefined): RedisClientPattern {
  if (client !== undefined) {
    // A cluster, a sentinel and a pool have a `duplicate` too, but no connection of their own to be like.
    if (typeof client.duplicate !== 'function' || !('createPool' in client)) {
      throw new TypeError(
        'Expected `client` to be a client made by createClient of the `redis` package',
      );
    }
    return client;
  }
  if (typeof url !== 'string' || !/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new TypeError('Expected `url` to begin with redis:// or rediss://');
  }
  return createClient({ url });
}
