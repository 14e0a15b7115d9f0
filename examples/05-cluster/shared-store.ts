/**
 * The messages, in the engine, where all processes and those that start later find them. Each process
 * shows a copy. Whoever has changed something says so on the hub, and each reads the whole anew: so
 * all show the same in the same order, whatever got lost in between.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Hub } from 'express-omnimessage';
import { type Chat, pageCodec } from '../02-chat/messages.ts';
import { type Messages } from '../02-chat/store.ts';
import { type Table } from './engine.ts';

/** What is said on the hub. */
export type Change = 'changed';

/** So many messages are kept, and so many bytes of them are shown: the oldest go first. */
const MESSAGES = 200;
const BYTES = 131_072;

/** For how long something is written again that the engine did not confirm, in milliseconds. */
const PATIENCE = 60_000;

const TOPIC = 'messages';

type Listener = (all: Chat[]) => void;

export interface SharedStoreOptions {
  /** From the id to when a message came, and the message. */
  readonly table: Table;
  readonly hub: Hub<Change>;
  readonly onError: (error: unknown) => void;
}

export class SharedStore implements Messages {
  readonly #options: SharedStoreOptions;
  readonly #listeners = new Set<Listener>();
  #all: Chat[] = [];
  #shown = '';
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: SharedStoreOptions) {
    this.#options = options;
    options.hub.subscribe(TOPIC, () => this.readAgain());
  }

  get all(): Chat[] {
    return this.#all;
  }

  /** Settles when what was last added or removed is written, and to be seen here. */
  get written(): Promise<void> | undefined {
    return this.#writing;
  }

  /** Adds a message, once whatever number of processes is told of it. It is in `all` when it is written. */
  add(chat: Chat): void {
    if (this.#all.some(({ id }) => id === chat.id)) return;
    // The clock of this process: it decides the order, in the same way for all of them.
    const value = JSON.stringify([Date.now(), chat]);
    this.#write(() => this.#options.table.add(chat.id, value));
  }

  remove(id: string): void {
    this.#write(() => this.#options.table.remove([id]));
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Reads all messages: at the start, and when the hub tells of a gap. */
  async read(): Promise<void> {
    // What is being read already may be older than what this is to see.
    this.#next ??= this.#readAfter(this.#reading);
    return this.#next;
  }

  async #readAfter(other: Promise<void> | undefined): Promise<void> {
    // Whoever asked for that one is told of its failure.
    await other?.catch(() => {});
    this.#reading = this.#next;
    this.#next = undefined;
    await this.#read();
  }

  /** The same, for those who do not wait for it. */
  readAgain(): void {
    this.read().catch(this.#options.onError);
  }

  /** What is not written yet is not written any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #write(command: () => Promise<unknown>): void {
    const writing = this.#keepTrying(command).then(async () => {
      this.#options.hub.publish(TOPIC, 'changed');
      await this.read();
    });
    this.#writing = writing;
    writing.catch(this.#options.onError).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
  }

  /** Whether a command was carried out whose connection broke, nobody knows; these can be said twice. */
  async #keepTrying(command: () => Promise<unknown>): Promise<void> {
    const end = performance.now() + PATIENCE;
    for (let attempt = 1; ; attempt++) {
      try {
        await command();
        return;
      } catch (error) {
        if (performance.now() > end || this.#isStopped) throw error;
        await pause(Math.min(100 * attempt, 1_000), undefined, { ref: false });
      }
    }
  }

  async #read(): Promise<void> {
    const { table } = this.#options;
    const values = await table.values();
    const found = values.flatMap((value) => parse(value) ?? []).sort(byAge);
    const old = found.splice(0, Math.max(0, found.length - MESSAGES));
    if (old.length > 0) {
      await table.remove(old.map(({ chat }) => chat.id));
    }
    let bytes = 0;
    const recent = found.reverse().filter(({ size }) => (bytes += size) <= BYTES);
    this.#show(recent.reverse().map(({ chat }) => chat));
  }

  #show(all: Chat[]): void {
    const shown = JSON.stringify(all);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#all = all;
    for (const listener of this.#listeners) listener(all);
  }
}

interface Kept {
  readonly at: number;
  readonly chat: Chat;
  readonly size: number;
}

/** A value of the table. Another version may have written it: what it does not understand is passed over. */
function parse(value: string): Kept | undefined {
  try {
    const [at, kept] = JSON.parse(value) as [unknown, unknown];
    const [, chats] = pageCodec.decode(JSON.stringify([0, [kept]]));
    const chat = Array.isArray(chats) ? chats[0] : undefined;
    return typeof at === 'number' && chat
      ? { at, chat, size: Buffer.byteLength(value) }
      : undefined;
  } catch {
    return undefined;
  }
}

function byAge(one: Kept, other: Kept): number {
  return one.at - other.at || (one.chat.id < other.chat.id ? -1 : 1);
}
