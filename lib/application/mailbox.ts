/** The messages that wait for a program's update, in the order in which they were dispatched. */

/**
 * How many messages may wait. A program whose effects or subscriptions dispatch faster than its
 * update handles would otherwise take all the memory of the process.
 */
const CAPACITY = 65_536;
/** From so many handled messages on, their room is given back. */
const COMPACT_FROM = 64;

/** A bounded queue, first in, first out. */
export class Mailbox<Message> {
  #messages: (Message | undefined)[] = [];
  #head = 0;

  /** How many messages wait. */
  get length(): number {
    return this.#messages.length - this.#head;
  }

  /** Adds a message at the end. @returns false when the mailbox is full */
  push(message: Message): boolean {
    // guard: a program's mailbox is bounded
    if (this.length >= CAPACITY) return false;
    this.#messages.push(message);
    return true;
  }

  /** Takes the first message. To be called only when one waits. */
  shift(): Message {
    const message = this.#messages[this.#head] as Message;
    this.#messages[this.#head] = undefined;
    this.#head += 1;
    // A program that always has one message waiting would otherwise leave an ever longer tail.
    if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** Drops every message, and gives back their room: there may be very many programs. */
  clear(): void {
    this.#messages.length = 0;
    this.#head = 0;
  }
}
