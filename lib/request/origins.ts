/** Which web pages may send messages: the same rule for HTTP and for WebSocket. */
import { dropRejection } from '../core/attempt.ts';
import { type IncomingMessage } from 'node:http';
import { isPromise } from '../core/exchange.ts';
import { notice, noticeOrigin } from '../process/development-notice.ts';

/**
 * Which pages may send messages: an array of origins, `'*'` for all, or a function.
 *
 * An entry is scheme, host and port as browsers write them: `https://example.com`,
 * `http://localhost:5173`, and for pages that are no web pages `capacitor://localhost` or
 * `chrome-extension://<id>`. There are no wildcards. A default port may be written or not.
 *
 * By default the host and port of `Origin` must equal those of `Host` (over HTTP/2, `:authority`);
 * `X-Forwarded-Host` is ignored. Requests without an Origin (servers, scripts) pass, unless a function
 * decides otherwise; `null` and anything that is no origin equals nothing.
 */
export type Origins<Request extends IncomingMessage = IncomingMessage> =
  readonly string[] | '*' | ((origin: string | undefined, request: Request) => boolean);

/**
 * Makes the check.
 * @throws TypeError when an entry is not an origin exactly as browsers write one
 */
export function originCheck<Request extends IncomingMessage>(
  origins: Origins<Request> | undefined,
): (request: Request) => boolean {
  if (origins === undefined) return noticing(isSameHost);
  if (origins === '*') return () => true;
  if (typeof origins === 'function') {
    return (request) => {
      // A promise is no verdict: an asynchronous function must not admit every page.
      const verdict: unknown = origins(request.headers.origin, request);
      if (isPromise(verdict)) refusePromise(verdict);
      // guard: a promise is no verdict → return Boolean(verdict);
      return verdict === true;
    };
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(
      `Expected \`origins\` to be an array of origins, '*' or a function, got ${typeof origins}`,
    );
  }
  const listed = new Set((origins as readonly unknown[]).map(expectOrigin));
  return noticing(
    ({ headers: { origin } }) => origin === undefined || listed.has(withoutDefaultPort(origin)),
  );
}

/** The form of a web page's origin, and of any other page's. */
const WEB = /^https?:/;
const OTHER = /^[a-z][a-z\d+.-]*:\/\/[\w.:[\]-]+$/;
/** Schemes whose URLs have an origin of their own, and which no page has. */
const NEVER = /^(?:wss?|ftp|file|data|blob|about|javascript):/;

/**
 * An entry as it is compared.
 * @throws TypeError when no Origin could equal it
 */
function expectOrigin(entry: unknown): string {
  if (typeof entry === 'string') {
    const own = withoutDefaultPort(entry);
    if (WEB.test(own)) {
      const parsed = URL.canParse(own) ? new URL(own).origin : undefined;
      // guard: an origin that nothing matches is refused → if (parsed === own) return own;
      if (parsed === own && HOST.test(own.slice(own.indexOf('//') + 2))) return own;
      throw refused(entry, parsed);
    }
    if (OTHER.test(own) && !NEVER.test(own)) return own;
  }
  throw refused(entry);
}

function refused(entry: unknown, meant?: string): TypeError {
  const isWildcard = typeof entry === 'string' && entry.includes('*');
  const hint = isWildcard
    ? ': there are no wildcards, a function can match'
    : meant === undefined || meant === entry
      ? ''
      : `: browsers write '${meant}'`;
  return new TypeError(
    `Expected every entry of \`origins\` to be an origin such as 'https://example.com', got ${JSON.stringify(entry)}${hint}`,
  );
}

const DEFAULT_PORT = /^(https:\/\/(?:[^:]+|\[[^\]]+\])):443$|^(http:\/\/(?:[^:]+|\[[^\]]+\])):80$/;

/** An origin without the port that its scheme implies. One with two ports is no origin, and stays. */
function withoutDefaultPort(origin: string): string {
  const match = DEFAULT_PORT.exec(origin);
  return match?.[1] ?? match?.[2] ?? origin;
}

/** The decision of an asynchronous `origins` comes too late, and its rejection must not end the process. */
function refusePromise(verdict: PromiseLike<unknown>): void {
  // guard: an origins that rejects
  dropRejection(verdict);
  notice(
    'origins promise',
    () =>
      '`origins` returned a promise, which refuses every page: return a boolean, and decide what takes time in `authorize` or `context`',
  );
}

/** A check by our own rule, whose refusal is printed on stderr outside production. */
function noticing(isAllowed: (request: IncomingMessage) => boolean) {
  return (request: IncomingMessage): boolean => {
    const verdict = isAllowed(request);
    if (!verdict) noticeOrigin(request.headers.origin, hostOf(request));
    return verdict;
  };
}

/** The host of a request. HTTP/2 has no Host. Source: RFC 9113 section 8.3.1. */
function hostOf({ headers }: IncomingMessage): string | undefined {
  const { host, ':authority': authority } = headers as Record<string, string | undefined>;
  return host ?? authority;
}

/** The default rule: Origin and Host name the same host and port. */
function isSameHost(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  const host = hostOf(request);
  // Only http and https pages have an origin that can be the same as ours.
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  // guard: a Host that would mean another in a URL → if (scheme === undefined || host === undefined) return false;
  if (scheme === undefined || host === undefined || !HOST.test(host)) return false;
  // Nearly always they are equal; one of them may have a default port.
  if (origin.length === scheme.length + host.length && origin.endsWith(host)) return true;
  const claimed = `${scheme}${host}`;
  return URL.canParse(claimed) && new URL(claimed).origin === withoutDefaultPort(origin);
}

/** A host and port, without anything (`/`, `@`, `?`, `*`) that would make a URL of it mean another. */
const HOST = /^[\w.:[\]-]+$/;
