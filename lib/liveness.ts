/** Whether the client is still there, judged by what it does: what we send proves nothing. */

/** What follows from a beat. */
export type Verdict = 'present' | 'ask' | 'gone';

/** Watches over one client. */
export class Liveness {
  readonly #interval: number;
  readonly #timeout: number;
  /** Milliseconds in which nothing was received. */
  #silence = 0;
  /** Something was received, or it has just come, since the last beat. */
  #isFresh = true;
  #isAsked = false;
  /** Milliseconds in which it took nothing of what was sent, and how much that was. */
  #stalled = 0;
  #outstanding = 0;

  /**
   * @param interval - how long it may be silent until it is asked, in milliseconds
   * @param timeout - how long after that, in milliseconds
   */
  constructor(interval: number, timeout: number) {
    this.#interval = interval;
    this.#timeout = timeout;
  }

  /** Something was received. */
  heard(): void {
    this.#isFresh = true;
    this.#isAsked = false;
  }

  /** Nothing is being read: the client's silence is our own doing, and no sign of anything. */
  beatWhilePaused(): Verdict {
    this.heard();
    return 'present';
  }

  /** Time has passed. */
  beat(elapsed: number): Verdict {
    if (this.#isFresh) {
      // Most of what has elapsed may have been before the sign of life, so the first beat after
      // one does not count: nobody is ever given up early.
      this.#isFresh = false;
      this.#silence = 0;
      return 'present';
    }
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
    // Here, too, the first beat does not count.
    const isFresh = this.#outstanding === 0 || buffered < this.#outstanding;
    this.#stalled = isFresh ? 0 : this.#stalled + elapsed;
    this.#outstanding = buffered;
    return this.#stalled >= this.#interval + this.#timeout ? 'gone' : 'present';
  }

  /** It has taken what waited. */
  caughtUp(): void {
    this.#stalled = 0;
    this.#outstanding = 0;
  }
}
