/** Publications of this process that single clients do not get like all others: which are the reply to them, or not for them. */
import { type Answer } from '../core/answer.ts';
import { type Wire } from '../core/codec.ts';
import { type Prepared } from '../core/prepared.ts';
import { type Delivery, type Receiver } from './delivery.ts';

/** How many publications are remembered for each client. */
const LIMIT = 128;

/** Stands for the id of a message where a publication answers none. */
const NONE = 0;

/**
 * A client's publications, in pairs: the number of each, and the id of the message that it answers.
 * There may be very many clients, so it is all in one list.
 */
type Notes = number[];

/** A publication that has not been given as an answer yet. */
interface Owed {
  readonly receiver: Receiver;
  readonly answer: Answer;
}

/** How a receiver gets a publication: see {@link Apart.find}. */
export type Found = Answer | 'unknown' | null | undefined;

/**
 * What reads the log again comes upon them, on the same connection or on the next one of the client,
 * before the publishing process has them back from the log or long after that.
 */
export class Apart {
  readonly #publisher: string;
  readonly #notes = new WeakMap<object, Notes>();
  readonly #owed = new Map<number, Owed>();

  /** @param publisher - the name of this process in the logs */
  constructor(publisher: string) {
    this.#publisher = publisher;
  }

  /** A publication is not for some receivers. */
  except(number: number, except: unknown): void {
    for (const receiver of Array.isArray(except) ? (except as unknown[]) : [except]) {
      if (typeof receiver === 'object' && receiver !== null) {
        this.#note(receiver as Receiver, number, NONE);
      }
    }
  }

  /**
   * A publication is the answer to a message of a receiver.
   * @returns the answer, which is given once, whoever comes upon it first
   */
  answer(number: number, receiver: Receiver, answer: Answer): Answer {
    this.#owed.set(number, { receiver, answer });
    this.#note(receiver, number, answer.id ?? NONE);
    // guard: an answer that was found in the log is not given again → const take = (): boolean => true;
    const take = (): boolean => this.#owed.delete(number);
    return {
      id: answer.id,
      isOpen: () => answer.isOpen(),
      send: (encoded: Wire | Prepared) => {
        if (!take()) return false;
        // guard: what its handler has answered otherwise is no answer later
        if (!answer.isOpen()) this.#forget(receiver, number);
        return answer.send(encoded);
      },
      release: () => {
        if (take()) answer.release();
      },
    };
  }

  /**
   * How a receiver gets an entry of the log.
   * @returns undefined when it gets it like all others, null when it does not, the answer that it is,
   * or `unknown` where it may have had it
   */
  find(receiver: Receiver, at: Delivery<unknown>['at']): Found {
    if (at?.publisher !== this.#publisher) return undefined;
    const owed = this.#owed.get(at.n);
    const isOpen = owed?.answer.isOpen();
    if (owed?.receiver === receiver) {
      this.#owed.delete(at.n);
      if (isOpen === true) return owed.answer;
    }
    // guard: what its handler has answered otherwise comes by the topic
    if (isOpen === false) return undefined;
    const id = this.#idOf(receiver, at.n);
    if (id === undefined) return undefined;
    const isAnswered =
      id === NONE || receiver.places === undefined || receiver.places.isAnswered(id);
    // guard: an answer that may have come is a gap → if (isAnswered === undefined) return undefined;
    if (isAnswered === undefined) return 'unknown';
    // guard: an answer that the client cannot get any more comes by the topic → return null;
    return isAnswered ? null : undefined;
  }

  #idOf(receiver: Receiver, number: number): number | undefined {
    const notes = this.#notes.get(clientOf(receiver)) ?? [];
    for (let at = 0; at < notes.length; at += 2) if (notes[at] === number) return notes[at + 1];
    return undefined;
  }

  #note(receiver: Receiver, number: number, id: number): void {
    const client = clientOf(receiver);
    const notes = this.#notes.get(client);
    if (notes === undefined) {
      this.#notes.set(client, [number, id]);
      return;
    }
    notes.push(number, id);
    if (notes.length > 2 * LIMIT) notes.splice(0, 2);
  }

  #forget(receiver: Receiver, number: number): void {
    const notes = this.#notes.get(clientOf(receiver)) ?? [];
    for (let at = 0; at < notes.length; at += 2) {
      if (notes[at] === number) notes.splice(at, 2);
    }
  }
}

/** A client that can come back is the same one on its next connection. */
export function clientOf(receiver: Receiver): object {
  return receiver.places?.client ?? receiver;
}
