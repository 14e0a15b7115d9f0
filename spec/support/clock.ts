import { onTestFinished, vi } from 'vitest';

/** Lets `setTimeout` stand still until `vi.advanceTimersByTime`; the event loop itself goes round. */
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
