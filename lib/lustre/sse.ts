/** Server components over server-sent events: a live view, which takes nothing back. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { isAt, toOriginForm } from '../request/target.ts';
import { type Source } from './source.ts';
import { type ServerComponentSseOptions, sseSettings } from './sse-options.ts';
import { SseView } from './sse-viewer.ts';

export { type ServerComponentSseOptions } from './sse-options.ts';

/**
 * Makes a router that shows a server component as a live view: what `<lustre-server-component
 * method="sse" route="…">` connects to. The browser sends nothing back: no events, attributes or
 * properties. It works in Express 4 and 5 and in Connect.
 *
 * A viewer who reads too slowly is not sent every patch, but the whole view once it has caught up;
 * what was emitted meanwhile is lost. A browser comes back a second after a stream has ended,
 * whatever the reason.
 *
 * Wire shape: `text/event-stream`, one JSON object of Lustre's wire an event, a mount first;
 * comments in between. Before that
 *
 * | what happened | answer |
 * | --- | --- |
 * | a foreign Origin | 403 problem `origin` |
 * | `csrf` did not say true | 403 problem `csrf` |
 * | `context` refused | `next(error)` with its own error |
 * | `context`, `csrf`, `start`, `shared`, `init` or `view` failed | `onError`, `next(error)` with the OmniError |
 * | slower than `handlerTimeout` | `onError`, 504 problem `handler-timeout` |
 * | the shared component was stopped | 204 |
 * | another method than GET, another path | `next()` |
 *
 * @throws TypeError when an option is not what it must be
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
    if (request.method !== 'GET' || !isAt(settings.path, request.url)) next();
    else new SseView(settings, request, response, next).open();
  };
  const router = Router();
  // A layer of `use`, not a route: for its routes Express answers HEAD and OPTIONS itself.
  router.use(route as unknown as Parameters<Router['use']>[0]);
  return router;
}
