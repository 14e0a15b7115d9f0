/**
 * Fairness: how much one connection may do before the others have their turn. A turn is one round
 * of the event loop, the same for all connections.
 */

const MESSAGES_PER_TURN = 16;
const MILLISECONDS_PER_TURN = 8;

/** What can go on in the next turn. */
export interface Resumable {
  readonly resume: () => void;
}

let turn = 0;
let isTicking = false;
let waiting: Resumable[] = [];

function tick(): void {
  if (!isTicking) {
    isTicking = true;
    setImmediate(nextTurn);
  }
}

function nextTurn(): void {
  isTicking = false;
  turn += 1;
  const resumed = waiting;
  waiting = [];
  for (const one of resumed) one.resume();
}

/** Calls `resume` in the next turn of the event loop, after the sockets were read. */
export function resumeNextTurn(resumable: Resumable): void {
  tick();
  waiting.push(resumable);
}

/** Counts what one connection does in a turn. */
export class Turn {
  #turn = -1;
  #messages = 0;
  #began = 0;

  /**
   * Takes one message's worth of this turn.
   * @returns false when 16 messages or 8 ms are used up: go on in the next turn
   */
  take(): boolean {
    if (this.#turn !== turn) {
      tick();
      this.#turn = turn;
      this.#messages = 1;
      this.#began = performance.now();
      return true;
    }
    if (
      this.#messages >= MESSAGES_PER_TURN ||
      performance.now() - this.#began >= MILLISECONDS_PER_TURN
    ) {
      return false;
    }
    this.#messages += 1;
    return true;
  }
}
