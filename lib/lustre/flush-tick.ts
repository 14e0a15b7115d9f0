/** The tick after the steps of a turn: then a component shows what they have changed. */

interface Flushed {
  readonly flush: () => void;
}

// Taken once. A fake clock in a user's test would swallow the tick that is on its way, and the
// component would never show anything again.
const nextTick: (callback: (runtime: Flushed) => void, runtime: Flushed) => void =
  process.nextTick.bind(process);

const flush = (runtime: Flushed): void => runtime.flush();

/** Calls `flush` of a component in the next tick. */
export function flushNextTick(runtime: Flushed): void {
  nextTick(flush, runtime);
}
