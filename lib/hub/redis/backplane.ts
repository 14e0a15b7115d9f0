/** A backplane on Redis: a log and a channel for each topic. */
import { createClient, type RedisClientOptions } from 'redis';
import { expectNumber } from '../../core/options.ts';
import { withAllTopics } from '../all-topics.ts';
import { type Backplane, type BackplaneHub, type BackplaneLink } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { type Client } from './connection.ts';
import { Counts } from './counts.ts';
import { namesOf } from './entry.ts';
import { Shard } from './shard.ts';

/** How long `close` waits for what is to be handed over, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** What is needed of a client that was made by `createClient` of the `redis` package. */
export interface RedisClientPattern {
  readonly options?: object | undefined;
  // A method, so that the clients' own, narrower parameter fits.
  duplicate(overrides?: object): unknown;
}

/** How much the log of each topic keeps. */
export interface RedisLogOptions {
  /**
   * How many messages at least: the log is cut by whole blocks, so it has up to some hundred more.
   * This is how far a process or a page may fall behind, and still miss nothing.
   * @defaultValue 1,000
   */
  readonly messages?: number | undefined;
  /**
   * For how long after the last message, in seconds.
   * @defaultValue 300
   */
  readonly seconds?: number | undefined;
}

/** Options of {@link redisBackplane}: `url` or `client`, one of them. */
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
 * @throws TypeError when neither or both of `url` and `client` are given, or an option is not what
 * it should be
 */
export function redisBackplane(options: RedisBackplaneOptions): Backplane {
  const { prefix = 'omnimessage', log = {}, durable = false } = options;
  const { messages = 1_000, seconds = 300 } = log;
  const pattern = patternOf(options);
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
      open(hub, { make: () => duplicate(pattern), prefix, messages, seconds, durable }),
  };
}

interface Settings {
  readonly make: () => Client | Promise<Client>;
  readonly prefix: string;
  readonly messages: number;
  readonly seconds: number;
  readonly durable: boolean;
}

function open(outer: BackplaneHub, settings: Settings): BackplaneLink {
  const { prefix, messages, seconds, durable, make } = settings;
  const ending = new AbortController();
  const { signal } = ending;
  let isClosed = false;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const counts = new Counts(prefix, outer.publisher);
  const { hub, follow } = withAllTopics(outer, () => shard);
  const shard = new Shard({
    hub,
    names: namesOf(prefix),
    prefix,
    make,
    messages,
    seconds,
    isDurable: durable,
    isCluster: false,
    isSharded: false,
    ready: isReady,
    begin: (connection) => counts.announce(connection),
    keep: (connection) => counts.keep(connection),
    signal,
  });
  follow();

  return {
    publish: (topic, n, payload) => !isClosed && shard.outgoing.publish(topic, n, payload),
    follow: (topic) => shard.follow(topic),
    unfollow: (topic) => shard.unfollow(topic),
    read: (topic, after, limit, isFollowed) => shard.read(topic, after, limit, isFollowed),
    end: (topic) => shard.end(topic),
    counted: (topic, receivers) => counts.set(topic, receivers),
    count: async (topic) => {
      const { writer } = shard;
      try {
        return writer === undefined ? 0 : await counts.of(topic, writer);
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
        await Promise.race([shard.outgoing.emptied(), aborted(signal)]);
        if (shard.writer !== undefined) await counts.withdraw(shard.writer);
      } catch {
        // What could not be handed over is reported below; the rest expires by itself.
      }
      clearTimeout(end);
      ending.abort();
      await shard.running;
      const { waiting } = shard.outgoing;
      if (waiting === 0) return;
      hub.failed(new BackplaneError(`closed while ${waiting} messages waited: they are lost`));
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function patternOf({ url, client }: RedisBackplaneOptions): RedisClientPattern {
  if ((url === undefined) === (client === undefined)) {
    const both = url === undefined ? 'neither' : 'both';
    throw new TypeError(`Expected \`url\` or \`client\`, one of them, got ${both}`);
  }
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

/** A client like the pattern, without whatever would do behind our back what we do ourselves. */
function duplicate(pattern: RedisClientPattern): Client {
  const { socket } = (pattern.options ?? {}) as RedisClientOptions;
  return pattern.duplicate({
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
  }) as Client;
}
