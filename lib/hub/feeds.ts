/** The topics that this process follows in an engine, and its own messages on their way through it. */
import { type Wire } from '../core/codec.ts';
import {
  type BackplaneLink,
  type GapReason,
  type LogEntry,
  type Place,
  START,
} from './backplane.ts';
import { type Delivery } from './delivery.ts';
import { Feed } from './feed.ts';
import { OwnMessages } from './own-messages.ts';

/** How often the feeds are looked at, in milliseconds. */
const LOOK = 500;

/** Within how many of these looks each feed compares its end with that of its log: 60 s. */
const LOOKS_PER_CHECK = 120;

/** For how long the end of a log without entries is remembered, in milliseconds. */
const EMPTY_FOR = 10_000;

/** How long a topic is followed after its last receiver has left, in milliseconds. */
const LINGER = 5_000;

/** What {@link Feeds} needs of its hub. */
export interface FeedsOptions<Message> {
  readonly link: () => BackplaneLink;
  /** The name of this process in the logs. */
  readonly publisher: string;
  /** For how long an engine may be away before local delivery goes on without it, in milliseconds. */
  readonly patience: number;
  /** Delivers a message of this process. */
  readonly deliver: (delivery: Delivery<Message>) => void;
  /** Delivers what has to be decoded first. */
  readonly deliverEncoded: (topic: string, entry: LogEntry) => void;
  readonly gap: (topic: string, reason: GapReason) => void;
}

/** One topic that is followed. */
interface Followed<Message> {
  readonly topic: string;
  readonly feed: Feed;
  /** What this process has published, until the log brings it. */
  readonly own: OwnMessages<Message>;
  /** Since when it is not live; undefined while it is, or is being read. */
  brokenSince: number | undefined;
  /** True while messages of this process are delivered without waiting for the log. */
  isDetached: boolean;
  /** Messages of this process up to this number were delivered: the log will bring them again. */
  deliveredUpTo: number;
  /** Who waits for the first place. */
  waiting: ((place: Place) => void)[];
  /** Where an empty log ends, and until when that is worth telling. */
  empty: { readonly place: Promise<Place | undefined>; readonly until: number } | undefined;
  /** Since when it has no receivers. */
  idleSince: number | undefined;
}

export class Feeds<Message> {
  readonly #options: FeedsOptions<Message>;
  readonly #followed = new Map<string, Followed<Message>>();
  #timer: NodeJS.Timeout | undefined;
  #checksDue = 0;
  #checks: Iterator<Followed<Message>> | undefined;

  constructor(options: FeedsOptions<Message>) {
    this.#options = options;
  }

  /** Where one is who has all that was delivered on a topic; undefined where it is not followed. */
  place(topic: string): Place | undefined {
    const followed = this.#followed.get(topic);
    return followed?.feed.isLive === true ? followed.feed.place : undefined;
  }

  /**
   * Gives the place from which one who has just joined a topic could go on: at once, or as soon as
   * there is one, and before anything that comes after it. Never, where the engine is away.
   */
  whenPlaced(topic: string, callback: (place: Place) => void): void {
    const followed = this.#followed.get(topic);
    if (followed === undefined || followed.isDetached) return;
    const { place } = followed.feed;
    if (place === undefined) followed.waiting.push(callback);
    else if (place === START) void this.#whenEmpty(followed, callback);
    else callback(place);
  }

  /** Takes note of how many receivers a topic has. */
  counted(topic: string, receivers: number): void {
    const known = this.#followed.get(topic);
    if (known !== undefined) known.idleSince = receivers > 0 ? undefined : performance.now();
    else if (receivers > 0) this.#follow(topic);
  }

  /**
   * Publishes a message of this process, also to its own receivers.
   * @returns false when it was refused
   */
  publish(delivery: Delivery<Message>): boolean {
    const { topic, number, encoded, answers } = delivery;
    const isTaken = this.#options.link().publish(topic, number, encoded);
    const followed = this.#followed.get(topic);
    const isHeard = followed !== undefined && followed.idleSince === undefined;
    if (isHeard && followed.isDetached) {
      followed.deliveredUpTo = number;
      this.#options.deliver(delivery);
    } else if (isHeard && isTaken) {
      followed.own.add(delivery);
    } else if (isTaken && answers !== undefined) {
      this.#options.deliver(delivery);
    } else {
      answers?.answer.release();
    }
    return isTaken;
  }

  /** A message of this process that waits for the log to bring it, as it was encoded. */
  own(topic: string, n: number): Wire | undefined {
    return this.#followed.get(topic)?.own.find(n)?.encoded;
  }

  delivered(topic: string, entry: LogEntry): void {
    this.#followed.get(topic)?.feed.pushed(entry);
  }

  interrupted(topics: Iterable<string>): void {
    const now = performance.now();
    for (const topic of topics) {
      const followed = this.#followed.get(topic);
      if (followed === undefined) continue;
      followed.brokenSince ??= now;
      followed.feed.interrupted();
    }
  }

  resumed(topics: Iterable<string>, isSame: boolean): void {
    for (const topic of topics) {
      const followed = this.#followed.get(topic);
      if (followed === undefined) continue;
      this.#attach(followed);
      followed.feed.resumed(isSame);
    }
  }

  /** Follows nothing any more. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { own } of this.#followed.values()) own.answer();
    this.#followed.clear();
  }

  #follow(topic: string): void {
    const { link } = this.#options;
    const followed: Followed<Message> = {
      topic,
      feed: new Feed({
        topic,
        read: (after, limit) => link().read(topic, after, limit, true),
        deliver: (entry) => this.#take(followed, entry),
        gap: (reason) => this.#options.gap(topic, reason),
        live: () => {},
      }),
      own: new OwnMessages(),
      brokenSince: performance.now(),
      isDetached: false,
      deliveredUpTo: 0,
      waiting: [],
      empty: undefined,
      idleSince: undefined,
    };
    this.#followed.set(topic, followed);
    this.#timer ??= setInterval(() => this.#look(), LOOK).unref();
    this.#start(followed);
  }

  #start(followed: Followed<Message>): void {
    this.#options
      .link()
      .follow(followed.topic)
      .then(
        (place) => {
          if (this.#followed.get(followed.topic) !== followed) return;
          this.#attach(followed);
          this.#tellWaiting(followed, place);
          followed.feed.start(place, true);
        },
        // It is followed no more.
        () => {},
      );
  }

  #tellWaiting(followed: Followed<Message>, place: Place): void {
    for (const callback of followed.waiting.splice(0)) {
      if (place === START) void this.#whenEmpty(followed, callback);
      else callback(place);
    }
  }

  /** A log without entries has no place of its own, but the engine has one to go on from. */
  async #whenEmpty(followed: Followed<Message>, callback: (place: Place) => void): Promise<void> {
    const now = performance.now();
    if (followed.empty === undefined || followed.empty.until < now) {
      followed.empty = { place: this.#endOfEmpty(followed.topic), until: now + EMPTY_FOR };
    }
    const place = await followed.empty.place;
    if (place !== undefined && followed.feed.place === START) callback(place);
  }

  async #endOfEmpty(topic: string): Promise<Place | undefined> {
    const link = this.#options.link();
    try {
      const place = await link.end(topic);
      // What was written before that place would be lost to who goes on from it.
      const { entries } = await link.read(topic, START, 1, true);
      return entries.length === 0 ? place : undefined;
    } catch {
      return undefined;
    }
  }

  /** From now on messages of this process wait for the log again. */
  #attach(followed: Followed<Message>): void {
    followed.brokenSince = undefined;
    if (!followed.isDetached) return;
    followed.isDetached = false;
    this.#options.gap(followed.topic, 'back');
  }

  /** The engine has been away for too long: what waits for it is delivered here and now. */
  #detach(followed: Followed<Message>): void {
    followed.isDetached = true;
    this.#options.gap(followed.topic, 'away');
    for (const delivery of followed.own.takeAll()) {
      followed.deliveredUpTo = delivery.number;
      this.#options.deliver(delivery);
    }
  }

  /** Takes the next entry in the order of the log. */
  #take(followed: Followed<Message>, entry: LogEntry): void {
    const { publisher, deliver, deliverEncoded, gap } = this.#options;
    const { topic, own } = followed;
    if (entry.payload === undefined) {
      // It may stand in for messages of this process, which will not come any more.
      if (entry.publisher === publisher) own.take(entry.n)?.answers?.answer.release();
      gap(topic, 'refused');
      return;
    }
    if (entry.publisher !== publisher) {
      deliverEncoded(topic, entry);
      return;
    }
    if (entry.n <= followed.deliveredUpTo) return;
    const delivery = own.take(entry.n);
    if (delivery === undefined) {
      deliverEncoded(topic, entry);
      return;
    }
    delivery.at = entry;
    deliver(delivery);
  }

  #look(): void {
    const now = performance.now();
    for (const followed of this.#followed.values()) {
      const { brokenSince, idleSince, isDetached, topic } = followed;
      if (idleSince !== undefined && now - idleSince > LINGER) {
        this.#followed.delete(topic);
        followed.own.answer();
        this.#options.link().unfollow(topic);
      } else if (
        !isDetached &&
        brokenSince !== undefined &&
        now - brokenSince > this.#options.patience
      ) {
        this.#detach(followed);
      }
    }
    if (this.#followed.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#checksDue += this.#followed.size / LOOKS_PER_CHECK;
    for (; this.#checksDue >= 1; this.#checksDue--) {
      this.#checks ??= this.#followed.values();
      const next = this.#checks.next();
      if (next.done === true) this.#checks = undefined;
      else next.value.feed.check();
    }
  }
}
