/** One Redis that keeps logs: what is published to it, followed and read there. */
import { type BackplaneHub, type LogPage, type Place, START } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { type Budget, type Outgoing } from '../outgoing.ts';
import { Repeats } from '../repeats.ts';
import { type Client, type Connection, keepConnected } from './connection.ts';
import { type Names, parsePushed } from './entry.ts';
import { Followings } from './followings.ts';
import { endOf, readLog } from './read.ts';
import { Recent } from './recent.ts';
import { openSession, type Session } from './session.ts';
import { isFinal, MOVED, Writing } from './writing.ts';

/** For how long a connection has to hold to be one that works, in milliseconds. */
const SETTLED = 1_000;

/** Notes that stand in for no message have numbers from here down. */
const NOTES = 999_999_999_999_999;

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
  /** What may wait, in all shards together. */
  readonly budget: Budget;
  /** On a cluster: something is elsewhere now. */
  readonly moved: () => void;
  /** The first time that it is there. */
  readonly ready: () => void;
  /** What else is done with the connection that writes, as long as it holds. */
  readonly begin: (connection: Connection) => Promise<void>;
  readonly keep: (connection: Connection) => Promise<never>;
  readonly signal: AbortSignal;
}

export class Shard {
  readonly #options: ShardOptions;
  readonly #recent: Recent;
  readonly followings: Followings;
  readonly #writing: Writing;
  readonly running: Promise<void>;
  #session: Session | undefined;
  #identity: string | undefined;
  #outage = 0;
  #heard = performance.now();
  #isAway = false;
  readonly #repeats = new Repeats();
  #notes = 0;

  constructor(options: ShardOptions) {
    this.#options = options;
    const { hub, names, messages, seconds, isCluster, isSharded, budget, make, signal } = options;
    this.#recent = new Recent(names);
    this.followings = new Followings(names);
    this.#writing = new Writing({
      appending: {
        names,
        publisher: hub.publisher,
        messages,
        seconds,
        push: isSharded ? 'spublish' : 'publish',
      },
      isCluster,
      budget,
      written: (topic, id) => {
        this.#isAway = false;
        this.#recent.written(topic, id);
      },
      failed: (cause) => this.#report('Redis did not accept a message', cause),
      refused: (reason) => hub.failed(new BackplaneError(`messages are refused: ${reason}`)),
    });
    this.running = keepConnected({
      make,
      signal,
      session: (connection, healthy) => this.#run(connection, healthy),
      lost: (cause) => this.#lost(cause),
    });
  }

  get outgoing(): Outgoing {
    return this.#writing.outgoing;
  }

  /** The connection that writes, while there is one. */
  get writer(): Connection | undefined {
    return this.#session?.writer;
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
      if (!isFinal(error)) throw error;
      this.#report('a log cannot be read', error);
      return { entries: [], isComplete: false, hasMore: false, end: START };
    }
  }

  async end(topic: string): Promise<Place> {
    const { writer, identity } = this.#there();
    return endOf(writer, topic, this.#options.names, identity);
  }

  #there(): Session {
    if (this.#session === undefined) throw new Error('Redis is away');
    return this.#session;
  }

  async #run(writer: Connection, healthy: () => void): Promise<never> {
    const { hub, prefix, make, begin, keep, isCluster, isSharded, isDurable, ready } =
      this.#options;
    const client = await make();
    const session = await openSession({
      make: () => client,
      writer,
      mark: isCluster ? undefined : `${prefix}:mark`,
      probe: isCluster ? `${prefix}:probe` : undefined,
      beat: `${prefix}:beat:${hub.publisher}`,
      isSharded,
      pushed: (message, channel) => this.#pushed(session, message, channel),
    });
    try {
      const alive = session.keepAlive();
      alive.catch(() => {});
      await session.subscribe(this.followings.channels());
      await begin(writer);
      const isFirst = this.#identity === undefined;
      const isSame = isFirst || isDurable || this.#identity === session.identity;
      this.#identity = session.identity;
      this.#outage = performance.now() - this.#heard;
      this.#writing.again(isSame);
      if (!isSame) for (const topic of await this.#recent.lost(writer)) this.#note(topic);
      this.#recent.clear();
      if (session.facts.evicts !== undefined) {
        this.#report(
          `Redis evicts keys (maxmemory-policy ${session.facts.evicts}): logs may vanish`,
        );
      }
      this.#session = session;
      healthy();
      ready();
      // Those that have begun read what they missed; then the others begin.
      hub.resumed(this.followings.begun(), isSame);
      this.followings.begin(session, isSame);
      this.#writing.begin(writer);
      return await Promise.race([alive, keep(writer), this.#settle(writer)]);
    } finally {
      this.#end(session);
    }
  }

  /** Nothing comes of a session any more. */
  #end(session: Session): void {
    this.#heard = Math.max(this.#heard, session.heard);
    session.close();
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#writing.end();
    this.followings.end();
    this.#options.hub.interrupted(this.followings.begun());
  }

  /**
   * Hands topics over to other shards, with all that is under way.
   * @param other - the shard of a topic; undefined for one that stays
   * @param isGiven - true when this master gave them away, so that nothing has been lost; else it is
   * a failover
   */
  handOver(other: (topic: string) => Shard | undefined, isGiven: boolean): void {
    const { hub, isDurable } = this.#options;
    const isSame = isDurable || isGiven;
    const isMoved = (topic: string): boolean => other(topic) !== undefined;
    // What is on its way will be refused here; it is written there, and looked for before that.
    if (this.#session !== undefined && this.outgoing.isOnItsWay(isMoved)) this.#end(this.#session);
    if (this.#session === undefined) this.#writing.again(true);
    for (const [topic, { begun, ended }] of this.followings.removeAll(isMoved)) {
      if (begun === undefined) hub.interrupted([topic]);
      const resumed = (): void => hub.resumed([topic], isSame);
      other(topic)?.followings.add(topic, begun ?? resumed, ended);
    }
    const waiting = [...this.outgoing.topics()].map((topic) => other(topic));
    for (const target of new Set(waiting)) {
      if (target === undefined) continue;
      this.outgoing.move((topic) => other(topic) === target, target.outgoing, isSame);
    }
    if (isSame) return;
    for (const topic of this.#recent.topics()) {
      const target = other(topic);
      if (target !== undefined) target.#note(topic);
    }
  }

  /** An outage is over when the connection has held for a moment, or Redis has accepted something. */
  async #settle(writer: Connection): Promise<never> {
    await writer.pause(SETTLED);
    this.#isAway = false;
    return new Promise<never>(() => {});
  }

  #lost(cause: unknown): void {
    this.#options.moved();
    if (this.#isAway || (cause instanceof Error && MOVED.test(cause.message))) return;
    this.#isAway = true;
    this.#options.hub.failed(new BackplaneError('Redis is away: messages wait', { cause }));
  }

  /** Reports something, but not again and again. */
  #report(text: string, cause?: unknown): void {
    if (!this.#repeats.isDue(text)) return;
    this.#options.hub.failed(new BackplaneError(text, cause === undefined ? {} : { cause }));
  }

  #pushed(session: Session, message: Buffer, channel: Buffer): void {
    const { hub } = this.#options;
    const topic = this.followings.topicOf(String(channel));
    if (topic === undefined) return;
    const entry = parsePushed(message, topic, session.identity, hub);
    if (entry !== undefined) hub.delivered(topic, entry);
    else {
      this.#report(
        'something was pushed that is no message: not ours, too large, or of another version',
      );
    }
  }

  #note(topic: string): void {
    this.#notes += 1;
    // Beside the numbers of messages: a note has no order among them.
    this.outgoing.note(topic, NOTES - this.#notes);
  }
}
