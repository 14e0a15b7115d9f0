/** Who may speak to us from a web page: the same rule for HTTP and for WebSocket. */
import { type IncomingMessage } from 'node:http';
import { isPromise } from '../core/exchange.ts';
import { notice, noticeOrigin } from '../process/development-notice.ts';

/**
 * Which origins may send messages: an array of origins (scheme, host, port, exactly, as browsers
 * write them: `https://example.com`, `http://localhost:5173`), `'*'` for all, or a function.
 * Unless told, the host and port of `Origin` must equal those of `Host`. Requests without an
 * Origin (servers, scripts) pass in every case but that of a function's own verdict; `null` and
 * what is no origin never equals anything.
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
  for (const entry of origins as readonly unknown[]) {
    const parsed = typeof entry === 'string' && URL.canParse(entry) ? new URL(entry) : undefined;
    if (parsed === undefined || parsed.origin !== entry || parsed.origin === 'null') {
      throw new TypeError(
        `Expected every entry of \`origins\` to be an origin such as 'https://example.com', got ${JSON.stringify(entry)}`,
      );
    }
  }
  const listed = new Set<string>(origins);
  return noticing(({ headers: { origin } }) => origin === undefined || listed.has(origin));
}

/** What an asynchronous `origins` decides comes too late, and must not end the process. */
function refusePromise(verdict: PromiseLike<unknown>): void {
  // guard: an origins that rejects
  Promise.resolve(verdict).catch(() => {});
  notice(
    'origins promise',
    () =>
      '`origins` returned a promise, which refuses every page: return a boolean, and decide what takes time in `authorize` or `context`',
  );
}

/** A check by a rule of ours, whose refusal a developer reads on stderr. */
function noticing(isAllowed: (request: IncomingMessage) => boolean) {
  return (request: IncomingMessage): boolean => {
    const verdict = isAllowed(request);
    if (!verdict) noticeOrigin(request.headers.origin, request.headers.host);
    return verdict;
  };
}

/** The rule where none was told: Origin and Host name the same host and port. */
function isSameHost({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  // Only http and https pages have an origin that can be the same as ours.
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  // guard: a Host that would mean another in a URL → if (scheme === undefined || host === undefined) return false;
  if (scheme === undefined || host === undefined || !HOST.test(host)) return false;
  // Nearly always they are equal to the letter; a default port may be spelt out in one of them.
  if (origin.length === scheme.length + host.length && origin.endsWith(host)) return true;
  const claimed = `${scheme}${host}`;
  return URL.canParse(claimed) && new URL(claimed).origin === origin;
}

/** A host and port, without anything (`/`, `@`, `?`) that would make a URL of it mean another. */
const HOST = /^[\w.:[\]-]+$/;
