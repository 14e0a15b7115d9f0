/** Whether a line that says nothing is dead, judged by what arrived and by a monotonic clock. */
import { now } from './platform.ts';
import { type Line } from './transport.ts';

export interface Liveness {
  /**
   * Watches a line.
   * @param interval - how often the server says something, in ms; undefined when it need not
   */
  readonly start: (line: Line, interval: number | undefined) => void;
  readonly stop: () => void;
  /** Something has arrived. */
  readonly heard: () => void;
  /** The page is out of sight, or frozen. */
  readonly hide: () => void;
  /** The page is in sight again, or the network is there again. */
  readonly wake: () => void;
}

/** How long the answer to a probe may take. */
const PROBE = 5_000;
/** How much longer than its interval a silence of the server may be. */
const GRACE = 10_000;
/** When a timer is so late, the page did not run: what has arrived may not have been read yet. */
const LATE = 2_000;
/** A line that cannot be asked is replaced after so long out of sight. */
const ASLEEP = 60_000;

/** @param dead - called when the line is to be replaced */
export function createLiveness(dead: () => void): Liveness {
  let line: Line | undefined;
  let interval = 0;
  let heardAt = 0;
  let hiddenAt = Infinity;
  let isProbing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const expect = (ms: number): void => {
    clearTimeout(timer);
    const due = now() + ms;
    timer = setTimeout(() => {
      const silence = now() - heardAt;
      if (silence < ms) {
        isProbing = false;
        expect(interval + GRACE - silence);
      } else if (now() - due > LATE) probe();
      else dead();
    }, ms);
  };

  const probe = (): void => {
    if (line?.probe === undefined || interval === 0) dead();
    else {
      isProbing = true;
      line.probe();
      expect(PROBE);
    }
  };

  return {
    start: (started, every = 0) => {
      line = started;
      interval = every;
      heardAt = now();
      isProbing = false;
      if (interval > 0) expect(interval + GRACE);
    },
    stop: () => {
      clearTimeout(timer);
      line = undefined;
    },
    heard: () => {
      heardAt = now();
    },
    hide: () => {
      hiddenAt = Math.min(hiddenAt, now());
    },
    wake: () => {
      const asleep = now() - hiddenAt;
      hiddenAt = Infinity;
      if (!isProbing && line !== undefined && (line.probe !== undefined || asleep > ASLEEP))
        probe();
    },
  };
}
