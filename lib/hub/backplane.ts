/**
 * What a hub and the engine behind it need of each other, so that many processes act as one hub.
 * An engine is one implementation of {@link Backplane}: `express-omnimessage/redis` and
 * `express-omnimessage/nats` are two. It carries encoded messages and knows neither codecs nor
 * connections.
 *
 * An engine keeps a log of each topic, and pushes each new entry to the processes that follow the
 * topic. Every entry names the one before it, so that a process notices what is missing and reads
 * it from the log. What every engine promises:
 *
 * - Entries of one publisher get into the log of a topic in the order of their numbers, each once:
 *   a repeated write is recognised by its publisher and number.
 * - Between `follow` (or `resumed`) and `interrupted` every entry is pushed, each after the one
 *   before it. Where an entry was not pushed, the next one names an entry that is not known here.
 * - `read` says when entries between `after` and the end may be gone.
 * - When the engine may have lost entries that it had taken, `resumed` says that it is not the same.
 * - `publish` neither waits nor throws. What waits is bounded, and so is what is remembered of the
 *   refused; each topic with refused messages gets a note in its log, in their place.
 */
import { type Wire } from '../core/codec.ts';
import { type BackplaneError } from './errors.ts';

/** A position in the log of a topic: an opaque string. Empty before the first entry. */
export type Place = string;

/** The place before the first entry of a log. */
export const START: Place = '';

/** One entry in the log of a topic. */
export interface LogEntry {
  readonly place: Place;
  /** The entry before it in this topic; START when the log knows of none. */
  readonly previous: Place;
  /** The hub that published it. */
  readonly publisher: string;
  /** The publisher's number of it. Numbers rise, and need not be dense. */
  readonly n: number;
  /** The encoded message; undefined in a note that messages were refused here. */
  readonly payload: Wire | undefined;
}

/** What `read` found. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** False when entries between `after` and the first of these may be gone. */
  readonly isComplete: boolean;
  /** True when the log may have more after these. */
  readonly hasMore: boolean;
  /** Where to go on from when there are no entries: the end of the log. */
  readonly end: Place;
}

/** Why messages of a topic may be missing. */
export type GapReason =
  /** The engine has been away for longer than `patience`: messages of this process are delivered without it. */
  | 'away'
  /** The engine is back: what this process delivered alone may stand elsewhere in the order of the others. */
  | 'back'
  /** The engine lost what it had, or another node took over. */
  | 'engine'
  /** The log no longer reaches back to the entry that was received last. */
  | 'log'
  /** A publisher had too much waiting, and refused messages. */
  | 'refused'
  /** Another process published something that the codec of this one does not decode. */
  | 'undecodable';

/** An engine that carries what is published from process to process. */
export interface Backplane {
  /**
   * Called by `createHub`, once per hub. It begins to connect and returns at once; what goes wrong
   * is reported to `hub.failed`.
   */
  readonly open: (hub: BackplaneHub) => BackplaneLink;
}

/** What an engine may ask of its hub and report to it. None of these throws. */
export interface BackplaneHub {
  /** True when the codec's messages are bytes: a payload is a Uint8Array then, else a string. */
  readonly binary: boolean;
  /** The name of this hub in the logs: 16 random characters of base64url. */
  readonly publisher: string;
  /**
   * What this hub has published under this number, as long as it waits for the log to bring it: an
   * engine need not decode that again. Undefined for anything else.
   */
  readonly own: (topic: string, n: number) => Wire | undefined;
  /** Takes an entry that was pushed. Whether it holds a message is the hub's to find out. */
  readonly delivered: (topic: string, entry: LogEntry) => void;
  /** The subscriptions to these topics are broken: nothing is pushed until `resumed`. */
  readonly interrupted: (topics: Iterable<string>) => void;
  /**
   * The subscriptions to these topics are made again; the hub now reads what it has missed.
   * @param isSame - false when the engine may have lost entries that it had taken
   */
  readonly resumed: (topics: Iterable<string>, isSame: boolean) => void;
  /** Messages of this topic may be missing, or of any topic when none is named. */
  readonly gap: (topic: string | undefined, reason: GapReason) => void;
  /** Reports trouble, once per outage. */
  readonly failed: (error: BackplaneError) => void;
}

/** A hub's own end of its engine. */
export interface BackplaneLink {
  /**
   * Queues a message. Neither waits nor throws.
   * @param n - the number of the message, above all before it
   * @returns false when it was refused: because too much waits already, because it is too large, or
   * after `close`. That is reported to `failed` as well, and a note of it goes into the log
   */
  readonly publish: (topic: string, n: number, payload: Wire) => boolean;
  /**
   * Begins to push the entries of a topic.
   * @returns a place before everything that is published after this call, and not before what was
   * written earlier. Settles once everything is pushed that is published from then on; what lies in
   * between is read. Rejects only after `close` or `unfollow`
   */
  readonly follow: (topic: string) => Promise<Place>;
  /** Ends what `follow` began. */
  readonly unfollow: (topic: string) => void;
  /**
   * Reads a log on after a place, or from its beginning when that is START. After a place of an
   * engine that is not the same any more: what is certainly later than that, and where there is
   * nothing, `end` is the end that the log has now.
   * @param isFollowed - true when the topic has been followed up to this place: what the engine
   * forgets only after a time cannot have been missed then
   * @returns what it found. Rejects when the engine is away; where the topic is followed, `resumed`
   * comes after that
   */
  readonly read: (
    topic: string,
    after: Place,
    limit: number,
    isFollowed: boolean,
  ) => Promise<LogPage>;
  /** The end of a topic's log, never START. Rejects when the engine is away. */
  readonly end: (topic: string) => Promise<Place>;
  /** Takes note of how many receivers a topic has in this process now; 0 when the last one left. */
  readonly counted: (topic: string, receivers: number) => void;
  /**
   * How many receivers a topic has in the other processes. Those of a process that died vanish
   * within 30 s. 0 while the engine is away; never rejects.
   */
  readonly count: (topic: string) => Promise<number>;
  /** Settles when the engine is there for the first time, or at `close`. */
  readonly ready: () => Promise<void>;
  /** Hands over what waits, as long as that takes no more than 2 s, and disconnects. */
  readonly close: () => Promise<void>;
}
