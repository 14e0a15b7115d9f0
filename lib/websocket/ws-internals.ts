/**
 * The few internals of ws 7 and 8 that are used. Each is checked before its use, and is optional.
 * spec/websocket/ws-internals.spec.ts fails when a release of ws changes one.
 */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { notice } from '../process/development-notice.ts';

type Limits = Partial<Record<'_maxPayload' | '_maxFragments' | '_maxBufferedChunks', unknown>>;

/** Tells the stream that a chunk is parsed, or why it cannot be. */
export type Written = (error?: Error | null) => void;

/** What parses the frames of a socket: ws writes to it what the stream brings. */
export interface Parser {
  /** How much it holds of a frame that has begun, in bytes. */
  readonly _bufferedBytes: number;
  _write: (chunk: Buffer, encoding: BufferEncoding, written: Written) => void;
}

interface Receiver extends Limits, Partial<Record<keyof Parser, unknown>> {
  readonly _extensions?: Readonly<Partial<Record<string, Limits>>> | null;
}

interface Internals {
  readonly _socket?: unknown;
  readonly _receiver?: Receiver | null;
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

/** @returns undefined when ws does not parse as it is expected to: then it is given all at once */
export function parserOf(socket: WebSocket): Parser | undefined {
  const receiver = (socket as unknown as Internals)._receiver;
  if (receiver === undefined || receiver === null) return undefined;
  const { _bufferedBytes: buffered, _write: write } = receiver;
  // guard: a parser of another kind → return receiver as unknown as Parser;
  return typeof buffered === 'number' &&
    typeof write === 'function' &&
    !Object.hasOwn(receiver, '_write')
    ? (receiver as unknown as Parser)
    : undefined;
}

/**
 * Lowers the limits of ws itself, so that a large message is refused by its header.
 * Without this (or `attachWebSockets`) ws reads up to 100 MiB before it emits a message. A release of
 * ws that cannot bound fragments is reported: a client of such a server can fill its memory.
 *
 * @param limit - the largest message, in bytes
 * @param header - how much larger than its message a frame may be
 * @returns the largest message that holds: a server's own limit may be lower
 */
export function limitReceiver(socket: WebSocket, limit: number, header = 0): number {
  const receiver = (socket as unknown as Internals)._receiver;
  // Bun has null here: its sockets are not those of ws, and have limits of their own.
  // guard: a socket without a receiver → if (receiver === undefined) return limit;
  if (receiver === undefined || receiver === null) return limit;
  // guard: payload limit of a route → const frame = limit + header;
  const frame = lower(receiver, '_maxPayload', limit, header);
  // Where a server of the user's compresses: else a frame is inflated to 100 MiB before it is counted.
  const compression = receiver._extensions?.['permessage-deflate'];
  // guard: payload limit of what is inflated
  if (compression !== undefined) lower(compression, '_maxPayload', limit, header);
  // guard: fragment limit of a route
  const fragments = lower(receiver, '_maxFragments', 64);
  // guard: chunk limit of a route
  lower(receiver, '_maxBufferedChunks', 1_024);
  // guard: the floor of ws is checked
  if (fragments === undefined) noticeOldWs();
  // guard: the lower of two limits holds → return limit;
  return frame === undefined ? limit : frame - header;
}

/** Raises the limit of ws itself, where it is lower: for a frame that may be larger than a message. */
export function allowFrame(socket: WebSocket, size: number): void {
  const receiver = (socket as unknown as Internals)._receiver;
  for (const limits of [receiver, receiver?._extensions?.['permessage-deflate']]) {
    if (typeof limits?._maxPayload !== 'number') continue;
    limits._maxPayload = Math.max(limits._maxPayload, size);
  }
}

function noticeOldWs(): void {
  notice(
    'old ws',
    () =>
      'this release of ws does not bound the fragments of a message, so one client can fill the ' +
      'memory: install ws 7.5.14 or 8.21.1, or a later one (`npm ls ws` shows who brings the old one; ' +
      '"overrides": { "ws": "^7.5.14" } in package.json replaces it)',
  );
}

/** @returns the limit from now on; undefined when ws does not know this one */
function lower(limits: Limits, name: keyof Limits, limit: number, extra = 0): number | undefined {
  const present = limits[name];
  if (typeof present !== 'number') return undefined;
  // 0 means "no limit" to ws.
  const lowered = (present === 0 || present > limit ? limit : present) + extra;
  limits[name] = lowered;
  return lowered;
}
