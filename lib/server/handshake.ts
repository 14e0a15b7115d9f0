/** The form of a valid handshake, and the answer to a refused one. */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { publishRefused } from '../process/diagnostics.ts';
import { startTimer } from '../process/timers.ts';
import { problemOf, type Refusal, titleOf } from '../request/problem.ts';

/** The server shuts down: another one takes over, and no client should reconnect at once. */
export const shuttingDown: Refusal = {
  status: 503,
  code: 'shutting-down',
  headers: { 'retry-after': '5' },
};
/** A page of another site. */
export const foreignOrigin: Refusal = { status: 403, code: 'origin' };
/** No route for sockets has the path. */
export const notFound: Refusal = { status: 404, code: 'not-found' };

/** Base64 of 16 bytes. Source: RFC 6455 section 4.1, step 7. */
const KEY = /^[A-Za-z\d+/]{22}==$/;

/** Whether a request asks for a WebSocket, rightly or wrongly; another protocol is not ours. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * The mistake in a handshake, if any. ws checks the same; it would also accept version 8, which sends
 * its origin in another header and would pass the check of `origins`.
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
  if (hasBody || !KEY.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, code: 'handshake' };
  }
  return undefined;
}

/** How long a refused client may take to read the answer, in milliseconds. */
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
  // Unread bytes would make the kernel reset the connection, which can overtake the answer: so bytes
  // that the client has sent ahead are read and dropped.
  stream.resume();
  const timer = startTimer(cut, LINGER, stream);
  stream.once('close', () => {
    clearTimeout(timer);
  });
}
