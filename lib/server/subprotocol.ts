/** Which subprotocol a handshake gets. */
import { dropRejection } from '../core/attempt.ts';
import { type IncomingMessage } from 'node:http';
import { isIntroduction, offersIn } from '../connection/introduction.ts';
import { PROTOCOL } from '../core/protocol.ts';

/**
 * Chooses one of the subprotocols that a client offers.
 *
 * @param offered - in the client's order, without those of omnimessage
 * @returns one of them; undefined for none, which a browser that offered some takes for a failure
 */
export type Subprotocols = (
  offered: readonly string[],
  request: IncomingMessage,
) => string | undefined;

/**
 * Chooses the subprotocol: `omnimessage.1` whenever it is offered, else what the user chooses. None
 * is chosen by itself, because the first one may be a token that would be sent back in a header.
 *
 * @throws TypeError when the user's choice was not offered; whatever `subprotocols` throws
 */
export function chooseSubprotocol(
  request: IncomingMessage,
  subprotocols: Subprotocols | undefined,
): string | undefined {
  const header = request.headers['sec-websocket-protocol'];
  if (header === undefined || header === PROTOCOL) return header;
  const offered = offersIn(header);
  if (offered.includes(PROTOCOL)) return PROTOCOL;
  if (subprotocols === undefined) return undefined;
  const own = offered.filter((token) => token !== '' && !isIntroduction(token));
  const chosen: unknown = subprotocols(own, request);
  if (chosen === undefined || chosen === null) return undefined;
  if (typeof chosen === 'string' && own.includes(chosen)) return chosen;
  dropRejection(chosen);
  throw new TypeError(
    'Expected `subprotocols` to return one of the subprotocols that were offered, or undefined',
  );
}
