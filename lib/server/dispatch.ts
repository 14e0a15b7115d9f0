/** Sends a socket through the middlewares and routes of an application. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type WebSocket } from 'ws';
import { RouteError, statusOf } from '../core/errors.ts';
import { type PendingSocket } from './pending-socket.ts';
import { socketResponse } from './socket-response.ts';

/** An application, as the server calls it. */
export type RequestListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Routes a socket's request as Express routes a request, at the path of the handshake. A socket that no
 * route takes is closed with the code of the status.
 *
 * @param Response - the class of the application's responses
 * @param report - called with an error of a middleware or a route that no error handler answered
 */
export function dispatch(
  app: RequestListener,
  Response: typeof ServerResponse,
  request: IncomingMessage,
  socket: WebSocket,
  pending: PendingSocket,
  report: (error: RouteError) => void,
): void {
  const response = socketResponse(Response, request, pending);
  pending.response = response;
  // The routes made by `.ws` find the socket here.
  Object.assign(request, { ws: socket });
  try {
    app(request, response, settle);
  } catch (error) {
    settle(error ?? new RouteError({ cause: error }));
  }

  /** There was no answer: no route, or an error and no handler for it. */
  function settle(error?: unknown): void {
    // Express's own error for a path with a broken escape (`/%ff`) means that nothing is there.
    const status = isNothing(error) || error instanceof URIError ? 404 : (statusOf(error) ?? 500);
    if (status >= 500) {
      report(error instanceof RouteError ? error : new RouteError({ cause: error }));
    }
    // guard: an unknown path is closed
    pending.refuse(status);
  }
}

/** `next('router')` leaves the application's own router, and is no error. */
function isNothing(error: unknown): boolean {
  return error === undefined || error === null || error === 'router' || error === 'route';
}
