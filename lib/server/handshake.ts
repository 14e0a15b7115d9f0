/** What is asked of a handshake before it is answered with 101, and how a refusal is said in HTTP. */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { publishRefused } from '../process/diagnostics.ts';
import { AuthorizeError, type OmniError, statusOf, TimeoutError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { problemOf, type Refusal, titleOf } from '../request/problem.ts';
import { startTimer } from '../process/timers.ts';

/** The server is about to end. Others take over; nobody should come back at once. */
export const shuttingDown: Refusal = {
  status: 503,
  code: 'shutting-down',
  headers: { 'retry-after': '5' },
};
/** A page of another site. */
export const foreignOrigin: Refusal = { status: 403, code: 'origin' };

/** Base64 of 16 bytes. Source: RFC 6455 section 4.1, step 7. */
const KEY = /^[A-Za-z\d+/]{22}==$/;

/**
 * What is wrong with a handshake itself. ws looks at the same; it would also take version 8, whose
 * origin stands in another header and would pass the check of `origins`.
 *
 * Source: RFC 6455 sections 4.2.1, 4.2.2 and 4.4.
 */
export function handshakeFault({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'GET') return { status: 405, code: 'handshake', headers: { allow: 'GET' } };
  if (headers['sec-websocket-version'] !== '13') {
    const accepted = { 'sec-websocket-version': '13', upgrade: 'websocket' };
    return { status: 426, code: 'handshake', headers: accepted };
  }
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  if (
    hasBody ||
    headers.upgrade?.toLowerCase() !== 'websocket' ||
    !KEY.test(headers['sec-websocket-key'] ?? '')
  ) {
    return { status: 400, code: 'handshake' };
  }
  return undefined;
}

/** What came of asking `authorize`: what it returned, or why not. */
export type Verdict =
  { readonly authorized: unknown } | { readonly refusal: Refusal; readonly error?: OmniError };

/**
 * Asks `authorize`. Never throws, never rejects.
 *
 * @param limit - how long it may take, in milliseconds
 */
export async function ask(
  authorize: (request: IncomingMessage) => unknown,
  request: IncomingMessage,
  limit: number,
): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = authorize(request);
    if (!isPromise(answer)) return verdictOn(answer);
    const giveUp = (resolve: (verdict: Verdict) => void): void => {
      const error = new TimeoutError('authorize-timeout', limit);
      resolve({ refusal: { status: error.status, code: error.code }, error });
    };
    const late = new Promise<Verdict>((resolve) => {
      // guard: authorize that never decides → void giveUp; void resolve;
      timer = startTimer(giveUp, limit, resolve);
    });
    return await Promise.race([Promise.resolve(answer).then(verdictOn), late]);
  } catch (cause) {
    const status = statusOf(cause) ?? 500;
    const refusal = { status, code: 'authorize' };
    return status < 500 ? { refusal } : { refusal, error: new AuthorizeError({ cause }) };
  } finally {
    clearTimeout(timer);
  }
}

/** A function that answers a plain no must not let everybody pass. */
function verdictOn(answer: unknown): Verdict {
  // guard: authorize that says false → return answer === null ? { refusal: { status: 401, code: 'authorize' } } : { authorized: answer };
  return answer === false
    ? { refusal: { status: 401, code: 'authorize' } }
    : { authorized: answer };
}

/** How long a refused client may take to read why, in milliseconds. */
const LINGER = 1_000;

function cut(stream: Duplex): void {
  stream.destroy();
}

/** Answers a handshake with a status instead of 101, and ends its connection. */
export function refuseUpgrade(stream: Duplex, refusal: Refusal): void {
  const { status, code } = refusal;
  publishRefused({ transport: 'upgrade', code, status });
  if (stream.destroyed) return;
  const { headers, body } = problemOf(refusal);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  stream.end([`HTTP/1.1 ${status} ${titleOf(status)}`, ...lines, '', body].join('\r\n'));
  // Bytes that nobody reads would make the kernel reset the connection, which can overtake the
  // answer: what the client has sent ahead is read and dropped.
  stream.resume();
  const timer = startTimer(cut, LINGER, stream);
  stream.once('close', () => {
    clearTimeout(timer);
  });
}
