/** The logs of a hub that lives in one process: in memory, bounded in three ways. */
import { randomBytes } from 'node:crypto';
import { type Wire } from '../core/codec.ts';
import { expectNumber, expectOptions } from '../core/options.ts';
import { type LogEntry, type LogPage, type Place } from './backplane.ts';

/** How much the logs of a hub without an engine keep. The oldest entries go first. */
export interface LogOptions {
  /**
   * How many messages of each topic.
   * @defaultValue 1,000
   */
  readonly messages?: number | undefined;
  /**
   * How many bytes of all topics together.
   * @defaultValue 16,777,216 (16 MiB)
   */
  readonly bytes?: number | undefined;
  /**
   * How long, in seconds.
   * @defaultValue 300
   */
  readonly seconds?: number | undefined;
}

interface Kept extends LogEntry {
  readonly topic: string;
  readonly index: number;
  readonly at: number;
  readonly size: number;
}

interface Topic {
  entries: Kept[];
  /** The index of its last entry, and of the last one that is gone. */
  last: number;
  gone: number;
  at: number;
}

/** About what an entry and a topic cost besides their strings, in bytes. */
const OVERHEAD = 200;

/** For how long a topic without entries is remembered, in milliseconds. */
const REMEMBERED = 3_600_000;

/** How many entries that are gone may be left at the front of the list. */
const SPENT = 1_024;

/**
 * Entries have one count in all topics. A place is a count, so it says for every topic which of its
 * entries come after it, also where the topic has none.
 */
export class MemoryLog {
  readonly #messages: number;
  readonly #bytes: number;
  readonly #milliseconds: number;
  readonly #publisher: string;
  /** Tells the places of this log from those of another process, and of this one before it restarted. */
  readonly #epoch = randomBytes(6).toString('base64url');
  /** The one that was written to longest ago comes first. */
  readonly #topics = new Map<string, Topic>();
  #count = 0;
  /** The last entry of a topic that is not remembered. */
  #forgotten = 0;
  /** All entries in the order in which they came; those before `#first` are gone. */
  #all: Kept[] = [];
  #first = 0;
  #size = 0;

  constructor(publisher: string, options: LogOptions) {
    expectOptions('log', options, { messages: true, bytes: true, seconds: true });
    const { messages = 1_000, bytes = 16_777_216, seconds = 300 } = options;
    expectNumber('log.messages', messages, { from: 1, isInteger: true });
    expectNumber('log.bytes', bytes, { from: 1, isInteger: true });
    expectNumber('log.seconds', seconds, { above: 0 });
    this.#publisher = publisher;
    this.#messages = messages;
    this.#bytes = bytes;
    this.#milliseconds = seconds * 1_000;
  }

  /** About how many bytes are kept. */
  get size(): number {
    return this.#size;
  }

  append(name: string, n: number, payload: Wire): LogEntry {
    const now = performance.now();
    const known = this.#topics.get(name);
    const topic = known ?? { entries: [], last: this.#forgotten, gone: this.#forgotten, at: now };
    if (known === undefined) this.#size += OVERHEAD + name.length;
    else this.#topics.delete(name);
    this.#topics.set(name, topic);
    this.#count += 1;
    const entry: Kept = {
      topic: name,
      index: this.#count,
      place: this.#place(this.#count),
      previous: this.#place(topic.last),
      publisher: this.#publisher,
      n,
      payload,
      at: now,
      size: OVERHEAD + payload.length,
    };
    topic.at = now;
    topic.last = entry.index;
    topic.entries.push(entry);
    this.#all.push(entry);
    this.#size += entry.size;
    if (topic.entries.length > this.#messages) this.#drop(topic);
    this.#trim(now);
    return entry;
  }

  read(name: string, after: Place, limit: number): LogPage {
    this.#trim(performance.now());
    const topic = this.#topics.get(name);
    const index = this.#indexOf(after);
    const entries = topic?.entries ?? [];
    const begin = entries.findIndex((entry) => entry.index > (index ?? 0));
    const page = begin < 0 ? [] : entries.slice(begin, begin + limit);
    return {
      entries: page,
      isComplete: index !== undefined && index >= (topic?.gone ?? this.#forgotten),
      hasMore: begin >= 0 && begin + page.length < entries.length,
      end: this.end(),
    };
  }

  /** The end of every topic. */
  end(): Place {
    return this.#place(this.#count);
  }

  clear(): void {
    this.#topics.clear();
    this.#forgotten = this.#count;
    this.#all = [];
    this.#first = 0;
    this.#size = 0;
  }

  #place(index: number): Place {
    return `${this.#epoch}.${index}`;
  }

  #indexOf(place: Place): number | undefined {
    const [epoch, index = ''] = place.split('.');
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(index)) return undefined;
    return Number(index) <= this.#count ? Number(index) : undefined;
  }

  /** Drops what is too old, and the oldest while there are too many bytes. */
  #trim(now: number): void {
    for (;;) {
      const oldest = this.#all[this.#first];
      if (oldest === undefined) break;
      const topic = this.#topics.get(oldest.topic);
      const isKept = topic !== undefined && topic.entries[0] === oldest;
      const isDue = now - oldest.at > this.#milliseconds || this.#size > this.#bytes;
      if (isKept && !isDue) break;
      if (isKept) this.#drop(topic);
      this.#first += 1;
      if (this.#first < SPENT) continue;
      this.#all = this.#all.slice(this.#first);
      this.#first = 0;
    }
    for (const [name, { entries, last, at }] of this.#topics) {
      if (entries.length > 0 || (now - at <= REMEMBERED && this.#size <= this.#bytes)) break;
      this.#topics.delete(name);
      this.#forgotten = Math.max(this.#forgotten, last);
      this.#size -= OVERHEAD + name.length;
    }
  }

  #drop(topic: Topic): void {
    const entry = topic.entries.shift();
    if (entry === undefined) return;
    topic.gone = entry.index;
    this.#size -= entry.size;
  }
}
