/**
 * One timer for all connections of a process with the same period, however many: it runs while
 * there are any, and never keeps the process alive.
 */
import { now, startShared } from './timers.ts';

/** What is called as time passes. */
export interface Watched {
  /** @param elapsed - milliseconds since the last call, never more than two periods */
  readonly beat: (elapsed: number) => void;
}

interface SharedInterval {
  readonly watched: Set<Watched>;
  readonly stop: () => void;
}

const intervals = new Map<number, SharedInterval>();

/** An interval is called at least so often; twice as late, and the process stood still. In milliseconds. */
const LONGEST_PERIOD = 500;
/** When an interval was last called, or whoever asked looked. */
let lookedAt = 0;
let stood = 0;

/**
 * How long the process has stood still so far (stopped by a signal, a laptop asleep, a long
 * computation), in milliseconds; to be asked while something is watched. What clients sent in that
 * time arrives all at once.
 *
 * @param at - the time of now
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
    // Nothing was looked at before.
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
    // When the process itself stood still (a laptop asleep, a long computation), that was not the
    // silence of the clients: what they sent meanwhile has yet to be read.
    const elapsed = Math.min(passed, 2 * Math.round(period));
    for (const one of watched) one.beat(elapsed);
  }, period);
  return { watched, stop };
}
