/** Middlewares of Express on the bare request of `authorize`, where there is no response yet. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import express, {
  type Application,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';

/**
 * Runs middlewares on the request that `authorize` gets, one after the other: the session, the user.
 * They read the request and may write on it; what they set on the response (cookies) is dropped.
 * Middlewares that a socket's routes have too run once more there; express-session then keeps the
 * session that it finds.
 *
 * @param request - as `authorize` gets it
 * @param middlewares - each calls `next`
 * @returns resolves with the same request, when the last one has called `next`
 * @throws (rejects) with what a middleware throws or gives to `next`; with an error that has the
 * status of the answer when one answers instead, or 401 where the answer is no refusal
 *
 * @example
 * ```ts
 * attachWebSockets(app, {
 *   authorize: async (request) => (await runMiddleware(request, session)).session.user ?? false,
 * });
 * ```
 */
export async function runMiddleware(
  request: IncomingMessage,
  ...middlewares: readonly RequestHandler[]
): Promise<Request> {
  const { promise, resolve, reject } = settled();
  const response = new ServerResponse(request);
  // Every way to answer comes through here.
  response.writeHead = (...header: unknown[]) => {
    ServerResponse.prototype.writeHead.apply(response, header as [number]);
    const { statusCode } = response;
    const status = statusCode >= 400 && statusCode < 600 ? statusCode : 401;
    reject(Object.assign(new Error('a middleware answered the request'), { status }));
    return response;
  };
  // An application gives the two the methods that middlewares know.
  host ??= express().use((_request: unknown, _response: unknown, next: () => void) => {
    // Express 4 sets its prototypes by a layer, which is there when there is a router.
    next();
  });
  (host as unknown as Dispatching).handle(request, response, ignore);
  for (const middleware of middlewares) {
    const { promise: passed, resolve: pass, reject: fail } = settled();
    const outcome: unknown = middleware(request as Request, response as Response, (error) => {
      if (error === undefined || error === null) pass();
      else
        fail(error instanceof Error ? error : new Error('a middleware failed', { cause: error }));
    });
    // One that rejects has failed; one that resolves may still be about to call `next`.
    const failed = Promise.resolve(outcome).then(() => passed);
    await Promise.race([promise, passed, failed]);
  }
  resolve();
  await promise;
  return request as Request;
}

let host: Application | undefined;

/** What the types of Express leave out. */
interface Dispatching {
  readonly handle: (request: IncomingMessage, response: ServerResponse, done: () => void) => void;
}

/** A promise, and what settles it. */
function settled(): {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
} {
  let settle: [resolve: () => void, reject: (error: Error) => void] = [ignore, ignore];
  const promise = new Promise<void>((...given) => {
    settle = given;
  });
  // It is awaited later, or not at all.
  promise.catch(ignore);
  return { promise, resolve: settle[0], reject: settle[1] };
}

function ignore(): void {}
