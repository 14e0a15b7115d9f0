/** What this process has published on one topic, until the log brings it. */
import { type Delivery } from './delivery.ts';

/**
 * In the order of their numbers, in which the log has them too: so the one that comes is nearly
 * always the first that waits, which costs less to find there than in a map.
 */
export class OwnMessages<Message> {
  #waiting: Delivery<Message>[] = [];

  add(delivery: Delivery<Message>): void {
    this.#waiting.push(delivery);
  }

  find(number: number): Delivery<Message> | undefined {
    const [first] = this.#waiting;
    if (first === undefined || first.number === number) return first;
    return this.#waiting.find((delivery) => delivery.number === number);
  }

  /**
   * Takes out the message of this number, if it waits, and those before it: the log would have brought
   * them first, so they have been lost.
   */
  take(number: number): Delivery<Message> | undefined {
    const found = this.find(number);
    if (found === undefined) return undefined;
    for (;;) {
      const first = this.#waiting.shift() as Delivery<Message>;
      if (first === found) return found;
      first.answers?.answer.release();
    }
  }

  /** Takes out all of them, in order. */
  takeAll(): readonly Delivery<Message>[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  /** The log will not bring them any more: who waits for one as an answer has it all the same. */
  answer(): void {
    for (const { answers, encoded } of this.takeAll()) {
      // guard: what was published is the answer, though it does not come back → answers?.answer.release();
      answers?.answer.send(encoded);
    }
  }
}
