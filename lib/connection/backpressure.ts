/**
 * A client that reads more slowly than we send: none of its messages are taken until it has caught
 * up, and it is gone when it takes nothing at all. While much waits to be sent nothing is read from
 * it, so its silence proves nothing: it is judged by what it takes.
 */
import { type Patience } from './keep-alive.ts';
import { type Line } from './line.ts';

/** What takes no messages meanwhile. */
export interface Held {
  readonly hold: () => void;
  readonly release: () => void;
}

interface Limits extends Patience {
  /** How much may wait to be sent, as the line counts it, in bytes. */
  readonly highWaterMark: number;
}

/** The backpressure of one connection. Most never have any: it is made when it first happens. */
export class Backpressure {
  readonly #line: Pick<Line, 'buffered' | 'flush' | 'whenDrained'>;
  readonly #held: Held;
  readonly #limits: Limits;
  #isOn = false;
  #caughtUp: (() => void) | undefined;
  /** Milliseconds in which the client took nothing, and how much waited then. */
  #stalled = 0;
  #outstanding = 0;

  constructor(line: Pick<Line, 'buffered' | 'flush' | 'whenDrained'>, held: Held, limits: Limits) {
    this.#line = line;
    this.#held = held;
    this.#limits = limits;
  }

  /** Something was sent, and more than `highWaterMark` waits. */
  begin(): void {
    if (this.#isOn) return;
    // Much may have been sent in one turn to a client that reads well: only what the kernel does
    // not take counts.
    this.#line.flush();
    if (!this.#isOver) return;
    this.#isOn = true;
    // guard: highWaterMark
    this.#held.hold();
    this.#line.whenDrained(() => {
      this.#isOn = false;
      this.#stalled = 0;
      this.#outstanding = 0;
      if (this.#isOver) this.begin();
      if (this.#isOn) return;
      this.#held.release();
      const callback = this.#caughtUp;
      this.#caughtUp = undefined;
      callback?.();
    });
  }

  /**
   * Calls back once, when the client has caught up.
   * @returns false when it is not behind; then it does not call back
   */
  whenCaughtUp(callback: () => void): boolean {
    if (this.#isOn) this.#caughtUp = callback;
    return this.#isOn;
  }

  /**
   * Time has passed.
   * @returns true when the client has taken nothing for as long as a silent one may be silent
   */
  beat(elapsed: number): boolean {
    if (!this.#isOn) return false;
    const { buffered } = this.#line;
    // The first beat does not count: most of what has elapsed may have been before.
    const isFresh = this.#outstanding === 0 || buffered < this.#outstanding;
    this.#stalled = isFresh ? 0 : this.#stalled + elapsed;
    this.#outstanding = buffered;
    const { interval, timeout } = this.#limits;
    return this.#stalled >= interval + timeout;
  }

  get #isOver(): boolean {
    return this.#line.buffered > this.#limits.highWaterMark;
  }
}
