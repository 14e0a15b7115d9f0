/**
 * What runs on a connection. There are two: a handler (`omniWs`), and a program of its own for each
 * connection (`omniWsApplication`).
 */
import { type MessageId } from './acknowledgement.ts';

/** What runs on a connection of the kind `Connected`. */
export interface Session<In, Connected> {
  /** The context is known. Messages wait until what it returns has settled; a throw closes with 1011. */
  readonly opened: (connection: Connected) => void | PromiseLike<void>;
  /**
   * One message. The next ones wait until what it returns has settled. It neither throws nor rejects.
   * @param id - what the client calls the message; undefined where messages have no ids
   */
  readonly received: (
    message: In,
    connection: Connected,
    id: MessageId | undefined,
  ) => void | PromiseLike<void>;
  /** True where it ends with its connection: what it was handling is not answered any more. */
  readonly isOfConnection?: boolean;
  /** The end, called once for every connection whose `opened` was called. */
  readonly closed: (connection: Connected, code: number) => void | PromiseLike<void>;
}
