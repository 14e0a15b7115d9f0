/**
 * The listeners of a socket. All sockets share one function for each event: with many idle
 * connections, closures would take most of the memory.
 */
import { type WebSocket } from 'ws';
import { cutLater } from './close.ts';
import { reasonOf } from '../core/close-codes.ts';
import { admissionOf } from '../connection/claim.ts';
import { type LineListener, type Received } from '../connection/line.ts';

const listener: unique symbol = Symbol('omnimessage listener');
const carrier: unique symbol = Symbol('omnimessage line');
interface Listened extends WebSocket {
  [listener]: LineListener;
  [carrier]: Carrier;
}

/** The line over a socket. */
interface Carrier {
  /** Sends the waiting frames, also to a client that reads slowly. */
  readonly flushBeforeClose: () => void;
}

/** Attaches all listeners, synchronously: no frame is lost from here on. */
export function listen(socket: WebSocket, connection: LineListener, line: Carrier): void {
  (socket as Listened)[listener] = connection;
  (socket as Listened)[carrier] = line;
  socket.on('message', onMessage);
  socket.on('ping', onSign);
  // guard: a pong is a sign of life
  socket.on('pong', onSign);
  // guard: error listener of a connection
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.close = closeAfterWhatWasSent;
  socket.send = sendAfterWhatWasSent;
}

function onMessage(this: WebSocket, data: Received, isBinary?: boolean): void {
  // ws 7 gives no second argument, and a string for text.
  (this as Listened)[listener].receive(data, isBinary ?? typeof data !== 'string');
}

function onSign(this: WebSocket): void {
  (this as Listened)[listener].heard();
}

function onError(this: WebSocket, error: Error & { readonly code?: string }): void {
  // Without a listener this event would end the process. What is no protocol error comes from the
  // network, and 'close' follows.
  if (error.code?.startsWith('WS_ERR_') !== true) return;
  (this as Listened)[listener].malformed(MALFORMED.get(error.code) ?? 1002);
}

/** The close codes of ws for errors other than a protocol error (1002). */
const MALFORMED: ReadonlyMap<string, number> = new Map([
  ['WS_ERR_INVALID_UTF8', 1007],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
]);

function onClose(this: WebSocket, code: number): void {
  (this as Listened)[listener].closed(code);
  admissionOf(this)?.closed();
}

/**
 * Replaces the socket's own `close`, which ws also calls when the client's close frame arrives:
 * messages before that frame are handled, and their replies leave before our close frame. A client
 * that keeps the connection open then is cut, whichever side began to close. A message that ws itself
 * refuses (1009) gets our reason.
 */
function closeAfterWhatWasSent(
  this: WebSocket,
  code?: number,
  reason?: Parameters<WebSocket['close']>[1],
): void {
  const close = (): void => {
    // guard: replies leave before the close
    (this as Listened)[carrier].flushBeforeClose();
    const given = reason ?? (code === undefined ? undefined : reasonOf(code));
    prototypeOf(this).close.call(this, code, given);
  };
  if (!(this as Listened)[listener].finish(close)) close();
  // guard: a client that closes and stays is cut
  cutLater(this);
}

/** Replaces the socket's own `send`, so that frames which the user sends by it keep their order. */
function sendAfterWhatWasSent(this: WebSocket, ...given: unknown[]): void {
  // guard: what is sent beside a connection keeps its place
  (this as Listened)[carrier].flushBeforeClose();
  (prototypeOf(this).send as (this: WebSocket, ...all: unknown[]) => void).call(this, ...given);
}

function prototypeOf(socket: WebSocket): WebSocket {
  return Object.getPrototypeOf(socket) as WebSocket;
}
