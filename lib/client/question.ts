/**
 * Why a handshake is refused. A browser says of it that the connection failed (1006), whatever the
 * server answered. So the link asks the route with a GET for `application/problem+json`, which a
 * WebSocket route under `attachWebSockets` answers as it would answer the handshake.
 */
import { type Fetch } from './platform.ts';
import { type RouteAnswer } from './transport.ts';
import { PROTOCOL } from '../core/protocol.ts';

/** What is read of the answer. */
interface Answer {
  readonly omnimessage?: unknown;
  readonly retryAfter?: number;
  readonly subprotocols?: readonly string[];
}

/**
 * Asks the route of a WebSocket.
 * @returns undefined when the answer does not come from such a route: a redirect, a page of a
 * captive portal, another 404
 * @throws what `fetch` throws when there is no answer
 */
export async function askRoute(url: URL, fetch: Fetch): Promise<RouteAnswer | undefined> {
  const response = await fetch(url.href.replace(/^ws/, 'http'), {
    headers: { accept: 'application/problem+json' },
    credentials: 'include',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = (await response.json().catch(() => ({}))) as Answer;
  const { status } = response;
  const { omnimessage, retryAfter, subprotocols } = answer;
  // `omnimessage` tells this package's answer from the problem of another server.
  return omnimessage === 'websocket'
    ? {
        code: status === WOULD_ACCEPT ? 0 : status,
        retryAfter,
        hasProtocol: subprotocols?.includes(PROTOCOL),
      }
    : undefined;
}

/** The status with which a route says that it would accept the handshake. */
const WOULD_ACCEPT = 426;
/** How long the answer may take, in ms. */
const PATIENCE = 10_000;
