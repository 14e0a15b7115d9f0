/** The target of a request: brought to one form, and compared with a path. */
import { type IncomingMessage } from 'node:http';

/**
 * Whether a request is for a path: compared exactly, without the query, and without making a
 * string.
 * @param path - undefined for any
 */
export function isAt(path: string | undefined, url = '/'): boolean {
  if (path === undefined) return true;
  return url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}

/** What Express keeps beside `url`. */
interface Target {
  url?: string | undefined;
  originalUrl?: string | undefined;
}

/**
 * Whether a request is that of a WebSocket, which passes an application as a GET: an HTTP route passes
 * it by. `attachWebSockets` and express-ws put the socket on it.
 */
export function isOfSocket(request: IncomingMessage): boolean {
  return (request as { readonly ws?: unknown }).ws !== undefined;
}

/** Scheme and authority of a target in absolute form, without a user's name. */
const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@]*)/i;

/**
 * Brings the target of a request to origin form (`/path?query`). `GET http://host/admin` means
 * `/admin` on that host, and Express routes it so: code that compares `request.url` with a path must see
 * the same. The host of the target takes the place of Host, as the RFC demands.
 *
 * Source: RFC 9112 sections 3.2.2 and 3.2.1.
 */
export function toOriginForm(request: IncomingMessage): void {
  const target = request as Target;
  const { url, originalUrl } = target;
  if (url === undefined || url.startsWith('/')) return;
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null) return;
  target.url = pathAfter(absolute, url);
  // Below a mount point Express has cut `url`; the original is the whole target.
  const original = originalUrl === undefined ? null : ABSOLUTE.exec(originalUrl);
  if (original !== null && originalUrl !== undefined) {
    target.originalUrl = pathAfter(original, originalUrl);
  }
  const host = absolute[1];
  if (host !== undefined && host !== '') request.headers.host = host;
}

function pathAfter([start]: RegExpExecArray, url: string): string {
  const rest = url.slice(start.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Characters that Express reads as a pattern, and that no path of a request contains. */
const PATTERN = /:\w|[*?+(){}[\]\\#]/;

/**
 * @param mounting - what to write where the path is a pattern
 * @throws TypeError when no request could be for the path
 */
export function expectPath(path: unknown, mounting: string): void {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    const given = typeof path === 'string' ? JSON.stringify(path) : typeName(path);
    throw new TypeError(`Expected \`path\` to be a string that begins with /, got ${given}`);
  }
  // guard: a path with a pattern is refused
  if (PATTERN.test(path)) {
    throw new TypeError(
      `Expected \`path\` to be compared exactly, got the pattern ${JSON.stringify(path)}: ` +
        `leave \`path\` out and write ${mounting}`,
    );
  }
}

function typeName(value: unknown): string {
  if (value instanceof RegExp) return 'a RegExp';
  return value === null ? 'null' : typeof value;
}
