/** What can be told of an HTTP route. */
import { type IncomingMessage } from 'node:http';
import { type Codec, type Wire } from '../core/codec.ts';
import { reporting } from '../process/diagnostics.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { expectCodec, expectFunction, expectHeaderValue, expectNumber } from '../core/options.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { type PipeOptions } from '../core/pipe.ts';
import { expectPath } from '../request/target.ts';

/** What {@link omniHttp} takes. Sizes are bytes, times are milliseconds. */
export interface OmniHttpOptions<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends PipeOptions<In, Out, Encoded, Context, Request> {
  /**
   * Where messages are POSTed, below the mount point; compared exactly, without the query.
   * @defaultValue `/`
   */
  readonly path?: string | undefined;
  /**
   * Says who is there, once per request, before anything is decoded; may be asynchronous. An error
   * it throws that has a `status` from 400 to 499 is a refusal and goes to `next`; anything else is
   * a fault: `onError`, and `next` with a 500.
   * @defaultValue the context is undefined
   */
  readonly context?: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  /**
   * Which pages may send messages.
   * @defaultValue the host and port of Origin must equal those of Host
   */
  readonly origins?: Origins<Request> | undefined;
  /** The reply when there is none, or when the codec skips it. @defaultValue an empty body */
  readonly emptyReply?: Out | undefined;
  /** The largest body. @defaultValue 65_536 */
  readonly limit?: number | undefined;
  /** How long the body may take to arrive. @defaultValue 10_000 */
  readonly bodyTimeout?: number | undefined;
  /** How long `context` and the handler may take together. `Infinity` for ever. @defaultValue 30_000 */
  readonly handlerTimeout?: number | undefined;
}

/** The defaults, in one place. */
const DEFAULTS = { path: '/', limit: 65_536, bodyTimeout: 10_000, handlerTimeout: 30_000 } as const;

/** The options, checked and complete: made once per route. */
export interface HttpSettings<In, Out, Context, Request extends IncomingMessage> {
  readonly path: string;
  readonly codec: Codec<In, Out, Wire>;
  readonly isBinary: boolean;
  readonly contentType: string;
  readonly context: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  readonly handler: PipeOptions<In, Out, Wire, Context, Request>['handler'];
  readonly onError: ErrorHandler<Out, Context, Request>;
  readonly isAllowed: (request: Request) => boolean;
  readonly emptyReply: Out | undefined;
  readonly limit: number;
  readonly bodyTimeout: number;
  readonly handlerTimeout: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError when one of them is not what it must be
 */
export function httpSettings<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
  Encoded extends Wire,
>(
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): HttpSettings<In, Out, Context, Request> {
  const { codec, context, handler, onError } = options;
  const {
    path = DEFAULTS.path,
    limit = DEFAULTS.limit,
    bodyTimeout = DEFAULTS.bodyTimeout,
    handlerTimeout = DEFAULTS.handlerTimeout,
  } = options;
  expectCodec(codec);
  expectFunction('handler', handler);
  expectFunction('context', context, true);
  expectFunction('onError', onError, true);
  expectNumber('limit', limit, { from: 1, isInteger: true });
  expectNumber('bodyTimeout', bodyTimeout, { above: 0 });
  expectNumber('handlerTimeout', handlerTimeout, { above: 0 });
  expectPath(path, 'app.post(path, omniHttp({ … }))');
  const isBinary = codec.binary === true;
  if (codec.contentType !== undefined) expectHeaderValue('codec.contentType', codec.contentType);
  return {
    path,
    // Text and bytes are told apart below, by `isBinary`.
    codec: codec as unknown as Codec<In, Out, Wire>,
    isBinary,
    contentType:
      codec.contentType ??
      (isBinary ? 'application/octet-stream' : 'application/json; charset=utf-8'),
    context,
    handler,
    onError: reporting(onError, 'http'),
    isAllowed: originCheck(options.origins),
    emptyReply: options.emptyReply,
    limit,
    bodyTimeout,
    handlerTimeout,
  };
}
