/** What is written to one Redis: in order, several messages in one command, many commands on their way. */
import { ALL_TOPICS } from '../all-topics.ts';
import { type Budget, Outgoing, type Unwritten } from '../outgoing.ts';
import { appendCommand, appended, type Appending } from './append.ts';
import { type Connection, isRefusal } from './connection.ts';

/** How many messages may be on their way at once. */
const WINDOW = 512;

// Taken once: a fake clock in a user's test would swallow what is on its way.
const schedule = setImmediate;

/** Another node has the slot. Some versions put a dash before what a script could not do. */
export const MOVED: RegExp = /^-?(MOVED|ASK|TRYAGAIN)\b/;

/** What Redis answers where a command was not carried out, but will be later or by another node. */
const NOT_NOW: RegExp =
  /^-?(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|LOADING|MASTERDOWN|NOSCRIPT|OOM|MISCONF|UNKILLABLE|BUSY)\b/;

/** What {@link Writing} needs of those around it. */
export interface WritingOptions {
  readonly appending: Appending;
  readonly isCluster: boolean;
  readonly budget: Budget;
  /** An entry is in its log. */
  readonly written: (topic: string, id: string) => void;
  /** Redis did not accept a message. */
  readonly failed: (cause: unknown) => void;
  /** Messages are refused, because too much waits. */
  readonly refused: (reason: string) => void;
}

export class Writing {
  readonly #options: WritingOptions;
  readonly outgoing: Outgoing;
  /** While it may be written to. */
  #writer: Connection | undefined;
  #onTheirWay = 0;
  #isWoken = false;
  /** Something was written in this turn of the event loop. */
  #isTurnTaken = false;
  /** One command writes to one log alone: the keys of another may be on another node. */
  #isOneTopic: boolean;

  constructor(options: WritingOptions) {
    const { budget, refused, isCluster } = options;
    this.#options = options;
    this.#isOneTopic = isCluster;
    this.outgoing = new Outgoing(
      { allTopics: ALL_TOPICS, wake: () => this.#wake(), refused },
      budget,
    );
  }

  /** What was on its way is written again, as {@link Outgoing.again} says. */
  again(isSame: boolean): void {
    this.outgoing.again(isSame);
    this.#onTheirWay = 0;
  }

  begin(writer: Connection): void {
    this.#writer = writer;
    this.#wake();
  }

  /** Nothing is written any more, and no answer counts, until it begins again. */
  end(): void {
    this.#writer = undefined;
  }

  /**
   * Writes what waits. What is published at once, and first in a turn of the event loop, leaves in one
   * command; what other connections publish later in that turn leaves in another one, at its end. The
   * client of Redis writes no sooner either.
   */
  #wake(): void {
    if (this.#isWoken || this.#writer === undefined) return;
    this.#isWoken = true;
    if (this.#isTurnTaken) return;
    this.#isTurnTaken = true;
    schedule(() => {
      this.#isTurnTaken = false;
      if (this.#isWoken) this.#pump();
    });
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#isWoken = false;
    const writer = this.#writer;
    if (writer === undefined) return;
    while (this.#onTheirWay < WINDOW) {
      const entries = this.outgoing.nextFew(this.#isOneTopic);
      if (entries.length === 0) return;
      this.#onTheirWay += entries.length;
      writer.send(appendCommand(this.#options.appending, entries)).then(
        (reply) => {
          const replies = appended(reply);
          for (let at = 0; at < entries.length; at++) {
            // What comes after a refusal is looked for again, with what was refused.
            if (!this.#isCurrent(writer)) return;
            this.#answered(writer, entries[at] as Unwritten, replies[at]);
          }
          if (this.outgoing.peek() !== undefined) this.#wake();
        },
        (error: unknown) => {
          if (!this.#isCurrent(writer)) return;
          if (entries.length === 1) this.#refused(writer, error);
          else this.#refusedAll(writer, error, entries);
        },
      );
    }
  }

  #isCurrent(writer: Connection): boolean {
    return this.#writer === writer && !writer.isBroken;
  }

  #answered(writer: Connection, { topic }: Unwritten, reply: string | Error | undefined): void {
    if (reply instanceof Error) {
      this.#refused(writer, reply);
      return;
    }
    this.#onTheirWay -= 1;
    this.outgoing.written();
    this.#options.written(topic, reply ?? '');
  }

  /** Redis did not accept a message. */
  #refused(writer: Connection, error: unknown): void {
    if (!isFinal(error)) {
      // Those behind it may have been accepted, unless the slot went: all are written again.
      if (!isRefusal(error) || !MOVED.test(error.message)) this.outgoing.scatter();
      writer.close(error);
      return;
    }
    this.#onTheirWay -= 1;
    this.#options.failed(error);
    this.outgoing.failed();
    this.#wake();
  }

  /**
   * Redis did not accept several messages in one command. Where it would never, because their keys
   * are on several nodes behind one address, or because one topic is forbidden, they are written
   * again one by one, and so is all that comes.
   */
  #refusedAll(writer: Connection, error: unknown, entries: readonly Unwritten[]): void {
    if (!isFinal(error)) {
      this.#refused(writer, error);
    } else if (entries.every(({ topic }) => topic === entries[0]?.topic)) {
      for (const _entry of entries) this.#refused(writer, error);
    } else {
      this.#isOneTopic = true;
      this.outgoing.scatter();
      writer.close(error);
    }
  }
}

/** Whether Redis refuses something for good. */
export function isFinal(error: unknown): boolean {
  return isRefusal(error) && !NOT_NOW.test(error.message);
}
