/**
 * Which page keeps which stored messages. Each page has a journal of its own, and the Web Lock of that
 * name for as long as the page is open; a journal whose lock is free belongs to a page that is gone, and the
 * first to get the lock takes it over, with all that is in it.
 */
import { type ConnectOptions } from './options.ts';
import { type Within } from './patience.ts';
import { absolute, type Locks, platform } from './platform.ts';

/** Where a queue is stored: the module `idb-keyval` is one, and anything with these four functions. */
export interface QueueStore {
  readonly get: (key: string) => unknown;
  readonly set: (key: string, value: unknown) => unknown;
  readonly del: (key: string) => unknown;
  /** All keys, other than ours too. */
  readonly keys: () => PromiseLike<readonly unknown[]> | readonly unknown[];
}

export interface Journals {
  /** What the keys of this page begin with. */
  readonly own: string;
  /**
   * Takes over what no page keeps, and from then on what the others leave behind.
   * @throws what the store or the locks throw
   */
  readonly open: () => Promise<void>;
  /** Gives all of them away. Nothing is called any more. */
  readonly end: () => void;
}

/** What journals call. */
export interface JournalEvents {
  /** A value of a journal that was taken over, in the order of the keys. */
  readonly found: (key: string, value: unknown) => void;
  /** All values of a journal were found. */
  readonly adopted: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The name of a queue: the address without its query, which may have a token.
 * @throws TypeError when it is a function
 */
export function nameOf({
  url,
  transport,
}: Pick<ConnectOptions<never, never>, 'url' | 'transport'>): string {
  const address = url ?? [transport].flat()[0]?.url ?? '';
  if (typeof address === 'function') {
    throw new TypeError('storedQueue needs a `name` where the address is a function');
  }
  try {
    const { origin, pathname } = absolute(address);
    return origin + pathname;
  } catch {
    return String(address);
  }
}

/** @param prefix - what the keys of all pages begin with, for this queue and this user */
export function createJournals(
  prefix: string,
  store: QueueStore,
  locks: Locks,
  within: Within,
  { found, adopted, failed }: JournalEvents,
): Journals {
  const name = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const known = new Set([name]);
  const ending = new AbortController();
  const { signal } = ending;
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  const report = (error: unknown): void => {
    if (!signal.aborted) failed(error);
  };

  const read = async (journal: string): Promise<void> => {
    const all: [key: string, value: unknown][] = [];
    try {
      const keys = [...(await within(store.keys()))].map(String).sort();
      for (const key of keys) {
        if (!key.startsWith(`${prefix}${journal}/`)) continue;
        all.push([key, await within(store.get(key))]);
      }
    } catch (error) {
      known.delete(journal);
      throw error;
    }
    // All or nothing: who fails gives the lock away, and the next one finds the same.
    for (const [key, value] of all) {
      if (signal.aborted) return;
      found(key, value);
    }
    adopted();
  };

  /** Takes over a journal: at once if no page has it, otherwise when that page is gone. */
  const take = (journal: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const hold = async (): Promise<void> => {
        await read(journal);
        resolve();
        await ended;
      };
      const begin = async (lock: unknown): Promise<void> => {
        if (lock !== null) return hold();
        resolve();
        locks.request(prefix + journal, { signal }, hold).catch(report);
      };
      locks.request(prefix + journal, { ifAvailable: true }, begin).catch(reject);
    });

  const scan = async (): Promise<void> => {
    const names = [...(await within(store.keys()))].map(String);
    // A page that has nothing to store yet is known by its lock alone.
    for (const lock of (await within(locks.query())).held ?? []) names.push(lock.name ?? '');
    const journals = names
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length).replace(/\/.*/, ''));
    for (const journal of journals.sort()) {
      if (known.has(journal)) continue;
      known.add(journal);
      await take(journal);
    }
  };

  return {
    own: `${prefix}${name}/`,
    open: async () => {
      await within(
        new Promise<void>((resolve, reject) => {
          const hold = (): Promise<void> => {
            resolve();
            return ended;
          };
          locks.request(prefix + name, {}, hold).catch(reject);
        }),
      );
      const { BroadcastChannel: Channel } = platform;
      if (!signal.aborted && Channel) {
        const channel = new Channel(prefix);
        signal.addEventListener('abort', () => {
          channel.close();
        });
        channel.addEventListener('message', () => {
          scan().catch(report);
        });
        channel.unref?.();
        // The other pages hear of the new journal: one that opens now may have looked before this lock was held.
        // A channel has no target origin.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        channel.postMessage('');
      }
      await scan();
    },
    end: () => {
      ending.abort();
    },
  };
}
