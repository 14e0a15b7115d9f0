/** Server components over server-sent events: a live view, which receives nothing from the browser. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { isAt, isOfSocket, toOriginForm } from '../request/target.ts';
import { type Source } from './source.ts';
import { type ServerComponentSseOptions, sseSettings } from './sse-options.ts';
import { SseView } from './sse-viewer.ts';

export { type ServerComponentSseOptions } from './sse-options.ts';

/**
 * Makes a router that shows a server component as a live view, for `<lustre-server-component
 * method="sse" route="…">`. The browser sends nothing back: no events, attributes or
 * properties. It works in Express 4 and 5 and in Connect.
 *
 * A viewer that reads too slowly misses patches, and gets the whole view once it has caught up; events
 * that were emitted meanwhile are lost. A browser reconnects a second after a stream has ended, for
 * any reason.
 *
 * Wire shape: `text/event-stream`, one JSON object of Lustre's wire an event, a mount first;
 * comments in between. Before that
 *
 * | what happened | answer |
 * | --- | --- |
 * | a foreign Origin | 403 problem `origin` |
 * | `csrf` did not return true | 403 problem `csrf` |
 * | `context` refused | `next(error)` with its own error |
 * | `context`, `csrf`, `start`, `shared`, `init` or `view` failed | `onError`, `next(error)` with the OmniError |
 * | slower than `handlerTimeout` | `onError`, 504 problem `handler-timeout` |
 * | the shared component was stopped | 204 |
 * | another method than GET, another path | `next()` |
 *
 * @throws TypeError when an option is invalid or unknown
 *
 * @example
 * ```ts
 * const board = startServerComponent(scoreboard, undefined);
 * app.use(omniServerComponentSse({ path: '/board', shared: () => board }));
 * ```
 */
export function omniServerComponentSse<
  Args,
  Model,
  Message,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
>(
  options: ServerComponentSseOptions<Context, Request> &
    Source<Args, Model, Message, Context, Request>,
): Router {
  const settings = sseSettings(options);
  const route = (
    request: Request,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    toOriginForm(request);
    const isOurs = request.method === 'GET' && isAt(settings.path, request.url);
    if (
      isOurs &&
      // guard: a live view is not for a socket → true
      !isOfSocket(request)
    ) {
      new SseView(settings, request, response, next).open();
    } else next();
  };
  const router = Router({ mergeParams: true });
  // By `use`, not as a route: Express answers HEAD and OPTIONS itself for its routes.
  router.use(route as unknown as Parameters<Router['use']>[0]);
  return router;
}
