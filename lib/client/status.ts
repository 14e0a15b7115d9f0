/** The snapshot of a link, and who is notified when it changes. */
import { type Call, type Subscribe } from './emitter.ts';
import { type Snapshot } from './options.ts';

/** @returns how to subscribe, how to get the snapshot, and how to change it */
export function createStatus(
  call: Call,
): readonly [Subscribe, () => Snapshot, (change: Partial<Snapshot>) => void] {
  const listeners = new Set<() => void>();
  let isDue = false;
  let snapshot = {} as Snapshot;
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
    () => snapshot,
    (change) => {
      const names = Object.keys(change) as (keyof Snapshot)[];
      if (names.every((name) => change[name] === snapshot[name])) return;
      snapshot = { ...snapshot, ...change };
      if (isDue) return;
      isDue = true;
      // One notification for all that happens at once.
      queueMicrotask(() => {
        isDue = false;
        const present = [...listeners];
        for (const listener of present) if (listeners.has(listener)) call(listener);
      });
    },
  ];
}
