/** Two connections to one Redis that live and die together: one writes and reads, one is pushed to. */
import { createHash, randomBytes } from 'node:crypto';
import { type Client, Connection, isRefusal } from './connection.ts';
import { type Argument } from './entry.ts';
import { LOAD } from './append.ts';

/** How many channels one command subscribes to. More at once have been lost by clients. */
const CHANNELS = 500;

/** How often a beat is sent through both connections, and after how long without it they are dead, in milliseconds. */
const BEAT = 2_000;
const DEAD = 5_000;

/** How long the mark lives that shows whether Redis has been emptied, in milliseconds. */
const MARK_LIFE = 3_600_000;

/** What {@link openSession} needs. */
export interface SessionOptions {
  readonly make: () => Client;
  /** The connection that writes; it is open. */
  readonly writer: Connection;
  /** The key of the mark. Undefined on a cluster, where it would be on one node alone. */
  readonly mark: string | undefined;
  /** On a cluster, a key that is never there: a node that is not up refuses to look for it. */
  readonly probe: string | undefined;
  /** The channel of the beat: one of this process. */
  readonly beat: string;
  /** Whether topics are pushed on sharded channels. */
  readonly isSharded: boolean;
  /** Takes what is pushed. */
  readonly pushed: (message: Buffer, channel: Buffer) => void;
}

/** What the keepers of a Redis should know of it. */
export interface ServerFacts {
  /** What policy evicts keys when the memory is full; undefined when it evicts none. */
  readonly evicts: string | undefined;
  readonly version: string;
}

export class Session {
  readonly #options: SessionOptions;
  readonly writer: Connection;
  readonly #subscriber: Connection;
  /** Six characters that are others when Redis has restarted, been emptied, or is another one. */
  readonly identity: string;
  readonly facts: ServerFacts;
  #heard = performance.now();

  constructor(
    options: SessionOptions,
    subscriber: Connection,
    identity: string,
    facts: ServerFacts,
  ) {
    this.#options = options;
    this.writer = options.writer;
    this.#subscriber = subscriber;
    this.identity = identity;
    this.facts = facts;
  }

  /** When both connections worked for the last time, by `performance.now()`. */
  get heard(): number {
    return this.#heard;
  }

  /** Subscribes to channels. Everything that is published when this has settled is pushed. */
  async subscribe(channels: readonly string[]): Promise<void> {
    const { isSharded, pushed } = this.#options;
    for (let first = 0; first < channels.length; first += CHANNELS) {
      const some = channels.slice(first, first + CHANNELS);
      if (isSharded)
        for (const each of some) await this.#subscriber.subscribe([each], pushed, true);
      else await this.#subscriber.subscribe(some, pushed, false);
    }
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    const { isSharded } = this.#options;
    for (let first = 0; first < channels.length; first += CHANNELS) {
      const some = channels.slice(first, first + CHANNELS);
      if (isSharded) for (const each of some) await this.#subscriber.unsubscribe([each], true);
      else await this.#subscriber.unsubscribe(some, false);
    }
  }

  /** Sends a beat from time to time, for as long as it comes back. */
  async keepAlive(): Promise<never> {
    const { beat, mark } = this.#options;
    await this.#subscriber.subscribe([beat], () => (this.#heard = performance.now()), false);
    const renew: Argument[][] = mark === undefined ? [] : [['PEXPIRE', mark, String(MARK_LIFE)]];
    this.#heard = performance.now();
    for (;;) {
      const sent = performance.now();
      // The reply alone proves one connection; what is pushed proves the other.
      await this.writer.commands([['PUBLISH', beat, ''], ...renew]);
      await this.writer.pause(BEAT);
      const now = performance.now();
      // A process that was suspended received nothing, which is no sign of a deaf connection.
      if (now - sent > 2 * BEAT) this.#heard = now;
      // guard: a beat of Redis that does not come back
      if (now - this.#heard > DEAD) {
        throw new Error(`Redis pushed nothing for ${Math.round(now - this.#heard)} ms`);
      }
    }
  }

  close(): void {
    this.#subscriber.close();
    this.writer.close();
  }
}

/** Opens the second connection, and finds out what both lead to. Rejects where that is no master. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { make, writer, mark, probe } = options;
  const subscriber = new Connection(make());
  writer.whenBroken(() => subscriber.close());
  subscriber.whenBroken((cause) => writer.close(cause));
  await subscriber.open();
  const [info, other] = [await infoOf(writer), await infoOf(subscriber)];
  if (info['run_id'] !== other['run_id']) throw new Error('two connections led to two servers');
  // A replica takes no messages.
  if (info['role'] !== 'master') throw new Error(`Redis is a ${info['role']}, not a master`);
  if (probe !== undefined) await expectUp(writer, probe);
  let marked = '';
  if (mark !== undefined) {
    const fresh = randomBytes(8).toString('hex');
    const replies = await writer.commands([
      ['SET', mark, fresh, 'NX', 'PX', String(MARK_LIFE)],
      ['GET', mark],
    ]);
    marked = String(replies[1]);
  }
  await writer.command(LOAD);
  // The second replication id changes whenever a replica becomes a master; the first one also when a
  // master gets its first replica, and then nothing has been lost.
  const identity = createHash('sha1')
    .update(`${info['run_id']} ${info['master_replid2']} ${marked}`)
    .digest('base64url')
    .slice(0, 6);
  const policy = info['maxmemory_policy'] ?? 'noeviction';
  const isBounded = (info['maxmemory'] ?? '0') !== '0';
  return new Session(options, subscriber, identity, {
    evicts: isBounded && policy !== 'noeviction' ? policy : undefined,
    version: info['redis_version'] ?? '',
  });
}

/** Rejects on a master that has just come back and refuses all, until it knows of the others. */
async function expectUp(writer: Connection, probe: string): Promise<void> {
  try {
    await writer.command(['PEXPIRE', probe, '1']);
  } catch (error) {
    // MOVED, or a slot that no node has: others are served.
    // guard: a master of a cluster that is down
    if (!isRefusal(error) || error.message.startsWith('CLUSTERDOWN The cluster')) throw error;
  }
}

async function infoOf(connection: Connection): Promise<Record<string, string | undefined>> {
  const sections = await connection.commands([
    ['INFO', 'server'],
    ['INFO', 'replication'],
    ['INFO', 'memory'],
  ]);
  const facts: Record<string, string> = {};
  for (const line of sections.map(String).join('\n').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) facts[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return facts;
}
