/** How many people are here, on all processes: each window's program is a receiver of one topic. */
import { type Hub } from 'express-omnimessage';
import { type Presence } from '../02-chat/people.ts';
import { type Change } from './shared-store.ts';

const TOPIC = 'people';

/** How often the others are counted, in milliseconds: nobody says that one came or went. */
const INTERVAL = 1_000;

type Listener = (count: number) => void;

export class SharedPeople implements Presence {
  readonly #hub: Hub<Change>;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #told = 0;

  constructor(hub: Hub<Change>) {
    this.#hub = hub;
    this.#timer = setInterval(() => void this.#count(), INTERVAL).unref();
  }

  enter(listener: Listener): () => void {
    const leave = this.#hub.subscribe(TOPIC, () => {});
    this.#listeners.add(listener);
    // Until it is counted, what the others were told; not less than the one who asks.
    listener(Math.max(1, this.#told));
    void this.#count();
    return () => {
      leave();
      this.#listeners.delete(listener);
      void this.#count();
    };
  }

  /** Ends the counting. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #count(): Promise<void> {
    const count = await this.#hub.count(TOPIC);
    if (count === this.#told) return;
    this.#told = count;
    for (const listener of this.#listeners) listener(count);
  }
}
