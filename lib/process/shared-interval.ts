/**
 * One timer for all connections of a process that share a rhythm, however many: it runs while there
 * are any, and never keeps the process alive.
 */

/** What wants to know that time passes. */
export interface Watched {
  /** @param elapsed - milliseconds since the last call, never more than two beats */
  readonly beat: (elapsed: number) => void;
}

interface Rhythm {
  readonly watched: Set<Watched>;
  readonly timer: NodeJS.Timeout;
}

const rhythms = new Map<number, Rhythm>();

/** Begins to call `beat` every `period` milliseconds. */
export function watch(watched: Watched, period: number): void {
  let rhythm = rhythms.get(period);
  if (rhythm === undefined) {
    rhythm = start(period);
    rhythms.set(period, rhythm);
  }
  rhythm.watched.add(watched);
}

/** Ends it. */
export function unwatch(watched: Watched, period: number): void {
  const rhythm = rhythms.get(period);
  if (rhythm === undefined || !rhythm.watched.delete(watched) || rhythm.watched.size > 0) return;
  clearInterval(rhythm.timer);
  rhythms.delete(period);
}

function start(period: number): Rhythm {
  const watched = new Set<Watched>();
  let last = performance.now();
  const timer = setInterval(() => {
    // Whole milliseconds: a number with a fraction would be an object of its own in every connection.
    const passed = Math.round(performance.now() - last);
    last += passed;
    // When the process itself stood still (a laptop asleep, a long computation), that was not the
    // silence of the peers: what they sent meanwhile has yet to be read.
    const elapsed = Math.min(passed, 2 * Math.round(period));
    for (const one of watched) one.beat(elapsed);
  }, period);
  timer.unref();
  return { watched, timer };
}
