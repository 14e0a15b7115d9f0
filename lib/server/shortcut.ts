/**
 * The shortcut to a route for sockets that nothing else of the application stands before. Express
 * would make a response that nobody reads, and ask all that it has: a sixth of what a handshake costs,
 * and more than a kilobyte for as long as the socket lives.
 *
 * It is taken only where Express would come to the same route first, and call nothing on the way.
 * What looks unusual goes through Express.
 */
import { tracingChannel } from 'node:diagnostics_channel';
import { type IncomingMessage } from 'node:http';
import { type Layer, matchOf, type Routing } from './find-route.ts';

/** What Express calls at the end of a way, as far as it is known to be called with a socket alone. */
export type Handle = (
  request: IncomingMessage,
  response: undefined,
  next: (error?: unknown) => void,
) => void;

/** Where a shortcut leads. */
export interface Shortcut {
  readonly handle: Handle;
  /** What Express sets on the request there. */
  readonly route: object;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
}

/** A router of Express 5. */
type Router = Routing & { readonly params?: object };

/** The routes whose first function takes every socket. */
const straight = new WeakSet<object>();

/** Remembers that a route made by `.ws` may be reached without a response and without `next`. */
export function rememberStraight(route: object): void {
  straight.add(route);
}

const failed: unique symbol = Symbol('omnimessage failed');
interface Failed {
  [failed]?: { readonly error: unknown } | undefined;
}

/** A route at the end of a shortcut has failed: the next time it is reached, it says so at once. */
export function recordFailure(request: IncomingMessage, error: unknown): void {
  (request as Failed)[failed] = { error };
}

/** How the route has failed; undefined where it has not, or has said so. */
export function takeFailure(request: IncomingMessage): { readonly error: unknown } | undefined {
  const failure = (request as Failed)[failed];
  if (failure !== undefined) (request as Failed)[failed] = undefined;
  return failure;
}

/** Letters that no parser of addresses takes for anything but themselves. */
const PLAIN = /^\/(?!\/)[\w\-.~!$&'()*+,;=:@%/]*(?=\?|$)/;

/** Where Express says what it calls; whoever listens is to hear of every route. */
const traced = tracingChannel('express.router.request');

/**
 * The route to which a socket may go straight.
 * @param url - in origin form
 * @returns undefined where it has to go through Express
 */
export function shortcutOf(app: Routing, url: string): Shortcut | undefined {
  // Express 4 has middlewares of its own before all routes.
  const router: Router | undefined = app.lazyrouter === undefined ? app.router : undefined;
  const path = PLAIN.exec(url)?.[0];
  if (router?.stack === undefined || path === undefined) return undefined;
  // guard: a callback of app.param is called
  if (router.params === undefined || Object.keys(router.params).length > 0) return undefined;
  if (traced.start.hasSubscribers || traced.end.hasSubscribers || traced.error.hasSubscribers) {
    return undefined;
  }
  for (const layer of router.stack) {
    const matched = matchOf(layer, path);
    if (matched === undefined) continue;
    const shortcut = straightTo(layer, matched.params);
    // guard: no shortcut past a middleware → if (shortcut === undefined) continue;
    return shortcut;
  }
  return undefined;
}

/** As the parameters of Express, without a prototype, but a quarter of a kilobyte smaller. */
const NoParameters = function () {} as unknown as new () => Shortcut['params'];
NoParameters.prototype = Object.create(null) as object;

/** The route of a layer, unless the layer is something else. */
function straightTo({ route }: Layer, params: Shortcut['params']): Shortcut | undefined {
  if (route === undefined || !straight.has(route)) return undefined;
  const { stack } = route as { readonly stack?: readonly { readonly handle: Handle }[] };
  const handle = stack?.[0]?.handle;
  if (handle === undefined) return undefined;
  const hasNone = Object.keys(params).length === 0;
  return { handle, route, params: hasNone ? new NoParameters() : params };
}
