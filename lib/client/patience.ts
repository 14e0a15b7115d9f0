/** How long the stored queue waits for its store. */
import { LATE } from './limits.ts';
import { now } from './platform.ts';

/** How long a store may do nothing of what it was asked to, in ms. Then the queue is one of this page alone. */
export const PATIENCE = 5_000;

export const late: Error = new Error('the store of the queue does not answer');

/**
 * Waits for what the store was asked to do.
 * @throws {@link late} when it has done nothing at all for so long, and what the promise rejects with
 */
export type Within = <Value>(promise: PromiseLike<Value> | Value) => Promise<Value>;

/** Made for each store: one that does one thing after the other takes its time for many. */
export function createPatience(): Within {
  let doneAt = 0;
  return (promise) =>
    new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout>;
      let since = now();
      let isLate = false;
      const look = (): void => {
        const left = Math.max(since, doneAt) + PATIENCE - now();
        if (left > 0) timer = setTimeout(look, left);
        else if (isLate || left > -LATE) reject(late);
        else {
          // The page did not run meanwhile: what the store has done may not have been heard yet.
          isLate = true;
          since = now();
          look();
        }
      };
      look();
      Promise.resolve(promise)
        .then((value) => {
          doneAt = now();
          resolve(value);
        }, reject)
        .finally(() => {
          clearTimeout(timer);
        });
    });
}
