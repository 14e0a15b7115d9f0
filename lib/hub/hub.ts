/** Publish and subscribe by topic, in this process or, over a backplane, in many. */
import { randomBytes } from 'node:crypto';
import { attempt } from '../core/attempt.ts';
import { type Wire } from '../core/codec.ts';
import { DecodeError, type OmniError } from '../core/errors.ts';
import { expectFunction, expectNumber } from '../core/options.ts';
import { decode, encode } from '../core/pipe.ts';
import { publishError } from '../process/diagnostics.ts';
import { Apart } from './apart.ts';
import { type GapReason, type LogEntry, type LogPage, type Place, START } from './backplane.ts';
import { type Delivery, type Receiver } from './delivery.ts';
import { BackplaneError, HubError } from './errors.ts';
import { Feeds } from './feeds.ts';
import { createJoin, expectTopic } from './joining.ts';
import { MemoryLog } from './memory-log.ts';
import {
  checkHubOptions,
  type Hub,
  type HubOptions,
  type PublishOptions,
  type Since,
} from './options.ts';
import { Queue } from './queue.ts';
import { Receivers } from './receivers.ts';
import { Repeats } from './repeats.ts';
import { readSince } from './since.ts';

/** How long an engine may be away before messages of this process are delivered without it, in milliseconds. */
const PATIENCE = 5_000;

/** What waits for its turn: a message, or a gap in a topic. */
type Job<Message> = Delivery<Message> | { readonly gapIn: string; readonly reason: GapReason };

const NO_LOG: LogPage = { entries: [], isComplete: false, hasMore: false, end: '' };

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
 * @throws TypeError when an option is invalid or unknown
 */
export function createHub<Message, Encoded extends Wire = string>(
  options: HubOptions<Message, Encoded>,
): Hub<Message> {
  checkHubOptions(options);
  const { codec, backplane, onError, onGap, onInterest, patience = PATIENCE } = options;
  const binary = codec.binary === true;
  const publisher = randomBytes(12).toString('base64url');
  const log = options.log && new MemoryLog(publisher, options.log);
  let published = 0;
  let closing: Promise<void> | undefined;
  const repeats = new Repeats();
  const apart = new Apart(publisher);
  /** Topics in which nothing has been decoded since something could not be. */
  const undecodable = new Set<string>();

  const failed = (error: OmniError): void => {
    publishError(error, 'hub', onError !== undefined);
    if (onError !== undefined) attempt(() => onError(error), ignore);
  };
  const fault =
    (code: 'on-gap' | 'on-interest') =>
    (cause: unknown): void =>
      failed(new HubError(code, { cause }));

  const counts = new Map<string, boolean>();
  const receivers = new Receivers<Message>({
    encode: (message) => encode(message, codec),
    failed,
    find: (receiver, at) => apart.find(receiver, at),
    counted: (topic, count) => {
      feeds?.counted(topic, count);
      link?.counted(topic, count);
      if (onInterest === undefined || count > 1 || counts.has(topic) === count > 0) return;
      if (count > 0) counts.set(topic, true);
      else counts.delete(topic);
      attempt(() => onInterest(topic, count > 0), fault('on-interest'));
    },
  });
  const queue = new Queue<Job<Message>>((job) => {
    if ('gapIn' in job) reportGap(job.gapIn, job.reason);
    else receivers.deliver(logged(job));
  });

  /** Without an engine a message gets its place when it is delivered. */
  function logged(delivery: Delivery<Message>): Delivery<Message> {
    if (log === undefined || delivery.isLocal) return delivery;
    const { topic, number, encoded } = delivery;
    return { ...delivery, at: log.append(topic, number, encoded) };
  }

  function gap(topic: string | undefined, reason: GapReason): void {
    for (const each of topic === undefined ? receivers.topics() : [topic]) {
      queue.push({ gapIn: each, reason });
    }
  }

  function reportGap(topic: string, reason: GapReason): void {
    receivers.abandonCatchUps(topic);
    // What is delivered without the engine stands in its log too, and would come twice.
    if (reason === 'away') receivers.displace(topic);
    if (receivers.size(topic) === 0) return;
    if (onGap !== undefined) attempt(() => onGap(topic, reason), fault('on-gap'));
    else failed(new BackplaneError(`messages may be missing (${reason}), and there is no onGap`));
  }

  /** Decodes an entry; undefined when it is no message, null when the codec skips it. */
  function decoded(
    topic: string,
    number: number,
    entry: LogEntry,
  ): Delivery<Message> | null | undefined {
    try {
      const message = decode(entry.payload as Encoded, codec);
      // Clients get what this process's codec makes of it, not what the network brought.
      const encoded = encode(message, codec);
      if (encoded === undefined) return null;
      return { ...OF_OTHERS, topic, number, message, encoded, at: entry };
    } catch (error) {
      // guard: a version that others do not understand floods no log
      if (error instanceof DecodeError && !repeats.isDue('undecodable')) return undefined;
      failed(error as OmniError);
      return undefined;
    }
  }

  function deliverEncoded(topic: string, entry: LogEntry): void {
    // Nobody listens any more: it is not even decoded.
    if (receivers.size(topic) === 0) return;
    const isOwn = entry.publisher === publisher;
    if (!isOwn) published += 1;
    const delivery = decoded(topic, isOwn ? entry.n : published, entry);
    if (delivery !== undefined) {
      undecodable.delete(topic);
      if (delivery !== null) queue.push(delivery);
    } else if (!undecodable.has(topic)) {
      undecodable.add(topic);
      gap(topic, 'undecodable');
    }
  }

  const feeds: Feeds<Message> | undefined =
    backplane &&
    new Feeds<Message>({
      link: () => link as NonNullable<typeof link>,
      publisher,
      patience,
      deliver: (delivery) => queue.push(delivery),
      deliverEncoded,
      gap,
    });
  const link = backplane?.open({
    binary,
    publisher,
    own: (topic, n) => feeds?.own(topic, n),
    delivered: (topic, entry) => feeds?.delivered(topic, entry),
    interrupted: (topics) => feeds?.interrupted(topics),
    resumed: (topics, isSame) => feeds?.resumed(topics, isSame),
    gap,
    failed,
  });

  function publish(topic: string, message: Message, more: PublishOptions = {}): boolean {
    const { except, local = false, answers } = more;
    expectTopic(topic);
    if (closing !== undefined) return false;
    const encoded = encode(message, codec);
    if (encoded === undefined) return false;
    published += 1;
    const isLogged = !local && (log ?? backplane) !== undefined;
    const receiver = answers as unknown as Receiver | undefined;
    const taken = receiver?.takeAnswer?.();
    const answer = isLogged && receiver && taken ? apart.answer(published, receiver, taken) : taken;
    if (isLogged && except !== undefined) apart.except(published, except);
    const delivery: Delivery<Message> = {
      topic,
      number: published,
      message,
      encoded,
      except,
      answers: receiver && answer && { receiver, answer },
      isLocal: local,
      at: undefined,
    };
    if (feeds !== undefined && !local) return feeds.publish(delivery);
    queue.push(delivery);
    return true;
  }

  function read(topic: string, after: Place, limit: number): Promise<LogPage> {
    if (link !== undefined) return link.read(topic, after, limit, false);
    return Promise.resolve(log?.read(topic, after, limit) ?? NO_LOG);
  }

  async function since(topic: string, from: Place, limit: number): Promise<Since<Message>> {
    // The newest message is known here: nothing has to be read.
    if (feeds?.place(topic) === from) {
      return { messages: [], place: from, isComplete: true, hasMore: false };
    }
    return readSince<Message>(from, limit, {
      read: (after, count) => read(topic, after, count),
      decode: (entry) => decoded(topic, published, entry),
    });
  }

  const join = createJoin<Message>({
    binary,
    receivers,
    read,
    decode: (topic, entry) => decoded(topic, published, entry),
    published: () => published,
    isClosed: () => closing !== undefined,
    whenPlaced: (topic, tell) => {
      if (log !== undefined) tell(log.end());
      else feeds?.whenPlaced(topic, tell);
    },
  });

  return {
    publish,

    subscribe: (topic, listener) => {
      expectTopic(topic);
      expectFunction('listener', listener);
      if (closing !== undefined) return () => {};
      return receivers.subscribe(topic, published, listener);
    },

    join,

    leave: (topic, connection) => receivers.leave(topic, connection as unknown as Receiver),

    since: (topic, place, { limit = 1_000 } = {}) => {
      expectTopic(topic);
      expectNumber('limit', limit, { from: 1, isInteger: true });
      return since(topic, place, limit);
    },

    place: async (topic) => {
      expectTopic(topic);
      if (link === undefined) return log?.end();
      const followed = feeds?.place(topic);
      // Before the first entry there is no place that others could go on from; the engine has one.
      return followed !== undefined && followed !== START
        ? followed
        : link.end(topic).catch(() => undefined);
    },

    count: async (topic) => {
      const elsewhere = (await link?.count(topic)) ?? 0;
      return receivers.size(topic) + elsewhere;
    },

    ready: async () => link?.ready(),

    close: () => {
      closing ??= (async () => {
        receivers.clear();
        feeds?.clear();
        log?.clear();
        await link?.close();
      })();
      return closing;
    },
  };
}

/** What only messages of this process have. */
const OF_OTHERS = { except: undefined, answers: undefined, isLocal: false } as const;

const ignore = (): void => {};
