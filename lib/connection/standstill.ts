/**
 * Whether a client that has to catch up is still there, judged by what it takes: while much waits
 * to be sent nothing is read from it, so its silence proves nothing.
 */
import { type Patience } from './keep-alive.ts';

/** Watches over one client that has to catch up. */
export class Standstill {
  readonly #patience: Patience;
  /** Milliseconds in which it took nothing, and how much waited then. */
  #stalled = 0;
  #outstanding = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /**
   * Time has passed. True when the client has taken nothing for as long as a silent one may be
   * silent: then it is gone.
   *
   * @param buffered - how much waits, in bytes
   */
  beat(elapsed: number, buffered: number): boolean {
    // The first beat does not count: most of what has elapsed may have been before.
    const isFresh = this.#outstanding === 0 || buffered < this.#outstanding;
    this.#stalled = isFresh ? 0 : this.#stalled + elapsed;
    this.#outstanding = buffered;
    const { interval, timeout } = this.#patience;
    return this.#stalled >= interval + timeout;
  }

  /** It has taken what waited. */
  caughtUp(): void {
    this.#stalled = 0;
    this.#outstanding = 0;
  }
}
