import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { type Wire } from '../core/codec.ts';
import { type Literal, type Messages } from '../core/literals.ts';
import { HttpExchange, type Next } from './exchange.ts';
import { httpSettings, type OmniHttpOptions } from './options.ts';
import { isGone } from '../request/client-gone.ts';
import { inTurn, tooManyPipelined } from '../request/pipelining.ts';
import { sendProblem } from '../request/problem.ts';
import { isAt, toOriginForm } from '../request/target.ts';

/**
 * Makes a router that answers messages POSTed to `path`: one request is one message, one response
 * is one reply. It works in Express 4 and 5 and in Connect, before or after a middleware that reads
 * bodies.
 *
 * Wire shape: the body is the encoded message, with any content-type; the answer is
 *
 * | what happened | answer |
 * | --- | --- |
 * | a reply, or one of `onError` | 200 and the encoded reply |
 * | no reply, or a skipped one | 200 and an empty body, or `emptyReply` |
 * | not a message | 422 problem `decode` |
 * | the handler or the encoder failed | `next(error)` with the OmniError |
 * | a foreign Origin | 403 problem `origin` |
 * | empty, not UTF-8 | 400 problem `empty`, `utf8` |
 * | over `limit` | 413 problem `too-large` |
 * | a charset other than utf-8, a content coding | 415 problem `charset`, `encoding` |
 * | a body slower than `bodyTimeout` | 408 problem `body-timeout` |
 * | slower than `handlerTimeout` | 504 problem `handler-timeout` |
 * | read by another middleware, and not kept | 500 problem `body-consumed` |
 * | another method or path | `next()` |
 *
 * @throws TypeError when an option is invalid or unknown
 *
 * Source: `wisp_http_middleware` of omnimessage_server; RFC 9457 for problems.
 *
 * @example
 * ```ts
 * app.use(omniHttp({ path: '/omni-http', codec, handler: (message) => answerTo(message) }));
 * ```
 */
export function omniHttp<
  In,
  Out extends Messages<Kept>,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
  Kept extends Literal = Literal,
>(options: OmniHttpOptions<In, Out, Context, Request, Encoded>): Router {
  const handler = makeHandler('omniHttp', options);
  // With the parameters of the path at which the application mounts it.
  const router = Router({ mergeParams: true });
  // By `use`, not as a route: Express answers OPTIONS itself for its routes.
  router.use(handler as unknown as Parameters<Router['use']>[0]);
  return router;
}

/**
 * The same as {@link omniHttp}, without a Router: for Connect, for `node:http`, and where
 * microseconds matter.
 *
 * @returns `(request, response, next)`. It uses only the properties of Node's own requests, and
 * calls `next()` for other methods and paths
 * @throws TypeError when an option is invalid or unknown
 */
export function omniHttpHandler<
  In,
  Out extends Messages<Kept>,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
  Kept extends Literal = Literal,
>(
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => void {
  return makeHandler('omniHttpHandler', options);
}

function makeHandler<In, Out, Context, Request extends IncomingMessage, Encoded extends Wire>(
  factory: string,
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): (request: Request, response: ServerResponse, next: Next) => void {
  const settings = httpSettings(factory, options);
  const { path } = settings;
  return (request, response, next) => {
    toOriginForm(request);
    if (request.method !== 'POST' || !isAt(path, request.url)) {
      next();
      return;
    }
    // A middleware before us may have taken longer than the client waited.
    // guard: nothing is begun for a client that is gone
    if (isGone(response)) return;
    inTurn(request, response, {
      start: () => {
        new HttpExchange<In, Out, Context, Request>(settings, request, response, next).receive();
      },
      refuse: () => {
        sendProblem(response, tooManyPipelined, true);
      },
    });
  };
}
