/** How often a client may speak. */
import { expectNumber } from '../core/options.ts';
import { stoodStill } from '../process/shared-interval.ts';
import { now } from '../process/timers.ts';

/** A token bucket: `burst` messages at once, refilled at `perSecond`. */
export interface RateLimit {
  /** Messages a second, in the long run. */
  readonly perSecond: number;
  /** Messages at once, after a silence. */
  readonly burst: number;
}

/**
 * Looks at the option.
 * @throws TypeError when one of its numbers is not positive
 */
export function expectRateLimit(limit: RateLimit | undefined): void {
  if (limit === undefined) return;
  expectNumber('rateLimit.perSecond', limit.perSecond, { above: 0 });
  expectNumber('rateLimit.burst', limit.burst, { from: 1 });
}

/** Of a time in which the process stood still, so much counts, in milliseconds. */
const LONGEST_STANDSTILL = 60_000;

/** What one client has left. For a client that is watched (`process/shared-interval`). */
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
    // It may hold more than a burst, after the process stood still.
    this.#tokens = Math.max(this.#tokens, Math.min(burst, this.#tokens + earned));
    this.#filled = at;
    const stood = stoodStill(at) - this.#stood;
    // What was sent meanwhile, at a rate that is allowed, is read all at once.
    // guard: a process that stood still is no flood
    if (stood > 0) this.#tokens += (Math.min(stood, LONGEST_STANDSTILL) / 1_000) * perSecond;
    this.#stood += stood;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
