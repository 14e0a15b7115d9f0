/**
 * Notices for developers. Outside production, a refusal by our own rules and a failure without an
 * `onError` are printed once on stderr, with the remedy.
 *
 * A refusal is printed also where there is an `onError`, because `onError` does not get refusals.
 * Nothing else in the library prints, and in production nothing is printed at all.
 */
import { type OmniError } from '../core/errors.ts';

/** How many different notices one process prints: a client must not be able to fill a log. */
const MAX_NOTICES = 100;
const MAX_LENGTH = 4_000;

const printed = new Set<string>();

/**
 * Prints a notice, unless one with the same key was printed before, or this is production.
 * @param key - names the kind of the notice
 * @param text - what happened, and what to do; made only if it is printed
 */
export function notice(key: string, text: () => string): void {
  if (printed.size >= MAX_NOTICES || printed.has(key)) return;
  // Read each time: some applications set it after their imports.
  if (process.env['NODE_ENV'] === 'production') return;
  printed.add(key);
  process.stderr.write(`express-omnimessage: ${printable(text())}\n`);
}

/** For tests: the process is as if it had printed nothing. */
export function forgetNotices(): void {
  printed.clear();
}

/** The remedy for a refusal, by its code. Refusals by the user's own functions are not here. */
const ADVICE: Readonly<Record<string, string>> = {
  'rate-limited': 'a client sent more than `rateLimit` allows and was closed with 4429',
  'too-large':
    'a message was larger than `limit` and was refused (413, 1009): raise `limit` if such messages are expected',
  'too-slow':
    'a client read too slowly: more than `maxBuffered` waited to be sent, so it was closed with 1013',
  undecodable:
    'a client sent too many messages that could not be decoded and was closed with 4400: `onError` gets each DecodeError, which says what was expected where; the client must encode what this codec decodes',
  malformed: 'a client broke the WebSocket protocol and was closed',
  'max-connections':
    'a handshake was refused with 503, because `maxConnections` are open: raise it if the machine has room',
  'not-found':
    'a WebSocket asked for a path that no route answers (4404): add it with `app.ws(path, …)`',
  csrf: 'a request without a valid CSRF token was refused: the page must send the token that `csrf` expects',
  charset: 'a body in another charset than UTF-8 was refused with 415: send it as UTF-8',
  encoding: 'a compressed body was refused with 415: send it uncompressed',
  empty: 'a request without a body was refused with 400: a message is sent as the body of a POST',
  utf8: 'a body that is not UTF-8 was refused with 400',
  'body-timeout': 'a body did not arrive within `bodyTimeout` and was refused with 408',
};

/**
 * Prints a refusal by one of our own rules.
 * @param transport - where it was refused
 * @param code - that of the event `omnimessage:refused`
 */
export function noticeRefusal(transport: string, code: string): void {
  const advice = ADVICE[code];
  if (advice !== undefined) notice(`${transport} ${code}`, () => `${advice} (${transport})`);
}

/** Prints that a page was refused for its origin, the most frequent first mistake. */
export function noticeOrigin(origin: string | undefined, host: string | undefined): void {
  notice('origin', () => {
    const page = shown(origin);
    return (
      `Origin ${page} was refused, Host is ${shown(host)}: ` +
      `if pages of ${page} may connect, add \`origins: [${quoted(origin)}]\``
    );
  });
}

/** Prints a failure for which there is no `onError`. */
export function noticeFailure(error: OmniError, transport: string): void {
  const { cause } = error;
  const reason = reasonFor(cause);
  notice(
    `${transport} ${error.code} ${reason.slice(0, 200)}`,
    () =>
      `${error.message} (${transport}, code ${error.code}), and there is no onError to handle it` +
      (reason === '' ? '' : `\n${reason}`),
  );
}

/** The stack of an error, or a primitive; never the inside of an object, which may be a request. */
function reasonFor(cause: unknown): string {
  try {
    if (cause instanceof Error) return cause.stack ?? String(cause);
    return typeof cause === 'string' || typeof cause === 'number' ? String(cause) : '';
  } catch {
    return '';
  }
}

function shown(header: string | undefined): string {
  return header === undefined ? 'absent' : header.slice(0, 200);
}

function quoted(origin: string | undefined): string {
  return origin === undefined ? '…' : `'${shown(origin)}'`;
}

/** Without the control characters of a terminal, except line feeds. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '?').slice(0, MAX_LENGTH);
}
