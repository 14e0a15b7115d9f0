/**
 * What is known of a socket before a route takes it. `attachWebSockets` writes it down at the
 * upgrade, the connection reads it; neither knows the other.
 */
import { type IncomingMessage } from 'node:http';

/** A socket that passed the checks of `attachWebSockets`. */
export interface Admission {
  /** What `authorize` returned: the second argument of `context`. */
  readonly authorized: unknown;
  /**
   * A route has taken the socket: nothing needs to be waited for any more, and it may read. Its
   * listeners stand already, or are attached before the caller returns.
   *
   * @param claimant - who is told when the server shuts down. Absent: the socket is closed at once
   */
  readonly claim: (claimant?: Claimant) => void;
}

/** Who has a socket. */
export interface Claimant {
  /**
   * The server shuts down: no further message is to be handled. What it returns settles when the
   * running handler has replied; after that the socket is closed with 1001. Called once.
   */
  readonly shutDown: () => void | Promise<void>;
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

/** What Express's router leaves on a request that it routes. */
interface Routed {
  /** How the router goes on. It holds all that the routing was about. */
  next?: () => void;
  /** A memory of the address, which it had with the suffix of express-ws. */
  _parsedUrl?: unknown;
}

const stay = (): void => {};

/** Lets go of the way by which a request came: its route has the socket, as long as that lives. */
export function forgetRouting(request: IncomingMessage): void {
  const routed = request as Routed;
  // A function still, for those who answer late and say that they failed.
  if (routed.next !== undefined) routed.next = stay;
  if (routed._parsedUrl !== undefined) routed._parsedUrl = undefined;
}

/** What `.ws` of express-ws appends to its routes. Looked for in the path alone: a query is the client's. */
const SUFFIX = /^([^?]*?)\/?\.websocket(?=\?|$)/;

/**
 * Where express-ws routes a socket's request: to the GET route that its `.ws` method made. The
 * query stays whole (express-ws itself cuts it at a second `?`).
 */
export function socketUrl(url: string): string {
  const queryAt = url.indexOf('?');
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  const query = queryAt === -1 ? '' : url.slice(queryAt);
  return `${path}${path.endsWith('/') ? '' : '/'}.websocket${query}`;
}

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
  const own = url.replace(SUFFIX, '$1');
  return own.startsWith('/') ? own : `/${own}`;
}
