/** One Redis that keeps logs: what is published to it, followed and read there. */
import { ALL_TOPICS } from '../all-topics.ts';
import { type BackplaneHub, type LogPage, type Place, START } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { Outgoing } from '../outgoing.ts';
import { type Appending, appendCommand } from './append.ts';
import { type Client, type Connection, keepConnected } from './connection.ts';
import { idOf, type Names, parsePushed } from './entry.ts';
import { endOf, isRefusal, readLog } from './read.ts';
import { openSession, type Session } from './session.ts';

/** How many messages may be on their way at once. */
const WINDOW = 512;

/** For how long a connection has to hold to be one that works, in milliseconds. */
const SETTLED = 1_000;

/** What would be reported again and again is reported once in this time, in milliseconds. */
const REPORT_INTERVAL = 10_000;

/** How long what was written may not be lost without our knowing, in milliseconds, and of how many topics. */
const RECENT = 15_000;
const RECENT_TOPICS = 1_000;

/** Notes that stand in for no message have numbers from here down. */
const NOTES = 999_999_999_999_999;

/** What Redis answers where a command was not carried out, but will be later or by another node. */
const NOT_NOW =
  /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|LOADING|MASTERDOWN|NOSCRIPT|OOM|MISCONF|UNKILLABLE|BUSY)\b/;

/** What {@link Shard} needs. */
export interface ShardOptions {
  readonly hub: BackplaneHub;
  readonly names: Names;
  readonly prefix: string;
  /** Makes a client of where the master is now. */
  readonly make: () => Client | Promise<Client>;
  /** How much a log keeps. */
  readonly messages: number;
  readonly seconds: number;
  /** Redis loses nothing that it has taken, also when it restarts, and never fails over. */
  readonly isDurable: boolean;
  readonly isCluster: boolean;
  readonly isSharded: boolean;
  /** The first time that it is there. */
  readonly ready: () => void;
  /** What else is done with the connection that writes, as long as it holds. */
  readonly begin: (connection: Connection) => Promise<void>;
  readonly keep: (connection: Connection) => Promise<never>;
  readonly signal: AbortSignal;
}

/** A topic that is followed: its promise of a first place, until it is kept. */
interface Following {
  begun: ((place: Place) => void) | undefined;
  ended: ((error: Error) => void) | undefined;
  /** The end of the log when it began: asked before anything that is published after that. */
  place: Place | undefined;
  asked: Promise<void> | undefined;
}

export class Shard {
  readonly #options: ShardOptions;
  readonly #appending: Appending;
  readonly #following = new Map<string, Following>();
  readonly #recent = new Map<string, { id: string; at: number }>();
  readonly outgoing: Outgoing;
  readonly running: Promise<void>;
  #session: Session | undefined;
  #identity: string | undefined;
  #outage = 0;
  #heard = performance.now();
  #onTheirWay = 0;
  #isPumping = false;
  #joining = new Set<string>();
  #leaving = new Set<string>();
  #isChanging = false;
  #isAway = false;
  readonly #reported = new Map<string, number>();
  #notes = 0;

  constructor(options: ShardOptions) {
    this.#options = options;
    const { hub, names, messages, seconds, isSharded, make, signal } = options;
    this.#appending = {
      names,
      publisher: hub.publisher,
      messages,
      seconds,
      push: isSharded ? 'spublish' : 'publish',
    };
    this.outgoing = new Outgoing({
      allTopics: ALL_TOPICS,
      wake: () => this.#wake(),
      refused: (reason) => hub.failed(new BackplaneError(`messages are refused: ${reason}`)),
    });
    this.running = keepConnected({
      make,
      signal,
      session: (connection, healthy) => this.#run(connection, healthy),
      lost: (cause) => this.#lost(cause),
    });
  }

  /** The connection that writes, while there is one. */
  get writer(): Connection | undefined {
    return this.#session?.writer;
  }

  follow(topic: string): Promise<Place> {
    const known = this.#following.get(topic);
    return new Promise((resolve, reject) => {
      const following: Following = {
        begun: resolve,
        ended: reject,
        place: undefined,
        asked: undefined,
      };
      this.#following.set(topic, following);
      this.#leaving.delete(topic);
      // One that is followed already begins anew: its subscription stands, but it needs a place.
      known?.ended?.(new Error('it is followed anew'));
      this.#joining.add(topic);
      if (this.#session !== undefined) this.#ask(this.#session, topic, following);
      this.#change();
    });
  }

  unfollow(topic: string): void {
    const known = this.#following.get(topic);
    if (known === undefined) return;
    this.#following.delete(topic);
    known.ended?.(new Error('it is not followed any more'));
    this.#joining.delete(topic);
    this.#leaving.add(topic);
    this.#change();
  }

  async read(topic: string, after: Place, limit: number, isFollowed: boolean): Promise<LogPage> {
    const { names, hub, messages, seconds } = this.#options;
    const session = this.#there();
    try {
      return await readLog(session.writer, topic, after, limit, {
        names,
        binary: hub.binary,
        messages,
        life: seconds * 1_000,
        identity: session.identity,
        outage: isFollowed ? this.#outage : undefined,
      });
    } catch (error) {
      if (!isRefusal(error) || NOT_NOW.test(error.message)) throw error;
      this.#report('a log cannot be read', error);
      return { entries: [], isComplete: false, hasMore: false, end: START };
    }
  }

  async end(topic: string): Promise<Place> {
    const { writer, identity } = this.#there();
    return endOf(writer, topic, this.#options.names, identity);
  }

  /** The topics whose first place is known. */
  #begun(): string[] {
    return [...this.#following].flatMap(([topic, { begun }]) =>
      begun === undefined ? [topic] : [],
    );
  }

  #there(): Session {
    if (this.#session === undefined) throw new Error('Redis is away');
    return this.#session;
  }

  async #run(writer: Connection, healthy: () => void): Promise<never> {
    const { hub, prefix, names, make, begin, keep, isCluster, isSharded, isDurable, ready } =
      this.#options;
    const client = await make();
    const session = await openSession({
      make: () => client,
      writer,
      mark: isCluster ? undefined : `${prefix}:mark`,
      beat: `${prefix}:beat:${hub.publisher}`,
      isSharded,
      pushed: (message, channel) => this.#pushed(session, message, channel),
    });
    try {
      const alive = session.keepAlive();
      alive.catch(() => {});
      const topics = [...this.#following.keys()];
      await session.subscribe(topics.map((topic) => names.log(topic)));
      await begin(writer);
      const isFirst = this.#identity === undefined;
      const isSame = isFirst || isDurable || this.#identity === session.identity;
      this.#identity = session.identity;
      this.#outage = performance.now() - this.#heard;
      this.outgoing.again(isSame);
      this.#onTheirWay = 0;
      if (!isSame) await this.#noteLost(writer);
      this.#recent.clear();
      if (session.facts.evicts !== undefined) {
        this.#report(
          `Redis evicts keys (maxmemory-policy ${session.facts.evicts}): logs may vanish`,
        );
      }
      this.#session = session;
      healthy();
      ready();
      for (const [topic, following] of this.#following) {
        if (following.begun === undefined) continue;
        if (!isSame) following.place = undefined;
        this.#joining.add(topic);
        this.#ask(session, topic, following);
      }
      hub.resumed(this.#begun(), isSame);
      this.#change();
      this.#wake();
      return await Promise.race([alive, keep(writer), this.#settle(writer)]);
    } finally {
      this.#heard = Math.max(this.#heard, session.heard);
      session.close();
      if (this.#session === session) {
        this.#session = undefined;
        hub.interrupted(this.#begun());
      }
    }
  }

  /** An outage is over when the connection has held for a moment, or Redis has accepted something. */
  async #settle(writer: Connection): Promise<never> {
    await writer.pause(SETTLED);
    this.#isAway = false;
    return new Promise<never>(() => {});
  }

  #lost(cause: unknown): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#options.hub.failed(new BackplaneError('Redis is away: messages wait', { cause }));
  }

  /** Reports something, but not again and again. */
  #report(text: string, cause?: unknown): void {
    const now = performance.now();
    if (now - (this.#reported.get(text) ?? -Infinity) < REPORT_INTERVAL) return;
    this.#reported.set(text, now);
    this.#options.hub.failed(new BackplaneError(text, cause === undefined ? {} : { cause }));
  }

  #pushed(session: Session, message: Buffer, channel: Buffer): void {
    const { hub, names } = this.#options;
    const topic = names.topicOf(String(channel));
    const entry = parsePushed(message, session.identity, hub.binary);
    if (topic === undefined || entry === undefined) {
      this.#report(
        'something was pushed that is no message: not ours, too large, or of another version',
      );
    } else if (this.#following.has(topic)) {
      hub.delivered(topic, entry);
    }
  }

  /** Subscribes and unsubscribes, together what came together. */
  #change(): void {
    if (this.#isChanging || this.#session === undefined) return;
    this.#isChanging = true;
    void Promise.resolve().then(async () => {
      const session = this.#session;
      try {
        if (session !== undefined) await this.#changeNow(session);
      } catch (error) {
        session?.writer.close(error);
      } finally {
        this.#isChanging = false;
      }
      if (this.#session === session && this.#joining.size + this.#leaving.size > 0) this.#change();
    });
  }

  async #changeNow(session: Session): Promise<void> {
    const { names } = this.#options;
    const left = [...this.#leaving];
    const joined = [...this.#joining];
    this.#leaving.clear();
    this.#joining.clear();
    await session.unsubscribe(left.map((topic) => names.log(topic)));
    await session.subscribe(joined.map((topic) => names.log(topic)));
    for (const topic of joined) {
      const following = this.#following.get(topic);
      if (following === undefined) continue;
      await following.asked;
      session.writer.check();
      following.begun?.(following.place ?? START);
      following.begun = undefined;
      following.ended = undefined;
    }
  }

  /** Asks for the end of a log: in front of all that is written from now on. */
  #ask(session: Session, topic: string, following: Following): void {
    if (following.place !== undefined) return;
    following.asked = session.writer.send(['GET', this.#options.names.last(topic)]).then(
      (last) => {
        const id = idOf(last);
        following.place = id === undefined ? START : `${id}.${session.identity}`;
      },
      (error: unknown) => session.writer.close(error),
    );
  }

  /** Writes what waits; what is published in one turn of the loop leaves in one write. */
  #wake(): void {
    if (this.#isPumping || this.#session === undefined) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined) return;
    while (this.#onTheirWay < WINDOW) {
      const next = this.outgoing.next();
      if (next === undefined) return;
      this.#onTheirWay += 1;
      const { topic } = next;
      session.writer.send(appendCommand(this.#appending, next)).then(
        (id) => {
          if (this.#session !== session) return;
          this.#onTheirWay -= 1;
          this.#isAway = false;
          this.outgoing.written();
          this.#remember(topic, String(id));
          if (this.outgoing.hasNext) this.#wake();
        },
        (error: unknown) => {
          if (this.#session === session) this.#refused(session, error);
        },
      );
    }
  }

  /** Redis did not accept a message. */
  #refused(session: Session, error: unknown): void {
    if (!isRefusal(error) || NOT_NOW.test(error.message)) {
      // Those behind it may have been accepted: all are written again, each at most once.
      session.writer.close(error);
      return;
    }
    this.#onTheirWay -= 1;
    this.#report('Redis did not accept a message', error);
    this.outgoing.failed();
    this.#wake();
  }

  #remember(topic: string, id: string): void {
    const now = performance.now();
    const recent = this.#recent;
    // The newest come last, so that the oldest are the first to be forgotten.
    recent.delete(topic);
    recent.set(topic, { id, at: now });
    for (const [oldest, { at }] of recent) {
      if (now - at < RECENT && recent.size <= RECENT_TOPICS) break;
      recent.delete(oldest);
    }
  }

  /**
   * Another Redis is there: what we wrote last may be gone, also for those who looked before that.
   * A note in its log says so.
   */
  async #noteLost(writer: Connection): Promise<void> {
    const { names } = this.#options;
    const recent = [...this.#recent];
    const found = await writer.commands(
      recent.map(([topic, { id }]) => ['XRANGE', names.log(topic), id, id]),
    );
    for (const [index, [topic]] of recent.entries()) {
      if ((found[index] as unknown[]).length > 0) continue;
      this.#notes += 1;
      // Beside the numbers of messages: a note has no order among them.
      this.outgoing.note(topic, NOTES - this.#notes);
    }
  }
}
