import { isPromise } from './exchange.ts';

/**
 * Calls a function of the user's whose failure must not affect anything else.
 * @param failed - gets what it threw, or rejected with. Must not throw
 */
export function attempt(act: () => unknown, failed: (cause: unknown) => void): void {
  try {
    const pending = act();
    // guard: onClose is guarded
    if (isPromise(pending)) Promise.resolve(pending).catch(failed);
  } catch (cause) {
    failed(cause);
  }
}

/**
 * Ignores what a promise of the user's settles with, where no promise was expected. As an unhandled
 * rejection it would end the process.
 */
export function dropRejection(value: unknown): void {
  if (isPromise(value)) Promise.resolve(value).catch(() => {});
}

/**
 * Refuses a promise where a function of the user's must be synchronous.
 *
 * @param name - the function that returned it
 * @throws TypeError when `value` is a promise
 */
export function expectNoPromise(name: string, value: unknown): void {
  if (!isPromise(value)) return;
  // guard: a promise where none is expected
  dropRejection(value);
  throw new TypeError(`Expected \`${name}\` to be synchronous, got a promise`);
}
