/**
 * The steps that all transports share: decode, run the handler, encode the reply. They know neither
 * HTTP nor WebSocket, and stay synchronous as long as the handler does: no promise, no microtask
 * and no closure for a message that is answered at once.
 *
 * `pipe` runs all of them, for routes of the user's own. The transports run them apart, because
 * something stands between: `decode` under the limits of a connection or a request, then `respond`
 * (`omniHttp`, `omniWs`) or the application's update, whose messages go through `encodeOrSkip`. The
 * hub runs `decode` and `encode`.
 */
import { dropRejection } from './attempt.ts';
import { type IncomingMessage } from 'node:http';
import { type Codec } from './codec.ts';
import { DecodeError, EncodeError, HandlerError, type OmniError } from './errors.ts';
import { type ErrorHandler, type Exchange, isPromise, type Reply } from './exchange.ts';
import { type Literal, type Messages } from './literals.ts';
import { forgetRefusal, takeRefusal, UnsendableError } from './refusal.ts';

/** Options of {@link pipe}. */
export interface PipeOptions<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded = string,
  Given extends Exchange<Context, Request> = Exchange<Context, Request>,
> {
  /** Turns what was received into a message, and the reply into what is sent. */
  readonly codec: Codec<In, Out, Encoded>;
  /** From a message to its reply, to undefined, or to a promise of either. */
  readonly handler: (message: In, exchange: Given) => NoInfer<Reply<Out> | Promise<Reply<Out>>>;
  /**
   * Called with each failure. A message that it returns is the answer.
   * @defaultValue every failure is thrown
   */
  readonly onError?: ErrorHandler<NoInfer<Out>, Context, Request> | undefined;
}

/** An encoded reply, undefined for none, or a promise of either. */
export type Piped<Encoded> = Encoded | undefined | Promise<Encoded | undefined>;

const never = new AbortController().signal;
const nobody: Exchange<never, never> = {
  get request(): never {
    throw new TypeError(
      'pipe was called without an exchange: give it { request, context, signal }',
    );
  },
  context: undefined as never,
  signal: never,
};

/**
 * Decodes, handles and encodes one message, as `omniHttp` and `omniWs` do; for a route of your own.
 *
 * @param encoded - what was received: text, or bytes for a binary codec
 * @param exchange - what the handler and `onError` get as their second argument. Without it,
 * `context` is undefined and `signal` never aborts
 * @returns the encoded reply; undefined when there is none or the codec skips it; a promise of
 * either when the handler (or `onError`) gave one
 * @throws {@link DecodeError} when what was received is not a message
 * @throws {@link HandlerError} when the handler threw or rejected
 * @throws {@link EncodeError} when the reply could not be encoded, or the codec's struct refuses it
 * @throws each of them only when `onError` did not answer it; once there is a promise, it rejects instead
 *
 * Source: the pipe of omnimessage_server (`mist_websocket_pipe`, `wisp_http_middleware`).
 */
export function pipe<
  In,
  Out extends Messages<Kept>,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded = string,
  Kept extends Literal = Literal,
>(
  encoded: Encoded,
  options: PipeOptions<In, Out, Context, Request, Encoded>,
  exchange: Exchange<Context, Request> = nobody,
): Piped<Encoded> {
  let incoming: In;
  try {
    incoming = decode(encoded, options.codec);
  } catch (error) {
    return recover(error as DecodeError, options, exchange);
  }
  return respond(incoming, options, exchange);
}

/**
 * The first step alone.
 * @throws {@link DecodeError}, and nothing else
 */
export function decode<In, Encoded>(
  encoded: Encoded,
  codec: Pick<Codec<In, never, Encoded>, 'decode'>,
): In {
  try {
    const incoming = codec.decode(encoded);
    // guard: a decode that is asynchronous
    if (isPromise(incoming)) throw asynchronous('decode', incoming);
    return incoming;
  } catch (cause) {
    // guard: decode is total → throw cause;
    throw cause instanceof DecodeError ? cause : new DecodeError(undefined, { cause });
  }
}

/** Codecs are synchronous. A promise that one returns must not end the process by its rejection. */
function asynchronous(name: string, promise: PromiseLike<unknown>): TypeError {
  dropRejection(promise);
  return new TypeError(
    `Expected ${name} to return its result, got a promise: codecs are synchronous`,
  );
}

/** The steps after decoding: handler, then {@link encode}; a failure goes through {@link recover}. */
export function respond<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded,
  Given extends Exchange<Context, Request>,
>(
  incoming: In,
  options: PipeOptions<In, Out, Context, Request, Encoded, Given>,
  exchange: Given,
): Piped<Encoded> {
  let reply: Reply<Out> | Promise<Reply<Out>>;
  try {
    reply = options.handler(incoming, exchange);
  } catch (cause) {
    // guard: handlers are guarded → throw cause;
    return recover(new HandlerError({ cause, incoming }), options, exchange);
  }
  if (isPromise(reply)) return settle(reply, incoming, options, exchange);
  return conclude(reply, incoming, options, exchange);
}

/** Waits for a handler that is asynchronous. */
async function settle<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded,
  Given extends Exchange<Context, Request>,
>(
  pending: PromiseLike<Reply<Out>>,
  incoming: In,
  options: PipeOptions<In, Out, Context, Request, Encoded, Given>,
  exchange: Given,
): Promise<Encoded | undefined> {
  let reply: Reply<Out>;
  // guard: handlers that reject → try { reply = await pending; } catch (cause) { throw cause; }
  try {
    reply = await pending;
  } catch (cause) {
    return recover(new HandlerError({ cause, incoming }), options, exchange);
  }
  return conclude(reply, incoming, options, exchange);
}

/** Encodes the reply of a handler that has ended. */
function conclude<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded,
  Given extends Exchange<Context, Request>,
>(
  reply: Reply<Out>,
  incoming: In,
  options: PipeOptions<In, Out, Context, Request, Encoded, Given>,
  exchange: Given,
): Piped<Encoded> {
  if (reply === undefined) return undefined;
  try {
    return encode(reply, options.codec, incoming);
  } catch (error) {
    return recover(error as EncodeError, options, exchange);
  }
}

/** The half of a codec that encodes. */
export type Encoder<Out, Encoded> = Pick<Codec<never, Out, Encoded>, 'encode' | 'binary'>;

/**
 * Encodes a message that is meant to be sent: a reply, or one of `send` or `publish`.
 * @returns undefined when the codec skips it
 * @throws {@link EncodeError}, and nothing else: also when the codec's struct refuses the message,
 * or `encode` gave what cannot be sent (a socket would send `null` as an empty binary frame)
 */
export function encode<Out, Encoded>(
  outgoing: Out,
  codec: Encoder<Out, Encoded>,
  incoming?: unknown,
): Encoded | undefined {
  forgetRefusal();
  const encoded = encodeOrSkip(outgoing, codec, incoming);
  const refusal = encoded === undefined ? takeRefusal() : undefined;
  // guard: a refused reply is an error
  if (refusal !== undefined) throw new EncodeError({ ...refusal, outgoing, incoming });
  return encoded;
}

/**
 * Encodes a message of an application, whose update handles more messages than are sent.
 * @returns undefined when the codec skips the message, or its struct refuses it
 * @throws {@link EncodeError}, as {@link encode}
 */
export function encodeOrSkip<Out, Encoded>(
  outgoing: Out,
  codec: Encoder<Out, Encoded>,
  incoming?: unknown,
): Encoded | undefined {
  let encoded: Encoded | undefined;
  try {
    encoded = codec.encode(outgoing);
    // guard: an encode that is asynchronous
    if (isPromise(encoded)) throw asynchronous('encode', encoded);
  } catch (cause) {
    const place =
      cause instanceof UnsendableError ? { expected: cause.expected, path: cause.path } : {};
    throw new EncodeError({ cause, ...place, outgoing, incoming });
  }
  if (encoded === undefined) return undefined;
  const sendable =
    codec.binary === true ? encoded instanceof Uint8Array : typeof encoded === 'string';
  // guard: only text goes out → if (sendable || true) return encoded;
  if (sendable) return encoded;
  const cause = new TypeError(
    `Expected encode to return ${codec.binary === true ? 'a Uint8Array' : 'a string'} or undefined, got ${typeof encoded}`,
  );
  throw new EncodeError({ cause, outgoing, incoming });
}

/**
 * Calls `onError` with a failure.
 * @returns its answer, encoded
 * @throws the failure itself when `onError` is absent, answers nothing, or fails; an
 * {@link EncodeError} when its answer could not be encoded (reported to `onError` as well)
 */
export function recover<Out, Context, Request extends IncomingMessage, Encoded>(
  error: OmniError,
  options: Recovery<Out, Context, Request, Encoded>,
  exchange: Exchange<Context | undefined, Request>,
): Piped<Encoded> {
  if (options.onError === undefined) throw error;
  let answer: Reply<Out> | Promise<Reply<Out>>;
  try {
    answer = options.onError(error, exchange);
  } catch {
    // guard: onError that throws when it is asked → throw new Error('onError');
    // The failure itself is what matters to the caller; a fault of onError must not hide it.
    throw error;
  }
  if (isPromise(answer)) {
    return Promise.resolve(answer).then(
      (settled) => answered(settled, error, options, exchange),
      () => {
        throw error;
      },
    );
  }
  return answered(answer, error, options, exchange);
}

/** What {@link recover} needs of the options. */
export interface Recovery<Out, Context, Request extends IncomingMessage, Encoded> {
  readonly codec: Encoder<Out, Encoded>;
  readonly onError?: ErrorHandler<Out, Context, Request> | undefined;
}

function answered<Out, Context, Request extends IncomingMessage, Encoded>(
  answer: Reply<Out>,
  error: OmniError,
  options: Recovery<Out, Context, Request, Encoded>,
  exchange: Exchange<Context | undefined, Request>,
): Encoded | undefined {
  if (answer === undefined) throw error;
  try {
    return encode(answer, options.codec, error.incoming);
  } catch (fault) {
    report(fault as EncodeError, options.onError, exchange);
    throw fault;
  }
}

/** Reports to `onError` a failure that cannot be answered any more. Never throws, never rejects. */
export function report<Out, Context, Request extends IncomingMessage>(
  error: OmniError,
  onError: ErrorHandler<Out, Context, Request> | undefined,
  exchange: Exchange<Context | undefined, Request>,
): void {
  try {
    dropRejection(onError?.(error, exchange));
  } catch {
    // guard: onError that throws when it is told → throw new Error('onError');
    // A fault inside onError itself has no handler: it must not end the process.
  }
}
