/** Clients of the `redis` package with the user's options, without the features that the hub has itself. */
import { createClient, type RedisClientOptions } from 'redis';
import { type Client, Connection } from './connection.ts';

/** What is needed of a client that was made by `createClient` of the `redis` package. */
export interface RedisClientPattern {
  readonly options?: object | undefined;
  // A method, so that the clients' own, narrower parameter fits.
  duplicate(overrides?: object): unknown;
}

/** A cluster, with the names that `createCluster` of the `redis` package has for it. */
export interface RedisClusterOptions {
  /** Some of its nodes: one that answers says where the others are. */
  readonly rootNodes: readonly {
    readonly url?: string | undefined;
    readonly socket?: { readonly host?: string; readonly port?: number } | undefined;
  }[];
  /** Options of `createClient` for all nodes: username, password, socket (TLS). */
  readonly defaults?: object | undefined;
}

/** The addresses of its root nodes: `host:port`. */
export function addressesOf({ rootNodes }: RedisClusterOptions): string[] {
  return rootNodes.map(({ url, socket }) => {
    if (url === undefined) return `${socket?.host ?? '127.0.0.1'}:${socket?.port ?? 6379}`;
    const { hostname, port } = new URL(url);
    return `${hostname}:${port === '' ? '6379' : port}`;
  });
}

/** Sentinels, with the names that `createSentinel` of the `redis` package has for them. */
export interface RedisSentinelOptions {
  /** The name of the master. */
  readonly name: string;
  readonly sentinelRootNodes: readonly { readonly host: string; readonly port: number }[];
  /** Options of `createClient` for the master: username, password, socket (TLS). */
  readonly nodeClientOptions?: object | undefined;
  /** Options of `createClient` for the Sentinels. */
  readonly sentinelClientOptions?: object | undefined;
}

/** What a client would do behind our back, and we do ourselves. */
function overrides(socket: object | undefined): object {
  return {
    RESP: 2,
    socket: { ...socket, reconnectStrategy: false, socketTimeout: undefined },
    disableOfflineQueue: true,
    commandsQueueMaxLength: undefined,
    maintNotifications: 'disabled',
    clientSideCache: undefined,
    emitInvalidate: false,
    commandOptions: undefined,
    pingInterval: undefined,
    keyPrefix: undefined,
    readonly: false,
  };
}

/** A client like the pattern. */
export function duplicate(pattern: RedisClientPattern): Client {
  const { socket } = (pattern.options ?? {}) as RedisClientOptions;
  return pattern.duplicate(overrides(socket)) as Client;
}

/** What stands for no options. */
const NONE = {};

/** By their options: the first client of some options costs 40 ms and 2 MB, one that is like it nothing. */
const patterns = new WeakMap<object, RedisClientPattern>();

/** A client of a node. */
export function clientOf(options: object = NONE, host: string, port: number): Client {
  const { socket, url: _where, ...others } = options as RedisClientOptions;
  let pattern = patterns.get(options);
  if (pattern === undefined) {
    pattern = createClient(others);
    patterns.set(options, pattern);
  }
  return pattern.duplicate(overrides({ ...socket, host, port })) as Client;
}

/** Asks the Sentinels which node is master now: the first one that answers is believed. */
export async function masterOf(options: RedisSentinelOptions): Promise<Client> {
  const { name, sentinelRootNodes, nodeClientOptions, sentinelClientOptions } = options;
  let cause: unknown;
  for (const { host, port } of sentinelRootNodes) {
    const connection = new Connection(clientOf(sentinelClientOptions, host, port));
    try {
      await connection.open();
      const reply = await connection.command(['SENTINEL', 'get-master-addr-by-name', name]);
      if (!Array.isArray(reply)) throw new Error(`no Sentinel knows a master named ${name}`);
      return clientOf(nodeClientOptions, String(reply[0]), Number(reply[1]));
    } catch (error) {
      cause = error;
    } finally {
      connection.close();
    }
  }
  throw cause;
}
