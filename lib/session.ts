import { type IncomingMessage } from 'node:http';
import { type SocketConnection } from './connection.ts';

/**
 * What runs on a connection. There are two: a handler (`omniWs`), and a program of its own for
 * each connection (`omniWsApplication`).
 */
export interface Session<In, Out, Context, Request extends IncomingMessage> {
  /** The context is known. Messages wait until what it returns has settled; a throw closes with 1011. */
  readonly opened: (
    connection: SocketConnection<In, Out, Context, Request>,
  ) => void | PromiseLike<void>;
  /** One message. The next ones wait until what it returns has settled. It neither throws nor rejects. */
  readonly received: (
    message: In,
    connection: SocketConnection<In, Out, Context, Request>,
  ) => void | PromiseLike<void>;
  /** The end, told once for every connection whose `opened` was called. */
  readonly closed: (
    connection: SocketConnection<In, Out, Context, Request>,
    code: number,
  ) => void | PromiseLike<void>;
}
