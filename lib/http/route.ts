import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { type Wire } from '../core/codec.ts';
import { ContextError } from '../core/errors.ts';
import { expectReadable, mayBeLarger, readBody } from './body.ts';
import { HttpExchange, type Next } from './exchange.ts';
import { httpSettings, type OmniHttpOptions } from './options.ts';
import { Problem, sendProblem } from '../request/problem.ts';
import { isAt, toOriginForm } from '../request/target.ts';

/**
 * Makes a router that answers messages POSTed to `path`: one request is one message, one response
 * is one reply. It works in Express 4 and 5 and in Connect, before or after a middleware that reads
 * bodies.
 *
 * Wire shape: the body is the encoded message, whatever its content-type says; the answer is
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
 * | a charset but utf-8, a content coding | 415 problem `charset`, `encoding` |
 * | a body slower than `bodyTimeout` | 408 problem `body-timeout` |
 * | slower than `handlerTimeout` | 504 problem `handler-timeout` |
 * | read by somebody else, and not kept | 500 problem `body-consumed` |
 * | another method or path | `next()` |
 *
 * @throws TypeError when an option is not what it must be
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
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(options: OmniHttpOptions<In, Out, Context, Request, Encoded>): Router {
  const router = Router();
  const handler = omniHttpHandler(options);
  // A layer of `use`, not a route: for its routes Express answers OPTIONS itself.
  router.use(handler as unknown as Parameters<Router['use']>[0]);
  shorten(router, handler);
  return router;
}

/** What the routers of Express 4 and 5 have, and do not tell in their types. */
interface Walk {
  handle?: (request: IncomingMessage, response: ServerResponse, next: Next) => void;
}

/**
 * Spares the requests the router's walk through its layers, as long as the handler is all of them:
 * also those that only pass by. Where a router is made otherwise, it stays as it is.
 */
function shorten(
  router: Router & Walk,
  handler: (request: never, response: ServerResponse, next: Next) => void,
): void {
  const { handle: walk, stack } = router;
  if (typeof walk !== 'function' || !Array.isArray(stack) || stack.length !== 1) return;
  router.handle = (request, response, next) => {
    if (router.stack.length === 1) handler(request as never, response, next);
    else walk.call(router, request, response, next);
  };
}

/**
 * The same as {@link omniHttp} without a Router around it: for Connect, for `node:http`, and for
 * those who count microseconds.
 *
 * @returns `(request, response, next)`, which reads nothing of a request but what Node's has, and
 * calls `next()` for what is not its own
 * @throws TypeError when an option is not what it must be
 */
export function omniHttpHandler<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): (request: Request, response: ServerResponse, next: Next) => void {
  const settings = httpSettings(options);
  const { path } = settings;
  return (request, response, next) => {
    if (request.url?.startsWith('/') === false) toOriginForm(request);
    if (request.method !== 'POST' || !isAt(path, request.url)) {
      next();
      return;
    }
    const exchange = new HttpExchange<In, Out, Context, Request>(settings, request, response, next);
    try {
      // guard: origin before the body
      if (!settings.isAllowed(request)) throw new Problem('origin');
      expectReadable(request, settings.limit, settings.isBinary);
    } catch (fault) {
      if (fault instanceof Problem) {
        // guard: a refused body that is too large ends the connection → sendProblem(response, fault, false);
        sendProblem(response, fault, mayBeLarger(request, settings.limit));
      } else {
        exchange.recover(new ContextError({ cause: fault }));
      }
      return;
    }
    readBody(request, settings, (fault, body) => {
      exchange.run(fault, body);
    });
  };
}
