/**
 * The one rule of admission, for the user's functions `context` and `authorize`: a result admits the
 * client; an error with a status from 400 to 499 refuses it; any other error is a fault. Promises
 * count as their outcome.
 */
import { statusOf } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';

/** The outcome for a client. Exactly one of them is called, once. They must not throw. */
export interface Candidate<Value> {
  /** @param value - what the function returned, settled */
  readonly admit: (value: Value) => void;
  /**
   * @param status - from 400 to 499
   * @param thrown - what the function threw
   */
  readonly refuse: (status: number, thrown: unknown) => void;
  /** @param cause - what the function threw */
  readonly fail: (cause: unknown) => void;
}

/**
 * The status with which something thrown refuses a client.
 * @returns an integer from 400 to 499; undefined when it is a fault. Never throws
 */
export function refusalStatus(thrown: unknown): number | undefined {
  const status = statusOf(thrown);
  return status !== undefined && status < 500 ? status : undefined;
}

/**
 * Calls a function of the user's and decides. Never throws or rejects, for any result of the function:
 * a promise, another object with a `then`, or one whose properties throw.
 *
 * @returns true when the function answered with a promise: then one of the candidate's functions is
 * called later; false when it has been called already
 */
export function decide<Value>(
  ask: () => Value | PromiseLike<Value>,
  candidate: Candidate<Value>,
): boolean {
  let given: Value | PromiseLike<Value>;
  try {
    given = ask();
  } catch (thrown) {
    turnAway(thrown, candidate);
    return false;
  }
  if (!isPromise(given)) {
    candidate.admit(given);
    return false;
  }
  // guard: a thenable that throws is a rejection → const settled = given;
  const settled = Promise.resolve(given);
  void settled.then(
    (value) => {
      candidate.admit(value);
    },
    (thrown: unknown) => {
      turnAway(thrown, candidate);
    },
  );
  return true;
}

function turnAway<Value>(thrown: unknown, candidate: Candidate<Value>): void {
  const status = refusalStatus(thrown);
  if (status === undefined) candidate.fail(thrown);
  else candidate.refuse(status, thrown);
}
