import { type Wire } from './codec.ts';
import { type Prepared } from './prepared.ts';

/**
 * The answer that a message of a connection waits for, taken over by the code that gives it: a hub
 * that was called with `{ answers: connection }` gives it when the publication comes by.
 */
export interface Answer {
  /** The id of the message, where messages have ids. */
  readonly id: number | undefined;
  /** False once the message was answered otherwise: then what is sent is a push. */
  readonly isOpen: () => boolean;
  /** Sends what is encoded as the answer. False when the connection is closing. */
  readonly send: (encoded: Wire | Prepared) => boolean;
  /** Nothing will come: the message is acknowledged without an answer. */
  readonly release: () => void;
}
