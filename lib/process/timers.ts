/** Longer than this, setTimeout fires at once: 24.8 days. */
export const LONGEST = 2_147_483_647;

/**
 * Starts a timer that does not keep the process alive.
 * @returns undefined when `delay` is longer than a timer can wait: then it never fires
 */
export function startTimer<Argument>(
  callback: (argument: Argument) => void,
  delay: number,
  argument: Argument,
): NodeJS.Timeout | undefined {
  if (delay > LONGEST) return undefined;
  const timer = setTimeout(callback, delay, argument);
  timer.unref();
  return timer;
}

/**
 * A timer as long as one likes, once or again and again. It keeps the process awake, as any timer
 * does; whoever makes one ends it.
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
    // Armed before it rings: whoever is called may end it.
    if (this.#period !== undefined) this.#wait(this.#period);
    this.#ring();
  }
}
