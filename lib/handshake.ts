/**
 * What is known of a socket before a route takes it. `attachWebSockets` writes it down at the
 * upgrade, the connection reads it; neither knows the other.
 */
import { type IncomingMessage } from 'node:http';

/** A socket that passed the checks of `attachWebSockets`. */
export interface Admission {
  /** What `authorize` returned: the second argument of `context`. */
  readonly authorized: unknown;
  /** A route has taken the socket: nothing needs to be waited for any more, and it may read. */
  readonly claim: () => void;
}

const admissions = new WeakMap<object, Admission>();

/** Remembers that a socket passed. */
export function admit(socket: object, admission: Admission): void {
  admissions.set(socket, admission);
}

/** How a socket passed; undefined when its server was not attached. */
export function admissionOf(socket: object): Admission | undefined {
  return admissions.get(socket);
}

/** The route that express-ws makes of a path, to which it sends the requests of sockets. */
const SUFFIX = /\/?\.websocket(?=\?|$)/;

/**
 * Gives a request its own address back: express-ws appends `/.websocket` to `url` (and `originalUrl`
 * is taken from that), which no user wants to see in a log or to compare with.
 */
export function restoreUrl(request: IncomingMessage): void {
  const mutable: { url?: string | undefined; originalUrl?: string } = request;
  if (mutable.url !== undefined) mutable.url = withoutSuffix(mutable.url);
  if (mutable.originalUrl !== undefined) mutable.originalUrl = withoutSuffix(mutable.originalUrl);
}

function withoutSuffix(url: string): string {
  const own = url.replace(SUFFIX, '');
  return own.startsWith('/') ? own : `/${own}`;
}
