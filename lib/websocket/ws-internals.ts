/**
 * The little that we know of the inside of ws, 7 and 8. Each is looked at before it is used, and
 * has a way without it; spec/ws-internals.spec.ts fails when a release of ws changes one.
 */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';

interface Internals {
  readonly _socket?: unknown;
  readonly _receiver?: Partial<
    Record<'_maxPayload' | '_maxFragments' | '_maxBufferedChunks', unknown>
  >;
}

/**
 * The stream to which frames may be written beside ws. It holds as long as ws writes its own
 * frames (pings, the close frame) synchronously to the same stream, which it does unless an
 * extension (compression) was negotiated.
 *
 * @returns undefined when that is not certain: then `send` must be used
 */
export function directStream(socket: WebSocket, request: IncomingMessage): Duplex | undefined {
  const { _socket } = socket as unknown as Internals;
  return socket.extensions === '' && _socket === request.socket ? request.socket : undefined;
}

/**
 * Lowers what ws itself accepts, so that a large message is refused from its header alone.
 * Without this (or `attachWebSockets`) ws takes up to 100 MiB before anybody sees it.
 */
export function limitPayload(socket: WebSocket, limit: number): void {
  const receiver = (socket as unknown as Internals)._receiver;
  if (receiver === undefined) return;
  // guard: payload limit of a route
  lower(receiver, '_maxPayload', limit);
  // guard: fragment limit of a route
  lower(receiver, '_maxFragments', 64);
  // guard: chunk limit of a route
  lower(receiver, '_maxBufferedChunks', 1_024);
}

function lower(
  receiver: NonNullable<Internals['_receiver']>,
  name: keyof NonNullable<Internals['_receiver']>,
  limit: number,
): void {
  const present = receiver[name];
  // 0 means "no limit" to ws.
  if (typeof present === 'number' && (present === 0 || present > limit)) receiver[name] = limit;
}
