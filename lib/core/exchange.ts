import { type IncomingMessage } from 'node:http';
import { type OmniError } from './errors.ts';

/** The result of a handler: a reply or none. */
export type Reply<Out> = Out | undefined | void;

/**
 * One exchange between a client and the server: an HTTP request, or a connection as long as it
 * lives. It is the second argument of a {@link Handler}.
 */
export interface Exchange<Context = undefined, Request extends IncomingMessage = IncomingMessage> {
  /** The HTTP request; over WebSocket the one that opened the connection. */
  readonly request: Request;
  /**
   * The result of `context(request)`, which is called once per request or connection, before
   * anything is decoded. Undefined in `onError` as long as `context` has not returned.
   */
  readonly context: Context;
  /**
   * Aborts when the client has disconnected, or when a handler took too long. While the library has
   * paused a connection, a disconnect is noticed when it reads again, or by `handlerTimeout`.
   */
  readonly signal: AbortSignal;
}

/** The exchange over a WebSocket: it can also send first, and close. */
export interface Connection<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> extends Exchange<Context, Request> {
  /** A whole number, unique in this process: the events of `node:diagnostics_channel` have it too. */
  readonly id: number;
  /**
   * Encodes a message and sends it. Never throws: an `encode` that does is reported to `onError`.
   *
   * @returns true when a frame was handed to the socket; false when the codec skipped the message,
   * or the connection is closing or over `maxBuffered`. True does not mean that it arrived.
   */
  readonly send: (message: Out) => boolean;
  /**
   * Closes the connection, after the messages sent before; it is cut when the client does not close
   * its side within 5 s. Closing twice does nothing.
   *
   * @param code - 1000 (the default), another code that RFC 6455 allows an endpoint to send, or 3000 to 4999
   * @param reason - for a code of `CloseCode` its name in kebab case by default; cut to 123 bytes
   * of UTF-8, at a character
   * @throws RangeError when the code may not be sent
   */
  readonly close: (code?: number, reason?: string) => void;
}

/**
 * The user's function from an incoming message to the reply, to undefined (no reply), or to a
 * promise of either. One that only needs an {@link Exchange} serves HTTP and WebSocket alike.
 */
export type Handler<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> = (message: In, exchange: Exchange<Context, Request>) => Reply<Out> | Promise<Reply<Out>>;

/** A handler for WebSocket only: its second argument can also `send` and `close`. */
export type ConnectionHandler<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> = (
  message: In,
  connection: Connection<Out, Context, Request>,
) => Reply<Out> | Promise<Reply<Out>>;

/**
 * Called with failures that the user can act upon: to decode, handle or encode a message, timeouts,
 * faults in `context`, `onOpen`, `onClose` or an effect, outages of a backplane. Not with clients
 * that a limit, an Origin or a refusal turned away: the channel `omnimessage:refused` has those.
 *
 * It may return an outgoing message: then that is the reply, and the failure counts as answered.
 * When it throws or rejects itself, the failure counts as unanswered and nothing else happens.
 */
export type ErrorHandler<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> = (
  error: OmniError,
  exchange: Exchange<Context | undefined, Request>,
) => Reply<Out> | Promise<Reply<Out>>;

/**
 * True for a promise, and for any other object with a `then`. Never throws: where reading `then`
 * throws, the result is true, and `Promise.resolve` turns the fault into a rejection. So callers
 * must pass the value to `Promise.resolve`.
 */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return 'then' in value && typeof value.then === 'function';
  } catch {
    // guard: a then that throws → throw value;
    return true;
  }
}
