/** Whether a line that says nothing is dead, judged by what arrived and by a clock that nobody sets. */
import { now } from './platform.ts';
import { type Line } from './transport.ts';

export interface Liveness {
  /**
   * Watches a line.
   * @param interval - how often the server says something, in ms; undefined when it need not; 0
   * when there is nothing to watch
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
/** A timer that is so late says that the page did not run: what has arrived may not be read yet. */
const LATE = 2_000;
/** A line that cannot be asked is replaced after so long out of sight, or without running. */
const ASLEEP = 60_000;

/** @param dead - called when the line is to be replaced */
export function createLiveness(dead: () => void): Liveness {
  let line: Line | undefined;
  let interval: number | undefined;
  let heardAt = 0;
  let hiddenAt: number | undefined;
  let isProbing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const expect = (ms: number): void => {
    clearTimeout(timer);
    const due = now() + ms;
    timer = setTimeout(() => {
      const time = now();
      const silence = time - heardAt;
      if (interval === undefined) {
        if (time - due > ASLEEP) dead();
        else expect(ASLEEP);
      } else if (silence < ms) {
        isProbing = false;
        expect(interval + GRACE - silence);
      } else if (time - due > LATE) probe();
      else dead();
    }, ms);
  };

  const probe = (): void => {
    if (line?.probe === undefined) dead();
    else {
      isProbing = true;
      line.probe();
      expect(PROBE);
    }
  };

  return {
    start: (started, every) => {
      line = started;
      interval = every;
      heardAt = now();
      isProbing = false;
      if (every !== 0) expect(every === undefined ? ASLEEP : every + GRACE);
    },
    stop: () => {
      clearTimeout(timer);
      line = undefined;
    },
    heard: () => {
      heardAt = now();
    },
    hide: () => {
      hiddenAt ??= now();
    },
    wake: () => {
      const asleep = hiddenAt === undefined ? 0 : now() - hiddenAt;
      hiddenAt = undefined;
      if (line === undefined || interval === 0 || isProbing) return;
      if (line.probe !== undefined || asleep > ASLEEP) probe();
    },
  };
}
