/**
 * Fairness: how much one connection, or one program, may do before the others have their turn. A
 * turn is one round of the event loop, the same for all. Any number of promises in a row is still
 * one turn: they do not let the loop go on.
 */
import { type AsyncContext } from './async-context.ts';

// guard: fairness by number → const MESSAGES_PER_TURN = 1e9;
const MESSAGES_PER_TURN = 16;
// guard: fairness by time → const MILLISECONDS_PER_TURN = 1e9;
const MILLISECONDS_PER_TURN = 8;

// Taken once. A fake clock in a user's test would swallow the tick that is on its way, and then no
// turn would ever come to an end in that process.
const schedule = setImmediate;

/** Work that continues in the next turn. */
export interface Resumable {
  /** The context in which it continues; absent where no code of the user runs. */
  readonly asyncContext?: AsyncContext;
  readonly resume: () => void;
}

let turn = 0;
let isTicking = false;
let waiting: Resumable[] = [];

function tick(): void {
  if (!isTicking) {
    isTicking = true;
    schedule(nextTurn);
  }
}

function nextTurn(): void {
  isTicking = false;
  turn += 1;
  const resumed = waiting;
  waiting = [];
  for (const one of resumed) {
    // guard: turns in the context of their connection → one.resume();
    if (one.asyncContext === undefined) one.resume();
    else one.asyncContext.run(one.resume, one);
  }
}

/** Calls `resume` in the next turn of the event loop, after the sockets were read. */
export function resumeNextTurn(resumable: Resumable): void {
  tick();
  waiting.push(resumable);
}

/** Counts what one connection, or one program, does in a turn. */
export class Turn {
  readonly #limit: number;
  readonly #milliseconds: number;
  #turn = -1;
  #messages = 0;
  #began = 0;

  /**
   * @param limit - how many messages it may handle in a turn
   * @param milliseconds - how long it may take for them
   */
  constructor(limit: number = MESSAGES_PER_TURN, milliseconds: number = MILLISECONDS_PER_TURN) {
    this.#limit = limit;
    this.#milliseconds = milliseconds;
  }

  /** True when the event loop has gone round since anything was taken. */
  get isOver(): boolean {
    return this.#turn !== turn;
  }

  /**
   * Takes the share of one message.
   * @returns false when its messages or its time are used up: go on in the next turn
   */
  take(): boolean {
    if (this.isOver) {
      this.renew();
    } else if (
      this.#messages >= this.#limit ||
      (this.#messages > 0 && performance.now() - this.#began >= this.#milliseconds)
    ) {
      return false;
    }
    this.#messages += 1;
    return true;
  }

  /** Starts the count again, also within the same turn. */
  renew(): void {
    tick();
    this.#turn = turn;
    this.#messages = 0;
    this.#began = performance.now();
  }
}
