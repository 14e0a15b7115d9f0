/**
 * The listeners of a socket. They are one function each for all sockets, not one for every socket:
 * with many idle connections the closures would be most of what they cost.
 */
import { type WebSocket } from 'ws';
import { cutLater } from './close.ts';
import { reasonOf } from '../core/close-codes.ts';
import { type LineListener, type Received } from '../connection/line.ts';

const listener: unique symbol = Symbol('omnimessage listener');
const carrier: unique symbol = Symbol('omnimessage line');
interface Listened extends WebSocket {
  [listener]: LineListener;
  [carrier]: Carrier;
}

/** The line over a socket. */
interface Carrier {
  /** Sends what waits, whatever the client has taken. */
  readonly flushBeforeClose: () => void;
}

/** Attaches all listeners, synchronously: what arrives from here on is not lost. */
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

/** The close codes of ws for what is not simply a protocol error (1002). */
const MALFORMED: ReadonlyMap<string, number> = new Map([
  ['WS_ERR_INVALID_UTF8', 1007],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
]);

function onClose(this: WebSocket, code: number): void {
  (this as Listened)[listener].closed(code);
}

/**
 * Replaces the socket's own `close`, which ws also calls when the client's close frame arrives: what
 * came before that frame is handled, and the replies leave before ours. Whichever side began to
 * close, a client that then stays is cut. What ws refuses by itself (1009) gets the reason that we
 * give it.
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

/** Replaces the socket's own `send`: what an application sends beside us keeps its place in the order. */
function sendAfterWhatWasSent(this: WebSocket, ...given: unknown[]): void {
  // guard: what is sent beside a connection keeps its place
  (this as Listened)[carrier].flushBeforeClose();
  (prototypeOf(this).send as (this: WebSocket, ...all: unknown[]) => void).call(this, ...given);
}

function prototypeOf(socket: WebSocket): WebSocket {
  return Object.getPrototypeOf(socket) as WebSocket;
}
