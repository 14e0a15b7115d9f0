/** Whether the client is still there, judged by what it does: what we send proves nothing. */

/** What follows from a beat. */
export type Verdict = 'present' | 'ask' | 'gone';

/** Watches over one client. */
export class Liveness {
  readonly #interval: number;
  readonly #timeout: number;
  readonly #period: number;
  /** Milliseconds in which nothing was received. */
  #silence = 0;
  #isAsked = false;
  /** Milliseconds in which it took nothing of what was sent, and how much that was. */
  #stalled = 0;
  #outstanding = 0;

  /**
   * @param interval - how long it may be silent until it is asked, in milliseconds
   * @param timeout - how long after that, in milliseconds
   * @param period - the time between two beats, in milliseconds
   */
  constructor(interval: number, timeout: number, period: number) {
    this.#interval = interval;
    this.#timeout = timeout;
    this.#period = period;
  }

  /** Something was received. */
  heard(): void {
    // Up to one beat may pass until the first is counted, so the first does not count: nobody is
    // ever given up early.
    this.#silence = -this.#period;
    this.#isAsked = false;
  }

  /** Nothing is being read: the client's silence is our own doing, and no sign of anything. */
  beatWhilePaused(): Verdict {
    this.heard();
    return 'present';
  }

  /** Time has passed. */
  beat(elapsed: number): Verdict {
    this.#silence += elapsed;
    if (this.#silence >= this.#interval + this.#timeout) return 'gone';
    if (this.#silence < this.#interval || this.#isAsked) return 'present';
    this.#isAsked = true;
    return 'ask';
  }

  /**
   * Time has passed, in which much waited to be sent. Who takes nothing of it for as long as a
   * silent one may be silent is gone, also when we do not read.
   *
   * @param buffered - how much waits, in bytes
   */
  beatWhileCongested(elapsed: number, buffered: number): Verdict {
    this.#stalled = buffered < this.#outstanding ? 0 : this.#stalled + elapsed;
    this.#outstanding = buffered;
    return this.#stalled >= this.#interval + this.#timeout ? 'gone' : 'present';
  }

  /** It has taken what waited. */
  caughtUp(): void {
    this.#stalled = 0;
    this.#outstanding = 0;
  }
}
