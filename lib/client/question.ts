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
  readonly status?: unknown;
  readonly omnimessage?: unknown;
  readonly retryAfter?: unknown;
  readonly subprotocols?: unknown;
}

/** How long the answer may take, in ms. */
const PATIENCE = 10_000;

/**
 * Asks the route of a WebSocket.
 * @returns undefined when the answer does not come from such a route: a redirect, a page of a
 * captive portal, another 404
 * @throws what `fetch` throws when there is no answer
 */
export async function askRoute(address: URL, fetch: Fetch): Promise<RouteAnswer | undefined> {
  const url = new URL(address);
  url.protocol = url.protocol.replace('ws', 'http');
  const response = await fetch(url, {
    headers: { accept: 'application/problem+json' },
    credentials: 'include',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  });
  const body = (await response.json()) as Answer;
  // The mark: any other server may answer with a problem, too.
  if (body.omnimessage !== 'websocket') return undefined;
  return {
    code: response.status,
    retryAfter: typeof body.retryAfter === 'number' ? body.retryAfter : undefined,
    hasProtocol: Array.isArray(body.subprotocols) && body.subprotocols.includes(PROTOCOL),
  };
}
