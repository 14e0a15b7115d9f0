/**
 * A client that reads more slowly than we speak: none of its messages are taken until it has caught
 * up, and it is gone when it takes nothing at all.
 */
import { type Patience } from './keep-alive.ts';
import { type Outbox } from '../websocket/outbox.ts';
import { Standstill } from './standstill.ts';

/** What stops taking messages meanwhile. */
interface Held {
  readonly hold: () => void;
  readonly release: () => void;
}

interface Limits extends Patience {
  /** How much may wait to be sent, as the outbox counts it, in bytes. */
  readonly highWaterMark: number;
}

/** The congestion of one connection. Most never have one: it is made when it first happens. */
export class Congestion {
  readonly #outbox: Outbox;
  readonly #held: Held;
  readonly #limits: Limits;
  readonly #standstill: Standstill;
  #isOn = false;

  constructor(outbox: Outbox, held: Held, limits: Limits) {
    this.#outbox = outbox;
    this.#held = held;
    this.#limits = limits;
    this.#standstill = new Standstill(limits);
  }

  /** Something was said, and more than `highWaterMark` waits. */
  begin(): void {
    if (this.#isOn) return;
    // Much may have been said in one turn to a client that reads well: only what the kernel does
    // not take tells.
    this.#outbox.flushUnlessBlocked();
    if (!this.#isOver) return;
    this.#isOn = true;
    // guard: highWaterMark
    this.#held.hold();
    this.#outbox.whenDrained(() => {
      this.#isOn = false;
      this.#standstill.caughtUp();
      if (this.#isOver) this.begin();
      if (!this.#isOn) this.#held.release();
    });
  }

  /** Time has passed. True when the client takes nothing any more. */
  beat(elapsed: number): boolean {
    return this.#isOn && this.#standstill.beat(elapsed, this.#outbox.buffered);
  }

  get #isOver(): boolean {
    return this.#outbox.buffered > this.#limits.highWaterMark;
  }
}
