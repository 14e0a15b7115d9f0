/**
 * An engine that exists in a test alone: one log of each topic, a channel to each process, and
 * every fault at a moment that the test chooses. Nothing happens by itself: `step` does one thing of
 * all that could happen next.
 */
import { type Backplane, type BackplaneHub, type LogEntry } from '../../lib/hub/backplane.ts';

/** An entry of the model: what is known of it besides what the hub is shown. */
interface ModelEntry extends LogEntry {
  readonly topic: string;
}

interface Unwritten {
  readonly topic: string;
  readonly n: number;
  /** Undefined for a note that one is missing here. */
  payload: string | undefined;
  /** Written, but this publisher does not know of it. */
  isWritten: boolean;
}

interface Question {
  readonly ask: () => () => void;
  answer: (() => void) | undefined;
  readonly reject: () => void;
}

/** One process. */
export interface Process {
  readonly hub: BackplaneHub;
  readonly followed: Set<string>;
  readonly unwritten: Unwritten[];
  /** What is pushed to it, and has not arrived. */
  channel: ModelEntry[];
  /** Reads, and the answers to follow: each is carried out, and then arrives. */
  questions: Question[];
  isConnected: boolean;
  isSame: boolean;
}

export class ModelEngine {
  readonly processes: Process[] = [];
  /** How many entries a log keeps. */
  readonly limit: number;
  readonly #random: () => number;
  #logs = new Map<string, ModelEntry[]>();
  /** The end of each log, also where nothing is left in it. */
  #ends = new Map<string, string>();
  #saved = { logs: new Map(this.#logs), ends: new Map(this.#ends), count: 0 };
  /** Every entry that was ever written, by its place. */
  readonly written = new Map<string, ModelEntry>();
  #count = 0;
  #failovers = 0;

  constructor(random: () => number, limit = Infinity) {
    this.#random = random;
    this.limit = limit;
  }

  readonly backplane: Backplane = {
    open: (hub) => {
      const self: Process = {
        hub,
        followed: new Set(),
        unwritten: [],
        channel: [],
        questions: [],
        isConnected: true,
        isSame: true,
      };
      this.processes.push(self);
      const question = <Value>(ask: () => Value): Promise<Value> =>
        new Promise((resolve, reject) => {
          self.questions.push({
            ask: () => {
              const value = ask();
              return () => resolve(value);
            },
            answer: undefined,
            reject: () => reject(new Error('away')),
          });
          if (!self.isConnected) this.#failQuestions(self);
        });
      return {
        publish: (topic, n, payload) => {
          self.unwritten.push({ topic, n, payload: String(payload), isWritten: false });
          return true;
        },
        follow: async (topic) => {
          const place = this.#ends.get(topic) ?? '';
          const failovers = this.#failovers;
          for (;;) {
            try {
              return await question(() => {
                self.followed.add(topic);
                return failovers === this.#failovers ? place : (this.#ends.get(topic) ?? '');
              });
            } catch {
              await new Promise<void>((resolve) => this.#whenBack.push(resolve));
            }
          }
        },
        unfollow: (topic) => self.followed.delete(topic),
        read: (topic, after, limit) =>
          question(() => {
            const log = this.#logs.get(topic) ?? [];
            const end = this.#ends.get(topic) ?? '';
            const isThere = log.some(({ place }) => place === after);
            const isComplete = isThere || after === end || (log[0]?.previous ?? end) === after;
            const rest = log.filter(({ place }) => Number(place) > Number(after));
            const entries = rest.slice(0, limit);
            const hasMore = rest.length > limit;
            return after === end
              ? { entries: [], isComplete, hasMore: false, end }
              : { entries, isComplete, hasMore, end };
          }),
        end: (topic) => question(() => this.#ends.get(topic) ?? ''),
        counted: () => {},
        count: () => Promise.resolve(0),
        ready: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
  };

  #whenBack: (() => void)[] = [];

  /** True when nothing is on its way. */
  get isQuiet(): boolean {
    return this.processes.every(
      ({ unwritten, channel, questions, isConnected }) =>
        isConnected && unwritten.length + channel.length + questions.length === 0,
    );
  }

  end(topic: string): string {
    return this.#ends.get(topic) ?? '';
  }

  /** Does one thing for one process: writes, pushes, carries out a question or answers it. */
  step(self: Process): void {
    const done = self.questions.findIndex(({ answer }) => answer !== undefined);
    const asked = self.questions.find(({ answer }) => answer === undefined);
    const possible: (() => void)[] = [];
    if (!self.isConnected) {
      possible.push(() => this.connect(self));
    } else {
      if (self.unwritten.length > 0) possible.push(() => this.#write(self));
      if (self.channel.length > 0) possible.push(() => this.#push(self));
      if (asked !== undefined) {
        possible.push(() => {
          asked.answer = asked.ask();
        });
      }
      if (done >= 0) possible.push(() => self.questions.splice(done, 1)[0]?.answer?.());
    }
    possible[Math.floor(this.#random() * possible.length)]?.();
  }

  /** Writes the next message, which the publisher may not learn: then it writes it again. */
  #write(self: Process, isForgotten = false): void {
    const [next] = self.unwritten;
    if (next === undefined) return;
    if (!next.isWritten || !this.#has(self, next)) this.#append(self, next);
    next.isWritten = true;
    if (!isForgotten) self.unwritten.shift();
  }

  /** The look back of a repeated write, by publisher and number: in all that was not lost. */
  #has({ hub }: Process, { topic, n }: Unwritten): boolean {
    let entry = this.written.get(this.end(topic));
    while (entry !== undefined) {
      if (entry.publisher === hub.publisher && entry.n === n) return true;
      entry = this.written.get(entry.previous);
    }
    return false;
  }

  #append({ hub }: Process, { topic, n, payload }: Unwritten): void {
    this.#count += 1;
    const entry: ModelEntry = {
      topic,
      // Another engine gives out lower ones again, and never the same.
      place: `${this.#count}.${this.#failovers}`,
      previous: this.#ends.get(topic) ?? '',
      publisher: hub.publisher,
      n,
      payload,
    };
    this.written.set(entry.place, entry);
    this.#ends.set(topic, entry.place);
    this.#logs.set(topic, [...(this.#logs.get(topic) ?? []), entry].slice(-this.limit));
    for (const process of this.processes) {
      if (process.isConnected && process.followed.has(topic)) process.channel.push(entry);
    }
  }

  #push(self: Process, isTwice = false): void {
    const entry = self.channel[0];
    if (!isTwice) self.channel.shift();
    if (entry !== undefined) self.hub.delivered(entry.topic, entry);
  }

  #failQuestions(self: Process): void {
    const { questions } = self;
    self.questions = [];
    for (const { reject } of questions) reject();
  }

  /** What is pushed next arrives, and will arrive again. */
  pushTwice(self: Process): void {
    if (self.isConnected) this.#push(self, true);
  }

  /** What is pushed first arrives second. */
  swap({ channel }: Process): void {
    const [first, second] = channel;
    if (first !== undefined && second !== undefined) channel.splice(0, 2, second, first);
  }

  /** Writes, and breaks the connection before the publisher is told. */
  writeAndCut(self: Process): void {
    if (self.isConnected) this.#write(self, true);
    this.cut(self);
  }

  /** Ends a connection, with all that is on its way. */
  cut(self: Process): void {
    if (!self.isConnected) return;
    self.isConnected = false;
    self.channel = [];
    self.hub.interrupted(self.followed);
    this.#failQuestions(self);
  }

  connect(self: Process): void {
    if (self.isConnected) return;
    self.isConnected = true;
    // Whether others have heard it before it was lost cannot be known: written again it might come twice.
    if (!self.isSame) {
      for (const each of self.unwritten) if (each.isWritten) each.payload = undefined;
    }
    self.hub.resumed(self.followed, self.isSame);
    self.isSame = true;
    for (const resolve of this.#whenBack.splice(0)) resolve();
  }

  /** A replica has all up to here. */
  replicate(): void {
    this.#saved = { logs: new Map(this.#logs), ends: new Map(this.#ends), count: this.#count };
  }

  /** Entries are lost that had been taken: all who reconnect see another engine. */
  failOver(): void {
    this.#failovers += 1;
    for (const process of this.processes) {
      this.cut(process);
      process.isSame = false;
    }
    this.#logs = new Map(this.#saved.logs);
    this.#ends = new Map(this.#saved.ends);
    this.#count = this.#saved.count;
  }
}
