/**
 * What is kept of one client across its connections: the messages that were handled, with their
 * answers, and the last of what was sent outside of topics.
 */
import { randomBytes } from 'node:crypto';
import { type Wire } from '../core/codec.ts';
import { FORGOTTEN } from '../core/protocol.ts';
import { type MessageId } from './acknowledgement.ts';
import { HandledMessages } from './handled-messages.ts';
import { type Budget, KeptMessages } from './kept-messages.ts';
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

/** Who waits for an answer as well. It is undefined when the message will not be handled after all. */
type Waiting = ((answered: Answered | undefined) => void)[];

interface Pushed {
  readonly number: number;
  readonly encoded: Wire;
}

/** Distinguishes the windows of this process from those of others. */
const PROCESS = randomBytes(6).toString('base64url');
let windowsMade = 0;

/** What an entry counts beside its text, in bytes. */
const OVERHEAD = 64;

/** One client's window. */
export class ClientWindow {
  readonly #limits: WindowLimits;
  readonly #budget: Budget;
  readonly #number: number;
  #handled: HandledMessages<Holder> | undefined;
  /** By the message. */
  #waiting: Map<MessageId, Waiting> | undefined;
  /** What was sent outside of topics, up to `pushes`. */
  #ring: KeptMessages | undefined;
  /** How many bytes are kept, as the option `bytes` counts them. What they take in memory the budget knows. */
  bytes = 0;
  /** The number of the last push outside of topics. */
  pushes = 0;
  /** Of messages up to this id that are not here it is not known whether they were handled. */
  floor: MessageId;
  /** The client has the answers to all messages up to this one. */
  #done: MessageId = 0;
  /** The largest id of those that were repeated. */
  #repeated: MessageId = 0;
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
    this.bytes += OVERHEAD;
    this.#handled ??= new HandledMessages(this.#budget);
    this.#handled.begin(id, this.holder, performance.now());
    // guard: a window holds so many messages
    if (this.#handled.length > this.#limits.messages) this.#drop();
  }

  /** It will not be handled after all: who waits for its answer claims it anew. */
  withdraw(id: MessageId): void {
    const slot = this.#handled?.find(id);
    if (slot === undefined) return;
    this.#handled?.remove(slot);
    this.bytes -= OVERHEAD;
    // guard: who waits for a withdrawn message claims it anew
    this.#tell(id, undefined);
  }

  /** A message was answered. Only the first answer counts. */
  settle(id: MessageId, header: string, encoded: Wire): boolean {
    const handled = this.#handled;
    const slot = handled?.find(id);
    // guard: the first answer of a message counts → if (handled === undefined || slot === undefined) return false;
    if (handled === undefined || slot === undefined || handled.has(slot)) return false;
    this.bytes += handled.answer(slot, header, encoded);
    this.#trim();
    if (this.#waiting !== undefined) this.#tell(id, { header, encoded });
    return true;
  }

  /** The client has the answers to all messages up to this one: they are dropped. */
  confirmed(id: MessageId): void {
    this.#done = Math.max(this.#done, id);
    const handled = this.#handled;
    if (handled === undefined) return;
    // guard: what is not answered is not confirmed → while (handled.oldest !== undefined && handled.oldest <= id) this.#drop();
    while (handled.oldest !== undefined && handled.oldest <= id && handled.has(handled.first)) {
      this.#drop();
    }
  }

  /**
   * Whether the client has the answer to a message, or repeats the message and gets it then;
   * undefined where that is not known any more.
   * @param window - for how long it repeats a message, in milliseconds
   */
  isAnswered(id: MessageId, window: number): boolean | undefined {
    if (id <= this.#done) return true;
    const slot = this.#handled?.find(id);
    const begun = slot === undefined ? undefined : this.#handled?.timeAt(slot);
    // guard: a message that its page has given up is not answered → if (begun !== undefined) return true;
    if (begun !== undefined && performance.now() - begun < window) return true;
    return id <= this.#repeated ? undefined : false;
  }

  /** Messages that this connection began and did not answer: their outcome is unknown. */
  abandon(holder: Holder): void {
    const begun = this.#handled?.begunBy(holder) ?? [];
    // guard: a program that ended owes no answers
    for (const id of begun) this.settle(id, `-${id};${FORGOTTEN}`, '');
  }

  /**
   * What became of a message that is repeated: its answer, or a promise of it, which is of undefined
   * when it was withdrawn.
   * @returns `new` when it was never handled, `unknown` when it may have been
   */
  look(id: MessageId): Answered | Promise<Answered | undefined> | 'new' | 'unknown' {
    this.#repeated = Math.max(this.#repeated, id);
    const slot = this.#handled?.find(id);
    if (slot === undefined) return id > this.floor ? 'new' : 'unknown';
    const answered = this.#handled?.answerAt(slot);
    // guard: a repeat waits for the first → if (answered === undefined) return 'new';
    if (answered === undefined) {
      return new Promise((resolve) => {
        this.#waiting ??= new Map();
        const waiting = this.#waiting.get(id);
        if (waiting === undefined) this.#waiting.set(id, [resolve]);
        else waiting.push(resolve);
      });
    }
    return answered;
  }

  /**
   * Keeps what is sent outside of topics.
   * @returns its number
   */
  push(encoded: Wire): number {
    this.pushes += 1;
    this.#ring ??= new KeptMessages(this.#budget);
    this.bytes += OVERHEAD + this.#ring.put(this.#ring.add(), encoded);
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
    const kept = this.#ring?.length ?? 0;
    // guard: a ring that no longer reaches back → const isWhole = true;
    const isWhole = missing >= 0 && missing <= kept;
    if (!isWhole) return undefined;
    return Array.from({ length: missing }, (_, at) => ({
      number: number + at + 1,
      encoded: this.#ring?.get(this.#ring.slotOf(kept - missing + at)) ?? '',
    }));
  }

  /** Drops what is too old. */
  expire(now: number): void {
    const oldest = now - this.#limits.milliseconds;
    // guard: a window holds a message for so long
    while ((this.#handled?.oldestTime ?? Infinity) < oldest) this.#drop();
    // guard: an empty window holds nothing
    this.#shrink();
  }

  /** Drops everything. */
  clear(): void {
    while (this.#isHandling) this.#drop();
    while (this.#hasPushes) this.#dropPush();
    this.#shrink();
  }

  get #isHandling(): boolean {
    return this.#handled !== undefined && this.#handled.length > 0;
  }

  get #hasPushes(): boolean {
    return this.#ring !== undefined && this.#ring.length > 0;
  }

  /** Replies first: what is pushed is needed to resume at all. */
  #trim(): void {
    // guard: a window holds so many bytes
    while (this.#isOver && this.#isHandling) this.#drop();
    if (this.#isOver) this.#shrink();
    while (this.#isOver && this.#hasPushes) this.#dropPush();
    if (this.#isOver) this.#shrink();
  }

  /** Lets go of the room of what is empty. */
  #shrink(): void {
    if (!this.#isHandling) {
      this.#handled?.letGo();
      this.#handled = undefined;
    }
    if (this.#hasPushes) return;
    this.#ring?.letGo();
    this.#ring = undefined;
  }

  get #isOver(): boolean {
    // guard: all windows hold so many bytes → return this.bytes > this.#limits.bytes;
    return this.bytes > this.#limits.bytes || this.#budget.bytes > this.#budget.limit;
  }

  #drop(): void {
    const handled = this.#handled;
    const id = handled?.oldest;
    if (handled === undefined || id === undefined) return;
    this.floor = Math.max(this.floor, id);
    this.bytes -= OVERHEAD + handled.sizeAt(handled.first);
    handled.drop();
    if (this.#waiting !== undefined) this.#tell(id, { header: `-${id};${FORGOTTEN}`, encoded: '' });
  }

  /** Tells those who wait for the answer of a message. */
  #tell(id: MessageId, answered: Answered | undefined): void {
    const waiting = this.#waiting?.get(id);
    if (waiting === undefined) return;
    this.#waiting?.delete(id);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
    for (const callback of waiting) callback(answered);
  }

  #dropPush(): void {
    const ring = this.#ring;
    if (ring === undefined) return;
    this.bytes -= OVERHEAD + ring.sizeAt(ring.first);
    ring.drop();
  }
}
