/** A backplane on NATS JetStream: one stream has the logs of all topics. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  expectFunction,
  expectNumber,
  expectOptions,
  type OptionNames,
} from '../../core/options.ts';
import { withAllTopics } from '../all-topics.ts';
import { type Backplane, type BackplaneHub, type BackplaneLink } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { Counts } from './counts.ts';
import { Link } from './link.ts';
import { type StreamOptions } from './session.ts';

/** How long `close` waits for what is to be handed over, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** How much the stream keeps. It is made with this, and left alone when it is there. */
export interface NatsLogOptions {
  /**
   * How many messages of each topic.
   * @defaultValue 1,000
   */
  readonly messages?: number | undefined;
  /**
   * For how long, in seconds. A write is known to be a repetition for as long.
   * @defaultValue 300
   */
  readonly seconds?: number | undefined;
  /**
   * How many bytes of all topics together: the oldest go first.
   * @defaultValue 1,073,741,824 (1 GiB)
   */
  readonly bytes?: number | undefined;
  /**
   * On how many servers of a NATS cluster.
   * @defaultValue 1
   */
  readonly replicas?: number | undefined;
}

/** Options of {@link natsBackplane}: `servers` or `client`, one of them. */
export interface NatsBackplaneOptions {
  /** Where NATS is: `host:port`, one or several. */
  readonly servers?: string | readonly string[] | undefined;
  /**
   * Makes a connection, by `connect` of `@nats-io/transport-node`, for what an address cannot say:
   * certificates, credentials. It is called for each connection; give it `reconnect: false`.
   */
  readonly client?: (() => Promise<NatsConnection>) | undefined;
  /**
   * What the names of subjects begin with, and the name of the stream. Hubs with the same prefix are
   * one hub. Letters, digits, `-` and `_`.
   * @defaultValue `'omnimessage'`
   */
  readonly prefix?: string | undefined;
  /** How much the stream keeps. */
  readonly log?: NatsLogOptions | undefined;
}

const OPTION_NAMES: OptionNames<NatsBackplaneOptions> = {
  servers: true,
  client: true,
  prefix: true,
  log: true,
};
const LOG_OPTION_NAMES: OptionNames<NatsLogOptions> = {
  messages: true,
  seconds: true,
  bytes: true,
  replicas: true,
};

/**
 * Makes a backplane of NATS with JetStream (2.9 or later), so that the hubs of many processes act as
 * one. It promises what `redisBackplane` does. A restart of NATS is no gap, because the stream is in
 * a file; a stream that was deleted is one.
 *
 * @throws TypeError when neither or both of `servers` and `client` are given, or an option is not
 * what it should be
 */
export function natsBackplane(options: NatsBackplaneOptions): Backplane {
  expectOptions('natsBackplane', options, OPTION_NAMES);
  const { servers, client, prefix = 'omnimessage', log = {} } = options;
  expectOptions('log', log, LOG_OPTION_NAMES);
  const { messages = 1_000, seconds = 300, bytes = 1_073_741_824, replicas = 1 } = log;
  if ((servers === undefined) === (client === undefined)) {
    const got = servers === undefined ? 'neither' : 'both';
    throw new TypeError(`Expected \`servers\` or \`client\`, one of them, got ${got}`);
  }
  expectFunction('client', client, true);
  const list: unknown[] = typeof servers === 'string' ? [servers] : [...(servers ?? [])];
  if (!list.every((server) => typeof server === 'string' && server !== '')) {
    throw new TypeError('Expected `servers` to be addresses, like localhost:4222');
  }
  if (typeof prefix !== 'string' || !/^[\w-]+$/.test(prefix)) {
    throw new TypeError(
      `Expected \`prefix\` to be letters, digits, - and _, got ${JSON.stringify(prefix)}`,
    );
  }
  expectNumber('log.messages', messages, { from: 10, isInteger: true });
  expectNumber('log.seconds', seconds, { from: 10 });
  expectNumber('log.bytes', bytes, { from: 1_048_576, isInteger: true });
  expectNumber('log.replicas', replicas, { from: 1, isInteger: true });
  const make =
    client ??
    (() =>
      connect({
        servers: list as string[],
        reconnect: false,
        timeout: 5_000,
        name: `omnimessage ${prefix}`,
      }));
  return { open: (hub) => open(hub, make, { prefix, messages, seconds, bytes, replicas }) };
}

function open(
  outer: BackplaneHub,
  make: () => Promise<NatsConnection>,
  stream: StreamOptions,
): BackplaneLink {
  const ending = new AbortController();
  let isClosed = false;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const counts = new Counts(stream.prefix, outer.publisher);
  const { hub, follow } = withAllTopics(outer, () => link);
  const link = new Link({
    hub,
    connect: make,
    stream,
    counts,
    ready: isReady,
    signal: ending.signal,
  });
  follow();

  return {
    publish: (topic, n, payload) => !isClosed && link.outgoing.publish(topic, n, payload),
    follow: (topic) => link.follow(topic),
    unfollow: (topic) => link.unfollow(topic),
    read: (topic, after, limit, isFollowed) => link.read(topic, after, limit, isFollowed),
    end: (topic) => link.end(topic),
    counted: (topic, receivers) => counts.set(topic, receivers),
    count: async (topic) => (link.session === undefined ? 0 : counts.of(topic, link.session)),
    ready: () => ready,
    close: async () => {
      isClosed = true;
      isReady();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_LIMIT);
      });
      // Also before the first connection: a script may publish and close at once.
      await Promise.race([link.outgoing.emptied(), late]);
      clearTimeout(timer);
      const { session } = link;
      if (session !== undefined) {
        counts.withdraw(session);
        await session.flush().catch(() => {});
      }
      ending.abort();
      await link.running;
      const { waiting } = link.outgoing;
      if (waiting === 0) return;
      hub.failed(new BackplaneError(`closed while ${waiting} messages waited: they are lost`));
    },
  };
}
