/** A queue that survives a reload: what waits is in a store of the browser, and one tab sends it. */
import { type Entry, entryOf, rankOf } from './entry.ts';
import { createJournals, type Journals, nameOf, type QueueStore } from './journals.ts';
import { type Keeper, type Kept } from './keeper.ts';
import { type QueueOptions } from './options.ts';
import { type Outgoing } from './outgoing.ts';
import { createPatience, late, PATIENCE } from './patience.ts';
import { type Locks, platform } from './platform.ts';

/** Options of {@link storedQueue}. */
export interface StoredQueueOptions extends Omit<QueueOptions, 'keep'> {
  /** Where messages are stored, as structured clones: `import * as store from 'idb-keyval'`. */
  readonly store: QueueStore;
  /**
   * Names the user, by an id that stays, not by a token. What one queued is never sent or shown as
   * another. Called often: before anything is sent or given to a callback. Returns undefined while
   * nobody is logged in; nothing is stored then.
   */
  readonly owner: () => string | undefined;
  /**
   * The name of the queue among those of the page's origin.
   * @defaultValue the address without its query; needed where that is a function
   */
  readonly name?: string | undefined;
  /** @defaultValue `navigator.locks`; without it nothing is stored */
  readonly locks?: Locks | undefined;
}

/** What is stored under a key. */
interface Stored {
  /** Of this shape. One of a newer version of this package is left alone. */
  readonly version: 1;
  readonly message: unknown;
  /** True from before it is sent. */
  readonly isSent: boolean;
  /** As `Date.now` counts. */
  readonly expiresAt?: number | undefined;
}

/** How many messages are noted as sent at once. */
const CHUNK = 50;

/**
 * A queue that survives a reload, a crash and a closed tab, for `queue` of `connect`.
 *
 * A message is stored when it is queued, noted as sent before it is sent, and removed once it is
 * confirmed or its end was reported. So none is sent twice: what was on its way when the page ended is
 * unconfirmed. Each tab sends its own; those of a tab that is gone are sent by another one, which
 * gets its Web Lock. `isStored` of the snapshot says whether that works.
 *
 * @throws TypeError, from `connect`, when there is no `name` and the address is a function
 *
 * @example
 * import * as store from 'idb-keyval';
 * const link = connect({ url: '/omni-ws', codec, queue: storedQueue({ store, owner: () => user.id }) });
 */
export function storedQueue(options: StoredQueueOptions): QueueOptions {
  const { messages, bytes } = options;
  return { messages, bytes, keep: (kept) => createKeeper(options, kept) };
}

/** The time in which this page keeps the messages of one user. */
interface Term {
  readonly owner: unknown;
  /** Undefined when no user is logged in, or there are no locks. */
  journals: Journals | undefined;
  /** False when nothing more is stored. */
  isStoring: boolean;
  /** True once what was stored is restored, or cannot be. */
  isReady: boolean;
}

function createKeeper<In, Out>(
  { store, owner, name, locks = platform.navigator?.locks }: StoredQueueOptions,
  { options, call, changed, restored, waiting, aside, unconfirmed, signal, ...kept }: Kept<In, Out>,
): Keeper<In, Out> {
  type Message = Outgoing<In, Out>;
  const scope = encodeURIComponent(name ?? nameOf(options));
  /** All that is stored and not given to another page. */
  const held = new Set<Message>();
  const within = createPatience();
  let term: Term | undefined;
  let serial = 1e9;

  const count = (): void => {
    changed({ queued: waiting().length + aside.size });
  };

  const failed = (error: unknown): void => {
    changed({ isStored: false });
    // One that does not answer is not asked again.
    if (term && error === late) term.isStoring = false;
    call(options.onError, error);
  };

  /** Changes an entry in the store, after its earlier changes. @returns whether that succeeded */
  const change = async (entry: Entry, act: () => unknown): Promise<boolean> => {
    const mine = term;
    const changing = entry.changed.then(act);
    entry.changed = changing.catch(() => {});
    try {
      await within(changing);
      return true;
    } catch (error) {
      if (mine === term) failed(error);
      return false;
    }
  };

  /** @returns whether the store has it */
  const write = async (message: unknown, entry: Entry): Promise<boolean> => {
    const { key, isLeaving, expiresAt } = entry;
    const stored: Stored = { version: 1, message, isSent: isLeaving, expiresAt };
    const mine = term;
    const isWritten = await change(entry, () => store.set(key, stored));
    if (isWritten && mine === term && mine?.isReady && mine.isStoring) changed({ isStored: true });
    return isWritten;
  };

  const keep = async (outgoing: Message, entry: Entry): Promise<void> => {
    const { key, isLeaving } = entry;
    entry.isWritten = await write(outgoing.message, entry);
    if (!entry.isWritten) {
      // It is sent from this page alone. So it must not stay in the store, where another page finds it. One
      // that hangs is asked behind the write, for this page may end before it hears of that, and after it.
      for (const before of [undefined, entry.changed]) {
        Promise.resolve(before)
          .then(() => store.del(key))
          .catch(() => {});
      }
    }
    entry.mayLeave ||= isLeaving || !entry.isWritten;
    if (entry.mayLeave) kept.flush();
  };

  /** Notes a message as sent, before it is: as it is stored, the next page would send it again. */
  const note = async (outgoing: Message, entry: Entry): Promise<void> => {
    entry.isLeaving = true;
    if (!(await write(outgoing.message, entry)) && entry.isWritten && held.has(outgoing)) {
      // The others need not wait for it.
      kept.takeOut(outgoing);
      aside.add(outgoing);
      count();
      if (term?.isStoring && (await change(entry, () => store.del(entry.key)))) {
        entry.isWritten = false;
      } else {
        // One that hangs may have it as sent in the end: until then it is not known.
        await entry.changed;
        await pause();
        entry.isLeaving = false;
      }
      aside.delete(outgoing);
      if (!held.has(outgoing)) return;
      wait(outgoing, entry);
      if (!entry.isWritten) {
        // From here on it ends with this page, and with its user.
        held.delete(outgoing);
        outgoing.entry = undefined;
      }
    }
    entry.mayLeave ||= entry.isLeaving;
    kept.flush();
  };

  /** Until it is gone: as it is stored, the next page would find it. */
  const erase = async (entry: Entry): Promise<void> => {
    const mine = term;
    if ((await change(entry, () => store.del(entry.key))) || !mine?.isStoring) return;
    await pause();
    if (mine === term) await erase(entry);
  };
  const remove = (outgoing: Message): void => {
    const { entry } = outgoing;
    held.delete(outgoing);
    aside.delete(outgoing);
    outgoing.entry = undefined;
    if (entry) void erase(entry);
  };

  /** What came of an earlier page: waits again, or its end is reported. */
  const restore = (key: string, { message, isSent, expiresAt }: Stored): void => {
    const entry = entryOf(key, expiresAt, isSent, true);
    let outgoing: Message | undefined;
    try {
      outgoing = kept.prepare(message as Out);
    } catch (error) {
      call(options.onError, error);
    }
    if (!outgoing) {
      // Of another version of the page.
      kept.give([{ message, entry } as Message], 'encode', options.onDropped);
      return;
    }
    Object.assign(outgoing, { entry, id: isSent ? -1 : 0 });
    held.add(outgoing);
    restored?.(outgoing);
    if (isSent) kept.give([outgoing], 'unconfirmed', options.onUnconfirmed);
    else wait(outgoing, entry, kept.isFull(outgoing.size));
  };

  /** It waits in its place: before what this page says, and in the order in which it was said. */
  const wait = (outgoing: Message, entry: Entry, isFull = false): void => {
    const { expiresAt } = entry;
    const ms = expiresAt === undefined ? undefined : expiresAt - Date.now();
    const isLate = ms !== undefined && ms <= 0;
    if (isLate || isFull) {
      kept.give([outgoing], isLate ? 'expired' : 'full', options.onDropped);
      return;
    }
    const queue = waiting();
    const at = queue.findIndex(
      ({ isOfLine, entry: other }) => !isOfLine && !(other && rankOf(other) < rankOf(entry)),
    );
    queue.splice(at < 0 ? queue.length : at, 0, outgoing);
    kept.expire(outgoing, ms);
    count();
  };

  const begin = async (): Promise<void> => {
    const who = call(owner);
    const mine: Term = { owner: who, journals: undefined, isStoring: false, isReady: false };
    term = mine;
    if (locks && typeof who === 'string') {
      const prefix = `omnimessage/${scope}/${encodeURIComponent(who)}/`;
      const journals = createJournals(prefix, store, locks, within, {
        found: (key, value) => {
          look([]);
          if (mine !== term) return;
          const stored = value as Partial<Stored> | undefined;
          if (stored?.version === 1) restore(key, stored as Stored);
        },
        adopted: kept.flush,
        failed,
      });
      mine.journals = journals;
      mine.isStoring = true;
      try {
        await journals.open();
      } catch (error) {
        if (mine !== term) return;
        failed(error);
        // The locks stay: what is stored already is sent by this page.
        mine.isStoring = false;
      }
      if (mine !== term) return;
    }
    mine.isReady = true;
    changed({ isStored: mine.isStoring });
    kept.flush();
  };

  /** From here on this page neither sends what is stored nor knows of it. */
  const end = (): void => {
    term?.journals?.end();
    term = undefined;
    const left = [...held];
    held.clear();
    aside.clear();
    for (const outgoing of left) {
      kept.takeOut(outgoing);
      outgoing.settle?.('left');
    }
    changed({ queued: waiting().length, isStored: false });
  };

  const look: Keeper<In, Out>['look'] = (all) => {
    const who = term && call(owner);
    // The page may have closed the link in there.
    if (!term || who === term.owner) return all;
    // What was on its way before anybody logged in belongs to no other user.
    const sent = term.owner === undefined ? [] : unconfirmed.values();
    end();
    kept.give([...new Set([...sent, ...waiting()])], 'other-owner', options.onDropped);
    void begin();
    return all.filter((one) => unconfirmed.get(one.id) === one);
  };

  const on = { capture: true, signal };
  const back = (): void => {
    if (!term) void begin();
  };
  // A page with a lock is not cached, and one that is cached leaves its messages to the others.
  platform.addEventListener?.('pagehide', end, on);
  platform.addEventListener?.('pageshow', back, on);
  signal.addEventListener('abort', end);
  void begin();

  return {
    add: (outgoing, isLeaving, expires) => {
      if (!term?.journals || !term.isStoring) return;
      const expiresAt = expires === undefined ? undefined : Date.now() + expires;
      // As many digits each: keys are read in the order of their texts.
      const entry = entryOf(`${term.journals.own}${serial++}`, expiresAt, isLeaving, false);
      outgoing.entry = entry;
      held.add(outgoing);
      void keep(outgoing, entry);
    },
    mayLeave: (turns) => {
      look([]);
      const [first] = waiting();
      if (!first || !term?.isReady) return false;
      if (turns < 0 || first.entry?.mayLeave !== false) return true;
      // What is noted and does not leave would be unconfirmed when the page ends.
      for (const one of waiting().slice(0, turns + 1 < CHUNK ? turns + 1 : CHUNK)) {
        if (one.entry?.isLeaving === false) void note(one, one.entry);
      }
      return false;
    },
    remove,
    look,
  };
}

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, PATIENCE);
  });
