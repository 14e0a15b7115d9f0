/**
 * What a socket tells us. The listeners are one function each for all sockets, not one for every
 * socket: with many idle connections the closures would be most of what they cost.
 */
import { type WebSocket } from 'ws';
import { cutLater } from './close.ts';
import { reasonOf } from '../core/close-codes.ts';
import { type Received } from '../connection/inbox.ts';

/** Who is told. */
export interface SocketListener {
  /** A message. */
  readonly receive: (data: Received, isBinary: boolean) => void;
  /** A ping or a pong. */
  readonly heard: () => void;
  /** A frame that breaks the protocol; ws has answered it with this close code. */
  readonly malformed: (closeCode: number) => void;
  /** A close frame is about to be sent: nothing can be said after it. */
  readonly flush: () => void;
  /** The end, once. */
  readonly closed: (code: number) => void;
}

const listener: unique symbol = Symbol('omnimessage listener');
interface Listened extends WebSocket {
  [listener]: SocketListener;
}

/** Attaches all listeners, synchronously: what arrives from here on is not lost. */
export function listen(socket: WebSocket, told: SocketListener): void {
  (socket as Listened)[listener] = told;
  socket.on('message', onMessage);
  socket.on('ping', onSign);
  // guard: a pong is a sign of life
  socket.on('pong', onSign);
  // guard: error listener of a connection
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.close = closeAfterWhatWasSaid;
}

function onMessage(this: WebSocket, data: Received, isBinary?: boolean): void {
  // ws 7 gives no second argument, and a string for text.
  (this as Listened)[listener].receive(data, isBinary ?? typeof data !== 'string');
}

function onSign(this: WebSocket): void {
  (this as Listened)[listener].heard();
}

function onError(this: WebSocket, error: Error & { readonly code?: string }): void {
  // Without a listener this event would end the process. What is no protocol error is the
  // network's, and 'close' follows.
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
 * Stands in for the socket's own `close`, which ws calls too when the client's close frame
 * arrives: the replies to what came before that frame must leave before ours. Whoever began to
 * close, a client that then stays is cut. What ws refuses by itself (1009) it gives no reason:
 * it gets ours.
 */
function closeAfterWhatWasSaid(
  this: WebSocket,
  code?: number,
  reason?: Parameters<WebSocket['close']>[1],
): void {
  // guard: replies leave before the close
  (this as Listened)[listener].flush();
  const told = reason ?? (code === undefined ? undefined : reasonOf(code));
  (Object.getPrototypeOf(this) as WebSocket).close.call(this, code, told);
  // guard: a client that closes and stays is cut
  cutLater(this);
}
