import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { type Codec, type Wire } from '../core/codec.ts';
import { type Literal, type Messages } from '../core/literals.ts';
import { type ClientConnection, type ConnectionSession } from '../connection/connection.ts';
import { type MessageId } from '../connection/acknowledgement.ts';
import {
  connectionOptionNames,
  type ConnectionOptions,
  connectionSettings,
} from '../connection/options.ts';
import { type Connection, isPromise, type Reply } from '../core/exchange.ts';
import { type OmniError } from '../core/errors.ts';
import { expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { type Piped, type PipeOptions, respond } from '../core/pipe.ts';
import { connectSocket } from './line.ts';

/** Options of {@link omniWs}. */
export interface OmniWsOptions<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends ConnectionOptions<NoInfer<Out>, Context, Request> {
  /** Turns frames into messages, and replies into frames. */
  readonly codec: Codec<In, Out, Encoded>;
  /**
   * From a message to its reply, to undefined, or to a promise of either; one message at a time
   * per connection. A `Handler` that serves HTTP serves here too.
   */
  readonly handler: (
    message: In,
    connection: Connection<Out, Context, Request>,
  ) => NoInfer<Reply<Out> | Promise<Reply<Out>>>;
  /**
   * Called with every connection once its context is known; it may send, and join a hub. Messages
   * wait for a promise that it returns. When it fails: `onError`, and 1011.
   */
  readonly onOpen?:
    ((connection: Connection<Out, Context, Request>) => void | PromiseLike<void>) | undefined;
  /**
   * Called once at the end of every connection that `onOpen` got (also when that threw). The code is
   * that of the side which closed, or 1006 when the connection broke.
   */
  readonly onClose?:
    | ((connection: Connection<Out, Context, Request>, code: number) => void | PromiseLike<void>)
    | undefined;
}

const OPTION_NAMES: OptionNames<OmniWsOptions<never, never>> = {
  ...connectionOptionNames,
  codec: true,
  handler: true,
  onOpen: true,
  onClose: true,
};

/**
 * Makes a WebSocket route that answers messages: one frame is one message, one reply is one frame,
 * in the order in which the messages came. Nothing that a client sends ends the process or
 * another's connection.
 *
 * Wire shape: every frame is an encoded message, text unless the codec is binary; the library itself
 * sends pings and close codes only. A message that could not be decoded or handled gets no reply
 * unless `onError` returns one, and the connection stays. PROTOCOL.md has the close codes.
 *
 * @returns a listener for `app.ws(path, …)` of express-ws and for the `connection` event of a `ws`
 * server; it works with ws 7 and ws 8
 * @throws TypeError when an option is invalid or unknown
 *
 * Source: `mist_websocket_pipe` of omnimessage_server.
 *
 * @example
 * ```ts
 * const onError = (error: OmniError) => console.error(error.message);
 * app.ws('/omni-ws', omniWs({ codec, handler: (message) => answerTo(message), onError }));
 * ```
 */
export function omniWs<
  In,
  Out extends Messages<Kept>,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
  Kept extends Literal = Literal,
>(
  options: OmniWsOptions<In, Out, Context, Request, Encoded>,
): (socket: WebSocket, request: Request) => void {
  expectOptions('omniWs', options, OPTION_NAMES);
  const settings = connectionSettings(options, options.codec, 'websocket');
  const { handler, onOpen, onClose } = options;
  expectFunction('handler', handler);
  expectFunction('onOpen', onOpen, true);
  expectFunction('onClose', onClose, true);
  // Without onError: a failure is thrown here, and the connection answers it.
  const piped: PipeOptions<In, Out, Context, Request, Wire, Connection<Out, Context, Request>> = {
    codec: settings.codec,
    handler,
  };
  const session: ConnectionSession<In, Out, Context, Request> = {
    opened: (connection) => onOpen?.(connection),
    received(message, connection, id) {
      let reply: Piped<Wire>;
      try {
        reply = respond(message, piped, connection);
      } catch (error) {
        return answerFailure(connection, error, id);
      }
      if (isPromise(reply)) {
        return reply.then(
          (encoded) => {
            connection.reply(encoded, id);
          },
          (error: unknown) => answerFailure(connection, error, id),
        );
      }
      connection.reply(reply, id);
      return undefined;
    },
    closed: (connection, code) => onClose?.(connection, code),
  };
  const start = (): typeof session => session;
  return (socket, request) => {
    connectSocket(socket, request, settings, start);
  };
}

/** Sends what `onError` answers; the connection stays open either way. */
function answerFailure<In, Out, Context, Request extends IncomingMessage>(
  connection: ClientConnection<In, Out, Context, Request>,
  error: unknown,
  id: MessageId | undefined,
): undefined | Promise<void> {
  const answering = connection.answerFailure(error as OmniError, id);
  return isPromise(answering) ? answering.then(() => {}) : undefined;
}
