import { type IncomingMessage } from 'node:http';
import { type SocketConnection } from './connection.ts';
import { onCloseChannel, onOpenChannel, type Transport } from '../process/diagnostics.ts';
import { HookError, OmniError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { tell } from '../core/pipe.ts';

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

/** Makes the session of a connection whose context is known. */
export type Start<In, Out, Context, Request extends IncomingMessage> = (
  connection: SocketConnection<In, Out, Context, Request>,
) => Session<In, Out, Context, Request>;

/** Tells the watchers that a connection is open. */
export function tellOpen(transport: Transport, duration: number): void {
  if (onOpenChannel.hasSubscribers) onOpenChannel.publish({ transport, duration });
}

/** Tells the watchers, and the session, that its connection has ended. */
export function tellClosed<In, Out, Context, Request extends IncomingMessage>(
  session: Session<In, Out, Context, Request>,
  connection: SocketConnection<In, Out, Context, Request>,
  code: number,
  duration: number,
): void {
  const { transport, onError } = connection.settings;
  if (onCloseChannel.hasSubscribers) onCloseChannel.publish({ transport, code, duration });
  const failed = (cause: unknown): void => {
    const error = cause instanceof OmniError ? cause : new HookError('on-close', { cause });
    tell(error, onError, connection);
  };
  try {
    const ending = session.closed(connection, code);
    // guard: onClose is guarded
    if (isPromise(ending)) ending.then(undefined, failed);
  } catch (cause) {
    failed(cause);
  }
}
