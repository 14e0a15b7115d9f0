/** A backplane on Redis Streams. */
import { randomBytes } from 'node:crypto';
import { createClient, type RedisClientOptions } from 'redis';
import { BackplaneError } from '../errors.ts';
import { type Backplane, type BackplaneHub, type BackplaneLink } from '../backplane.ts';
import { type Client, type Connection, keepConnected } from './connection.ts';
import { Counts } from './counts.ts';
import { Reader } from './reader.ts';
import { Sender } from './sender.ts';

/** How long `close` waits for what is to be handed over, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** What is needed of a client that was made by `createClient` of the `redis` package. */
export interface RedisClientPattern {
  readonly options?: object | undefined;
  // A method, so that the clients' own, narrower parameter fits.
  duplicate(overrides?: object): unknown;
}

/** How {@link redisBackplane} is told what to do: `url` or `client`, one of them. */
export interface RedisBackplaneOptions {
  /** Where Redis is: `redis[s]://[[username][:password]@][host][:port][/db-number]`. */
  readonly url?: string | undefined;
  /**
   * A client, made by `createClient` of the `redis` package (6), for whatever a URL cannot say:
   * certificates, a provider of credentials. It serves as a pattern only: two connections are made
   * like it, and it is neither used nor closed itself, nor need it be connected.
   */
  readonly client?: RedisClientPattern | undefined;
  /**
   * What the names of the keys begin with. Hubs with the same prefix are one hub: give each of your
   * hubs its own.
   * @defaultValue `'omnimessage'`
   */
  readonly prefix?: string | undefined;
  /**
   * About how many entries the stream keeps, from 1,000. This is how far a process may fall behind,
   * and still miss nothing. An entry holds one message, and under load all those that waited
   * together: up to 256, and 1 MiB. So it is also what bounds the memory of Redis.
   * @defaultValue 100,000
   */
  readonly maxLength?: number | undefined;
}

/**
 * Makes a backplane of Redis (6.2 or later), so that the hubs of many processes act as one.
 *
 * In order per publisher, each message once, and nothing lost while a process is at most
 * `maxLength` messages behind; past that, and where Redis itself lost something, `onGap` is told.
 * While Redis is away, local delivery goes on, up to 10,000 messages or 16 MiB wait (more are
 * refused, and then the others' `onGap` is told), and both connections come back by themselves.
 * A message may have 1 MiB, topic included.
 *
 * Keys: `<prefix>:stream`, `<prefix>:nodes`, `<prefix>:node:<name>`, all of which expire an hour
 * after the last process.
 *
 * @throws TypeError when neither or both of `url` and `client` are given, or one is not what it
 * should be (a cluster, a sentinel or a pool is no client)
 */
export function redisBackplane(options: RedisBackplaneOptions): Backplane {
  const { prefix = 'omnimessage', maxLength = 100_000 } = options;
  const pattern = patternOf(options);
  if (typeof prefix !== 'string' || prefix === '') {
    throw new TypeError(`Expected \`prefix\` to be a text, got ${JSON.stringify(prefix)}`);
  }
  if (!Number.isSafeInteger(maxLength) || maxLength < 1_000) {
    throw new TypeError(
      `Expected \`maxLength\` to be an integer of at least 1000, got ${String(maxLength)}`,
    );
  }
  return { open: (hub) => open(hub, () => duplicate(pattern), prefix, maxLength) };
}

function open(
  hub: BackplaneHub,
  make: () => Client,
  prefix: string,
  maxLength: number,
): BackplaneLink {
  const stream = `${prefix}:stream`;
  const node = randomBytes(12).toString('base64url');
  const ending = new AbortController();
  const { signal } = ending;
  const away = new Set<'reader' | 'writer'>();
  let writer: Connection | undefined;
  let isClosed = false;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });

  const sender = new Sender({
    stream,
    publisher: node,
    maxLength,
    refused: (reason) =>
      hub.failed(new BackplaneError(`messages for other processes are refused: ${reason}`)),
  });
  const counts = new Counts({ prefix, stream, node, beat: () => sender.sayNext() });
  const reader = new Reader({ stream, publisher: node, hello: () => sender.hello(), hub, signal });

  /** Both connections break when Redis goes: that is one outage, and told once. */
  const lost = (part: 'reader' | 'writer') => (cause: unknown) => {
    if (away.size === 0) {
      hub.failed(new BackplaneError('Redis is away: messages for other processes wait', { cause }));
    }
    away.add(part);
  };

  const reading = keepConnected({
    make,
    signal,
    session: (connection, healthy) => reader.read(connection, healthy),
    found: () => {
      away.delete('reader');
      isReady();
    },
    lost: lost('reader'),
  });
  const writing = keepConnected({
    make,
    signal,
    session: async (connection, healthy) => {
      await counts.announce(connection);
      await sender.sendSome(connection);
      writer = connection;
      healthy();
      // The one that fails first ends both: the other one notices that its connection is gone.
      return Promise.race([sender.send(connection), counts.keep(connection)]);
    },
    found: () => away.delete('writer'),
    lost: (cause) => {
      writer = undefined;
      lost('writer')(cause);
    },
  });

  return {
    publish: (topic, encoded) => !isClosed && sender.publish(topic, encoded),
    counted: (topic, receivers) => counts.set(topic, receivers),
    count: async (topic) => {
      try {
        return writer === undefined ? 0 : await counts.of(topic, writer);
      } catch {
        // The connection broke meanwhile, which is told by those who keep it.
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
        await Promise.race([sender.emptied(), aborted(signal)]);
        if (writer !== undefined) await counts.withdraw(writer);
      } catch {
        // What could not be handed over is told below; the rest expires by itself.
      }
      clearTimeout(end);
      ending.abort();
      await Promise.all([reading, writing]);
      if (sender.waiting > 0) {
        hub.failed(
          new BackplaneError(`closed while ${sender.waiting} messages waited: they are lost`),
        );
      }
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
