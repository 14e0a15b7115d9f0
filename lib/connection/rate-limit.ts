/** How many messages a client may send: a token bucket. */
import { expectNumber } from '../core/options.ts';
import { stoodStill } from '../process/shared-interval.ts';
import { now } from '../process/timers.ts';

/** A token bucket: `burst` messages at once, refilled at `perSecond`. */
export interface RateLimit {
  /** Messages a second, in the long run. */
  readonly perSecond: number;
  /** Messages at once. */
  readonly burst: number;
}

/**
 * Checks the option.
 * @throws TypeError when one of its numbers is not positive
 */
export function expectRateLimit(limit: RateLimit | undefined): void {
  if (limit === undefined) return;
  expectNumber('rateLimit.perSecond', limit.perSecond, { above: 0 });
  expectNumber('rateLimit.burst', limit.burst, { from: 1 });
}

/** The longest pause of the process that earns tokens, in milliseconds. */
const LONGEST_STANDSTILL = 60_000;

/** The tokens of one client. For a client that `process/shared-interval` watches. */
export class Bucket {
  readonly #limit: RateLimit;
  #tokens: number;
  #filled: number = now();
  #stood: number = stoodStill(this.#filled);

  constructor(limit: RateLimit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const at = now();
    const { perSecond, burst } = this.#limit;
    const earned = ((at - this.#filled) / 1_000) * perSecond;
    // After a pause of the process it may hold more than a burst.
    this.#tokens = Math.max(this.#tokens, Math.min(burst, this.#tokens + earned));
    this.#filled = at;
    const stood = stoodStill(at) - this.#stood;
    // Frames that arrived during the pause, at an allowed rate, are read all at once.
    // guard: a process that stood still is no flood
    if (stood > 0) this.#tokens += (Math.min(stood, LONGEST_STANDSTILL) / 1_000) * perSecond;
    this.#stood += stood;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
