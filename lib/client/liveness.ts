/** Whether a line that says nothing is dead, judged by what arrived and by a monotonic clock. */
import { now } from './platform.ts';
import { type Line } from './transport.ts';
import { GRACE, LATE, PROBE } from './limits.ts';

export interface Liveness {
  /**
   * Watches a line.
   * @param interval - how often the server says something, in ms
   */
  readonly start: (line: Line, interval: number) => void;
  readonly stop: () => void;
  /** Something has arrived. */
  readonly heard: () => void;
  /** The page is in sight again, or the network is there again. */
  readonly wake: () => void;
}

/** @param dead - called when the line is to be replaced */
export function createLiveness(dead: () => void): Liveness {
  let line: Line | undefined;
  let most = 0;
  let heardAt = 0;
  let isProbing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const expect = (ms: number): void => {
    clearTimeout(timer);
    const due = now() + ms;
    timer = setTimeout(() => {
      const silence = now() - heardAt;
      if (silence < ms) {
        isProbing = false;
        expect(most - silence);
      } else if (now() - due > LATE && line?.probe) probe();
      else dead();
    }, ms);
  };

  const probe = (): void => {
    isProbing = true;
    line?.probe?.();
    expect(PROBE);
  };

  return {
    start: (started, interval) => {
      line = started;
      most = interval + GRACE;
      heardAt = now();
      isProbing = false;
      expect(most);
    },
    stop: () => {
      clearTimeout(timer);
      line = undefined;
    },
    heard: () => {
      heardAt = now();
    },
    wake: () => {
      if (!isProbing && line?.probe) probe();
    },
  };
}
