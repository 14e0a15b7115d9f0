/** express-ws made safe: one call that gives an application sockets which survive anything. */
import { EventEmitter } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Application } from 'express';
import expressWs, { type WebsocketRequestHandler } from 'express-ws';
import { type WebSocket } from 'ws';
import {
  type AttachOptions,
  attachSettings,
  type CloseOptions,
  closeTimeout,
  serverSettings,
} from './options.ts';
import { reporting } from '../process/diagnostics.ts';
import { AuthorizeError, type OmniError, RouteError, statusOf } from '../core/errors.ts';
import { expectApplication } from '../core/options.ts';
import { restoreUrl, socketUrl } from '../connection/claim.ts';
import { Capacity, limitConnections, tooManyConnections } from '../request/capacity.ts';
import { makeServer } from './listen.ts';
import { originCheck } from '../request/origins.ts';
import { type Refusal } from '../request/problem.ts';
import { tell } from '../core/pipe.ts';
import { serverOptions } from './prototypes.ts';
import { Shutdown } from './shutdown.ts';
import { socketResponse } from './socket-response.ts';
import { mendRoutes, routerPrototype } from './ws-method.ts';
import { UnclaimedSocket, unclaimedOf } from './waiting-socket.ts';
import { ask, foreignOrigin, handshakeFault, refuseUpgrade, shuttingDown } from './handshake.ts';

export { type AttachOptions, type CloseOptions } from './options.ts';

/**
 * A route for sockets. It may be asynchronous: a rejection is handled like a throw. Who has a third
 * parameter, `next`, may pass the socket on.
 */
export type SocketRoute = (
  ...given: Parameters<WebsocketRequestHandler>
) => void | PromiseLike<void>;

/** What an application has besides, after {@link attachWebSockets}. */
export interface SocketRoutes {
  /** Adds a route for the sockets of a path. */
  readonly ws: (path: string, ...routes: SocketRoute[]) => this;
}

/** An application with sockets. */
export interface Attached<App extends Application> {
  /** The application that was given; `.ws(path, ...)` adds a route for sockets. */
  readonly app: App & SocketRoutes;
  /** The server to listen on. */
  readonly server: Server;
  /**
   * Shuts down: no new connection is taken, requests on open ones get 503, running handlers reply,
   * every socket is closed with 1001, idle connections end, and what is left at the timeout is cut.
   *
   * @returns resolves when all is closed and every `onClose` has been called (what that returns is
   * not waited for), at the latest shortly after the timeout; the same promise at every call
   * @throws TypeError when `timeout` is not a number of milliseconds
   */
  readonly close: (options?: CloseOptions) => Promise<void>;
}

/** The servers that have their sockets already. */
const attached = new WeakSet<Server>();
const ignoreError = (): void => {};

/**
 * Gives an Express application (4 or 5) WebSocket routes, by express-ws, and mends what that leaves
 * open: `docs/production.md` says what. Call it before the routes are made, because `.ws` is there
 * afterwards, on the application and on every Router.
 *
 * @param app - an Express application
 * @throws TypeError when an option is not what it should be, or the server has its sockets already
 *
 * Wire shape: before the upgrade a refusal is an HTTP answer, `application/problem+json`, with
 * `connection: close`: 400, 405, 426 `handshake`; 403 `origin`; 503 `max-connections`,
 * `shutting-down`; the status of `authorize`'s error `authorize`; 504 `authorize-timeout`. After it,
 * what the middlewares answer is said by a close code: 401 → 4401, 403 → 4403, 404, 2xx and 3xx →
 * 4404, 408 → 4408, 429 → 4429, anything else → 1011. No subprotocol is selected, nothing compressed.
 *
 * @example
 * const { app, server, close } = attachWebSockets(express(), { authorize: userOf });
 * app.ws('/omni-pipe-ws', omniWs({ codec, handler }));
 * server.listen(3000);
 * process.once('SIGTERM', () => void close());
 */
export function attachWebSockets<App extends Application>(
  app: App,
  options: AttachOptions = {},
): Attached<App> {
  expectApplication(app);
  const settings = attachSettings(options);
  const { authorize, openTimeout, maxConnections } = settings;
  const told = reporting(settings.onError, 'upgrade');
  const isOwnOrigin = originCheck(settings.origins);
  const ofServer = serverSettings(options);
  const server = options.server ?? makeServer(app, ofServer);
  const { ServerResponse: Response } = serverOptions(app);
  if (attached.has(server)) {
    throw new TypeError('Expected `server` to have no sockets yet, got one that was attached');
  }
  attached.add(server);
  const shutdown = new Shutdown(server);
  let handshakes = 0;

  // express-ws and its ws server listen to nobody: ws would repeat the server's errors where no one
  // listens (a failing `listen` then ends the process), and upgrade whatever comes.
  const upstream = expressWs(
    app,
    // guard: ws does not repeat the server's errors → server
    new EventEmitter() as Server,
    {
      leaveRouterUntouched: true,
      wsOptions: {
        // guard: payload limit of the server
        maxPayload: settings.limit,
        // guard: fragment limit of the server
        maxFragments: settings.maxFragments,
        // guard: chunk limit of the server
        maxBufferedChunks: settings.maxBufferedChunks,
        // guard: no compression → perMessageDeflate: true
        perMessageDeflate: false,
        // ws would select the first one, and so send a token that came this way back in a header.
        // guard: no subprotocol
        handleProtocols: () => false,
      },
    },
  );
  const sockets = upstream.getWss();
  // guard: maxConnections counts the undecided → const capacity = new Capacity(maxConnections, () => sockets.clients.size);
  const capacity = new Capacity(maxConnections, () => sockets.clients.size + handshakes);
  limitConnections(server, capacity);
  const routers = routerPrototype(app);
  upstream.applyTo(routers);
  mendRoutes(routers);
  mendRoutes(app);

  server.on('upgrade', (request, stream, head) => {
    // Whatever follows, and however long it takes: a client that resets ends its own connection only.
    // guard: error listener of the connection
    stream.on('error', ignoreError);
    // What comes before a route listens waits in the kernel; ws puts `head` before it.
    // guard: early frames wait
    stream.pause();
    const refusal = refusalOf(request);
    if (refusal !== undefined) refuseUpgrade(stream, refusal);
    else if (
      // guard: authorize is asked → authorize !== null
      authorize === undefined
    )
      accept(request, stream, head, undefined);
    else void consider(authorize, request, stream, head);
  });

  return {
    app: app as App & SocketRoutes,
    server,
    close: (how = {}) =>
      shutdown.run(closeTimeout(how), () =>
        Promise.all([...sockets.clients].map((socket) => shutDown(socket))),
      ),
  };

  /** What can be said at once. */
  function refusalOf(request: IncomingMessage): Refusal | undefined {
    // guard: no upgrade during a shutdown
    if (shutdown.isRunning) return shuttingDown;
    const fault = handshakeFault(request);
    if (fault !== undefined) return fault;
    try {
      // guard: origin before the upgrade
      if (!isOwnOrigin(request)) return foreignOrigin;
    } catch (cause) {
      report(new AuthorizeError({ cause }), request);
      return foreignOrigin;
    }
    return capacity.hasRoom ? undefined : tooManyConnections;
  }

  async function consider(
    gate: (request: IncomingMessage) => unknown,
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
  ): Promise<void> {
    handshakes += 1;
    const verdict = await ask(gate, request, openTimeout);
    handshakes -= 1;
    if ('refusal' in verdict) {
      refuseUpgrade(stream, verdict.refusal);
      if (verdict.error !== undefined) report(verdict.error, request);
    } else if (shutdown.isRunning) refuseUpgrade(stream, shuttingDown);
    else accept(request, stream, head, verdict.authorized);
  }

  function accept(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    authorized: unknown,
  ): void {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      route(request, socket, new UnclaimedSocket(socket, stream, authorized, openTimeout));
    });
  }

  /** Sends a socket through the middlewares and routes of the application, as express-ws does. */
  function route(request: IncomingMessage, socket: WebSocket, watch: UnclaimedSocket): void {
    const response = socketResponse(Response, request, watch);
    watch.response = response;
    // What the routes made by `.ws` know a socket by.
    Object.assign(request, { ws: socket, url: socketUrl(request.url ?? '/') });
    try {
      (app as unknown as Middleware)(request, response, settle);
    } catch (error) {
      settle(error ?? new RouteError({ cause: error }));
    }

    /** Nobody has answered: there was no route, or there was an error and nobody to handle it. */
    function settle(error?: unknown): void {
      // Express's own error for a path with a broken escape (`/%ff`) says that nobody can be there.
      const status = isNothing(error) || error instanceof URIError ? 404 : (statusOf(error) ?? 500);
      if (status >= 500) {
        restoreUrl(request);
        const fault = error instanceof RouteError ? error : new RouteError({ cause: error });
        report(fault, request);
      }
      // guard: an unknown path is closed
      watch.refuse(status);
    }
  }

  function report(error: OmniError, request: IncomingMessage): void {
    const { signal } = new AbortController();
    tell(error, told, { request, context: undefined, signal });
  }
}

/** Ends a socket, and resolves when it has told its end. */
async function shutDown(socket: WebSocket): Promise<void> {
  const ended = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  void unclaimedOf(socket)?.shutDown();
  await ended;
}

type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** `next('router')` leaves the application's own router, and is no error. */
function isNothing(error: unknown): boolean {
  return error === undefined || error === null || error === 'router' || error === 'route';
}
