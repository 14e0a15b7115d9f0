/** Ending a socket so that it is gone afterwards, whatever the client and the version of ws do. */
import { type WebSocket } from 'ws';
import { reasonOf } from '../core/close-codes.ts';

/** How long a client may take to close its side, in milliseconds; after that it is cut. */
// guard: the timer of safeClose → const CLOSE_TIMEOUT = 25_000;
const CLOSE_TIMEOUT = 5_000;
/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of which are the code. */
const REASON_BYTES = 123;
const CLOSED = 3;
/** A connection that fails within so many milliseconds would fail again at once. */
const YOUNG = 10_000;

/**
 * Sends a close frame and sees to it that the socket is gone 5 s later.
 *
 * @param code - one that {@link isSendable}
 * @param reason - cut to 123 bytes of UTF-8, at a character
 */
export function safeClose(socket: WebSocket, code: number, reason: string = reasonOf(code)): void {
  if (socket.readyState === CLOSED) return;
  try {
    // guard: reasons are cut → socket.close(code, reason);
    socket.close(code, cutReason(reason));
  } catch {
    // ws 7 throws after it has marked the socket as closing, and then waits for ever.
    socket.terminate();
    return;
  }
  cutLater(socket);
}

const expiring = new WeakSet<WebSocket>();

/** Sees to it that a socket which is closing is gone 5 s later; ws itself would wait for 30 s. */
export function cutLater(socket: WebSocket): void {
  if (socket.readyState === CLOSED || expiring.has(socket)) return;
  expiring.add(socket);
  const timer = setTimeout(terminate, CLOSE_TIMEOUT, socket);
  timer.unref();
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

function terminate(socket: WebSocket): void {
  socket.terminate();
}

/**
 * Whether an endpoint may put a code into a close frame.
 *
 * Source: RFC 6455 section 7.4, and the registry of its codes (1012 to 1014).
 */
export function isSendable(code: number): boolean {
  // guard: codes that may be sent → return true;
  return (
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
      (code >= 3000 && code <= 4999))
  );
}

/** @throws RangeError unless the code {@link isSendable} */
export function expectSendable(code: number): void {
  if (isSendable(code)) return;
  throw new RangeError(
    `Expected the close code to be one that may be sent (1000, 3000 to 4999), got ${code}`,
  );
}

/** The beginning of a reason that fits into a close frame; what is no text is no reason. */
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

/**
 * How long the close of a connection that failed waits, in milliseconds: so that clients who come
 * back at once do not do so all the time, and those who failed together not together.
 *
 * @param delay - about how long it shall be, for a connection that fails at once
 * @param age - how old the connection is, in milliseconds
 */
export function delayOfFailure(delay: number | undefined, age: number): number {
  return delay === undefined || age > YOUNG ? 0 : delay * (0.5 + Math.random());
}
