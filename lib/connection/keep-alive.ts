/** Whether the client is still there, judged by what it does: what we send proves nothing. */

/** What follows from a beat. */
export type Verdict = 'present' | 'ask' | 'gone';

/** How long a client may be silent, in milliseconds. */
export interface Patience {
  /** Until it is asked. */
  readonly interval: number;
  /** After that. */
  readonly timeout: number;
}

/** Watches over one client. */
export class Liveness {
  readonly #patience: Patience;
  /** Milliseconds in which nothing was received. */
  #silence = 0;
  /** Something was received, or it has just come, since the last beat. */
  #isFresh = true;
  #isAsked = false;

  constructor(patience: Patience) {
    this.#patience = patience;
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
    const { interval, timeout } = this.#patience;
    if (this.#silence >= interval + timeout) return 'gone';
    if (this.#silence < interval || this.#isAsked) return 'present';
    this.#isAsked = true;
    return 'ask';
  }
}
