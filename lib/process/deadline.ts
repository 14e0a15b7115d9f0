/**
 * A time limit for a peer. Time in which the process stood still (stopped by a signal, a laptop
 * asleep, a long computation) does not count in full: the peer's data waits unread in the kernel,
 * and timers run before it is read.
 */
import { LONGEST } from './timers.ts';

/** How many steps a limit is divided into. A step counts as two at most, however long it took. */
const STEPS = 4;

/** A time limit. It does not keep the process alive. */
export class Deadline {
  readonly #limit: number;
  readonly #passed: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #elapsed = 0;

  /**
   * @param limit - in milliseconds; longer than a timer can wait: no limit
   * @param passed - called once, when the limit has passed
   */
  constructor(limit: number, passed: () => void) {
    this.#limit = limit;
    this.#passed = passed;
    if (limit > LONGEST) return;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#step(), limit / STEPS);
    this.#timer.unref();
  }

  /** Nothing is called any more. Ending twice does nothing. */
  end(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    const now = performance.now();
    // guard: a process that stood still is not a silent peer → this.#elapsed += now - this.#last;
    this.#elapsed += Math.min(now - this.#last, (2 * this.#limit) / STEPS);
    this.#last = now;
    // Timers may fire a millisecond early.
    if (this.#elapsed < this.#limit - 1) return;
    this.end();
    this.#passed();
  }
}
