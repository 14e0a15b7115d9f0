/** How often a client may speak. */
import { expectNumber } from '../core/options.ts';

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

/** What one client has left. */
export class Bucket {
  readonly #limit: RateLimit;
  #tokens: number;
  #filled: number = performance.now();

  constructor(limit: RateLimit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const now = performance.now();
    const { perSecond, burst } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filled) / 1_000) * perSecond);
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
