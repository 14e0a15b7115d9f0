import { type IncomingMessage } from 'node:http';
import { type OmniError } from './errors.ts';

/** What may come of a handler: a reply, no reply, or a promise of either. */
export type Reply<Out> = Out | undefined | void;

/**
 * One exchange between a client and the server: an HTTP request, or a connection as long as it
 * lives. It is the second argument of a {@link Handler}.
 */
export interface Exchange<Context = undefined, Request extends IncomingMessage = IncomingMessage> {
  /** The HTTP request; over WebSocket the one that opened the connection. */
  readonly request: Request;
  /**
   * What `context(request)` gave, asked once per request or connection, before anything is
   * decoded. Undefined in `onError` as long as `context` has not returned.
   */
  readonly context: Context;
  /**
   * Aborts when the client is gone, or when a handler took too long. While we have paused a
   * connection, that it is gone is noticed when we read on, or by `handlerTimeout`.
   */
  readonly signal: AbortSignal;
}

/** The exchange over a WebSocket: it can also speak first, and end itself. */
export interface Connection<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> extends Exchange<Context, Request> {
  /** A whole number, unique in this process: the events of `node:diagnostics_channel` have it too. */
  readonly id: number;
  /**
   * Encodes a message and sends it. Never throws: an `encode` that does is told to `onError`.
   *
   * @returns true when a frame was handed to the socket; false when the codec skipped the message,
   * or the connection is closing or over `maxBuffered`. True does not mean that it arrived.
   */
  readonly send: (message: Out) => boolean;
  /**
   * Closes the connection, after what was said before; cut when the client does not close its
   * side within 5 s. Closing twice does nothing.
   *
   * @param code - 1000 (the default), another code that RFC 6455 lets an endpoint send, or 3000 to 4999
   * @param reason - for a code of `CloseCode` its name in kebab case unless told; cut to 123 bytes
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

/** A handler for WebSocket alone: its second argument can also `send` and `close`. */
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
 * Is told of what the user can act upon: failures to decode, handle or encode, timeouts, faults in
 * `context`, `onOpen`, `onClose` or an effect, a backplane's trouble. Not of what a limit, an
 * Origin or a refusal turned away: those are on the diagnostics channel `omnimessage:refused`.
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
 * True for a promise, and for whatever else has a `then`. Never throws: where looking for `then`
 * throws, that is for `Promise.resolve` to turn into a rejection, so it must be called on what this
 * says true to.
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
