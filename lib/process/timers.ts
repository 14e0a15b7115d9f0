/** Timers that do not keep the process alive, timers of any length, and the end of a callback. */
import { rootContext } from './async-context.ts';

/** Longer than this, setTimeout fires at once: 24.8 days. */
export const LONGEST = 2_147_483_647;

/**
 * A timer that fires so many milliseconds late did so because the process stood still: it was
 * stopped, asleep, or busy.
 */
const LATE = 500;
/** How often in a row a timer starts again. */
const MAX_EXTENSIONS = 3;

/** A timeout that has been started. */
class Timeout<Argument> {
  readonly timer: NodeJS.Timeout;
  readonly #callback: (argument: Argument) => void;
  readonly #argument: Argument;
  readonly #delay: number;
  #due: number;
  #extensions = 0;

  constructor(callback: (argument: Argument) => void, delay: number, argument: Argument) {
    this.#callback = callback;
    this.#argument = argument;
    this.#delay = delay;
    this.#due = performance.now() + delay;
    this.timer = setTimeout(Timeout.#fire, delay, this);
    this.timer.unref();
  }

  static #fire<Argument>(this: void, timeout: Timeout<Argument>): void {
    const now = performance.now();
    if (
      // guard: a timer that fires late → false
      now - timeout.#due > LATE &&
      timeout.#extensions < MAX_EXTENSIONS
    ) {
      timeout.#extensions += 1;
      timeout.#due = now + timeout.#delay;
      timeout.timer.refresh();
      return;
    }
    timeout.#callback(timeout.#argument);
  }
}

/**
 * Starts a timer that does not keep the process alive. When it fires late because the process stood
 * still, it starts again: the answer, body or frame for which it waits may already be in the kernel,
 * unread.
 *
 * @param delay - in milliseconds
 * @returns what `clearTimeout` takes; undefined when `delay` is longer than a timer can wait: then
 * it never fires
 */
export function startTimer<Argument>(
  callback: (argument: Argument) => void,
  delay: number,
  argument: Argument,
): NodeJS.Timeout | undefined {
  return delay > LONGEST ? undefined : new Timeout(callback, delay, argument).timer;
}

/**
 * A timer of any length, once or repeated. It keeps the process alive, as any timer does; its owner
 * must end it.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  #left = 0;
  readonly #period: number | undefined;
  readonly #ring: () => void;

  /**
   * @param ms - milliseconds to wait
   * @param repeats - to ring every `ms`, rather than once
   */
  constructor(ms: number, repeats: boolean, ring: () => void) {
    this.#period = repeats ? ms : undefined;
    this.#ring = ring;
    this.#wait(ms);
  }

  /** Rings no more. Ending twice does nothing. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    const part = Math.min(ms, LONGEST);
    this.#left = ms - part;
    this.#timer = setTimeout(() => this.#elapsed(), part);
  }

  #elapsed(): void {
    if (this.#left > 0) {
      this.#wait(this.#left);
      return;
    }
    // Armed before it rings: its callback may end it.
    if (this.#period !== undefined) this.#wait(this.#period);
    this.#ring();
  }
}

// Taken once. What all connections share must not depend on a clock that a test replaces: a fake
// one drops its pending ticks when it is removed, and then nothing is ever sent again.
/** Milliseconds since the process began, also where a test has replaced `performance.now`. */
export const now: () => number = performance.now.bind(performance);
const nextTick = process.nextTick.bind(process);
const { setInterval: startInterval, clearInterval: stopInterval } = globalThis;

/** Calls back when the callback of the event loop that now runs has ended. */
export function afterThisCallback(callback: () => void): void {
  nextTick(callback);
}

/**
 * Starts an interval for the whole process: by the clock of Node itself, without keeping the process
 * alive, nor the asynchronous context of the connection that came first.
 * @returns what ends it
 */
export function startShared(callback: () => void, period: number): () => void {
  const timer = rootContext.run(startInterval<[]>, undefined, callback, period);
  timer.unref();
  return () => stopInterval(timer);
}
