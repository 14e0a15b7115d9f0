/** The addresses of express-ws: it routes a socket as a GET of the path with `/.websocket` at its end. */
import { type IncomingMessage } from 'node:http';

/** The properties that Express's router adds to a request. */
interface Routed {
  /** Continues the routing. It keeps all objects of the routing alive. */
  next?: () => void;
  /** The parsed address, which had the suffix of express-ws. */
  _parsedUrl?: unknown;
}

const stay = (): void => {};

/**
 * Releases Express's routing closures: the route has the request for as long as its socket lives.
 */
export function forgetRouting(request: IncomingMessage): void {
  const routed = request as Routed;
  // Still a function, for middlewares that call it late.
  if (routed.next !== undefined) routed.next = stay;
  if (routed._parsedUrl !== undefined) routed._parsedUrl = undefined;
}

/** The suffix that `.ws` of express-ws appends to its routes. Only in the path: the query is the client's. */
const ENDING = '.websocket';
const SUFFIX = /^([^?]*?)\/?\.websocket(?=\?|$)/;

/**
 * Restores the address of a request. express-ws appends `/.websocket` to `url` (and `originalUrl` is
 * copied from that), which does not belong in a log or a comparison.
 */
export function restoreUrl(request: IncomingMessage): void {
  const mutable: { url?: string | undefined; originalUrl?: string } = request;
  if (mutable.url !== undefined) mutable.url = withoutSuffix(mutable.url);
  if (mutable.originalUrl !== undefined) mutable.originalUrl = withoutSuffix(mutable.originalUrl);
}

function withoutSuffix(url: string): string {
  const own = url.includes(ENDING) ? url.replace(SUFFIX, '$1') : url;
  return own.startsWith('/') ? own : `/${own}`;
}
