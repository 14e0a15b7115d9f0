/** Listeners, each of which is called whatever the others do. */
export interface Emitter {
  /** @returns the function that removes the listener */
  readonly subscribe: (listener: () => void) => () => void;
  /** Calls the listeners. A call from within a listener comes after those that are under way. */
  readonly emit: () => void;
}

/** @param guard - calls a function of the user's, and never throws */
export function createEmitter(guard: (act: () => unknown) => void): Emitter {
  const listeners = new Set<() => void>();
  let isEmitting = false;
  let isDue = false;
  return {
    subscribe: (listener) => {
      // The same function may be subscribed twice, and each is removed alone.
      const own = (): void => {
        listener();
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    emit: () => {
      isDue = true;
      if (isEmitting) return;
      isEmitting = true;
      while (isDue) {
        isDue = false;
        // Of those that are here now: one that comes meanwhile has the newest state already.
        const present = [...listeners];
        for (const listener of present) if (listeners.has(listener)) guard(listener);
      }
      isEmitting = false;
    },
  };
}
