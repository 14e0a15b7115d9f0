import { isPromise } from './exchange.ts';

/**
 * Calls a function of the user's that must not take anything else down.
 * @param failed - is told of what it threw, or rejected with. Must not throw
 */
export function attempt(act: () => unknown, failed: (cause: unknown) => void): void {
  try {
    const pending = act();
    if (isPromise(pending)) Promise.resolve(pending).catch(failed);
  } catch (cause) {
    failed(cause);
  }
}
