/** Sends a socket through the middlewares and routes of an application. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Application } from 'express';
import { type WebSocket } from 'ws';
import { RouteError, statusOf } from '../core/errors.ts';
import { type Routing } from './find-route.ts';
import { type PendingSocket, pendingOf } from './pending-socket.ts';
import { recordFailure, type Shortcut, shortcutOf } from './shortcut.ts';
import { type Answered, type SocketResponse, socketResponse } from './socket-response.ts';

/** An application, as the server calls it. */
type RequestListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What {@link dispatcher} makes. */
export type Dispatch = (
  request: IncomingMessage,
  socket: WebSocket,
  pending: PendingSocket,
) => void;

/** What an application's requests and responses inherit from; Express's types leave it out. */
interface Prototypes {
  readonly request: object;
  readonly response: object;
}

/** The properties that Express sets on a request on its way to a route. */
interface Routed {
  ws?: WebSocket;
  baseUrl?: string;
  originalUrl?: string | undefined;
  params?: unknown;
  route?: object;
  next?: () => void;
}

const stay = (): void => {};
const nobody: Answered = { refuse: () => {} };

/**
 * Makes the function that routes a socket's request as Express routes a request, at the path of the
 * handshake. A socket that no route takes is closed with the code of the status.
 *
 * @param Response - the class of the application's responses
 * @param report - called with an error of a middleware or a route that no error handler answered
 */
export function dispatcher(
  app: Application,
  Response: typeof ServerResponse,
  report: (error: RouteError, request: IncomingMessage) => void,
): Dispatch {
  const listener = app as unknown as RequestListener;
  const prototypes = app as unknown as Prototypes;
  const responseOf = lazyResponse((request) => {
    const response = makeResponse(request, pendingOf((request as Routed).ws as WebSocket));
    // As Express does.
    Object.setPrototypeOf(response, prototypes.response);
    response.locals = Object.create(null) as object;
    return response;
  });

  return (request, socket, pending) => {
    pending.request = request;
    // The routes made by `.ws` find the socket here.
    (request as Routed).ws = socket;
    const shortcut = shortcutOf(app as unknown as Routing, request.url ?? '/');
    if (shortcut === undefined) goThrough(request, pending);
    else goStraight(request, pending, shortcut);
  };

  function goThrough(request: IncomingMessage, pending: PendingSocket): void {
    try {
      listener(request, makeResponse(request, pending), (error) => settle(request, pending, error));
    } catch (error) {
      settle(request, pending, error ?? new RouteError({ cause: error }));
    }
  }

  function goStraight(
    request: IncomingMessage,
    pending: PendingSocket,
    { handle, route, params }: Shortcut,
  ): void {
    // Mostly the server has made it so.
    if (Object.getPrototypeOf(request) !== prototypes.request) {
      Object.setPrototypeOf(request, prototypes.request);
    }
    const routed = request as Routed;
    routed.baseUrl = '';
    routed.originalUrl ??= request.url;
    routed.params = params;
    routed.route = route;
    routed.next = stay;
    Object.defineProperty(request, 'res', responseOf);
    handle(request, undefined, (error) => {
      // The application may have handlers for errors.
      recordFailure(request, error);
      goThrough(request, pending);
    });
  }

  /** There was no answer: no route, or an error and no handler for it. */
  function settle(request: IncomingMessage, pending: PendingSocket, error?: unknown): void {
    // Express's own error for a path with a broken escape (`/%ff`) means that nothing is there.
    const status = isNothing(error) || error instanceof URIError ? 404 : (statusOf(error) ?? 500);
    if (status >= 500) {
      report(error instanceof RouteError ? error : new RouteError({ cause: error }), request);
    }
    // guard: an unknown path is closed
    pending.refuse(status);
  }

  function makeResponse(
    request: IncomingMessage,
    pending: PendingSocket | undefined,
  ): SocketResponse & { locals?: object } {
    const response = socketResponse(Response, request, pending ?? nobody);
    if (pending !== undefined) pending.response = response;
    return response;
  }
}

/** The property `res` of a request that has a response as soon as somebody asks for it. */
function lazyResponse(
  make: (request: IncomingMessage) => ServerResponse,
): PropertyDescriptor & ThisType<IncomingMessage> {
  const become = (request: IncomingMessage, value: unknown): void => {
    Object.defineProperty(request, 'res', {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  };
  return {
    configurable: true,
    enumerable: true,
    get() {
      const response = make(this);
      become(this, response);
      return response;
    },
    set(value: unknown) {
      become(this, value);
    },
  };
}

/** `next('router')` leaves the application's own router, and is no error. */
function isNothing(error: unknown): boolean {
  return error === undefined || error === null || error === 'router' || error === 'route';
}
