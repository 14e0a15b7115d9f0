/** How fast the queue is sent after a pause. */
import { now } from './platform.ts';

export interface Pace {
  /** Begins anew. @param rate - messages a second; undefined: as fast as the line takes them */
  readonly start: (rate: number | undefined) => void;
  /** How long to wait for the next message, in ms; 0 or less: it may go. */
  readonly wait: () => number;
  /** One was sent. */
  readonly spend: () => void;
  /** At half the pace from now on. */
  readonly slow: () => void;
}

export function createPace(): Pace {
  let perMs: number | undefined;
  /** How many messages may be sent now, and since when. */
  let budget = 0;
  let budgetAt = 0;
  let slowness = 1_000;
  return {
    start: (rate) => {
      // Slower than that no timer is.
      perMs = rate !== undefined && rate >= 1e-3 ? rate / slowness : undefined;
      budget = 0;
      budgetAt = now();
    },
    wait: () => {
      if (perMs === undefined) return 0;
      const time = now();
      // No more than a second's worth, however long a timer of a hidden page took.
      budget = Math.min(Math.max(perMs * 1_000, 1), budget + (time - budgetAt) * perMs);
      budgetAt = time;
      return (1 - budget) / perMs;
    },
    spend: () => {
      budget -= 1;
    },
    slow: () => {
      slowness *= 2;
    },
  };
}
