/** What was written in the last seconds: another Redis that takes over may not have it. */
import { type Connection } from './connection.ts';
import { type Names } from './entry.ts';

/** How long what was written may be lost without our knowing, in milliseconds, and of how many topics. */
const RECENT = 15_000;
const TOPICS = 1_000;

export class Recent {
  readonly #names: Names;
  /** The last entry of each topic; the newest come last. */
  readonly #entries = new Map<string, { readonly id: string; readonly at: number }>();

  constructor(names: Names) {
    this.#names = names;
  }

  topics(): string[] {
    return [...this.#entries.keys()];
  }

  written(topic: string, id: string): void {
    const now = performance.now();
    this.#entries.delete(topic);
    this.#entries.set(topic, { id, at: now });
    for (const [oldest, { at }] of this.#entries) {
      if (now - at < RECENT && this.#entries.size <= TOPICS) break;
      this.#entries.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The topics whose last entry is gone. */
  async lost(connection: Connection): Promise<string[]> {
    const entries = [...this.#entries];
    const found = await connection.questions(
      entries.map(([topic, { id }]) => ['XRANGE', this.#names.log(topic), id, id]),
      5_000,
    );
    return entries.flatMap(([topic], index) => {
      const reply = found[index];
      return Array.isArray(reply) && reply.length > 0 ? [] : [topic];
    });
  }
}
