/** How long to wait before the next attempt. */
import { type Verdict } from './ends.ts';

export interface Backoff {
  /**
   * The pause before the next attempt, in ms.
   * @param retryAfter - what the server asked for, in seconds
   */
  readonly pause: (verdict: Verdict, retryAfter?: number) => number;
  /** The line has proved itself: the next pause is short again. */
  readonly forget: () => void;
}

/** Over how long the attempts of many pages are spread when a server restarts, and how long a limit is respected, in ms. */
const SPREAD = 5_000;

/** @param minDelay - what doubles with each failure, in ms; `maxDelay` is where it ends */
export function createBackoff(minDelay: number, maxDelay: number): Backoff {
  let failures = 0;
  return {
    pause: (verdict, retryAfter = 0) => {
      const usual = Math.min(maxDelay, minDelay * 2 ** failures++);
      const least = Math.max(retryAfter * 1_000, verdict === 'slower' ? SPREAD : 0);
      const spread = verdict === 'later' && least === 0 ? Math.max(usual, SPREAD) : usual;
      return Math.round(least + Math.random() * spread);
    },
    forget: () => {
      failures = 0;
    },
  };
}
