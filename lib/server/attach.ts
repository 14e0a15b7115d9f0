/** Adds WebSockets to an Express application: express-ws, with handshakes, limits and shutdown. */
import { EventEmitter } from 'node:events';
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Application } from 'express';
// The type also gives every Router its `.ws`.
import expressWs, { type WebsocketRequestHandler } from 'express-ws';
import { type WebSocket } from 'ws';
import { AuthorizeError, type OmniError, RouteError } from '../core/errors.ts';
import { expectApplication } from '../core/options.ts';
import { report } from '../core/pipe.ts';
import { reporting } from '../process/diagnostics.ts';
import { startTimer } from '../process/timers.ts';
import { Capacity, limitConnections } from '../request/capacity.ts';
import { type Refusal } from '../request/problem.ts';
import { toOriginForm } from '../request/target.ts';
import { refusalStatus } from '../request/verdict.ts';
import { dispatcher } from './dispatch.ts';
import { findRoute, type RoutePath, type Routing } from './find-route.ts';
import { holdFirstWrite } from './first-write.ts';
import { Gate } from './gate.ts';
import { handshakeFault, refuseUpgrade } from './handshake.ts';
import { makeServer } from './listen.ts';
import {
  type AttachOptions,
  attachSettings,
  type CloseOptions,
  closeTimeout,
  serverSettings,
} from './options.ts';
import { shareUpgrades } from './ownership.ts';
import { PendingSocket, pendingOf } from './pending-socket.ts';
import { serverOptions } from './prototypes.ts';
import { answerBy } from './question.ts';
import { Shutdown } from './shutdown.ts';
import { chooseSubprotocol } from './subprotocol.ts';
import { addWsMethod } from './ws-method.ts';

export { type AttachOptions, type CloseOptions } from './options.ts';

/**
 * A route for sockets. It may be asynchronous: a rejection is handled like a throw. A route that has
 * a third parameter, `next`, may pass the socket on.
 */
export type SocketRoute = (
  ...given: Parameters<WebsocketRequestHandler>
) => void | PromiseLike<void>;

/** What an application has besides, after {@link attachWebSockets}. */
export interface SocketRoutes {
  /**
   * Adds a route for the sockets of a path: a string, a pattern, a RegExp, or an array of them, as
   * `.get` takes it. HTTP requests pass it by. Applications that are made later have the method too.
   */
  readonly ws: (path: RoutePath, ...routes: SocketRoute[]) => this;
}

/** An application with sockets. */
export interface Attached<App extends Application> {
  /** The application that was given; `.ws(path, ...)` adds a route for sockets. */
  readonly app: App & SocketRoutes;
  /** The server to listen on. */
  readonly server: Server;
  /**
   * Shuts down: no new connection is accepted, requests on open ones get 503, running handlers reply,
   * every socket is closed with 1001, idle connections end, and connections that are left at the
   * timeout are cut.
   *
   * @returns resolves when all is closed and every `onClose` has been called (its promise is not
   * awaited), at the latest shortly after the timeout; the same promise at every call
   * @throws TypeError when `timeout` is not a number of milliseconds
   */
  readonly close: (options?: CloseOptions) => Promise<void>;
}

/** The servers that have their sockets already. */
const attached = new WeakSet<Server>();

/**
 * Gives an Express application (4 or 5) WebSocket routes, by express-ws, and mends what that leaves
 * open: `docs/production.md` says what. Call it before the routes are made, because `.ws` is there
 * afterwards, on the application, on every Router, and on applications that are made later.
 *
 * Other listeners of the server's `upgrade` event (Socket.IO, Vite, a proxy) get the upgrades whose
 * path no `.ws` route has, attached before or after.
 *
 * @param app - an Express application
 * @throws TypeError when an option is invalid or unknown, or the server has its sockets already
 *
 * Wire shape: before the upgrade a refusal is an HTTP answer, `application/problem+json`, with
 * `connection: close`: 400, 405, 426 `handshake`; 403 `origin`; 404 `not-found`; 503
 * `max-connections`, `shutting-down`; the status of `authorize`'s error `authorize`; 504
 * `authorize-timeout`. After it, what the middlewares answer becomes a close code: 401 → 4401, 403 →
 * 4403, 404, 2xx and 3xx → 4404, 408 → 4408, 429 → 4429, anything else → 1011. Of subprotocols
 * `omnimessage.1` is chosen, or what `subprotocols` chooses. Nothing is compressed.
 *
 * @example
 * const { app, server, close } = attachWebSockets(express(), { authorize: userOf });
 * app.ws('/omni-ws', omniWs({ codec, handler }));
 * server.listen(3000);
 * process.once('SIGTERM', () => void close());
 */
export function attachWebSockets<App extends Application>(
  app: App,
  options: AttachOptions = {},
): Attached<App> {
  expectApplication(app);
  const settings = attachSettings(options);
  const { authorize, openTimeout, maxConnections, origins, owns, subprotocols } = settings;
  const onError = reporting(settings.onError, 'upgrade');
  const ofServer = serverSettings(options);
  const server = options.server ?? makeServer(app, ofServer);
  if (attached.has(server)) {
    throw new TypeError('Expected `server` to have no sockets yet, got one that was attached');
  }
  attached.add(server);
  // An application whose server the user made is left as it is.
  const hasPrototypes = options.server === undefined && ofServer.expressPrototypes;
  const Response = hasPrototypes ? serverOptions(app).ServerResponse : ServerResponse;
  const dispatch = dispatcher(app, Response, reportUpgrade);
  const shutdown = new Shutdown(server);
  // guard: everything sees a target in one form
  server.prependListener('request', toOriginForm);

  const upstream = expressWs(
    app,
    // express-ws and its ws server get no events: ws would repeat the server's errors where nothing
    // listens (a failing `listen` then ends the process), and upgrade whatever comes.
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
      },
    },
  );
  const sockets = upstream.getWss();
  addWsMethod(app, (target) => {
    upstream.applyTo(target);
  });

  const find = (request: IncomingMessage): ReturnType<typeof findRoute> => {
    const { url = '/', originalUrl = url } = request as { url?: string; originalUrl?: string };
    return findRoute(app as unknown as Routing, originalUrl);
  };
  const capacity: Capacity = new Capacity(
    maxConnections,
    // guard: maxConnections counts the undecided → () => sockets.clients.size
    () => sockets.clients.size + gate.undecided,
  );
  const isEnding = (): boolean => shutdown.isRunning;
  const unfinished = new Set<Promise<void>>();
  const gate: Gate = new Gate({
    origins,
    authorize,
    openTimeout,
    capacity,
    isEnding,
    find,
    report: reportUpgrade,
  });
  limitConnections(server, capacity);
  answerBy(server, gate);
  shareUpgrades(server, {
    owns,
    hasRoute: (request) => find(request) !== undefined,
    isEnding,
    openTimeout,
    take,
    report: (cause, request) => {
      reportUpgrade(new AuthorizeError({ cause }), request);
    },
  });

  return {
    app: app as App & SocketRoutes,
    server,
    close: (how = {}) => {
      const timeout = closeTimeout(how);
      return shutdown.run(timeout, () => endSockets(timeout));
    },
  };

  /** Ends all sockets, and waits for what is still being handled of those that had gone before. */
  async function endSockets(timeout: number): Promise<void> {
    const late = new Promise<void>((resolve) => {
      startTimer(resolve, timeout, undefined);
    });
    await Promise.all([...sockets.clients].map((socket) => shutDown(socket)));
    // guard: handlers finish whose client has gone
    await Promise.race([late, Promise.all(unfinished)]);
  }

  /** A handshake of ours. */
  function take(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // What comes before a route listens waits in the kernel; ws puts `head` before it.
    // guard: early frames wait
    stream.pause();
    const refusal = handshakeFault(request) ?? gate.refusalOf(request);
    const subprotocol = refusal ?? subprotocolOf(request);
    if (typeof subprotocol === 'object') {
      refuseUpgrade(stream, subprotocol);
      return;
    }
    gate.ask(request, {
      pass: (authorized) => {
        accept(request, stream, head, authorized, subprotocol);
      },
      refuse: (why) => {
        refuseUpgrade(stream, why);
      },
    });
  }

  function subprotocolOf(request: IncomingMessage): string | undefined | Refusal {
    try {
      return chooseSubprotocol(request, subprotocols);
    } catch (cause) {
      const status = refusalStatus(cause);
      if (status !== undefined) return { status, code: 'authorize' };
      const error = new AuthorizeError({ cause });
      reportUpgrade(error, request);
      return { status: error.status, code: error.code };
    }
  }

  function accept(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    authorized: unknown,
    subprotocol: string | undefined,
  ): void {
    holdFirstWrite(stream);
    const { headers } = request;
    const offered = headers['sec-websocket-protocol'];
    // ws sees what is chosen alone. It would select the first one, and so send a token that came this way back in
    // a header; and ws 8 has an answer of its own to an offer that is no list of tokens.
    // guard: no subprotocol
    if (offered !== undefined) headers['sec-websocket-protocol'] = subprotocol;
    try {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        if (offered !== undefined) headers['sec-websocket-protocol'] = offered;
        const pending = new PendingSocket(socket, stream, authorized, unfinished);
        dispatch(request, socket, pending);
        pending.wait(openTimeout);
      });
    } catch (cause) {
      // ws throws when something else has upgraded the same connection, which then is not ours.
      // guard: every call into ws is guarded → throw cause;
      reportUpgrade(new RouteError({ cause }), request);
    }
  }

  function reportUpgrade(error: OmniError, request: IncomingMessage): void {
    const { signal } = new AbortController();
    report(error, onError, { request, context: undefined, signal });
  }
}

/** Ends a socket, and resolves when it has ended. */
async function shutDown(socket: WebSocket): Promise<void> {
  const ended = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  void pendingOf(socket)?.shutDown();
  await ended;
}
