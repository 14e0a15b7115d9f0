/** Tabs of one browser that share a store and its locks, and that can be killed. In memory. */
import { onTestFinished } from 'vitest';
import { type QueueStore } from '../../lib/client.ts';
import { type StoredQueueOptions } from '../../lib/client/stored-queue.ts';

type Locks = NonNullable<StoredQueueOptions['locks']>;

interface Request {
  readonly name: string;
  readonly tab: Tab;
  readonly grant: () => void;
}

/** What a tab has of the browser. */
export interface Tab {
  readonly store: QueueStore;
  readonly locks: Locks;
  /** An address that is never found once the tab is dead. */
  readonly url: () => Promise<string>;
  /** Ends it as a browser does: nothing of it runs any more, and its locks are free. */
  readonly kill: () => void;
  /** Ends it around operation number n of its store, from 1: before it is done, or after. */
  killAt:
    { readonly operation: number; readonly isDone: boolean; readonly done: () => void } | undefined;
  readonly isDead: boolean;
}

export interface Tabs {
  /** What is stored. */
  readonly data: Map<string, unknown>;
  /** What was done to the store, in order. */
  readonly operations: string[];
  /** Called before each operation: throws what the store fails with, or waits. */
  before: (operation: string, key: string, tab: Tab) => unknown;
  readonly open: (url?: string) => Tab;
}

export function tabs(): Tabs {
  const data = new Map<string, unknown>();
  const operations: string[] = [];
  const held = new Map<string, Tab>();
  let requests: Request[] = [];
  const free = (): void => {
    for (const request of requests) {
      if (held.has(request.name)) continue;
      requests = requests.filter((one) => one !== request);
      held.set(request.name, request.tab);
      request.grant();
    }
  };
  const never = new Promise<never>(() => {});

  const browser: Tabs = {
    data,
    operations,
    before: () => undefined,
    open: (url = 'ws://127.0.0.1:9') => {
      const tab = { isDead: false } as { -readonly [Name in keyof Tab]: Tab[Name] };
      let count = 0;
      const act = async (operation: string, key: string, what: () => unknown): Promise<unknown> => {
        await browser.before(operation, key, tab);
        count += 1;
        const end = tab.killAt?.operation === count ? tab.killAt : undefined;
        const kill = (): void => {
          tab.kill();
          end?.done();
        };
        if (end?.isDone === false) kill();
        if (tab.isDead) return never;
        operations.push(`${operation} ${key}`);
        const result = what();
        if (end !== undefined) kill();
        // Whoever is dead hears nothing of it.
        return tab.isDead ? never : result;
      };
      tab.store = {
        get: (key) => act('get', key, () => structuredClone(data.get(key))),
        set: (key, value) => act('set', key, () => data.set(key, structuredClone(value))),
        del: (key) => act('del', key, () => data.delete(key)),
        keys: () => act('keys', '', () => [...data.keys()]) as Promise<string[]>,
      };
      tab.locks = {
        request: async (name, { ifAvailable = false, signal }, hold) => {
          await Promise.resolve();
          if (tab.isDead) return never;
          if (ifAvailable && (held.has(name) || requests.some((one) => one.name === name))) {
            return hold(null);
          }
          await new Promise<void>((grant, reject) => {
            const request = { name, tab, grant };
            requests.push(request);
            signal?.addEventListener('abort', () => {
              if (!requests.includes(request)) return;
              requests = requests.filter((one) => one !== request);
              reject(new DOMException('given up', 'AbortError'));
            });
            free();
          });
          try {
            return await hold({ name });
          } finally {
            if (held.get(name) === tab) held.delete(name);
            free();
          }
        },
        query: () => Promise.resolve({ held: [...held.keys()].map((name) => ({ name })) }),
      };
      tab.url = () => (tab.isDead ? never : Promise.resolve(url));
      tab.kill = () => {
        tab.isDead = true;
        requests = requests.filter((one) => one.tab !== tab);
        for (const [name, of] of held) if (of === tab) held.delete(name);
        free();
      };
      onTestFinished(tab.kill);
      return tab;
    },
  };
  return browser;
}
