/** The snapshot of a link, and who is notified when it changes. */
import { createEmitter } from './emitter.ts';
import { type Reason, TEXTS } from './ends.ts';
import { type Snapshot } from './options.ts';

export interface Status {
  readonly subscribe: (listener: () => void) => () => void;
  readonly get: () => Snapshot;
  /** Changes some of it; the listeners are called when that is a change. */
  readonly set: (change: Partial<Snapshot>) => void;
  /** Changes the state, its reason and the words for it. */
  readonly show: (
    state: Snapshot['state'],
    reason: Reason,
    more?: Pick<Partial<Snapshot>, 'retryAt' | 'code' | 'transport'>,
  ) => void;
  /** Runs something, and calls the listeners once for all that it changed. */
  readonly together: (act: () => void) => void;
}

/** @param guard - calls a function of the user's. Never throws */
export function createStatus(
  transport: Snapshot['transport'],
  guard: (act: () => unknown) => void,
): Status {
  const { subscribe, emit } = createEmitter(guard);
  let snapshot: Snapshot = {
    state: 'connecting',
    reason: 'connecting',
    text: TEXTS.connecting,
    retryAt: undefined,
    queued: 0,
    code: undefined,
    transport,
  };
  let told = snapshot;
  let isHeld = false;
  const notify = (): void => {
    if (isHeld || told === snapshot) return;
    told = snapshot;
    emit();
  };
  const set: Status['set'] = (change) => {
    const names = Object.keys(change) as (keyof Snapshot)[];
    if (names.every((name) => change[name] === snapshot[name])) return;
    snapshot = { ...snapshot, ...change };
    notify();
  };
  return {
    subscribe,
    get: () => snapshot,
    set,
    show: (state, reason, more) => {
      set({ state, reason, text: TEXTS[reason], retryAt: undefined, ...more });
    },
    together: (act) => {
      isHeld = true;
      act();
      isHeld = false;
      notify();
    },
  };
}
