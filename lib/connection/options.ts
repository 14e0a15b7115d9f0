/** What can be told of a connection: the options that `omniWs` and `omniWsApplication` share. */
import { type IncomingMessage } from 'node:http';
import { type Codec, type Wire } from '../core/codec.ts';
import { reporting, type Transport } from '../process/diagnostics.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { expectCodec, expectFunction, expectNumber, type OptionNames } from '../core/options.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { expectRateLimit, type RateLimit } from './rate-limit.ts';
import { type ResumeOptions, resumeSettings, type ResumeSettings } from './resume-options.ts';

/** When a silent client is asked, and when it is given up. */
export interface Heartbeat {
  /**
   * How long nothing may be received before a ping is sent, in milliseconds.
   * @defaultValue 25_000
   */
  readonly interval?: number;
  /**
   * How long nothing may be received after that, in milliseconds.
   * @defaultValue 10_000
   */
  readonly timeout?: number;
}

/** What `omniWs` and `omniWsApplication` both take. Sizes are bytes, times are milliseconds. */
export interface ConnectionOptions<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> {
  /**
   * Says who is there, once, before anything is decoded; may be asynchronous. An error it throws
   * that has a `status` from 400 to 499 is a refusal: 401 closes with 4401, any other with 4403.
   * Anything else it throws is a fault: `onError`, and 1011.
   *
   * @param request - the request that opened the socket, with its own `url`
   * @param authorized - what `authorize` of `attachWebSockets` returned
   * @defaultValue the context is undefined
   */
  readonly context?:
    ((request: Request, authorized: unknown) => Context | PromiseLike<Context>) | undefined;
  /** Is told of what failed, and may answer it with a message. */
  readonly onError?: ErrorHandler<Out, Context, Request> | undefined;
  /**
   * Which pages may connect. A socket that passed `attachWebSockets` is asked only when this is
   * given; a foreign one is closed with 4403.
   * @defaultValue the host and port of Origin must equal those of Host
   */
  readonly origins?: Origins<Request> | undefined;
  /**
   * The largest message, in bytes; past it the connection is closed with 1009.
   * @defaultValue 65_536
   */
  readonly limit?: number | undefined;
  /**
   * How much may wait to be sent, in bytes (and 256 for each frame), before the connection takes
   * no more messages until the client has caught up.
   * @defaultValue 65_536
   */
  readonly highWaterMark?: number | undefined;
  /**
   * How much may wait to be sent, in bytes (and 256 for each frame), before the connection is
   * closed with 1013. One message may be larger than that.
   * @defaultValue 1_048_576
   */
  readonly maxBuffered?: number | undefined;
  /**
   * When a silent client is given up; `false` never.
   * @defaultValue a ping after 25 s of silence, gone 10 s after it
   */
  readonly heartbeat?: Heartbeat | false | undefined;
  /**
   * How long a handler may take; then `signal` aborts, `onError` is told (and may answer), and the
   * connection is closed with 1011. `Infinity` for ever.
   * @defaultValue 30_000
   */
  readonly handlerTimeout?: number | undefined;
  /**
   * How long `context` may take; then the connection is closed with 4408. `Infinity` for ever.
   * @defaultValue 10_000
   */
  readonly contextTimeout?: number | undefined;
  /**
   * When the credentials end: a Date, milliseconds since 1970, or undefined for never. The
   * connection is then closed with 4401.
   * @defaultValue never
   */
  readonly expires?: ((context: Context) => Date | number | undefined) | undefined;
  /**
   * How often a client may speak; past it the connection is closed with 4429, before anything is
   * parsed. `{ perSecond: 100, burst: 200 }` is a good start for a user interface.
   * @defaultValue no limit
   */
  readonly rateLimit?: RateLimit | undefined;
  /**
   * Keeps for clients of `omnimessage.1` what was handled and sent, so that one whose connection
   * broke goes on where it was; `true` with the defaults. docs/client.md says what is promised.
   * @defaultValue nothing is kept
   */
  readonly resume?: ResumeOptions<Context, Request> | boolean | undefined;
  /**
   * Decides about a page by the hash of the definition that it was built with (`definition` of
   * `connect`; undefined when it says none): false closes with 4426, and the page should be loaded
   * anew. Called for clients of `omnimessage.1` that say who they are, once the context is known.
   * @defaultValue every page is served
   */
  readonly onVersion?:
    ((definition: string | undefined, request: Request) => boolean | void) | undefined;
}

/** The defaults, in one place. */
const DEFAULTS = {
  limit: 65_536,
  highWaterMark: 65_536,
  maxBuffered: 1_048_576,
  handlerTimeout: 30_000,
  contextTimeout: 10_000,
  interval: 25_000,
  timeout: 10_000,
} as const;

/** The names of those options, for the check of what a factory is given. */
export const connectionOptionNames: OptionNames<ConnectionOptions<never>> = {
  context: true,
  onError: true,
  origins: true,
  limit: true,
  highWaterMark: true,
  maxBuffered: true,
  heartbeat: true,
  handlerTimeout: true,
  contextTimeout: true,
  expires: true,
  rateLimit: true,
  resume: true,
  onVersion: true,
};

/** The options, checked and complete: made once per route. */
export interface ConnectionSettings<In, Out, Context, Request extends IncomingMessage> {
  readonly transport: Transport;
  /** Whether the route knows the ids of `omnimessage.1`. */
  readonly hasIds: boolean;
  readonly codec: Codec<In, Out, Wire>;
  readonly isBinary: boolean;
  readonly context:
    ((request: Request, authorized: unknown) => Context | PromiseLike<Context>) | undefined;
  readonly onError: ErrorHandler<Out, Context, Request>;
  readonly isAllowed: (request: Request) => boolean;
  /** The route has `origins` of its own, which also sockets that were let in before must meet. */
  readonly hasOrigins: boolean;
  readonly limit: number;
  readonly highWaterMark: number;
  readonly maxBuffered: number;
  readonly interval: number;
  readonly timeout: number;
  /** How often the heart beats, in milliseconds: often enough to be right to half a second. */
  readonly beat: number;
  readonly handlerTimeout: number;
  readonly contextTimeout: number;
  readonly expires: ((context: Context) => Date | number | undefined) | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly resume: ResumeSettings | undefined;
  readonly onVersion:
    ((definition: string | undefined, request: Request) => boolean | void) | undefined;
  /**
   * How long a connection that fails while it is young is kept before it is closed, in milliseconds:
   * for clients that come back at once, whatever they are told. Absent: not at all.
   */
  readonly failureDelay?: number;
  /** The code on the wire for one of ours, where the client must be told by another. */
  readonly wireCode?: (code: number) => number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError when one of them is not what it must be
 */
export function connectionSettings<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded extends Wire,
>(
  options: ConnectionOptions<Out, Context, Request>,
  codec: Codec<In, Out, Encoded>,
  transport: Transport,
): ConnectionSettings<In, Out, Context, Request> {
  expectCodec(codec);
  expectFunction('context', options.context, true);
  expectFunction('onError', options.onError, true);
  expectFunction('expires', options.expires, true);
  expectFunction('onVersion', options.onVersion, true);
  expectRateLimit(options.rateLimit);
  const {
    limit = DEFAULTS.limit,
    highWaterMark = DEFAULTS.highWaterMark,
    maxBuffered = DEFAULTS.maxBuffered,
    handlerTimeout = DEFAULTS.handlerTimeout,
    contextTimeout = DEFAULTS.contextTimeout,
  } = options;
  expectNumber('limit', limit, { from: 1, isInteger: true });
  expectNumber('highWaterMark', highWaterMark, { from: 1 });
  expectNumber('maxBuffered', maxBuffered, { from: 1 });
  expectNumber('handlerTimeout', handlerTimeout, { above: 0 });
  expectNumber('contextTimeout', contextTimeout, { above: 0 });
  const { interval, timeout } = heartbeatOf(options.heartbeat);
  return {
    transport,
    hasIds: transport !== 'component',
    // The connection sees to it that a binary codec gets bytes and any other gets text.
    codec: codec as unknown as Codec<In, Out, Wire>,
    isBinary: codec.binary === true,
    context: options.context,
    onError: reporting(options.onError, transport),
    isAllowed: originCheck(options.origins),
    hasOrigins: options.origins !== undefined,
    limit,
    highWaterMark,
    maxBuffered,
    interval,
    timeout,
    beat: Math.max(10, Math.min(500, interval / 10, timeout / 10)),
    handlerTimeout,
    contextTimeout,
    expires: options.expires,
    rateLimit: options.rateLimit,
    resume: resumeSettings(options.resume),
    onVersion: options.onVersion,
  };
}

function heartbeatOf(heartbeat: Heartbeat | false | undefined): Required<Heartbeat> {
  if (heartbeat === false) return { interval: Infinity, timeout: Infinity };
  const interval = heartbeat?.interval ?? DEFAULTS.interval;
  const timeout = heartbeat?.timeout ?? DEFAULTS.timeout;
  expectNumber('heartbeat.interval', interval, { above: 0 });
  expectNumber('heartbeat.timeout', timeout, { above: 0 });
  return { interval, timeout };
}
