/** The hub's end of NATS: what waits is written, what is followed is subscribed, sessions follow each other. */
import { setTimeout as pause } from 'node:timers/promises';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { ALL_TOPICS } from '../all-topics.ts';
import { type BackplaneHub, type LogPage, type Place } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { Outgoing, type Unwritten } from '../outgoing.ts';
import { Repeats } from '../repeats.ts';
import { refusalOf } from './acknowledgement.ts';
import { type Counts } from './counts.ts';
import { endOf, lastOf, readLog } from './read.ts';
import { openSession, type Session, type StreamOptions } from './session.ts';
import { MESSAGE_ID, pushedEntryOf, tokenOf } from './subjects.ts';

/** How many messages may be on their way at once. */
const WINDOW = 512;

/** How long an acknowledgement may take, in milliseconds. */
const ACK_LIMIT = 5_000;

/** The pauses between attempts to connect, in milliseconds: doubled each time, up to the last. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 500;

/** What {@link Link} needs. */
export interface LinkOptions {
  readonly hub: BackplaneHub;
  readonly connect: () => Promise<NatsConnection>;
  readonly stream: StreamOptions;
  readonly counts: Counts;
  readonly ready: () => void;
  readonly signal: AbortSignal;
}

/** A topic that is followed: its promise of a first place, until it is kept. */
interface Following {
  readonly token: string;
  begun: ((place: Place) => void) | undefined;
  ended: ((error: Error) => void) | undefined;
  subscription: { unsubscribe(): void } | undefined;
}

/** One message on its way. */
interface OnItsWay {
  readonly at: number;
  isDone: boolean;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #following = new Map<string, Following>();
  readonly outgoing: Outgoing;
  readonly running: Promise<void>;
  #session: Session | undefined;
  #identity: string | undefined;
  #outage = 0;
  #heard = performance.now();
  /**
   * The highest sequence that was pushed. A forged one costs a gap at the next session. It is believed all
   * the same: a stream that came back without its newest entries knows of no such sequence either, and
   * those that were pushed last are the first to be lost.
   */
  #seen = 0;
  #onTheirWay = new Map<number, OnItsWay>();
  #attempts = 0;
  #isPumping = false;
  #isAway = false;
  readonly #repeats = new Repeats();

  constructor(options: LinkOptions) {
    this.#options = options;
    const { hub } = options;
    this.outgoing = new Outgoing({
      allTopics: ALL_TOPICS,
      wake: () => this.#wake(),
      refused: (reason) => hub.failed(new BackplaneError(`messages are refused: ${reason}`)),
    });
    this.running = this.#run();
  }

  get session(): Session | undefined {
    return this.#session;
  }

  follow(topic: string): Promise<Place> {
    const known = this.#following.get(topic);
    known?.ended?.(new Error('it is followed anew'));
    known?.subscription?.unsubscribe();
    return new Promise((begun, ended) => {
      const following = { token: tokenOf(topic), begun, ended, subscription: undefined };
      this.#following.set(topic, following);
      if (this.#session !== undefined) void this.#begin(this.#session, topic, following);
    });
  }

  unfollow(topic: string): void {
    const known = this.#following.get(topic);
    this.#following.delete(topic);
    known?.ended?.(new Error('it is not followed any more'));
    known?.subscription?.unsubscribe();
  }

  async read(topic: string, after: Place, limit: number, isFollowed: boolean): Promise<LogPage> {
    const { hub, stream } = this.#options;
    return readLog(this.#there(), after, limit, {
      subject: this.#subjectOf(topic),
      binary: hub.binary,
      messages: stream.messages,
      life: stream.seconds * 1_000,
      outage: isFollowed ? this.#outage : undefined,
    });
  }

  async end(topic: string): Promise<Place> {
    return endOf(this.#there(), this.#subjectOf(topic));
  }

  #there(): Session {
    if (this.#session === undefined) throw new Error('NATS is away');
    return this.#session;
  }

  #subjectOf(topic: string): string {
    return `${this.#options.stream.prefix}.t.${tokenOf(topic)}`;
  }

  async #run(): Promise<void> {
    const { connect, stream, signal, hub } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      let connection: NatsConnection | undefined;
      try {
        connection = await connect();
        const session = await openSession(connection, stream);
        attempt = 0;
        await this.#hold(session);
      } catch (cause) {
        connection?.close().catch(() => {});
        if (!this.#isAway && !signal.aborted) {
          this.#isAway = true;
          hub.failed(new BackplaneError('NATS is away: messages wait', { cause }));
        }
      }
      const longest = Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** attempt);
      await pause(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
    }
  }

  /** Goes on with all that is followed and waits, until the session is over. */
  async #hold(session: Session): Promise<never> {
    const { hub, stream, counts, ready, signal } = this.#options;
    const end = (): void => session.close(new Error('the hub was closed'));
    signal.addEventListener('abort', end, { once: true });
    // Asked before anything is pushed here, which is later than the end that the session found.
    const isFirst = this.#identity === undefined;
    const isSame = isFirst || (this.#identity === session.identity && session.last >= this.#seen);
    if (!isSame) this.#seen = 0;
    try {
      session.keepAlive(`${stream.prefix}.n.beat.${hub.publisher}`);
      session.subscribe(`${stream.prefix}.k.${hub.publisher}.*`, (ack) => this.#acknowledged(ack));
      counts.begin(session);
      const begun = [...this.#following].filter(([, following]) => following.begun === undefined);
      for (const [topic, following] of begun) this.#subscribe(session, topic, following);
      await session.flush();
      this.#identity = session.identity;
      this.#outage = performance.now() - this.#heard;
      this.outgoing.again(isSame);
      this.#onTheirWay.clear();
      this.#session = session;
      ready();
      hub.resumed(
        begun.map(([topic]) => topic),
        isSame,
      );
      for (const [topic, following] of this.#following) {
        if (following.begun !== undefined) void this.#begin(session, topic, following);
      }
      this.#wake();
      const late = setInterval(() => this.#checkAcknowledgements(session), ACK_LIMIT / 5);
      late.unref();
      session.signal.addEventListener('abort', () => clearInterval(late), { once: true });
      return await session.over();
    } finally {
      signal.removeEventListener('abort', end);
      this.#heard = Math.max(this.#heard, session.heard);
      session.close(new Error('the session is over'));
      if (this.#session === session) {
        this.#session = undefined;
        hub.interrupted(
          [...this.#following].flatMap(([topic, { begun }]) =>
            begun === undefined ? [topic] : [],
          ),
        );
      }
    }
  }

  /** Follows a topic from now on. What is published on it waits until that is done. */
  async #begin(session: Session, topic: string, following: Following): Promise<void> {
    try {
      this.#subscribe(session, topic, following);
      await session.flush();
      const place = await lastOf(session, this.#subjectOf(topic));
      if (this.#following.get(topic) !== following || this.#session !== session) return;
      following.begun?.(place);
      following.begun = undefined;
      following.ended = undefined;
      this.#wake();
    } catch (error) {
      session.close(error);
    }
  }

  #subscribe(session: Session, topic: string, following: Following): void {
    const subject = `${this.#options.stream.prefix}.r.${following.token}`;
    following.subscription = session.subscribe(subject, (message) =>
      this.#pushed(session, topic, message),
    );
  }

  #pushed(session: Session, topic: string, message: Msg): void {
    const { hub } = this.#options;
    const entry = pushedEntryOf(message, session.identity, hub.binary);
    if (entry === undefined) {
      this.#report(
        'something was pushed that is no message: not ours, too large, or of another version',
      );
      return;
    }
    this.#seen = Math.max(this.#seen, Number.parseInt(entry.place, 10));
    if (this.#following.has(topic)) hub.delivered(topic, entry);
  }

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
    while (!session.isOver && this.#onTheirWay.size < WINDOW) {
      const waiting = this.outgoing.peek();
      // Its receivers here are to get it: they are followed first.
      if (waiting === undefined || this.#following.get(waiting.topic)?.begun !== undefined) return;
      this.outgoing.next();
      this.#attempts += 1;
      this.#onTheirWay.set(this.#attempts, { at: performance.now(), isDone: false });
      this.#write(session, waiting, this.#attempts);
    }
  }

  #write(session: Session, { topic, n, payload, firstTried }: Unwritten, attempt: number): void {
    const { hub, stream } = this.#options;
    // Longer ago than the stream remembers: whether it was written cannot be found out any more.
    const isForgotten =
      firstTried !== undefined && performance.now() - firstTried > stream.seconds * 1_000;
    const written = isForgotten ? undefined : payload;
    const header = headers();
    header.set(MESSAGE_ID, `${hub.publisher}.${n}.${written === undefined ? 'g' : 'm'}`);
    try {
      session.connection.publish(this.#subjectOf(topic), written ?? '', {
        headers: header,
        reply: `${stream.prefix}.k.${hub.publisher}.${attempt}`,
      });
    } catch (error) {
      session.close(error);
    }
  }

  /** The stream has written one, or has not: those before it in order are done first. */
  #acknowledged(message: Msg): void {
    const attempt = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1));
    const done = this.#onTheirWay.get(attempt);
    if (done === undefined) return;
    const refusal = refusalOf(message);
    if (refusal !== undefined) {
      // Those behind it may have been written: all are written again, each at most once.
      this.#session?.close(new Error(refusal));
      return;
    }
    done.isDone = true;
    this.#isAway = false;
    for (const [first, { isDone }] of this.#onTheirWay) {
      if (!isDone) break;
      this.#onTheirWay.delete(first);
      this.outgoing.written();
    }
    if (this.outgoing.peek() !== undefined) this.#wake();
  }

  #checkAcknowledgements(session: Session): void {
    for (const { at } of this.#onTheirWay.values()) {
      if (performance.now() - at > ACK_LIMIT) {
        session.close(new Error(`NATS acknowledged nothing for ${ACK_LIMIT} ms`));
      } else if (this.#onTheirWay.size === 0) {
        this.#isAway = false;
      }
      return;
    }
    this.#isAway = false;
  }

  /** Reports something, but not again and again. */
  #report(text: string): void {
    if (this.#repeats.isDue(text)) this.#options.hub.failed(new BackplaneError(text));
  }
}
