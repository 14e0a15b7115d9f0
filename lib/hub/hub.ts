/** Publish and subscribe by topic, in this process or, over a backplane, in many. */
import { type Codec, type Wire } from '../core/codec.ts';
import { publishError } from '../process/diagnostics.ts';
import { BackplaneError, HubError } from './errors.ts';
import { type OmniError } from '../core/errors.ts';
import { type Connection } from '../core/exchange.ts';
import { expectCodec, expectFunction } from '../core/options.ts';
import { type Backplane } from './backplane.ts';
import { Queue } from './queue.ts';
import { type Delivery, guard, type Receiver, receiverOf, Receivers } from './receivers.ts';
import { decode, encode } from '../core/pipe.ts';

/** How {@link createHub} is told what to do. */
export interface HubOptions<Message, Encoded extends Wire = string> {
  /**
   * Turns what is published into what connections and other processes get, and back. It needs both
   * directions of the same messages: a hub decodes what other processes published.
   */
  readonly codec: Codec<Message, Message, Encoded>;
  /**
   * The engine that joins this hub to those of other processes.
   * @defaultValue none: the hub lives in this process
   */
  readonly backplane?: Backplane | undefined;
  /**
   * Is told of what failed where no caller can be told: a subscriber, a `map` or `onGap` that threw
   * or rejected (`HubError`), what other processes sent and is no message (`DecodeError`), a
   * message of `map` that cannot be encoded (`EncodeError`), and the backplane's trouble
   * (`BackplaneError`), once per outage.
   * @defaultValue nobody is told
   */
  readonly onError?: ((error: OmniError) => unknown) | undefined;
  /**
   * Is told when messages of other processes may have been lost, once for each topic that has
   * receivers here, between what came before the gap and what comes after it. Publish what brings
   * them up to date with `{ local: true }`.
   * @defaultValue `onError` is told, once per gap
   */
  readonly onGap?: ((topic: string) => unknown) | undefined;
}

/** How {@link Hub.publish} is told what to do. */
export interface PublishOptions {
  /** Connections that do not get the message: the one from which it came, say. */
  readonly except?: Connection<never, unknown> | readonly Connection<never, unknown>[] | undefined;
  /**
   * Reach the receivers of this process alone.
   * @defaultValue false
   */
  readonly local?: boolean | undefined;
}

/** How {@link Hub.join} is told what to do. */
export interface JoinOptions<Message, Joined> {
  /**
   * What this connection gets instead of a message: the message itself, another one, or undefined
   * for nothing. What is not the message itself is encoded for this connection alone.
   * @defaultValue every message as it is
   */
  readonly map?: ((message: Message, connection: Joined) => Message | undefined) | undefined;
}

/** Publish and subscribe by topic. A topic is any text; it exists while it has receivers. */
export interface Hub<Message> {
  /**
   * Tells a message to every receiver of a topic: connections that joined and listeners that
   * subscribed before it was published, here and in the other processes.
   *
   * It is encoded once, however many receive it, and delivered in the order of publishing. The
   * receivers of this process have it when this returns, unless it was published from within a
   * listener: then it waits until the message before it has reached everybody. Listeners of this
   * process get the very object, those of other processes a decoded copy.
   *
   * @returns true when everybody is served; false when the codec skipped the message (then nobody
   * is), when the backplane refused it (then this process is; `onError` is told), or after `close`
   * @throws {@link EncodeError} when the codec cannot encode it; nobody has got it then
   */
  readonly publish: (topic: string, message: Message, options?: PublishOptions) => boolean;
  /**
   * Calls a listener with every message that is published on a topic from now on. When it throws or
   * rejects, `onError` is told and nothing else happens; a promise is not waited for.
   *
   * @returns what ends the subscription, at once also in the midst of a delivery
   */
  readonly subscribe: (topic: string, listener: (message: Message) => unknown) => () => void;
  /**
   * Sends a connection every message that is published on a topic from now on, until it leaves or
   * closes. Joining again changes its `map`; joining when it is closed does nothing.
   *
   * @throws TypeError when its codec speaks text and the hub's bytes, or the reverse
   */
  readonly join: <Joined extends Connection<Message, unknown>>(
    topic: string,
    connection: Joined,
    options?: JoinOptions<Message, Joined>,
  ) => void;
  /** Ends what `join` began. Leaving what was never joined does nothing. */
  readonly leave: (topic: string, connection: Connection<never, unknown>) => void;
  /**
   * How many receivers a topic has: connections that joined and listeners that subscribed, here and
   * in the other processes. Those of a process that died vanish within 30 s. While the backplane is
   * away, those of this process alone. Never rejects.
   */
  readonly count: (topic: string) => Promise<number>;
  /**
   * Settles when messages of other processes are received for the first time: a good moment to
   * begin to listen. At once without a backplane; never rejects.
   */
  readonly ready: () => Promise<void>;
  /**
   * Lets everybody leave and the backplane go, after what waits for it was handed over (2 s at
   * most). From then on nothing is published, joined or subscribed. Call it when the server has
   * closed its connections.
   */
  readonly close: () => Promise<void>;
}

/** What waits for its turn: a message, or a gap of these topics (undefined: of all). */
type Job<Message> = Delivery<Message> | { readonly missed: readonly string[] | undefined };

/**
 * Makes a hub: what is published on a topic, from anywhere in the server, reaches every connection
 * that joined it and every listener that subscribed to it.
 *
 * ```ts
 * const hub = createHub({ codec, backplane: redisBackplane({ url: process.env.REDIS_URL }), onError });
 * app.ws('/chat/:room', omniWs({ codec, handler, onOpen: (connection) => hub.join('lobby', connection) }));
 * app.post('/announce', (request, response) => response.json(hub.publish('lobby', ['news', request.body])));
 * ```
 *
 * @throws TypeError when `codec`, `backplane`, `onError` or `onGap` is not what it should be
 */
export function createHub<Message, Encoded extends Wire = string>(
  options: HubOptions<Message, Encoded>,
): Hub<Message> {
  check(options);
  const { codec, backplane, onError, onGap } = options;
  const binary = codec.binary === true;
  let published = 0;
  let closing: Promise<void> | undefined;

  const failed = (error: OmniError): void => {
    publishError(error, 'hub', onError !== undefined);
    if (onError !== undefined) guard(onError, error, () => {});
  };
  const receivers = new Receivers<Message>({
    encode: (message) => encode(message, codec),
    failed,
    counted: (topic, count) => link?.counted(topic, count),
  });
  const queue = new Queue<Job<Message>>((job) => {
    if ('missed' in job) tellGap(job.missed);
    else receivers.deliver(job);
  });

  function enqueue(topic: string, message: Message, encoded: Wire, except?: unknown): void {
    published += 1;
    queue.push({ topic, number: published, message, encoded, except });
  }

  function received(topic: string, encoded: Wire): void {
    // Most of what other processes publish concerns nobody here: it is not even decoded.
    if (receivers.size(topic) === 0) return;
    try {
      const message = decode(encoded as Encoded, codec);
      // Clients get what this process's codec makes of it, not what the network brought.
      const own = encode(message, codec);
      if (own !== undefined) enqueue(topic, message, own);
    } catch (error) {
      failed(error as OmniError);
    }
  }

  function tellGap(missed: readonly string[] | undefined): void {
    const concerned = (missed ?? receivers.topics()).filter((topic) => receivers.size(topic) > 0);
    if (onGap !== undefined) {
      for (const topic of concerned) {
        guard(onGap, topic, (cause) => failed(new HubError('on-gap', { cause })));
      }
    } else if (concerned.length > 0) {
      failed(new BackplaneError('messages of other processes may be lost, and there is no onGap'));
    }
  }

  const link = backplane?.open({
    binary,
    received,
    missed: (missed) => queue.push({ missed }),
    failed,
  });

  return {
    publish: (topic, message, { except, local = false } = {}) => {
      expectTopic(topic);
      if (closing !== undefined) return false;
      const encoded = encode(message, codec);
      if (encoded === undefined) return false;
      const taken = local || link === undefined || link.publish(topic, encoded);
      enqueue(topic, message, encoded, except);
      return taken;
    },

    subscribe: (topic, listener) => {
      expectTopic(topic);
      expectFunction('listener', listener);
      if (closing !== undefined) return () => {};
      return receivers.subscribe(topic, published, listener);
    },

    join: (topic, connection, { map } = {}) => {
      expectTopic(topic);
      expectFunction('map', map, true);
      const receiver = receiverOf(connection, binary);
      if (closing !== undefined) return;
      receivers.join(topic, published, receiver, map && ((message) => map(message, connection)));
    },

    leave: (topic, connection) => receivers.leave(topic, connection as unknown as Receiver),

    count: async (topic) => {
      const elsewhere = (await link?.count(topic)) ?? 0;
      return receivers.size(topic) + elsewhere;
    },

    ready: async () => link?.ready(),

    close: () => {
      closing ??= (async () => {
        receivers.clear();
        await link?.close();
      })();
      return closing;
    },
  };
}

function check<Message, Encoded extends Wire>(options: HubOptions<Message, Encoded>): void {
  const { codec, backplane, onError, onGap } = options;
  expectCodec(codec);
  if (backplane !== undefined && typeof backplane.open !== 'function') {
    throw new TypeError(
      `Expected \`backplane\` to be made by a maker of backplanes, got ${typeof backplane}`,
    );
  }
  expectFunction('onError', onError, true);
  expectFunction('onGap', onGap, true);
}

function expectTopic(topic: unknown): void {
  if (typeof topic === 'string') return;
  throw new TypeError(`Expected \`topic\` to be a string, got ${typeof topic}`);
}
