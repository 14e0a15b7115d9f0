/**
 * What is kept of one client across its connections: the messages that were handled, with their
 * answers, and the last of what was sent outside of topics.
 */
import { randomBytes } from 'node:crypto';
import { type Wire } from '../core/codec.ts';
import { FORGOTTEN } from '../core/protocol.ts';
import { type MessageId } from './acknowledgement.ts';
import { type Answered } from '../core/window-store.ts';

/** The connection that a client has now. */
export interface Holder {
  /** The client has come back on another connection. */
  readonly replaced: () => void;
}

/** What bounds a window. */
export interface WindowLimits {
  readonly messages: number;
  readonly bytes: number;
  readonly ring: number;
  readonly milliseconds: number;
}

/** What all windows of a route keep together, in bytes. */
export interface Budget {
  bytes: number;
  readonly limit: number;
}

interface Handled {
  readonly id: MessageId;
  /** The connection that handles it. */
  holder: Holder | undefined;
  readonly at: number;
  /** Undefined as long as it is being handled. */
  answered: Answered | undefined;
  /** Who waits for the answer as well. */
  waiting: ((answered: Answered | undefined) => void)[] | undefined;
}

interface Pushed {
  readonly number: number;
  readonly encoded: Wire;
}

/** Distinguishes the windows of this process from those of others. */
const PROCESS = randomBytes(6).toString('base64url');
let windowsMade = 0;

const NONE: never[] = [];

/** About what an entry costs beside its text, in bytes. */
const OVERHEAD = 128;

const sizeOf = (encoded: Wire): number => OVERHEAD + encoded.length;

/** One client's window. */
export class ClientWindow {
  readonly #limits: WindowLimits;
  readonly #budget: Budget;
  readonly #number: number;
  // One array for all that have none: there may be very many.
  #handled: Handled[] = NONE;
  #ring: Pushed[] = NONE;
  /** About how many bytes are kept. */
  bytes = 0;
  /** The number of the last push outside of topics. */
  pushes = 0;
  /** Of messages up to this id that are not here it is not known whether they were handled. */
  floor: MessageId;
  holder: Holder | undefined;
  /** When its last connection ended, in milliseconds of `performance.now`. */
  leftAt = 0;

  constructor(limits: WindowLimits, budget: Budget, floor: MessageId) {
    this.#limits = limits;
    this.#budget = budget;
    this.floor = floor;
    windowsMade += 1;
    this.#number = windowsMade;
  }

  /** Tells this window from those that the same client has in other processes. */
  get name(): string {
    return `${PROCESS}${this.#number.toString(36)}`;
  }

  /** A message is about to be handled. */
  begin(id: MessageId): void {
    this.#count(OVERHEAD);
    if (this.#handled === NONE) this.#handled = [];
    this.#handled.push({
      id,
      holder: this.holder,
      at: performance.now(),
      answered: undefined,
      waiting: undefined,
    });
    // guard: a window holds so many messages
    if (this.#handled.length > this.#limits.messages) this.#drop();
  }

  /** It will not be handled after all: who waits for its answer claims it anew. */
  withdraw(id: MessageId): void {
    const found = this.#find(id);
    if (found === undefined) return;
    this.#handled = this.#handled.filter((each) => each !== found);
    this.#count(-OVERHEAD);
    // guard: who waits for a withdrawn message claims it anew
    found.waiting?.forEach((callback) => callback(undefined));
  }

  /** A message was answered. Only the first answer counts. */
  settle(id: MessageId, header: string, encoded: Wire): boolean {
    const handled = this.#find(id);
    // guard: the first answer of a message counts → if (handled === undefined) return false;
    if (handled === undefined || handled.answered !== undefined) return false;
    const answered = { header, encoded };
    handled.answered = answered;
    // What is kept must not keep the connection alive.
    handled.holder = undefined;
    this.#count(encoded.length);
    this.#trim();
    const { waiting } = handled;
    handled.waiting = undefined;
    waiting?.forEach((callback) => callback(answered));
    return true;
  }

  /** Messages that this connection began and did not answer: their outcome is unknown. */
  abandon(holder: Holder): void {
    const begun = this.#handled.filter((each) => each.holder === holder);
    // guard: a program that ended owes no answers
    for (const { id } of begun) this.settle(id, `-${id};${FORGOTTEN}`, '');
  }

  /**
   * What became of a message that is repeated: its answer, or a promise of it, which is of undefined
   * when it was withdrawn.
   * @returns `new` when it was never handled, `unknown` when it may have been
   */
  look(id: MessageId): Answered | Promise<Answered | undefined> | 'new' | 'unknown' {
    const handled = this.#find(id);
    if (handled === undefined) return id > this.floor ? 'new' : 'unknown';
    // guard: a repeat waits for the first → if (handled.answered === undefined) return 'new';
    if (handled.answered === undefined) {
      return new Promise((resolve) => {
        (handled.waiting ??= []).push(resolve);
      });
    }
    return handled.answered;
  }

  /**
   * Keeps what is sent outside of topics.
   * @returns its number
   */
  push(encoded: Wire): number {
    this.pushes += 1;
    if (this.#ring === NONE) this.#ring = [];
    this.#ring.push({ number: this.pushes, encoded });
    this.#count(sizeOf(encoded));
    // guard: a ring holds so many pushes
    if (this.#ring.length > this.#limits.ring) this.#dropPush();
    this.#trim();
    return this.pushes;
  }

  /**
   * What was sent outside of topics after a push.
   * @returns undefined when some of it is not kept any more
   */
  pushesAfter(number: number): readonly Pushed[] | undefined {
    const missing = this.pushes - number;
    // guard: a ring that no longer reaches back → const isWhole = true;
    const isWhole = missing >= 0 && missing <= this.#ring.length;
    return isWhole ? this.#ring.slice(this.#ring.length - missing) : undefined;
  }

  /** Drops what is too old. */
  expire(now: number): void {
    const oldest = now - this.#limits.milliseconds;
    // guard: a window holds a message for so long
    while ((this.#handled[0]?.at ?? Infinity) < oldest) this.#drop();
  }

  /** Drops everything. */
  clear(): void {
    while (this.#handled.length > 0) this.#drop();
    while (this.#ring.length > 0) this.#dropPush();
  }

  // A repeat is rare, and the message that is answered is mostly the last one.
  #find(id: MessageId): Handled | undefined {
    for (let at = this.#handled.length - 1; at >= 0; at--) {
      if (this.#handled[at]?.id === id) return this.#handled[at];
    }
    return undefined;
  }

  /** Replies first: what is pushed is needed to resume at all. */
  #trim(): void {
    // guard: a window holds so many bytes
    while (this.#isOver && this.#handled.length > 0) this.#drop();
    while (this.#isOver && this.#ring.length > 0) this.#dropPush();
  }

  get #isOver(): boolean {
    // guard: all windows hold so many bytes → return this.bytes > this.#limits.bytes;
    return this.bytes > this.#limits.bytes || this.#budget.bytes > this.#budget.limit;
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#budget.bytes += bytes;
  }

  #drop(): void {
    const dropped = this.#handled.shift();
    if (dropped === undefined) return;
    this.floor = Math.max(this.floor, dropped.id);
    this.#count(-OVERHEAD - (dropped.answered?.encoded.length ?? 0));
    const { id, waiting } = dropped;
    waiting?.forEach((callback) => callback({ header: `-${id};${FORGOTTEN}`, encoded: '' }));
  }

  #dropPush(): void {
    const dropped = this.#ring.shift();
    if (dropped !== undefined) this.#count(-sizeOf(dropped.encoded));
  }
}
