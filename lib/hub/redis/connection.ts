/** One connection to Redis, and how it is made anew whenever it breaks. */
import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply, RESP_TYPES } from 'redis';
import { startTimer } from '../../process/timers.ts';
import { type Argument } from './entry.ts';

type PushListener = (message: Buffer, channel: Buffer) => void;

/** What is used of a client of the `redis` package. */
export interface Client {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error' | 'sharded-channel-moved', listener: (error: unknown) => void): unknown;
  sendCommand(args: Argument[], options?: object): Promise<unknown>;
  subscribe(channels: string[], listener: PushListener, asBuffers: true): Promise<void>;
  sSubscribe(channels: string[], listener: PushListener, asBuffers: true): Promise<void>;
  unsubscribe(channels: string[]): Promise<void>;
  sUnsubscribe(channels: string[]): Promise<void>;
}

/** How long Redis may take to answer what it does at once, in milliseconds. */
const ANSWER_LIMIT = 5_000;

/** The pauses between attempts to connect, in milliseconds: doubled each time, up to the last. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 500;

/** Replies as bytes: what others have written is not decoded before it was looked at. */
const AS_BYTES = { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** True for what Redis refused: the connection is fine. */
export const isRefusal = (error: unknown): error is Error => error instanceof ErrorReply;

/** A connection from its being open to its end; it never comes back by itself. */
export class Connection {
  readonly #client: Client;
  readonly #listeners: ((cause: unknown) => void)[] = [];
  readonly #ending = new AbortController();
  #reason: { readonly cause: unknown } | undefined;

  constructor(client: Client) {
    this.#client = client;
    // Without a listener the client's next trouble would end the process.
    client.on('error', (cause) => this.close(cause));
    // A slot has moved to another node: what was subscribed here has to be subscribed there.
    client.on('sharded-channel-moved', () => this.close(new Error('MOVED: the slot of a channel')));
  }

  get isBroken(): boolean {
    return this.#reason !== undefined;
  }

  /** Connects, and authenticates. Rejects when that takes longer than 5 s. */
  async open(): Promise<void> {
    // Redis may be stopped while its machine still accepts connections, and then says nothing.
    await this.#within(ANSWER_LIMIT, this.#client.connect());
  }

  /** Sends one command with a time limit. Callers that send many commands limit their time themselves. */
  send(args: Argument[]): Promise<unknown> {
    return this.#client.sendCommand(args, AS_BYTES);
  }

  /** Sends commands in one write, in this order. Rejects when one fails, or Redis does not answer. */
  async commands(list: readonly Argument[][], limit: number = ANSWER_LIMIT): Promise<unknown[]> {
    this.check();
    return this.#within(limit, Promise.all(list.map((args) => this.send(args))));
  }

  async command(args: Argument[]): Promise<unknown> {
    const [reply] = await this.commands([args]);
    return reply;
  }

  /** The same for questions of which each may fail by itself: its reply is undefined then. */
  async questions(list: readonly Argument[][], limit: number): Promise<unknown[]> {
    this.check();
    const replies = list.map(async (args) => {
      try {
        return await this.send(args);
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    });
    return this.#within(limit, Promise.all(replies));
  }

  /** All of it or nothing. Rejects when one of the commands fails. */
  async transaction(list: readonly Argument[][]): Promise<readonly unknown[]> {
    const replies = await this.commands([['MULTI'], ...list, ['EXEC']]);
    const results = replies.at(-1) as readonly unknown[] | null;
    if (results === null) throw new Error('Redis did not carry out a transaction');
    for (const result of results) {
      if (result instanceof Error) throw result;
    }
    return results;
  }

  /** Subscribes. What is pushed goes to the listener. */
  async subscribe(channels: string[], listener: PushListener, isSharded: boolean): Promise<void> {
    this.check();
    const client = this.#client;
    await this.#within(
      ANSWER_LIMIT,
      isSharded
        ? client.sSubscribe(channels, listener, true)
        : client.subscribe(channels, listener, true),
    );
  }

  async unsubscribe(channels: string[], isSharded: boolean): Promise<void> {
    this.check();
    const client = this.#client;
    await this.#within(
      ANSWER_LIMIT,
      isSharded ? client.sUnsubscribe(channels) : client.unsubscribe(channels),
    );
  }

  /** Waits. Rejects when the connection breaks meanwhile. */
  async pause(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#ending.signal, ref: false }).catch(
      () => {},
    );
    this.check();
  }

  /** @throws what broke it, when it is broken */
  check(): void {
    if (this.#reason !== undefined) throw this.#reason.cause;
  }

  /** Calls back when it breaks, or was closed. */
  whenBroken(listener: (cause: unknown) => void): void {
    if (this.#reason === undefined) this.#listeners.push(listener);
    else listener(this.#reason.cause);
  }

  /** Ends it, and wakes those that wait for something else. */
  close(cause: unknown = new Error('the connection was closed')): void {
    if (this.#reason !== undefined) return;
    this.#reason = { cause };
    try {
      this.#client.destroy();
    } catch {
      // Some versions throw when it has ended already.
    }
    this.#ending.abort();
    for (const listener of this.#listeners) listener(cause);
  }

  async #within<Value>(limit: number, promise: Promise<Value>): Promise<Value> {
    const late = (): void => this.close(new Error(`Redis did not answer within ${limit} ms`));
    // guard: an answer that came while the process stood still → const timer = setTimeout(late, limit);
    const timer = startTimer(late, limit, undefined);
    try {
      return await promise;
    } catch (error) {
      // A client that we destroyed says only that; what made us do so says more.
      this.check();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What {@link keepConnected} needs. */
export interface Keeping {
  readonly make: () => Client | Promise<Client>;
  /**
   * What is done with a connection as long as it holds; it ends by throwing. It calls `healthy`
   * once what it needs has worked.
   */
  readonly session: (connection: Connection, healthy: () => void) => Promise<never>;
  /** It broke, or could not be made. */
  readonly lost: (cause: unknown) => void;
  /** Ends it all. */
  readonly signal: AbortSignal;
}

/** Runs one session after the other until the signal aborts. Never rejects. */
export async function keepConnected(keeping: Keeping): Promise<void> {
  const { make, session, lost, signal } = keeping;
  let attempts = 0;
  while (!signal.aborted) {
    let connection: Connection | undefined;
    const end = (): void => connection?.close();
    signal.addEventListener('abort', end);
    try {
      connection = new Connection(await make());
      await connection.open();
      await session(connection, () => {
        attempts = 0;
      });
    } catch (cause) {
      if (!signal.aborted) lost(cause);
    } finally {
      signal.removeEventListener('abort', end);
      connection?.close();
    }
    await rest(attempts, signal);
    attempts += 1;
  }
}

/** Spread out, so that the processes of a cluster do not all come back in the same millisecond. */
async function rest(attempts: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** attempts);
  const length = longest * (0.5 + Math.random() / 2);
  await pause(length, undefined, { signal }).catch(() => {});
}
