/** The snapshot of a link, and who is notified when it changes. */
import { type Call, createListeners, type Subscribe } from './emitter.ts';
import { type Snapshot } from './options.ts';

/** @returns how to subscribe, how to get the snapshot, and how to change it */
export function createStatus(
  call: Call,
): readonly [Subscribe, () => Snapshot, (change: Partial<Snapshot>) => void] {
  const [subscribe, notify] = createListeners(call);
  let isDue = false;
  let snapshot = { queued: 0, isStored: false } as Snapshot;
  return [
    subscribe,
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
        notify();
      });
    },
  ];
}
