/** What waits to be written to the stream, and the writing of it. */
import { type Wire } from '../../core/codec.ts';
import { Bell } from './wake-up.ts';
import { type Connection } from './connection.ts';
import { type Argument, fieldsOf, type Item, SIZE_LIMIT } from './entry.ts';

/** What may wait: messages, and bytes of them with their topics. */
const MESSAGES_LIMIT = 10_000;
const BYTES_LIMIT = 16_777_216;

/** How many messages one entry holds at most; in bytes they have what an entry may have. */
const BATCH = 256;

/** How many topics a gap names, and in how many bytes, before it says "all". */
const NAMED_TOPICS = 1_000;
const NAMED_BYTES = 65_536;

/** What {@link Sender} is told. */
export interface SenderOptions {
  readonly stream: string;
  /** The name of this process in the stream. */
  readonly publisher: string;
  /** About how many entries the stream keeps. */
  readonly maxLength: number;
  /** Is told why messages are refused, once until they are accepted again. */
  readonly refused: (reason: string) => void;
}

interface Waiting extends Item {
  readonly bytes: number;
}

/**
 * A queue that is written in order, one entry at a time, each with all that waits by then. One at a
 * time, because Redis can refuse one command (out of memory) and carry out the next; readers, who
 * drop what has a lower number than what they have seen, would lose the first in silence.
 *
 * When a connection breaks, nobody knows whether Redis carried out the command that was under way.
 * Its messages are written again: readers know each by its publisher and number, and drop the
 * second one.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #bell = new Bell();
  readonly #refused = new Set<string>();
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** The number of the first that waits, or of the next to come. */
  #first = 1;
  #isFull = false;
  #isRefusing = false;
  #hasSent = false;
  #owesHello = false;
  #emptied: (() => void) | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @returns false when the message was refused */
  publish(topic: string, payload: Wire): boolean {
    const bytes = Buffer.byteLength(topic) + sizeOf(payload);
    if (bytes > SIZE_LIMIT) {
      this.#refuse(topic, `one of ${bytes} bytes is over the limit of ${SIZE_LIMIT}`);
      // What is taken next must not overtake the gap.
      this.#reopen();
      return false;
    }
    this.#isFull ||= this.#waiting.length >= MESSAGES_LIMIT || this.#bytes + bytes > BYTES_LIMIT;
    if (this.#isFull) {
      this.#refuse(topic, `${this.#waiting.length} of ${this.#bytes} bytes wait already`);
      return false;
    }
    this.#add(topic, payload, bytes);
    return true;
  }

  /** An entry without messages. Its id is a place to begin to read at. */
  hello(): Argument[] {
    return this.#command([]);
  }

  /**
   * Repeats the number of the next message, once after messages were sent: who has not seen the
   * last one learns that it was lost, although nothing follows it.
   */
  sayNext(): void {
    this.#owesHello ||= this.#hasSent && this.#waiting.length === 0;
    this.#hasSent = false;
    if (this.#owesHello) this.#bell.ring();
  }

  /** Writes what waits, as much of it as one entry holds. */
  async sendSome(connection: Connection): Promise<void> {
    this.#reopen();
    const batch = this.#batch();
    if (batch.length === 0 && !this.#owesHello) return;
    await connection.command(this.#command(batch));
    this.#owesHello = false;
    this.#hasSent ||= batch.length > 0;
    this.#waiting = this.#waiting.slice(batch.length);
    this.#first += batch.length;
    for (const { bytes } of batch) this.#bytes -= bytes;
    if (this.#isIdle()) this.#emptied?.();
  }

  /** Writes whatever comes, as long as the connection holds. */
  async send(connection: Connection): Promise<never> {
    connection.whenBroken(() => this.#bell.ring());
    for (;;) {
      connection.check();
      if (this.#isIdle()) await this.#bell.rings();
      else await this.sendSome(connection);
    }
  }

  /** Settles when nothing waits. */
  async emptied(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#refused.size === 0 && !this.#owesHello;
  }

  #add(topic: string | undefined, payload: Wire, bytes: number): void {
    this.#waiting.push({ topic, payload, bytes });
    this.#bytes += bytes;
    this.#bell.ring();
  }

  #refuse(topic: string, reason: string): void {
    this.#refused.add(topic);
    this.#bell.ring();
    if (this.#isRefusing) return;
    this.#isRefusing = true;
    this.#options.refused(reason);
  }

  /**
   * Once full, nothing is taken until half of it is gone: one gap, where there would be hundreds.
   * The gap comes after all that was taken before it, and before all that is taken next.
   */
  #reopen(): void {
    this.#isFull &&= this.#waiting.length > MESSAGES_LIMIT / 2 || this.#bytes > BYTES_LIMIT / 2;
    if (this.#isFull || this.#refused.size === 0) return;
    const named = this.#refused.size > NAMED_TOPICS ? '*' : JSON.stringify([...this.#refused]);
    const payload = Buffer.byteLength(named) > NAMED_BYTES ? '*' : named;
    this.#refused.clear();
    this.#isRefusing = false;
    this.#add(undefined, payload, payload.length);
  }

  #batch(): Waiting[] {
    let bytes = 0;
    let length = 0;
    for (const entry of this.#waiting) {
      bytes += entry.bytes;
      if (length === BATCH || bytes > SIZE_LIMIT) break;
      length += 1;
    }
    return this.#waiting.slice(0, length);
  }

  #command(items: readonly Item[]): Argument[] {
    const { stream, publisher, maxLength } = this.#options;
    // Trimmed by whole blocks (~): an exact length would cost a rewrite of a block for each entry.
    const add = ['XADD', stream, 'MAXLEN', '~', String(maxLength), '*'];
    return [...add, ...fieldsOf(publisher, this.#first, items)];
  }
}

function sizeOf(payload: Wire): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
}
