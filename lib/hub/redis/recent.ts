/** What was written in the last seconds: another Redis that takes over may not have it. */
import { type Connection } from './connection.ts';
import { type Names } from './entry.ts';

/**
 * For how long at least what was written may be lost without our knowing, in milliseconds, and of how
 * many topics that is remembered.
 */
const RECENT = 15_000;
const TOPICS = 1_000;

export class Recent {
  readonly #names: Names;
  /** The last entry of each topic: of a while, and of the while before that. */
  #ids = new Map<string, string>();
  #earlier = new Map<string, string>();
  #since = performance.now();

  constructor(names: Names) {
    this.#names = names;
  }

  topics(): string[] {
    return [...this.#all().keys()];
  }

  written(topic: string, id: string): void {
    if (this.#ids.size >= TOPICS || performance.now() - this.#since > RECENT) {
      this.#earlier = this.#ids;
      this.#ids = new Map();
      this.#since = performance.now();
    }
    this.#ids.set(topic, id);
  }

  clear(): void {
    this.#ids.clear();
    this.#earlier.clear();
  }

  #all(): Map<string, string> {
    return new Map([...this.#earlier, ...this.#ids]);
  }

  /** The topics whose last entry is gone. */
  async lost(connection: Connection): Promise<string[]> {
    const entries = [...this.#all()];
    const found = await connection.questions(
      entries.map(([topic, id]) => ['XRANGE', this.#names.log(topic), id, id]),
      5_000,
    );
    return entries.flatMap(([topic], index) => {
      const reply = found[index];
      return Array.isArray(reply) && reply.length > 0 ? [] : [topic];
    });
  }
}
