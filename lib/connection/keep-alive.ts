/** Whether the client is alive, judged by the frames that it sends: those that we send prove nothing. */

/** The verdict after a beat. */
export type Verdict = 'present' | 'ask' | 'gone';

/** How long a client may be silent, in milliseconds. */
export interface Patience {
  /** Until a ping is sent. */
  readonly interval: number;
  /** After that. */
  readonly timeout: number;
}

/** Judges one client. */
export class KeepAlive {
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

  /** Nothing is being read: the client's silence is our own doing, and proves nothing. */
  beatWhilePaused(): Verdict {
    this.heard();
    return 'present';
  }

  /** Time has passed. */
  beat(elapsed: number): Verdict {
    if (this.#isFresh) {
      // Most of what has elapsed may have been before the sign of life, so the first beat after
      // one does not count: no client is ever cut early.
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
