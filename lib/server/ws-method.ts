/**
 * The `.ws` method: on the application, on every Router of Express 4 and 5, and on applications that
 * are made later. A route is a GET route at its own path which HTTP requests pass by, so that the
 * middlewares and guards of that path see a socket as they see a request. (express-ws appends
 * `/.websocket` to the path, and a guard of the exact path never saw the socket.)
 */
import express, {
  type Application,
  type NextFunction,
  type Request,
  type Response,
  type Router,
} from 'express';
import { type WebSocket } from 'ws';
import { RouteError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { restoreUrl } from '../websocket/express-ws-url.ts';
import {
  isApplication,
  rememberMount,
  rememberRoute,
  type RoutePath,
  type Routing,
} from './find-route.ts';
import { type PendingSocket, pendingOf } from './pending-socket.ts';
import { answerQuestion } from './question.ts';
import { rememberStraight, takeFailure } from './shortcut.ts';

type AddRoute = (this: unknown, path: unknown, ...routes: unknown[]) => unknown;
type Route = (socket: WebSocket, request: Request, next: NextFunction) => unknown;
interface Target {
  ws: AddRoute;
  use: (this: unknown, ...given: unknown[]) => unknown;
}

/** The methods that were replaced already: all applications of the process share those of a Router. */
const ours = new WeakSet<object>();

/**
 * Replaces the `.ws` of express-ws on an application, on its Routers, and on the applications that are
 * made from now on.
 *
 * @param addTo - gives a target the method of express-ws, unless it has one
 */
export function addWsMethod(app: Application, addTo: (target: never) => void): void {
  for (const target of [app, routerPrototype(app), express.application]) {
    addTo(target as never);
    const mutable = target as unknown as Target;
    if (!ours.has(mutable.ws)) {
      mutable.ws = methodBeside(mutable.ws);
      ours.add(mutable.ws);
    }
  }
  for (const target of [app, express.application]) rememberMounts(target as unknown as Target);
}

function methodBeside(ofExpressWs: AddRoute): AddRoute {
  return function addRoute(this: unknown, path, ...given) {
    const target = this as Routing & { readonly get: AddRoute };
    expectPath(path);
    const routes = given.flat(Infinity);
    for (const route of routes) expectRoute(route);
    if (routes.length === 0) {
      throw new TypeError(
        'Expected a WebSocket route, got none: write app.ws(path, omniWs({ … }))',
      );
    }
    target.get(path, ...routes.map((route) => attachedRoute(route as Route)));
    const added = rememberRoute(target, path);
    if (added !== undefined && takesSocket(routes[0] as Route)) rememberStraight(added);
    // A Router's method also serves other applications of the process, which may get their sockets from
    // express-ws alone.
    if (typeof path === 'string') {
      ofExpressWs.call(this, path, ...routes.map((route) => expressWsRoute(route as Route)));
    }
    return this;
  };
}

function rememberMounts(target: Target): void {
  const { use } = target;
  if (ours.has(use)) return;
  target.use = function useAndRemember(this: unknown, ...given) {
    const result = use.apply(this, given);
    for (const child of given.flat(Infinity)) {
      if (isApplication(child)) rememberMount(this as object, child as object);
    }
    return result;
  };
  ours.add(target.use);
}

/**
 * The object from which every Router of an application's own copy of Express inherits. Importing
 * Express may give another copy, or another version.
 */
export function routerPrototype(app: Application): Router {
  // A second application with only the methods of the first: making the router of the first one now
  // would freeze its settings ('strict routing') before the user has set them.
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

/** @throws TypeError unless it is what Express takes as the path of a route */
function expectPath(path: unknown): asserts path is RoutePath {
  const parts: unknown[] = Array.isArray(path) ? path.flat(Infinity) : [path];
  const isPath = (part: unknown): boolean => typeof part === 'string' || part instanceof RegExp;
  if (parts.length > 0 && parts.every(isPath)) return;
  throw new TypeError(
    `Expected the path of a WebSocket route to be a string, a RegExp or an array of them, got ${typeof path}: ` +
      'write app.ws(path, omniWs({ … }))',
  );
}

/** @throws TypeError unless it can serve sockets */
function expectRoute(route: unknown): void {
  if (typeof route !== 'function') {
    throw new TypeError(`Expected a WebSocket route to be a function, got ${typeof route}`);
  }
  if ('stack' in route || isApplication(route)) {
    throw new TypeError(
      'Expected a WebSocket route such as omniWs({ … }), got a router of Express: write app.use(path, router)',
    );
  }
  if (route.length > 3) {
    throw new TypeError(
      'Expected a WebSocket route to take (socket, request, next), got a function of ' +
        `${route.length} parameters: an error handler is for app.use`,
    );
  }
}

/** A route for sockets of ours, as a GET route. */
function attachedRoute(route: Route) {
  const run = runner(route);
  return (request: Request, response: Response, next: NextFunction): void => {
    const { ws: socket } = request as { ws?: WebSocket };
    const pending = socket === undefined ? undefined : pendingOf(socket);
    const failure = takeFailure(request);
    if (failure !== undefined) next(failure.error);
    else if (socket !== undefined && pending !== undefined) run(socket, request, next, pending);
    else if (socket !== undefined || !answerQuestion(request, response)) next('route');
  };
}

/** The same route for sockets of express-ws, which wraps it once more. */
function expressWsRoute(route: Route): Route {
  const run = runner(route);
  return (socket, request, next) => {
    // guard: a path that ends in /.websocket is no way around a guard
    if (pendingOf(socket) !== undefined) return next('route');
    return run(socket, request, next, undefined);
  };
}

/**
 * Whether a route takes every socket that it is given: it has no `next`. Any other takes a socket by
 * listening. A wrapper with rest parameters may do either.
 */
function takesSocket(route: Route): boolean {
  return route.length === 1 || route.length === 2;
}

/** Runs a route: one whose promise rejects is treated like one that throws. */
function runner(route: Route) {
  const isLast = takesSocket(route);
  return (
    socket: WebSocket,
    request: Request,
    next: NextFunction,
    pending: PendingSocket | undefined,
  ): void => {
    if (isLast) restoreUrl(request);
    let outcome: unknown;
    try {
      outcome = route(socket, request, next);
    } catch (error) {
      fail(error);
      return;
    }
    // guard: a route that rejects → Promise.resolve(outcome).then(finish);
    if (isPromise(outcome)) Promise.resolve(outcome).then(finish, fail);
    else finish();

    function finish(): void {
      if (isLast) pending?.claim();
    }
    function fail(error: unknown): void {
      // As long as no route has the socket, Express's error handlers come first: they may choose a better
      // status.
      if (pending?.isClaimed === true) {
        // guard: a route that throws
        pending.fail(error);
      }
      // next() without an error would continue as if nothing had failed.
      next(error ?? new RouteError({ cause: error }));
    }
  };
}
