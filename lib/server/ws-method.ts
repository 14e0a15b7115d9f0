/**
 * The `.ws` method of express-ws, mended: on the application and on every Router of Express 4 and 5,
 * and with a route whose promise rejects treated like one that throws.
 */
import { type Application, type NextFunction, type Request, type Router } from 'express';
import { type WebsocketRequestHandler } from 'express-ws';
import { type WebSocket } from 'ws';
import { RouteError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { restoreUrl } from '../connection/claim.ts';
import { unclaimedOf } from './waiting-socket.ts';

type Routing = (this: unknown, path: string, ...handlers: unknown[]) => unknown;

/** The methods that are ours already: a Router's is shared by all applications of the process. */
const mended = new WeakSet<object>();

/** Puts ours in front of the `.ws` method that express-ws has given to a target. */
export function mendRoutes(target: object): void {
  const mutable = target as { ws: Routing };
  const { ws } = mutable;
  if (mended.has(ws)) return;
  mutable.ws = function addRoute(path, ...handlers) {
    return ws.call(this, path, ...handlers.map(mendRoute));
  };
  mended.add(mutable.ws);
}

/**
 * The object from which every Router of an application's own copy of Express inherits. Importing
 * Express may give another copy, or another version.
 */
export function routerPrototype(app: Application): Router {
  // A second application without anything of the first one's but its methods: making the first
  // one's router now would freeze its settings ('strict routing') before the user has set them.
  const probe = Object.create(app, {
    _events: { value: undefined, writable: true },
    _router: { value: undefined, writable: true },
  }) as { init: () => void; lazyrouter?: () => void; _router?: object; router?: object };
  probe.init();
  // Express 4 has the method, and an app.router that throws.
  probe.lazyrouter?.();
  let prototype: unknown = probe._router ?? probe.router;
  while (!Object.hasOwn(prototype as object, 'route')) {
    prototype = Object.getPrototypeOf(prototype) as unknown;
  }
  return prototype as Router;
}

/** A handler of a socket's route, as express-ws calls it. */
function mendRoute(handler: unknown): WebsocketRequestHandler {
  if (typeof handler !== 'function') {
    throw new TypeError(`Expected a WebSocket route to be a function, got ${typeof handler}`);
  }
  const route = handler as (...given: unknown[]) => unknown;
  // Who cannot pass the socket on takes it; anybody else takes it by listening. Without named
  // parameters (a wrapper that passes on what it gets) nothing is known.
  const isLast = route.length === 1 || route.length === 2;
  return (socket: WebSocket, request: Request, next: NextFunction): void => {
    if (isLast) restoreUrl(request);
    let outcome: unknown;
    try {
      outcome = route(socket, request, next);
    } catch (error) {
      fail(error);
      return;
    }
    if (isPromise(outcome))
      // guard: a route that rejects → Promise.resolve(outcome).then(finish);
      Promise.resolve(outcome).then(finish, fail);
    else finish();

    function finish(): void {
      if (isLast) unclaimedOf(socket)?.claim();
    }
    function fail(error: unknown): void {
      const watch = unclaimedOf(socket);
      // Express's error handlers come first as long as nobody has the socket: they may know a better status.
      if (watch?.isClaimed === true)
        // guard: a route that throws
        watch.fail(error);
      // Without an error, next() would go on as if all were well.
      next(error ?? new RouteError({ cause: error }));
    }
  };
}
