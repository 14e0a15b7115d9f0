/** Closes a socket in bounded time, with any client and any version of ws. */
import { type WebSocket } from 'ws';
import { reasonOf } from '../core/close-codes.ts';
import { startTimer } from '../process/timers.ts';

/** How long a client may take to close its side, in milliseconds; after that it is cut. */
// guard: the timer of safeClose → const CLOSE_TIMEOUT = 25_000;
const CLOSE_TIMEOUT = 5_000;
/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of which are the code. */
const REASON_BYTES = 123;
const CLOSED = 3;

/**
 * Sends a close frame, and makes sure that the socket is closed 5 s later.
 *
 * @param code - one that `isSendable`
 * @param reason - cut to 123 bytes of UTF-8, at a character
 */
export function safeClose(socket: WebSocket, code: number, reason: string = reasonOf(code)): void {
  if (socket.readyState === CLOSED) return;
  try {
    // guard: reasons are cut → socket.close(code, reason);
    socket.close(code, cutReason(reason));
  } catch {
    // ws 7 throws after it has marked the socket as closing, and then waits forever.
    socket.terminate();
    return;
  }
  cutLater(socket);
}

const expires: unique symbol = Symbol('omnimessage expires');
interface Expiring extends WebSocket {
  [expires]?: true;
}

/** Makes sure that a closing socket is closed 5 s later; ws itself would wait for 30 s. */
export function cutLater(socket: WebSocket): void {
  const expiring: Expiring = socket;
  if (socket.readyState === CLOSED || expiring[expires] === true) return;
  expiring[expires] = true;
  const timer = startTimer(terminate, CLOSE_TIMEOUT, socket);
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

function terminate(socket: WebSocket): void {
  socket.terminate();
}

/** The beginning of a reason that fits into a close frame; empty for anything but a string. */
export function cutReason(reason: unknown): string {
  if (typeof reason !== 'string') return '';
  if (Buffer.byteLength(reason) <= REASON_BYTES) return reason;
  let cut = '';
  let size = 0;
  for (const character of reason) {
    size += Buffer.byteLength(character);
    if (size > REASON_BYTES) break;
    cut += character;
  }
  return cut;
}
