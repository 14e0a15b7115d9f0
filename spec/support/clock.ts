import { onTestFinished, vi } from 'vitest';

/**
 * Lets the clock stand still until `vi.advanceTimersByTime`; the event loop itself goes round. A
 * program has then all the time of the world: on a busy machine it could be told to rest after the
 * 8 ms of its share, however little it had to do.
 */
export function withFakeClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

/** Lets the event loop go round once: every promise that can settle by itself has settled then. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Looks at a condition once each turn of the event loop until it holds: needs no clock. */
export async function untilTurned(holds: () => boolean, turns = 50_000): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn === turns) throw new Error(`${String(holds)} did not hold within ${turns} turns`);
    await nextTurn();
  }
}

/**
 * How long the process computes while something runs, in milliseconds. Where the machine is busy it
 * does not grow as the time that passes does.
 */
export async function cpuTimeOf(act: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Lets the process stand still, as when it is stopped by a signal, or busy. In milliseconds. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
