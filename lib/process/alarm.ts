import { LONGEST } from './timer.ts';

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
