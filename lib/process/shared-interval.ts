/**
 * One timer for all connections of a process with the same period, however many: it runs while
 * there are any, and never keeps the process alive.
 */
import { now, startShared } from './timers.ts';

/** Called once a period. */
export interface Watched {
  /** @param elapsed - milliseconds since the last call, never more than two periods */
  readonly beat: (elapsed: number) => void;
}

interface SharedInterval {
  readonly watched: Set<Watched>;
  readonly stop: () => void;
}

const intervals = new Map<number, SharedInterval>();

/** The longest time between two calls, in milliseconds; after twice as long the process stood still. */
const LONGEST_PERIOD = 500;
/** When an interval was called last, or `stoodStill`. */
let lookedAt = 0;
let stood = 0;

/**
 * How long the process has stood still so far (stopped by a signal, a laptop asleep, a long
 * computation), in milliseconds. Valid while something is watched. Data that clients sent in that
 * time arrives all at once.
 *
 * @param at - the present time
 */
export function stoodStill(at: number): number {
  const passed = at - lookedAt;
  if (passed > 2 * LONGEST_PERIOD) stood += passed;
  lookedAt = at;
  return stood;
}

/** Begins to call `beat` every `period` milliseconds. */
export function watch(watched: Watched, period: number): void {
  let interval = intervals.get(period);
  if (interval === undefined) {
    // Nothing was watched before.
    if (intervals.size === 0) lookedAt = now();
    interval = start(period);
    intervals.set(period, interval);
  }
  interval.watched.add(watched);
}

/** Ends it. */
export function unwatch(watched: Watched, period: number): void {
  const interval = intervals.get(period);
  if (interval === undefined || !interval.watched.delete(watched)) return;
  if (interval.watched.size > 0) return;
  interval.stop();
  intervals.delete(period);
}

function start(period: number): SharedInterval {
  const watched = new Set<Watched>();
  let last = now();
  const stop = startShared(() => {
    // Whole milliseconds: a number with a fraction would be an object of its own in every connection.
    const at = now();
    const passed = Math.round(at - last);
    last += passed;
    stoodStill(at);
    // When the process itself stood still (a laptop asleep, a long computation), its clients were not
    // silent: their data is still unread.
    const elapsed = Math.min(passed, 2 * Math.round(period));
    for (const one of watched) one.beat(elapsed);
  }, period);
  return { watched, stop };
}
