/**
 * How many receivers each topic has, across processes. Each process keeps a hash of its own, from
 * topic to number, which expires unless its process renews it, so the receivers of a process that
 * died vanish by themselves. A set holds the names of the processes; a count that finds an expired
 * hash removes its name. No clock is read but that of Redis.
 */
import { type Connection } from './connection.ts';
import { type Argument } from './entry.ts';
import { Bell } from './wake-up.ts';

/** How often a process renews its hash, and after how long without it the hash is gone, in milliseconds. */
const BEAT = 5_000;
const LIFETIME = 20_000;

/** How long the names outlive the last process, in milliseconds. */
const HOUR = 3_600_000;

/** How long a count may take, in milliseconds. */
const COUNT_LIMIT = 2_000;

/** How long changes are collected before they are written, in milliseconds. */
const COLLECT = 50;

/** How many topics one command writes. */
const CHUNK = 1_000;

/** A field of the hash that is always there: a hash without fields would not exist. */
const MARK = 'n';
const fieldOf = (topic: string): string => `t:${topic}`;

export class Counts {
  readonly #prefix: string;
  /** The name of this process. */
  readonly #node: string;
  readonly #bell = new Bell();
  readonly #counts = new Map<string, number>();
  readonly #changed = new Set<string>();

  /** @param prefix - of the keys, which on a cluster have to be in one slot */
  constructor(prefix: string, node: string) {
    this.#prefix = prefix;
    this.#node = node;
  }

  /** Takes note of how many receivers a topic has in this process. */
  set(topic: string, receivers: number): void {
    if (receivers > 0) this.#counts.set(topic, receivers);
    else this.#counts.delete(topic);
    this.#changed.add(topic);
    this.#bell.ring();
  }

  /** Writes all numbers anew, and that this process lives. */
  async announce(connection: Connection): Promise<void> {
    this.#changed.clear();
    const fields = [...this.#counts].flatMap(([topic, count]) => [fieldOf(topic), String(count)]);
    await connection.transaction([
      ['DEL', this.#hash()],
      ['HSET', this.#hash(), MARK, '1'],
      ...chunks(fields, CHUNK * 2).map((chunk) => ['HSET', this.#hash(), ...chunk]),
      // In the same transaction: a hash that did not expire would be counted for ever.
      ['PEXPIRE', this.#hash(), String(LIFETIME)],
      ...this.#signsOfLife(),
    ]);
  }

  /** Writes what changes, and every 5 s that this process lives, as long as the connection holds. */
  async keep(connection: Connection): Promise<never> {
    connection.whenBroken(() => this.#bell.ring());
    let beaten = performance.now();
    for (;;) {
      await this.#bell.rings(Math.max(0, beaten + BEAT - performance.now()));
      connection.check();
      if (this.#changed.size > 0) {
        await connection.pause(COLLECT);
        await this.#write(connection);
      }
      if (performance.now() - beaten < BEAT) continue;
      beaten = performance.now();
      await this.#renew(connection);
    }
  }

  /** How many receivers a topic has in the other processes. */
  async of(topic: string, connection: Connection): Promise<number> {
    const names = await connection.command(['SMEMBERS', this.#names()]);
    const others = (Array.isArray(names) ? names.map(String) : []).filter(
      (name) => name !== this.#node,
    );
    const replies = await connection.questions(
      others.map((other) => ['HMGET', `${this.#prefix}:node:${other}`, MARK, fieldOf(topic)]),
      COUNT_LIMIT,
    );
    const dead = others.filter((_, index) => isGone(replies[index]));
    // One that comes back writes its name anew.
    if (dead.length > 0) await connection.command(['SREM', this.#names(), ...dead]);
    return replies.reduce<number>((sum, reply) => sum + numberOf(reply), 0);
  }

  /** Takes this process out of every count. */
  async withdraw(connection: Connection): Promise<void> {
    // Should a beat come now and find that nothing is there, it announces nothing.
    this.#counts.clear();
    await connection.commands([
      ['DEL', this.#hash()],
      ['SREM', this.#names(), this.#node],
    ]);
  }

  async #write(connection: Connection): Promise<void> {
    const set: string[] = [];
    const removed: string[] = [];
    for (const topic of this.#changed) {
      const count = this.#counts.get(topic);
      if (count === undefined) removed.push(fieldOf(topic));
      else set.push(fieldOf(topic), String(count));
    }
    this.#changed.clear();
    const [existed] = await connection.transaction([
      ['EXISTS', this.#hash()],
      ...chunks(set, CHUNK * 2).map((chunk) => ['HSET', this.#hash(), ...chunk]),
      ...chunks(removed, CHUNK).map((chunk) => ['HDEL', this.#hash(), ...chunk]),
      ['PEXPIRE', this.#hash(), String(LIFETIME)],
    ]);
    // It had expired (this process stood still, or Redis lost it): the rest is missing from it.
    if (existed === 0) await this.announce(connection);
  }

  async #renew(connection: Connection): Promise<void> {
    const [renewed] = await connection.transaction([
      ['PEXPIRE', this.#hash(), String(LIFETIME)],
      ...this.#signsOfLife(),
    ]);
    if (renewed === 0) await this.announce(connection);
  }

  #signsOfLife(): Argument[][] {
    return [
      ['SADD', this.#names(), this.#node],
      ['PEXPIRE', this.#names(), String(HOUR)],
    ];
  }

  #hash(): string {
    return `${this.#prefix}:node:${this.#node}`;
  }

  #names(): string {
    return `${this.#prefix}:nodes`;
  }
}

/** True when the hash was read, and is not there. */
function isGone(reply: unknown): boolean {
  return Array.isArray(reply) && reply[0] === null;
}

function numberOf(reply: unknown): number {
  const count: unknown = Array.isArray(reply) ? reply[1] : undefined;
  const text = Buffer.isBuffer(count) ? count.toString('latin1') : '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
