/**
 * How many receivers each topic has, across processes. Each process keeps a hash of its own, from
 * topic to number, which expires unless its process renews it: what a process that died had joined
 * vanishes by itself. A sorted set holds the names of the processes, those of dead ones for an hour.
 */
import { Bell } from './wake-up.ts';
import { type Connection } from './connection.ts';
import { type Argument } from './entry.ts';

/** How often a process says that it lives, and after how long without it is dead, in milliseconds. */
const BEAT = 5_000;
const LIFETIME = 20_000;

/** How long names and the stream outlive the last process, in milliseconds. */
export const HOUR = 3_600_000;

/** How long a count may take, in milliseconds. */
const COUNT_LIMIT = 2_000;

/** How many topics one command writes. */
const CHUNK = 1_000;

/** A field of the hash that is always there: a hash without fields would not exist. */
const MARK = 'n';
const fieldOf = (topic: string): string => `t:${topic}`;

/** What {@link Counts} is told. */
export interface CountsOptions {
  readonly prefix: string;
  readonly stream: string;
  /** The name of this process. */
  readonly node: string;
  /** Called with every beat. */
  readonly beat: () => void;
}

export class Counts {
  readonly #options: CountsOptions;
  readonly #bell = new Bell();
  readonly #counts = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(options: CountsOptions) {
    this.#options = options;
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
      if (this.#changed.size > 0) await this.#write(connection);
      if (performance.now() - beaten < BEAT) continue;
      beaten = performance.now();
      this.#options.beat();
      await this.#renew(connection);
    }
  }

  /** How many receivers a topic has in the other processes. */
  async of(topic: string, connection: Connection): Promise<number> {
    const { prefix, node } = this.#options;
    const names = await connection.command(['ZRANGE', this.#names(), '0', '-1']);
    const others = (Array.isArray(names) ? names.map(String) : []).filter((name) => name !== node);
    const counts = await connection.questions(
      others.map((other) => ['HGET', `${prefix}:node:${other}`, fieldOf(topic)]),
      COUNT_LIMIT,
    );
    return counts.reduce<number>((sum, count) => sum + numberOf(count), 0);
  }

  /** Takes this process out of every count. */
  async withdraw(connection: Connection): Promise<void> {
    // Should a beat come now and find that nothing is there, it announces nothing.
    this.#counts.clear();
    await connection.commands([
      ['DEL', this.#hash()],
      ['ZREM', this.#names(), this.#options.node],
      // Of a script that lived for a second only, no beat has said so.
      ['PEXPIRE', this.#options.stream, String(HOUR)],
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
    const { stream, node } = this.#options;
    const now = Date.now();
    return [
      ['ZADD', this.#names(), String(now), node],
      // Only the names go by a clock, and with an hour to spare; whether one lives, its hash says.
      ['ZREMRANGEBYSCORE', this.#names(), '-inf', String(now - HOUR)],
      ['PEXPIRE', this.#names(), String(HOUR)],
      ['PEXPIRE', stream, String(HOUR)],
    ];
  }

  #hash(): string {
    return `${this.#options.prefix}:node:${this.#options.node}`;
  }

  #names(): string {
    return `${this.#options.prefix}:nodes`;
  }
}

function numberOf(reply: unknown): number {
  const text = Buffer.isBuffer(reply) ? reply.toString('latin1') : '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
