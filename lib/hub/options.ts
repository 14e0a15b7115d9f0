/** The options of a hub, and its interface. */
import { type Codec, type Wire } from '../core/codec.ts';
import { type OmniError } from '../core/errors.ts';
import { type Connection } from '../core/exchange.ts';
import {
  expectCodec,
  expectFunction,
  expectNumber,
  expectOptions,
  type OptionNames,
} from '../core/options.ts';
import { type Backplane, type GapReason, type Place } from './backplane.ts';
import { type LogOptions } from './memory-log.ts';

/** Options of {@link createHub}. */
export interface HubOptions<Message, Encoded extends Wire = string> {
  /**
   * Turns what is published into what connections and other processes get, and back. It needs both
   * directions of the same messages: a hub decodes what other processes published.
   */
  readonly codec: Codec<Message, Message, Encoded>;
  /**
   * The engine that joins this hub to those of other processes, and keeps the logs of topics.
   * @defaultValue none: the hub lives in this process
   */
  readonly backplane?: Backplane | undefined;
  /**
   * Keeps the last messages of each topic in memory, for `since` and for `join` with `from`. For a
   * hub without a backplane; an engine has its own option for it.
   * @defaultValue none are kept
   */
  readonly log?: LogOptions | undefined;
  /**
   * For how long the engine may be away before this process delivers its own messages without it,
   * in milliseconds. Until then they wait. `onGap` is called before that, and when the engine is back.
   * @defaultValue 5,000
   */
  readonly patience?: number | undefined;
  /**
   * Is called with what failed where no caller could be: a subscriber, a `map`, `onGap` or
   * `onInterest` that threw or rejected (`HubError`), what other processes sent and is no message
   * (`DecodeError`, at most one every 10 s), a message of `map` that cannot be encoded
   * (`EncodeError`), and the backplane's trouble (`BackplaneError`), once per outage.
   * @defaultValue failures are not reported
   */
  readonly onError?: ((error: OmniError) => unknown) | undefined;
  /**
   * Is called when messages of a topic that has receivers here may be missing, between what came
   * before the gap and what comes after it. Publish what brings the receivers up to date, with
   * `{ local: true }`.
   * @defaultValue `onError` is called, once per gap
   */
  readonly onGap?: ((topic: string, reason: GapReason) => unknown) | undefined;
  /**
   * Is called with true when a topic gets its first receiver in this process, and with false when
   * the last one has left: open and close what feeds the topic here.
   */
  readonly onInterest?: ((topic: string, hasReceivers: boolean) => unknown) | undefined;
}

/** Options of {@link Hub.publish}. */
export interface PublishOptions {
  /**
   * Connections that do not get the message: the one from which it came, for example. A client that
   * comes back to this process does not get it then either.
   */
  readonly except?: Connection<never, unknown> | readonly Connection<never, unknown>[] | undefined;
  /**
   * Reach the receivers of this process alone, at once and outside of the order of the log.
   * @defaultValue false
   */
  readonly local?: boolean | undefined;
  /**
   * The connection whose message this answers: it gets the message as the reply to the one that it
   * is handling now, once, whether it joined the topic or not. One that joined gets it in the order
   * of the topic, also while it catches up; a client that comes back, and repeats its message, may
   * get the reply before what is older in the topic.
   */
  readonly answers?: Connection<never, unknown> | undefined;
}

/** Options of {@link Hub.join}. */
export interface JoinOptions<Message, Joined> {
  /**
   * What this connection gets instead of a message: the message itself, another one, or undefined
   * for nothing. What is not the message itself is encoded for this connection alone.
   * @defaultValue every message as it is
   */
  readonly map?: ((message: Message, connection: Joined) => Message | undefined) | undefined;
}

/** Options of {@link Hub.join} that goes on from a place. */
export interface JoinFromOptions<Message, Joined> extends JoinOptions<Message, Joined> {
  /** Everything after this place is delivered. */
  readonly from: Place;
}

/** Options of {@link Hub.since}. */
export interface SinceOptions {
  /**
   * How many messages at most.
   * @defaultValue 1,000
   */
  readonly limit?: number | undefined;
}

/** What {@link Hub.since} found. */
export interface Since<Message> {
  readonly messages: readonly { readonly message: Message; readonly place: Place }[];
  /** Where to read on. */
  readonly place: Place;
  /** False when messages after the place that was given may be missing here. */
  readonly isComplete: boolean;
  /** True when `limit` was reached, and there may be more. */
  readonly hasMore: boolean;
}

/** Publish and subscribe by topic. A topic is any string; it exists while it has receivers. */
export interface Hub<Message> {
  /**
   * Sends a message to every receiver of a topic: connections that joined and listeners that
   * subscribed before it was published, here and in the other processes.
   *
   * It is encoded once, however many receive it. With a backplane all receivers of a topic, in all
   * processes, get its messages in one order, that of the topic's log; those of this process get it
   * when the log has it. Without a backplane, and with `local`, they have it when this returns,
   * unless it was published from within a listener: then it waits until the message before it has
   * reached all receivers. Listeners of this process get the very object, those of other processes
   * a decoded copy.
   *
   * @returns true when it is on its way; false when the codec skipped the message or the backplane
   * refused it (`onError` is called, and `onGap` in every process that follows the topic), or after
   * `close`
   * @throws {@link EncodeError} when the codec cannot encode it; no receiver gets it then
   */
  readonly publish: (topic: string, message: Message, options?: PublishOptions) => boolean;
  /**
   * Calls a listener with every message that is published on a topic from now on, and its place in
   * the topic's log (undefined where there is no log). When it throws or rejects, `onError` is
   * called and nothing else happens; a promise is not waited for.
   *
   * @returns what ends the subscription, at once also in the midst of a delivery
   */
  readonly subscribe: (
    topic: string,
    listener: (message: Message, place: Place | undefined) => unknown,
  ) => () => void;
  /**
   * Sends a connection every message that is published on a topic from now on, until it leaves or
   * closes. Joining again changes its `map`; joining when it is closed does nothing.
   *
   * With `from` it first gets what was published after that place: the log's part and what is
   * published meanwhile, in order, nothing lost and nothing twice.
   *
   * @returns with `from` a promise, which never rejects: true when everything after the place has
   * been delivered; false when it could not be (the log no longer reaches back, the engine is away,
   * the connection has closed): then it gets what is published from now on, so send it a snapshot
   * @throws TypeError when its codec speaks text and the hub's bytes, or the reverse
   */
  readonly join: {
    <Joined extends Connection<Message, unknown>>(
      topic: string,
      connection: Joined,
      options?: JoinOptions<Message, Joined> & { readonly from?: undefined },
    ): void;
    <Joined extends Connection<Message, unknown>>(
      topic: string,
      connection: Joined,
      options: JoinFromOptions<Message, Joined>,
    ): Promise<boolean>;
  };
  /** Ends what `join` began. Leaving what was never joined does nothing. */
  readonly leave: (topic: string, connection: Connection<never, unknown>) => void;
  /**
   * Reads what was published on a topic after a place. Never rejects: where the log cannot be read,
   * nothing is found and `isComplete` is false.
   */
  readonly since: (topic: string, place: Place, options?: SinceOptions) => Promise<Since<Message>>;
  /**
   * The place at which a topic's log ends now: ask for it before you read a snapshot, and go on
   * from it. Undefined where there is no log, or the engine is away. Never rejects.
   */
  readonly place: (topic: string) => Promise<Place | undefined>;
  /**
   * How many receivers a topic has: connections that joined and listeners that subscribed, here and
   * in the other processes. Those of a process that died vanish within 30 s. While the backplane is
   * away, those of this process alone. Never rejects.
   */
  readonly count: (topic: string) => Promise<number>;
  /**
   * Settles when the backplane is there for the first time, on a Redis Cluster with all masters that
   * are there: a good moment to begin to listen. At once without a backplane; never rejects.
   */
  readonly ready: () => Promise<void>;
  /**
   * Ends all memberships and subscriptions, and disconnects the backplane after what waits for it
   * was handed over (2 s at most). From then on nothing is published, joined or subscribed. Call it
   * when the server has closed its connections.
   */
  readonly close: () => Promise<void>;
}

const OPTION_NAMES: OptionNames<HubOptions<never>> = {
  codec: true,
  backplane: true,
  log: true,
  patience: true,
  onError: true,
  onGap: true,
  onInterest: true,
};

/** @throws TypeError when an option is invalid or unknown */
export function checkHubOptions<Message, Encoded extends Wire>(
  options: HubOptions<Message, Encoded>,
): void {
  expectOptions('createHub', options, OPTION_NAMES);
  const { codec, backplane, log, patience = 0, onError, onGap, onInterest } = options;
  expectCodec(codec);
  if (backplane !== undefined && typeof backplane.open !== 'function') {
    throw new TypeError(
      `Expected \`backplane\` to be what redisBackplane or natsBackplane returns, got ${typeof backplane}`,
    );
  }
  if (backplane !== undefined && log !== undefined) {
    throw new TypeError(
      'Expected `log` without `backplane`: the engine keeps the logs, give `log` to it',
    );
  }
  expectNumber('patience', patience, { from: 0 });
  expectFunction('onError', onError, true);
  expectFunction('onGap', onGap, true);
  expectFunction('onInterest', onInterest, true);
}
