/** The messages, in the memory of this process, and the listeners to their changes. */
import { type Chat } from './messages.ts';

/** How many messages are kept, and how many bytes of them: the oldest go first. */
const MESSAGES = 200;
const BYTES = 131_072;

type Listener = (all: Chat[]) => void;

/** What the chat needs of its messages; in memory here, in Redis in 05-cluster. */
export type Messages = Pick<Store, 'all' | 'add' | 'remove' | 'subscribe'>;

export class Store {
  #all: Chat[] = [];
  #bytes = 0;
  readonly #listeners = new Set<Listener>();

  /** All messages, oldest first. Another array after every change, and the same until then. */
  get all(): Chat[] {
    return this.#all;
  }

  /**
   * Adds a message. One whose id is there changes nothing: so a client that has lost the answer may
   * send again, and no client can change what another one wrote.
   */
  add(chat: Chat): void {
    if (this.#all.some(({ id }) => id === chat.id)) return;
    const all = [...this.#all, chat];
    this.#bytes += bytesOf(chat);
    while (all.length > MESSAGES || this.#bytes > BYTES) {
      const oldest = all.shift();
      if (oldest === undefined) break;
      this.#bytes -= bytesOf(oldest);
    }
    this.#change(all);
  }

  /** Removes a message. One that is not there changes nothing. */
  remove(id: string): void {
    const chat = this.#all.find((one) => one.id === id);
    if (chat === undefined) return;
    this.#bytes -= bytesOf(chat);
    this.#change(this.#all.filter((one) => one !== chat));
  }

  /**
   * Calls a listener with all messages, after every change.
   * @returns a function that ends it
   */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #change(all: Chat[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener(all);
  }
}

/** What a message takes on the wire: a character may take six bytes there. */
const bytesOf = (chat: Chat): number => Buffer.byteLength(JSON.stringify(chat));
