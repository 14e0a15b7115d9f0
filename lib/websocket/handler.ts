import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { type Codec, type Wire } from '../core/codec.ts';
import { SocketConnection } from '../connection/connection.ts';
import { type ConnectionOptions, connectionSettings } from '../connection/options.ts';
import { type Connection, isPromise, type Reply } from '../core/exchange.ts';
import { expectFunction } from '../core/options.ts';
import { type Piped, type PipeOptions, respond } from '../core/pipe.ts';
import { type Session } from '../connection/session.ts';

/** What {@link omniWs} takes. */
export interface OmniWsOptions<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends ConnectionOptions<Out, Context, Request> {
  /** Turns frames into messages, and replies into frames. */
  readonly codec: Codec<In, Out, Encoded>;
  /**
   * From a message to its reply, to undefined, or to a promise of either; one message at a time
   * per connection. A `Handler` that serves HTTP serves here too.
   */
  readonly handler: (
    message: In,
    connection: Connection<Out, Context, Request>,
  ) => Reply<Out> | Promise<Reply<Out>>;
  /**
   * Is told of every connection once its context is known; it may send, and join a hub. Messages
   * wait for a promise that it returns. When it fails: `onError`, and 1011.
   */
  readonly onOpen?:
    ((connection: Connection<Out, Context, Request>) => void | PromiseLike<void>) | undefined;
  /**
   * Is told of the end of every connection that `onOpen` was told of (also when that threw), once.
   * The code is ours when we closed, the client's when it did, 1006 when it vanished.
   */
  readonly onClose?:
    | ((connection: Connection<Out, Context, Request>, code: number) => void | PromiseLike<void>)
    | undefined;
}

/**
 * Makes a WebSocket route that answers messages: one frame is one message, one reply is one frame,
 * in the order in which the messages came. Nothing that a client sends ends the process or
 * another's connection.
 *
 * Wire shape: every frame is an encoded message of yours, text unless the codec is binary; the
 * library itself sends pings and close codes only. What could not be decoded or handled gets no
 * reply unless `onError` gives one, and the connection stays. PROTOCOL.md has the close codes.
 *
 * @returns what `app.ws(path, …)` of express-ws takes, and what the `connection` event of a `ws`
 * server gives; it works with ws 7 and ws 8
 * @throws TypeError when an option is not what it must be
 *
 * Source: `mist_websocket_pipe` of omnimessage_server.
 *
 * @example
 * ```ts
 * app.ws('/omni-ws', omniWs({ codec, handler: (message) => answerTo(message), onError: console.error }));
 * ```
 */
export function omniWs<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(
  options: OmniWsOptions<In, Out, Context, Request, Encoded>,
): (socket: WebSocket, request: Request) => void {
  const settings = connectionSettings(options, options.codec, 'websocket');
  const { handler, onOpen, onClose } = options;
  expectFunction('handler', handler);
  expectFunction('onOpen', onOpen, true);
  expectFunction('onClose', onClose, true);
  type Given = Connection<Out, Context, Request>;
  const piped: PipeOptions<In, Out, Wire, Context, Request, Given> = {
    codec: settings.codec,
    handler,
    onError: settings.onError,
  };
  const session: Session<In, Out, Context, Request> = {
    opened: (connection) => onOpen?.(connection),
    received(message, connection) {
      let reply: Piped<Wire>;
      try {
        reply = respond(message, piped, connection);
      } catch {
        // Not answered by onError, which was told: nothing is sent, and the connection stays.
        return undefined;
      }
      if (isPromise(reply)) {
        return reply.then((encoded) => {
          connection.sendEncoded(encoded);
        }, ignore);
      }
      connection.sendEncoded(reply);
      return undefined;
    },
    closed: (connection, code) => onClose?.(connection, code),
  };
  const start = (): typeof session => session;
  return (socket, request) => {
    // The socket holds on to it from here.
    void new SocketConnection(socket, request, settings, start);
  };
}

/** As above: onError was told. */
function ignore(): void {}
