/**
 * The messages, in Redis, where all processes and those that start later find them. Each process
 * shows a copy. Whoever has changed something says so on the hub, and each reads the whole anew: so
 * all show the same in the same order, whatever got lost in between.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Hub } from 'express-omnimessage';
import { type RedisClientType } from 'redis';
import { type Chat, pageCodec } from '../02-chat/messages.ts';
import { type Messages } from '../02-chat/store.ts';

/** What is said on the hub. */
export type Change = 'changed';

/** So many messages are kept, and so many bytes of them are shown: the oldest go first. */
const MESSAGES = 200;
const BYTES = 131_072;

/** So often is something written that Redis did not confirm. */
const ATTEMPTS = 5;

const TOPIC = 'messages';

type Listener = (all: Chat[]) => void;

export interface SharedStoreOptions {
  readonly redis: RedisClientType;
  readonly hub: Hub<Change>;
  /** The hash in which they are: from the id to when it came, and the message. */
  readonly key: string;
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

  constructor(options: SharedStoreOptions) {
    this.#options = options;
    const { hub, redis } = options;
    hub.subscribe(TOPIC, () => this.#readAgain());
    redis.on('ready', () => this.#readAgain());
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
    const { redis, key } = this.#options;
    // The clock of this process: it decides the order, in the same way for all of them.
    const value = JSON.stringify([Date.now(), chat]);
    this.#write(() => redis.hSetNX(key, chat.id, value));
  }

  remove(id: string): void {
    const { redis, key } = this.#options;
    this.#write(() => redis.hDel(key, id));
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

  #readAgain(): void {
    this.read().catch(this.#options.onError);
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
    for (let attempt = 1; ; attempt++) {
      try {
        await command();
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !this.#options.redis.isOpen) throw error;
        await pause(100 * attempt);
      }
    }
  }

  async #read(): Promise<void> {
    const { redis, key } = this.#options;
    const values = await redis.hVals(key);
    const found = values.flatMap((value) => parse(value) ?? []).sort(byAge);
    const old = found.splice(0, Math.max(0, found.length - MESSAGES));
    if (old.length > 0) {
      await redis.hDel(
        key,
        old.map(({ chat }) => chat.id),
      );
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

/** A value of the hash. Another version may have written it: what it does not understand is passed over. */
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
