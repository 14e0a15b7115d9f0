/**
 * Why a handshake is refused. A browser says of it that the connection failed (1006), whatever the
 * server answered. So the link asks the route with a GET for `application/problem+json`, which a
 * WebSocket route under `attachWebSockets` answers as it would answer the handshake.
 */
import { type Fetch, platform } from './platform.ts';
import { type RouteAnswer } from './transport.ts';
import { PATIENCE, WOULD_ACCEPT } from './limits.ts';

/**
 * Asks the route of a WebSocket.
 * @returns undefined when the answer does not come from such a route: a redirect, a page of a
 * captive portal, another 404
 * @throws what `fetch` throws when there is no answer
 */
export async function askRoute(
  url: URL,
  fetch: Fetch = platform.fetch,
): Promise<RouteAnswer | undefined> {
  const response = await fetch(url.href.replace(/^ws/, 'http'), {
    headers: { accept: 'application/problem+json' },
    credentials: 'include',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = (await response.json().catch(Object)) as RouteAnswer & { omnimessage?: unknown };
  const { status } = response;
  // `omnimessage` tells this package's answer from the problem of another server.
  return answer.omnimessage === 'websocket'
    ? { ...answer, code: status === WOULD_ACCEPT ? 0 : status }
    : undefined;
}
