/** What waits to be written to an engine: in order, bounded, and written again when a connection broke. */
import { type Wire } from '../core/codec.ts';

/** What may wait: messages, and bytes of them with their topics. */
const MESSAGES_LIMIT = 10_000;
const BYTES_LIMIT = 16_777_216;

/** The most that a message may have, topic included, in bytes. */
export const SIZE_LIMIT = 1_048_576;

/** How much is written in one command: an engine does nothing else meanwhile. */
const FEW_MESSAGES = 64;
const FEW_BYTES = 65_536;

/** How many topics with refused messages are remembered, and in how many bytes of their names. */
const NAMED_TOPICS = 1_000;
const NAMED_BYTES = 65_536;

/** A message on its way to the log, or a note that messages were refused in its place. */
export interface Unwritten {
  readonly topic: string;
  n: number;
  /** Undefined in a note. */
  payload: Wire | undefined;
  readonly bytes: number;
  /**
   * When it was first on its way, if the connection broke then: the engine looks whether it has it
   * already. By `performance.now()`.
   */
  firstTried: number | undefined;
  /** One before it may have been refused though this one was accepted: the order may be another. */
  isScattered?: boolean;
}

/** What {@link Outgoing} needs of its engine. */
export interface OutgoingOptions {
  /** Is called with why messages are refused, once until they are accepted again. */
  readonly refused: (reason: string) => void;
  /** Something waits to be written. */
  readonly wake: () => void;
  /** The topic whose log says that messages of any topic were refused. */
  readonly allTopics: string;
}

/** How much waits, in all that share one bound. */
export interface Budget {
  messages: number;
  bytes: number;
}

export class Outgoing {
  readonly #budget: Budget;
  readonly #options: OutgoingOptions;
  /** In order: those from `#first` to `#next` are on their way, those from `#next` on wait. */
  #queue: Unwritten[] = [];
  #first = 0;
  #next = 0;
  /** The topics with refused messages, and the number of the last one. */
  #refused = new Map<string, number>();
  #refusedBytes = 0;
  #isFull = false;
  #isRefusing = false;
  #emptied: (() => void) | undefined;

  /** @param budget - what is shared with others: the shards of a cluster have one bound */
  constructor(options: OutgoingOptions, budget: Budget = { messages: 0, bytes: 0 }) {
    this.#options = options;
    this.#budget = budget;
  }

  /** How many messages have not been written. */
  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  /** @returns false when the message was refused */
  publish(topic: string, n: number, payload: Wire): boolean {
    const bytes =
      Buffer.byteLength(topic) +
      (typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength);
    if (bytes > SIZE_LIMIT) {
      this.#refuse(topic, n, `one of ${bytes} bytes is over the limit of ${SIZE_LIMIT}`);
      // What is accepted next must not overtake the note.
      this.#reopen();
      return false;
    }
    const budget = this.#budget;
    if (this.#isFull) this.#reopen();
    this.#isFull ||= budget.messages >= MESSAGES_LIMIT || budget.bytes + bytes > BYTES_LIMIT;
    if (this.#isFull) {
      this.#refuse(topic, n, `${budget.messages} of ${budget.bytes} bytes wait already`);
      return false;
    }
    const refused = this.#refused.get(topic);
    if (refused !== undefined) {
      // guard: no message overtakes the note on those before it → this.#refused.set(topic, refused);
      this.#noteRefused(topic, refused);
    }
    this.#add({ topic, n, payload, bytes, firstTried: undefined });
    return true;
  }

  /** Puts a note into the log of a topic: messages may be missing there. */
  note(topic: string, n: number): void {
    this.#add({
      topic,
      n,
      payload: undefined,
      bytes: Buffer.byteLength(topic),
      firstTried: undefined,
    });
  }

  /** The next one to write; it is not on its way yet. */
  peek(): Unwritten | undefined {
    return this.#queue[this.#next];
  }

  /** The topics of all that has not been written. */
  topics(): Set<string> {
    const waiting = this.#queue.slice(this.#first).map(({ topic }) => topic);
    return new Set([...waiting, ...this.#refused.keys()]);
  }

  /** The next one to write; undefined when none waits. */
  next(): Unwritten | undefined {
    const next = this.#queue[this.#next];
    if (next !== undefined) this.#next += 1;
    return next;
  }

  /**
   * The next ones to write, in one command: messages, until they are enough. A note goes alone, and
   * so does what may have been written before. Empty when none waits.
   * @param isOneTopic - true where one command writes to one log alone
   */
  nextFew(isOneTopic: boolean): Unwritten[] {
    const few: Unwritten[] = [];
    let bytes = 0;
    for (let next = this.peek(); next !== undefined; next = this.peek()) {
      const isAlone = next.firstTried !== undefined || next.payload === undefined;
      bytes += next.bytes;
      if (few.length > 0) {
        if (isAlone || few.length === FEW_MESSAGES || bytes > FEW_BYTES) break;
        if (isOneTopic && next.topic !== few[0]?.topic) break;
      }
      few.push(next);
      this.#next += 1;
      if (isAlone) break;
    }
    return few;
  }

  /** The one that was taken first and is still on its way has been written. */
  written(): void {
    const done = this.#queue[this.#first];
    if (done === undefined) return;
    this.#first += 1;
    this.#budget.messages -= 1;
    this.#budget.bytes -= done.bytes;
    if (this.#first === 1_024 || this.#first === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#next -= this.#first;
      this.#first = 0;
    }
    this.#reopen();
    if (this.waiting === 0 && this.#refused.size === 0) this.#emptied?.();
  }

  /** The engine will not take the one that was taken first: a note takes its place. */
  failed(): void {
    const lost = this.#queue[this.#first];
    if (lost === undefined) return;
    this.written();
    this.#refuse(lost.topic, lost.n, 'the engine did not accept them');
    // A note that is not accepted waits until something else is, or it would be tried for ever.
    if (lost.payload !== undefined) this.#reopen();
  }

  /** Of what is on its way some may be accepted though one before it was refused. */
  scatter(): void {
    for (const each of this.#queue.slice(this.#first, this.#next)) each.isScattered = true;
  }

  /**
   * The connection broke: what was on its way is written again.
   * @param isSame - false when the engine may have lost what it had taken: then it is unknown
   * whether others received what was on its way, and a note takes its place
   */
  again(isSame: boolean): void {
    const now = performance.now();
    for (let at = this.#first; at < this.#next; at++) {
      const each = this.#queue[at];
      if (each !== undefined) each.firstTried ??= now;
    }
    if (!isSame) this.#queue = this.#withoutTried(this.#queue.slice(this.#first));
    if (!isSame) this.#first = 0;
    this.#next = this.#first;
  }

  /**
   * What may have been written before a failover comes at most once, so it is not written again: one
   * note stands in for all that was tried in a topic. It has the number of the last one, which is
   * looked for: where the log has that, it has those before it too.
   */
  #withoutTried(entries: readonly Unwritten[]): Unwritten[] {
    const notes = new Map<string, Unwritten>();
    return entries.filter((entry) => {
      const { topic, firstTried, payload, bytes } = entry;
      if (firstTried === undefined || payload === undefined) return true;
      const note = notes.get(topic);
      if (note === undefined) {
        entry.payload = undefined;
        notes.set(topic, entry);
        return true;
      }
      note.n = entry.n;
      this.#budget.messages -= 1;
      this.#budget.bytes -= bytes;
      return false;
    });
  }

  /** Whether something of these topics is on its way. */
  isOnItsWay(isChosen: (topic: string) => boolean): boolean {
    return this.#queue.slice(this.#first, this.#next).some(({ topic }) => isChosen(topic));
  }

  /**
   * Hands over what waits of some topics to another queue, in order; none of it is on its way.
   * @param isSame - as for `again`
   */
  move(isMoved: (topic: string) => boolean, other: Outgoing, isSame: boolean): void {
    const waiting = this.#queue.slice(this.#next);
    const stays = waiting.filter(({ topic }) => !isMoved(topic));
    this.#queue = [...this.#queue.slice(0, this.#next), ...stays];
    const moved = waiting.filter(({ topic }) => isMoved(topic));
    for (const entry of isSame ? moved : this.#withoutTried(moved)) {
      this.#budget.messages -= 1;
      this.#budget.bytes -= entry.bytes;
      other.#add(entry);
    }
    for (const [topic, n] of this.#refused) {
      if (!isMoved(topic)) continue;
      this.#refused.delete(topic);
      other.note(topic, n);
    }
    if (this.waiting === 0 && this.#refused.size === 0) this.#emptied?.();
  }

  /** Settles when nothing waits. */
  async emptied(): Promise<void> {
    if (this.waiting === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  #add(entry: Unwritten): void {
    this.#queue.push(entry);
    this.#budget.messages += 1;
    this.#budget.bytes += entry.bytes;
    this.#options.wake();
  }

  /** A note that the engine did not accept is tried again, before what comes next in its topic. */
  #noteRefused(topic: string, n: number): void {
    this.#refused.delete(topic);
    this.#refusedBytes -= Buffer.byteLength(topic);
    this.note(topic, n);
  }

  #refuse(topic: string, n: number, reason: string): void {
    const { allTopics, refused } = this.#options;
    let name = this.#refused.has(allTopics) ? allTopics : topic;
    if (!this.#refused.has(name)) this.#refusedBytes += Buffer.byteLength(name);
    // guard: what is remembered of the refused is bounded
    if (this.#refused.size >= NAMED_TOPICS || this.#refusedBytes > NAMED_BYTES) {
      this.#refused.clear();
      name = allTopics;
    }
    this.#refused.set(name, n);
    if (this.#isRefusing) return;
    this.#isRefusing = true;
    refused(reason);
  }

  /**
   * Once full, nothing is accepted until half of it is gone: one note for a topic, where there would
   * be hundreds. The notes come after all that was accepted before, and before all that is next.
   */
  #reopen(): void {
    const { messages, bytes } = this.#budget;
    this.#isFull &&= messages > MESSAGES_LIMIT / 2 || bytes > BYTES_LIMIT / 2;
    if (this.#isFull || this.#refused.size === 0) return;
    const refused = this.#refused;
    this.#refused = new Map();
    this.#refusedBytes = 0;
    this.#isRefusing = false;
    for (const [topic, n] of refused) this.note(topic, n);
  }
}
