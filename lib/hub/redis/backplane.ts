/** A backplane on Redis: a log and a channel for each topic. */
import { setMaxListeners } from 'node:events';
import { expectNumber, expectOptions, type OptionNames } from '../../core/options.ts';
import { withAllTopics } from '../all-topics.ts';
import { type Backplane, type BackplaneHub, type BackplaneLink } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import {
  type RedisClientPattern,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from './clients.ts';
import { Cluster, type Nodes } from './cluster.ts';
import { type Client } from './connection.ts';
import { Counts } from './counts.ts';
import { namesOf } from './entry.ts';
import { makerOf } from './maker.ts';
import { Shard, type ShardOptions } from './shard.ts';

/** How long `close` waits for what is to be handed over, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** How much the log of each topic keeps. */
export interface RedisLogOptions {
  /**
   * How many messages at least: the log is cut by whole blocks, so it has up to some hundred more.
   * This is how far a process or a page may fall behind, and still miss nothing.
   * @defaultValue 1,000
   */
  readonly messages?: number | undefined;
  /**
   * For how long after the last message at least, in seconds; at most a tenth longer.
   * @defaultValue 300
   */
  readonly seconds?: number | undefined;
}

/** Options of {@link redisBackplane}: `url`, `client`, `cluster` or `sentinel`, one of them. */
export interface RedisBackplaneOptions {
  /** Where Redis is: `redis[s]://[[username][:password]@][host][:port][/db-number]`. */
  readonly url?: string | undefined;
  /**
   * A client, made by `createClient` of the `redis` package (6), for what a URL cannot say:
   * certificates, a provider of credentials. It serves as a pattern only: two connections are made
   * like it, and it is neither used nor closed itself, nor need it be connected.
   */
  readonly client?: RedisClientPattern | undefined;
  /**
   * A Redis Cluster: topics are spread over its masters, so that more masters carry more. Each
   * process has two connections to each master.
   */
  readonly cluster?: RedisClusterOptions | undefined;
  /** Sentinels, which know who is master. A failover is a gap in each topic that is followed. */
  readonly sentinel?: RedisSentinelOptions | undefined;
  /**
   * What the names of keys and channels begin with. Hubs with the same prefix are one hub: give
   * each of your hubs its own.
   * @defaultValue `'omnimessage'`
   */
  readonly prefix?: string | undefined;
  /** How much the log of each topic keeps. It bounds the memory of Redis. */
  readonly log?: RedisLogOptions | undefined;
  /**
   * True when Redis loses nothing that it has accepted: `appendonly yes`, `appendfsync always`, no
   * failover. Then a restart of it is no gap.
   * @defaultValue false: a restart, and another master, are a gap in each topic that is followed
   */
  readonly durable?: boolean | undefined;
}

const OPTION_NAMES: OptionNames<RedisBackplaneOptions> = {
  url: true,
  client: true,
  cluster: true,
  sentinel: true,
  prefix: true,
  log: true,
  durable: true,
};

/**
 * Makes a backplane of Redis (6.2 or later), so that the hubs of many processes act as one.
 *
 * A process gets the messages of the topics that have receivers there, and nothing else. All get
 * those of a topic in one order, each once, and nothing is lost while a process is at most
 * `log.messages` or `log.seconds` behind; past that, and where Redis itself may have lost something,
 * `onGap` is called. While Redis is away up to 10,000 messages or 16 MiB wait (more are refused, and
 * are a gap), and the connections come back by themselves. A message may have 1 MiB, topic included.
 *
 * Keys begin with the prefix, and all of them expire.
 *
 * @throws TypeError when not exactly one of `url`, `client`, `cluster` and `sentinel` is given, or an
 * option is not what it should be
 */
export function redisBackplane(options: RedisBackplaneOptions): Backplane {
  expectOptions('redisBackplane', options, OPTION_NAMES);
  const { prefix = 'omnimessage', log = {}, durable = false } = options;
  const { messages = 1_000, seconds = 300 } = log;
  expectOptions('log', log, { messages: true, seconds: true });
  const make = makerOf(options);
  if (typeof prefix !== 'string' || prefix === '') {
    throw new TypeError(`Expected \`prefix\` to be a string, got ${JSON.stringify(prefix)}`);
  }
  expectNumber('log.messages', messages, { from: 10, isInteger: true });
  expectNumber('log.seconds', seconds, { from: 10 });
  if (typeof durable !== 'boolean') {
    throw new TypeError(`Expected \`durable\` to be true or false, got ${typeof durable}`);
  }
  return {
    open: (hub) =>
      open(hub, { make, cluster: options.cluster, prefix, messages, seconds, durable }),
  };
}

interface Settings {
  readonly make: (() => Client | Promise<Client>) | undefined;
  readonly cluster: RedisClusterOptions | undefined;
  readonly prefix: string;
  readonly messages: number;
  readonly seconds: number;
  readonly durable: boolean;
}

function open(outer: BackplaneHub, settings: Settings): BackplaneLink {
  const { prefix, messages, seconds, durable, make, cluster } = settings;
  const ending = new AbortController();
  const { signal } = ending;
  // Every connection of every node listens to it.
  setMaxListeners(0, signal);
  let isClosed = false;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  // On a cluster the keys of the counts have to be in one slot.
  const countsKey = cluster === undefined ? prefix : `{${prefix}}`;
  const counts = new Counts(countsKey, outer.publisher);
  const { hub, follow } = withAllTopics(outer, () => nodes);
  const common = {
    hub,
    names: namesOf(prefix),
    prefix,
    messages,
    seconds,
    isDurable: durable,
    ready: isReady,
    signal,
  };
  const nodes: Nodes =
    cluster === undefined
      ? one({
          ...common,
          make: make as NonNullable<typeof make>,
          isCluster: false,
          isSharded: false,
          budget: { messages: 0, bytes: 0 },
          moved: () => {},
          begin: (connection) => counts.announce(connection),
          keep: (connection) => counts.keep(connection),
        })
      : new Cluster({ cluster, counts, countsKey, shard: common });
  follow();

  return {
    publish: (topic, n, payload) => !isClosed && nodes.publish(topic, n, payload),
    follow: (topic) => nodes.follow(topic),
    unfollow: (topic) => nodes.unfollow(topic),
    read: (topic, after, limit, isFollowed) => nodes.read(topic, after, limit, isFollowed),
    end: (topic) => nodes.end(topic),
    counted: (topic, receivers) => counts.set(topic, receivers),
    count: async (topic) => {
      const connection = nodes.counting();
      try {
        return connection === undefined ? 0 : await counts.of(topic, connection);
      } catch {
        // The connection broke meanwhile, which is reported where it is kept.
        return 0;
      }
    },
    ready: () => ready,
    close: async () => {
      isClosed = true;
      isReady();
      const end = setTimeout(() => ending.abort(), CLOSE_LIMIT);
      try {
        // Also before the first connection: a script may publish and close at once.
        await Promise.race([nodes.emptied(), aborted(signal)]);
        const connection = nodes.counting();
        if (connection !== undefined) await counts.withdraw(connection);
      } catch {
        // What could not be handed over is reported below; the rest expires by itself.
      }
      clearTimeout(end);
      ending.abort();
      await nodes.running;
      const waiting = nodes.waiting();
      if (waiting === 0) return;
      hub.failed(new BackplaneError(`closed while ${waiting} messages waited: they are lost`));
    },
  };
}

/** One Redis, as the nodes of a cluster are. */
function one(options: ShardOptions): Nodes {
  const shard = new Shard(options);
  return {
    publish: (topic, n, payload) => shard.outgoing.publish(topic, n, payload),
    follow: (topic) => shard.followings.follow(topic),
    unfollow: (topic) => shard.followings.unfollow(topic),
    read: (topic, after, limit, isFollowed) => shard.read(topic, after, limit, isFollowed),
    end: (topic) => shard.end(topic),
    counting: () => shard.writer,
    emptied: () => shard.outgoing.emptied(),
    waiting: () => shard.outgoing.waiting,
    running: shard.running,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What makes a client of where the master is; undefined for a cluster. */
