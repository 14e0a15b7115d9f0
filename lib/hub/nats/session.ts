/** One connection to NATS, and the stream that it finds there or makes. */
import { setMaxListeners } from 'node:events';
import { jetstreamManager, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { identityOf } from './subjects.ts';

/** How often a beat is sent, and after how long without it the connection is dead, in milliseconds. */
const BEAT = 2_000;
const DEAD = 5_000;

/** How long an answer may take, in milliseconds. */
const ANSWER_LIMIT = 5_000;

/** What the stream is to be like. */
export interface StreamOptions {
  readonly prefix: string;
  readonly messages: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly replicas: number;
}

const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9);

export class Session {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly identity: string;
  /** The sequence of the last entry in the stream, when the session began. */
  readonly last: number;
  readonly #ending = new AbortController();
  #heard = performance.now();
  #cause: unknown;

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    stream: string,
    state: { readonly created: string; readonly last: number },
  ) {
    this.connection = connection;
    this.manager = manager;
    this.stream = stream;
    this.identity = identityOf(state.created);
    // Every answer that is waited for listens to it.
    setMaxListeners(0, this.signal);
    this.last = state.last;
  }

  /** When something came back for the last time, by `performance.now()`. */
  get heard(): number {
    return this.#heard;
  }

  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Subscribes; what is pushed goes to the listener. */
  subscribe(subject: string, listener: (message: Msg) => void): { unsubscribe(): void } {
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null && !this.isOver) listener(message);
      },
    });
  }

  /** Settles when the server has done all that was asked before. */
  async flush(): Promise<void> {
    await this.within(this.connection.flush());
  }

  /** Waits for an answer, up to 5 s; ends the session when there is none. */
  async within<Value>(promise: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`NATS did not answer within ${ANSWER_LIMIT} ms`);
        this.close(error);
        reject(error);
      }, ANSWER_LIMIT);
    });
    try {
      return await Promise.race([promise, late]);
    } catch (error) {
      // A connection that was closed says only that; what ended it says more.
      throw this.isOver ? this.#cause : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Rejects with what ended it. */
  over(): Promise<never> {
    return new Promise((_, reject) => {
      const end = (): void => reject(this.#cause);
      if (this.isOver) end();
      else this.signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Sends a beat from time to time, for as long as it comes back. */
  keepAlive(subject: string): void {
    this.subscribe(subject, () => {
      this.#heard = performance.now();
    });
    let sent = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // A process that was suspended received nothing, which is no sign of a deaf connection.
      if (now - sent > 2 * BEAT) this.#heard = now;
      // guard: a beat of NATS that does not come back
      if (now - this.#heard > DEAD) this.close(new Error('NATS pushed nothing for 5 s'));
      if (this.isOver) return;
      sent = now;
      this.publish(subject);
    }, BEAT);
    timer.unref();
    this.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** Publishes without waiting for an acknowledgement. */
  publish(subject: string, payload?: string, reply?: string): void {
    try {
      this.connection.publish(subject, payload, reply === undefined ? {} : { reply });
    } catch (error) {
      this.close(error);
    }
  }

  close(cause: unknown): void {
    if (this.isOver) return;
    this.#cause = cause;
    this.#ending.abort();
    this.connection.close().catch(() => {});
  }
}

/** The name of the stream of a prefix: a stream's has no dots. */
export const streamOf = (prefix: string): string => prefix.replaceAll('.', '_');

/** Finds the stream, or makes it. */
export async function openSession(
  connection: NatsConnection,
  options: StreamOptions,
): Promise<Session> {
  const manager = await jetstreamManager(connection, { timeout: ANSWER_LIMIT, checkAPI: false });
  const { prefix, messages, seconds, bytes, replicas } = options;
  const stream = streamOf(prefix);
  const config = {
    subjects: [`${prefix}.t.>`],
    republish: { src: `${prefix}.t.>`, dest: `${prefix}.r.>` },
    max_msgs_per_subject: messages,
    max_age: nanoseconds(seconds),
    max_bytes: bytes,
    duplicate_window: nanoseconds(seconds),
    num_replicas: replicas,
    allow_direct: true,
    discard: 'old' as const,
    // In memory a stream that republishes costs more and more for each message.
    storage: 'file' as const,
  };
  let info;
  try {
    info = await manager.streams.info(stream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== 10_059) throw error;
    // Two processes may do so at once: the same stream twice is one.
    info = await manager.streams.add({ name: stream, ...config });
  }
  const { created, config: found, state } = info;
  if (found.republish?.dest !== config.republish.dest || !found.allow_direct) {
    throw new Error(`the stream ${stream} is not one of this package: choose another prefix`);
  }
  const session = new Session(connection, manager, stream, { created, last: state.last_seq });
  connection.closed().then(
    (cause) => session.close(cause ?? new Error('the connection was closed')),
    (cause: unknown) => session.close(cause),
  );
  void watch(connection, session);
  return session;
}

/** A client that would connect again by itself is closed: a new session begins with all of it. */
async function watch(connection: NatsConnection, session: Session): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') session.close(new Error('the connection broke'));
  }
}
