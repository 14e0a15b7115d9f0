/** Options of `omniHttp`. */
import { type IncomingMessage } from 'node:http';
import { type Codec, type Wire } from '../core/codec.ts';
import { reporting } from '../process/diagnostics.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import {
  expectCodec,
  expectFunction,
  expectHeaderValue,
  expectNumber,
  expectOptions,
  type OptionNames,
} from '../core/options.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { type PipeOptions } from '../core/pipe.ts';
import { expectPath } from '../request/target.ts';
import { noteFailure } from './failure.ts';

/** Options of {@link omniHttp}. Sizes are bytes, times are milliseconds. */
export interface OmniHttpOptions<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends PipeOptions<In, Out, Context, Request, Encoded> {
  /**
   * The path of the messages, below the mount point. It is compared exactly, without the query; it
   * is no pattern.
   * @defaultValue every POST that arrives is a message: `app.post(path, omniHttp({ … }))`
   */
  readonly path?: string | undefined;
  /**
   * Returns the context of a request, such as its user. Called once, before anything is decoded; may
   * be asynchronous. An error with a `status` from 400 to 499 refuses the client: a problem with
   * that status (and `www-authenticate` or `retry-after` of its `headers`). Any other error is a
   * fault: `onError`, and `next` with a 500.
   * @defaultValue the context is undefined
   */
  readonly context?: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  /**
   * Which pages may send messages.
   * @defaultValue the host and port of Origin must equal those of Host
   */
  readonly origins?: Origins<Request> | undefined;
  /**
   * The reply when the handler returns none, or the codec skips it. The client of this package gets
   * an empty body in any case.
   * @defaultValue an empty body
   */
  readonly emptyReply?: NoInfer<Out> | undefined;
  /** The largest body, in bytes. @defaultValue 65_536 */
  readonly limit?: number | undefined;
  /** How long the body may take to arrive, in milliseconds. @defaultValue 10_000 */
  readonly bodyTimeout?: number | undefined;
  /**
   * How long `context` and the handler may take together, in milliseconds. `Infinity`: no limit.
   * @defaultValue 30_000
   */
  readonly handlerTimeout?: number | undefined;
  /**
   * How long a client may read nothing of its answer, in milliseconds; then its connection is cut.
   * `Infinity`: no limit.
   * @defaultValue 12_000
   */
  readonly sendTimeout?: number | undefined;
}

/** The defaults, in one place. */
const DEFAULTS = {
  limit: 65_536,
  bodyTimeout: 10_000,
  handlerTimeout: 30_000,
  sendTimeout: 12_000,
} as const;

const NAMES: OptionNames<OmniHttpOptions<unknown, unknown>> = {
  path: true,
  codec: true,
  handler: true,
  context: true,
  onError: true,
  origins: true,
  emptyReply: true,
  limit: true,
  bodyTimeout: true,
  handlerTimeout: true,
  sendTimeout: true,
};

/** The options, checked and complete: made once per route. */
export interface HttpSettings<In, Out, Context, Request extends IncomingMessage> {
  readonly path: string | undefined;
  readonly codec: Codec<In, Out, Wire>;
  readonly isBinary: boolean;
  readonly contentType: string;
  readonly context: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  readonly handler: PipeOptions<In, Out, Context, Request, Wire>['handler'];
  readonly onError: ErrorHandler<Out, Context, Request>;
  readonly isAllowed: (request: Request) => boolean;
  readonly emptyReply: Out | undefined;
  readonly limit: number;
  readonly bodyTimeout: number;
  readonly handlerTimeout: number;
  readonly sendTimeout: number;
}

/**
 * Checks the options and fills in the defaults.
 * @param factory - the name of the function that takes them
 * @throws TypeError when an option is invalid or unknown
 */
export function httpSettings<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded extends Wire,
>(
  factory: string,
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): HttpSettings<In, Out, Context, Request> {
  expectOptions(factory, options, NAMES);
  const { path, codec, context, handler, onError } = options;
  const {
    limit = DEFAULTS.limit,
    bodyTimeout = DEFAULTS.bodyTimeout,
    handlerTimeout = DEFAULTS.handlerTimeout,
    sendTimeout = DEFAULTS.sendTimeout,
  } = options;
  expectCodec(codec);
  expectFunction('handler', handler);
  expectFunction('context', context, true);
  expectFunction('onError', onError, true);
  expectNumber('limit', limit, { from: 1, isInteger: true });
  expectNumber('bodyTimeout', bodyTimeout, { above: 0 });
  expectNumber('handlerTimeout', handlerTimeout, { above: 0 });
  expectNumber('sendTimeout', sendTimeout, { above: 0 });
  if (path !== undefined) expectPath(path, 'app.post(path, omniHttp({ … }))');
  const isBinary = codec.binary === true;
  const report = reporting(onError, 'http');
  if (codec.contentType !== undefined) expectHeaderValue('codec.contentType', codec.contentType);
  return {
    path,
    // `isBinary` distinguishes text and bytes below.
    codec: codec as unknown as Codec<In, Out, Wire>,
    isBinary,
    contentType:
      codec.contentType ??
      (isBinary ? 'application/octet-stream' : 'application/json; charset=utf-8'),
    context,
    handler,
    onError: (error, exchange) => {
      noteFailure(exchange, error.code);
      return report(error, exchange);
    },
    isAllowed: originCheck(options.origins),
    emptyReply: options.emptyReply,
    limit,
    bodyTimeout,
    handlerTimeout,
    sendTimeout,
  };
}
