/** Messages from the server alone, where a WebSocket is not wanted or does not pass. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { ClientConnection, type ConnectionSession } from '../connection/connection.ts';
import { type ConnectionOptions, connectionSettings } from '../connection/options.ts';
import { type Codec, type Wire } from '../core/codec.ts';
import { type Connection } from '../core/exchange.ts';
import { expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { takePlace, tooManyConnections } from '../request/capacity.ts';
import { endAtShutdown, isGone, whenGone } from '../request/client-gone.ts';
import { sendProblem } from '../request/problem.ts';
import { expectPath, isAt, isOfSocket, toOriginForm } from '../request/target.ts';
import { SseLine } from './line.ts';

/** Options of {@link omniSse}. Sizes are bytes, times are milliseconds. */
export interface OmniSseOptions<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends Omit<ConnectionOptions<Out, Context, Request>, 'limit' | 'rateLimit' | 'onVersion'> {
  /** Encodes what is sent. Only its `encode` and `binary` are used. */
  readonly codec: Pick<Codec<never, Out, Encoded>, 'encode' | 'binary'>;
  /**
   * The path, compared exactly, without the query.
   * @defaultValue every GET that arrives: `app.get('/events', omniSse({ … }))`
   */
  readonly path?: string | undefined;
  /**
   * Gets every connection once its context is known; it may send, and join a hub. When it fails:
   * `onError`, and the stream ends.
   */
  readonly onOpen?:
    ((connection: Connection<Out, Context, Request>) => void | PromiseLike<void>) | undefined;
  /** Gets the end of every connection that `onOpen` got, once: with our close code, or 1006. */
  readonly onClose?:
    | ((connection: Connection<Out, Context, Request>, code: number) => void | PromiseLike<void>)
    | undefined;
}

const OPTION_NAMES: OptionNames<OmniSseOptions<never>> = {
  context: true,
  onError: true,
  origins: true,
  highWaterMark: true,
  maxBuffered: true,
  heartbeat: true,
  handlerTimeout: true,
  contextTimeout: true,
  expires: true,
  resume: true,
  codec: true,
  path: true,
  onOpen: true,
  onClose: true,
};

/**
 * Makes a router that pushes messages as server-sent events: the same connection as that of
 * `omniWs`, which sends and joins hubs, and receives nothing. A page posts its own messages to
 * `omniHttp`. Limits, heartbeat, `expires`, the check of Origin, and `maxConnections` of
 * `attachWebSockets` hold as they do for a WebSocket.
 *
 * Wire shape: `text/event-stream`. An event `hello` first, then a `message` for each message,
 * `beat` where there was nothing else to send, and `close` with the code and reason at the end.
 * Before the stream a problem: 401 and 403 when the client is refused, 503 when there is no room.
 * PROTOCOL.md has all of it.
 *
 * @returns a router for `app.use` and `app.get(path, …)`
 * @throws TypeError when an option is invalid or unknown
 *
 * @example
 * ```ts
 * app.get('/events', omniSse({ codec, onOpen: (connection) => hub.join('news', connection) }));
 * ```
 */
export function omniSse<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(options: OmniSseOptions<Out, Context, Request, Encoded>): Router {
  expectOptions('omniSse', options, OPTION_NAMES);
  const { codec, path, onOpen, onClose } = options;
  expectFunction('onOpen', onOpen, true);
  expectFunction('onClose', onClose, true);
  if (path !== undefined) expectPath(path, "app.get('…', omniSse({ … }))");
  const settings = connectionSettings<never, Out, Context, Request, Encoded>(
    options,
    { ...codec, encode: codec.encode.bind(codec), decode: neverDecoded },
    'sse',
  );
  const session: ConnectionSession<never, Out, Context, Request> = {
    opened: (connection) => onOpen?.(connection),
    received: () => undefined,
    closed: (connection, code) => onClose?.(connection, code),
  };
  const router = Router({ mergeParams: true });
  router.use((request, response: ServerResponse, next) => {
    toOriginForm(request);
    const isOurs = request.method === 'GET' && (path === undefined || isAt(path, request.url));
    if (
      !isOurs ||
      // guard: a stream is not for a socket → false
      isOfSocket(request)
    ) {
      next();
      return;
    }
    // guard: a client that left before its stream began
    if (isGone(response)) return;
    const leave = takePlace(request);
    if (leave === undefined) {
      sendProblem(response, tooManyConnections);
      return;
    }
    const line = new SseLine(response, settings.resume !== undefined);
    const connection = new ClientConnection(line, request as unknown as Request, settings, () => {
      line.begin();
      return session;
    });
    whenGone(response, () => {
      leave();
      connection.closed(1006);
    });
    endAtShutdown(response, () => void connection.shutDown());
    response.on('error', ignore);
    connection.begin(undefined);
  });
  return router;
}

function ignore(): void {
  // The client is gone: that is noticed by its connection's end.
}

/** @throws TypeError always: nothing is received */
function neverDecoded(): never {
  throw new TypeError('A stream of server-sent events receives nothing');
}
