/** At every so many publishers, those that have been silent for long are forgotten. */
const MANY = 1_000;

/** For how long a publisher must have been silent to be forgotten, in milliseconds. */
const LONG = 3_600_000;

/** How many publishers are remembered at most, whatever was written to the stream. */
const LIMIT = 10_000;

interface Publisher {
  /** The highest number seen. */
  last: number;
  /** False when the next number may be any: the gap before it is told already. */
  isNextKnown: boolean;
  seenAt: number;
}

/**
 * What was seen of each publisher. Each counts its messages: a number twice is one that was
 * written twice because a connection broke, and a number left out is one that Redis lost after it
 * had taken it (a replica that took over behind the others).
 */
export class Publishers {
  readonly #known = new Map<string, Publisher>();

  /**
   * Takes note of an entry: the numbers from `first` on, as many as it has items.
   * @returns how many of its items were seen before, and whether something before it is missing
   */
  see(name: string, first: number, items: number): { seen: number; isMissing: boolean } {
    const now = Date.now();
    const last = first + items - 1;
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, { last, isNextKnown: true, seenAt: now });
      if (this.#known.size % MANY === 0) this.#forget(now);
      return { seen: 0, isMissing: false };
    }
    const seen = Math.max(0, Math.min(items, known.last + 1 - first));
    const isMissing = known.isNextKnown && first > known.last + 1;
    known.last = Math.max(known.last, last);
    known.isNextKnown = true;
    known.seenAt = now;
    return { seen, isMissing };
  }

  /** A gap is known: the next number of each may be any. */
  expectGaps(): void {
    for (const publisher of this.#known.values()) publisher.isNextKnown = false;
  }

  #forget(now: number): void {
    for (const [name, { seenAt }] of this.#known) {
      if (now - seenAt > LONG) this.#known.delete(name);
    }
    for (const name of this.#known.keys()) {
      if (this.#known.size <= LIMIT) return;
      this.#known.delete(name);
    }
  }
}
