/** The options that `omniWs`, `omniWsApplication`, `omniSse` and server components share. */
import { type IncomingMessage } from 'node:http';
import { type Codec, type Wire } from '../core/codec.ts';
import { reporting, type Transport } from '../process/diagnostics.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { expectCodec, expectFunction, expectNumber, type OptionNames } from '../core/options.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { expectRateLimit, type RateLimit } from './rate-limit.ts';
import { type ResumeOptions, resumeSettings, type ResumeSettings } from './resume-options.ts';

/** When a silent client is pinged, and when its connection is cut. */
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

/** Options of every connection. Sizes are bytes, times are milliseconds. */
export interface ConnectionOptions<
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> {
  /**
   * Returns the context of the connection, such as its user. Called once, before any message is
   * decoded; may be asynchronous. An error with a `status` from 400 to 499 refuses the client: 401
   * closes with 4401, any other with 4403. Any other error is a fault: `onError`, and 1011.
   *
   * @param request - the request that opened the socket, with its own `url`
   * @param authorized - what `authorize` of `attachWebSockets` returned
   * @defaultValue the context is undefined
   */
  readonly context?:
    ((request: Request, authorized: unknown) => Context | PromiseLike<Context>) | undefined;
  /** Called with each failure. A message that it returns is sent as the answer. */
  readonly onError?: ErrorHandler<Out, Context, Request> | undefined;
  /**
   * Which pages may connect; a socket of any other is closed with 4403. Sockets that passed
   * `attachWebSockets` are checked again only when this is given.
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
   * When the connection of a silent client is cut; `false`: never.
   * @defaultValue a ping after 25 s of silence, cut 10 s later
   */
  readonly heartbeat?: Heartbeat | false | undefined;
  /**
   * How long a handler may take. Then `signal` aborts, `onError` is called (and may answer), and the
   * connection is closed with 1011. `Infinity`: no limit.
   * @defaultValue 30_000
   */
  readonly handlerTimeout?: number | undefined;
  /**
   * How long `context` may take; then the connection is closed with 4408. `Infinity`: no limit.
   * @defaultValue 10_000
   */
  readonly contextTimeout?: number | undefined;
  /**
   * When the credentials expire: a Date, milliseconds since 1970, or undefined for never. The
   * connection is closed with 4401 then.
   * @defaultValue never
   */
  readonly expires?: ((context: Context) => Date | number | undefined) | undefined;
  /**
   * How many frames a client may send. Past it the connection is closed with 4429, before the frame
   * is parsed. `{ perSecond: 100, burst: 200 }` is a good start for a user interface.
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
  /** The route has its own `origins`, which sockets that were admitted at the upgrade must pass too. */
  readonly hasOrigins: boolean;
  readonly limit: number;
  readonly highWaterMark: number;
  readonly maxBuffered: number;
  readonly interval: number;
  readonly timeout: number;
  /** The period of the shared interval, in milliseconds: exact to half a second. */
  readonly beat: number;
  readonly handlerTimeout: number;
  readonly contextTimeout: number;
  readonly expires: ((context: Context) => Date | number | undefined) | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly resume: ResumeSettings | undefined;
  readonly onVersion:
    ((definition: string | undefined, request: Request) => boolean | void) | undefined;
  /**
   * How long a connection that fails soon after its opening is kept before it is closed, in
   * milliseconds: for clients that reconnect at once after any code. Absent: not at all.
   */
  readonly failureDelay?: number;
  /** The close code on the wire for a code of `CloseCode`, where the client knows only others. */
  readonly wireCode?: (code: number) => number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError when an option is invalid
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
