/** Calls functions of the page, so that one that throws does not keep the others from being called. */

/** Calls a function of the page's, if there is one. Never throws: what it throws is reported. */
export type Call = <Given extends readonly unknown[]>(
  act: ((...given: Given) => unknown) | undefined,
  ...given: Given
) => unknown;

/**
 * @param onError - is given what a function throws; without it, it is thrown to the page later
 * @param signal - aborted once nothing is to be called any more
 */
export function createCall(
  onError: ((error: unknown) => void) | undefined,
  signal: AbortSignal,
): Call {
  return (act, ...given) => {
    if (signal.aborted) return undefined;
    try {
      return act?.(...given);
    } catch (error) {
      setTimeout(() => {
        if (!onError) throw error;
        if (!signal.aborted) onError(error);
      });
      return undefined;
    }
  };
}

/** Adds a listener, and returns the function that removes it. */
export type Subscribe = (listener: () => void) => () => void;

/** @returns how to subscribe, and the function that calls the listeners, save those removed meanwhile */
export function createListeners(call: Call): readonly [Subscribe, notify: () => void] {
  const listeners = new Set<() => void>();
  return [
    (listener) => {
      // The same function may be subscribed twice, and each is removed alone.
      const own = (): void => {
        listener();
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    () => {
      [...listeners].forEach((own) => {
        if (listeners.has(own)) call(own);
      });
    },
  ];
}

/**
 * @returns how to subscribe, and the function that calls the listeners. When one of them makes that
 * happen again, it happens after those that are under way
 */
export function createEmitter(call: Call): readonly [Subscribe, emit: () => void] {
  const [subscribe, notify] = createListeners(call);
  let isEmitting = false;
  let isDue = false;
  return [
    subscribe,
    () => {
      isDue = true;
      if (isEmitting) return;
      isEmitting = true;
      while (isDue) {
        isDue = false;
        // One that comes meanwhile has the newest state already.
        notify();
      }
      isEmitting = false;
    },
  ];
}
