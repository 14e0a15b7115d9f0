import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLiveness, type Liveness } from '../../lib/client/liveness.ts';
import { type Line } from '../../lib/client/transport.ts';
import { withFakeClock } from '../support/clock.ts';

interface Watched extends Liveness {
  /** How often the line was asked, and found dead. */
  readonly counts: { probes: number; deaths: number };
}

/** Watches a line whose server says something every so many milliseconds. */
function watch(interval: number): Watched {
  withFakeClock();
  const counts = { probes: 0, deaths: 0 };
  const probe = (): void => {
    counts.probes += 1;
  };
  const line: Line = {
    isReady: () => true,
    buffered: () => 0,
    send: () => {},
    close: () => {},
    probe,
  };
  const liveness = createLiveness(() => {
    counts.deaths += 1;
  });
  liveness.start(line, interval);
  return { ...liveness, counts };
}

const pass = (ms: number): unknown => vi.advanceTimersByTime(ms);
/** Time passes and no timer runs, as in a page that is frozen or out of sight. */
const freeze = (ms: number): void => {
  const begun = performance.now();
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  vi.spyOn(performance, 'now').mockImplementation(() => begun + ms);
};

describe('a line that is watched', () => {
  it('is dead after its interval and ten seconds of silence, and not a moment before', () => {
    const { counts } = watch(25_000);
    pass(34_999);
    expect(counts.deaths).toBe(0);
    pass(1);

    expect(counts).toEqual({ probes: 0, deaths: 1 });
  });

  it('lives as long as something comes within that', () => {
    const { counts, heard } = watch(25_000);
    for (let times = 0; times < 20; times++) {
      pass(34_999);
      heard();
    }
    expect(counts).toEqual({ probes: 0, deaths: 0 });
    pass(35_000);

    expect(counts.deaths).toBe(1);
  });

  it('is not watched when it stopped', () => {
    const stopped = watch(1_000);
    stopped.stop();
    pass(10_000_000);
    stopped.wake();

    expect(stopped.counts).toEqual({ probes: 0, deaths: 0 });
  });
});

describe('a page that wakes up', () => {
  it('asks, and five seconds without an answer are the end (L1)', () => {
    const { counts, wake } = watch(25_000);
    wake();
    expect(counts.probes).toBe(1);
    pass(4_999);
    expect(counts.deaths).toBe(0);
    pass(1);

    expect(counts.deaths).toBe(1);
  });

  it('keeps the line that answers, and asks once for many signals (L2, L3)', () => {
    const { counts, wake, heard } = watch(25_000);
    for (let times = 0; times < 3; times++) wake();
    pass(4_000);
    heard();
    pass(20_000);

    expect(counts).toEqual({ probes: 1, deaths: 0 });
    wake();
    expect(counts.probes).toBe(2);
  });
});

describe('clocks and timers (L10)', () => {
  it('a timer that comes late asks: what has arrived may not be read yet', () => {
    const { counts, heard } = watch(25_000);
    freeze(3_600_000);
    pass(35_000);
    expect(counts).toEqual({ probes: 1, deaths: 0 });
    heard();
    pass(5_000);

    expect(counts).toEqual({ probes: 1, deaths: 0 });
  });

  it('a frozen page whose line is dead finds that out by the probe', () => {
    const { counts } = watch(25_000);
    freeze(3_600_000);
    pass(35_000);
    vi.restoreAllMocks();
    pass(5_000);

    expect(counts).toEqual({ probes: 1, deaths: 1 });
  });

  it.each([-86_400_000, 86_400_000])('a clock that jumps by %i ms changes nothing', (ms) => {
    const { counts, heard } = watch(25_000);
    pass(20_000);
    vi.setSystemTime(Date.now() + ms);
    pass(10_000);
    heard();
    pass(34_999);
    expect(counts).toEqual({ probes: 0, deaths: 0 });
    pass(1);

    expect(counts.deaths).toBe(1);
  });
});
