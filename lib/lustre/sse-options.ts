/** Options of a live view over server-sent events. */
import { type IncomingMessage } from 'node:http';
import { reporting } from '../process/diagnostics.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { expectPath } from '../request/target.ts';
import { type Csrf } from './csrf.ts';
import { expectSource, type Source, sourceOptionNames } from './source.ts';

/** Options of `omniServerComponentSse`: `component` and `start`, or `shared`, and these. */
export interface ServerComponentSseOptions<
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> {
  /**
   * The path of the component, below the mount point; compared exactly, without the query.
   * @defaultValue `/`
   */
  readonly path?: string | undefined;
  /**
   * Returns the context of the viewer, such as its user. Called once, before anything is shown; may be
   * asynchronous. An error with a `status` from 400 to 499 refuses the viewer and goes to `next`; any
   * other error is a fault: `onError`, and `next` with a 500.
   * @defaultValue the context is undefined
   */
  readonly context?: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  /**
   * Which pages may show the component; any other gets 403.
   * @defaultValue the host and port of Origin must equal those of Host
   */
  readonly origins?: Origins<Request> | undefined;
  /**
   * Whether the CSRF token of the URL is valid, as in `omniServerComponent`; otherwise 403.
   * @defaultValue the token is not checked
   */
  readonly csrf?: Csrf<Context, Request> | undefined;
  /** Called with each failure. */
  readonly onError?: ErrorHandler<never, Context, Request> | undefined;
  /**
   * How often a comment is sent, in milliseconds, so that proxies keep the stream open. A viewer that
   * has read nothing for two periods is cut. `Infinity`: never.
   * @defaultValue 25_000
   */
  readonly heartbeat?: number | undefined;
  /**
   * How much may wait to be sent, in bytes, beside a whole view. A viewer that is further behind
   * misses patches, and gets the whole view when it has caught up.
   * @defaultValue 65_536
   */
  readonly highWaterMark?: number | undefined;
  /**
   * How long `context`, `csrf` and `start` may take together, in milliseconds. `Infinity`: no limit.
   * @defaultValue 30_000
   */
  readonly handlerTimeout?: number | undefined;
}

/** The options, checked and complete: made once per route. */
export interface SseSettings<Args, Model, Message, Context, Request extends IncomingMessage> {
  readonly source: Source<Args, Model, Message, Context, Request>;
  readonly path: string;
  readonly context: ((request: Request) => Context | PromiseLike<Context>) | undefined;
  readonly isAllowed: (request: Request) => boolean;
  readonly csrf: Csrf<Context, Request> | undefined;
  readonly onError: ErrorHandler<never, Context, Request>;
  readonly heartbeat: number;
  readonly highWaterMark: number;
  readonly handlerTimeout: number;
}

const OPTION_NAMES: OptionNames<ServerComponentSseOptions> = {
  ...sourceOptionNames,
  path: true,
  context: true,
  origins: true,
  csrf: true,
  onError: true,
  heartbeat: true,
  highWaterMark: true,
  handlerTimeout: true,
};

/** The defaults, in one place. */
const DEFAULTS = {
  path: '/',
  heartbeat: 25_000,
  highWaterMark: 65_536,
  handlerTimeout: 30_000,
} as const;

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError when an option is invalid or unknown
 */
export function sseSettings<Args, Model, Message, Context, Request extends IncomingMessage>(
  options: ServerComponentSseOptions<Context, Request> &
    Source<Args, Model, Message, Context, Request>,
): SseSettings<Args, Model, Message, Context, Request> {
  expectOptions('omniServerComponentSse', options, OPTION_NAMES);
  const { context, csrf, onError } = options;
  const {
    path = DEFAULTS.path,
    heartbeat = DEFAULTS.heartbeat,
    highWaterMark = DEFAULTS.highWaterMark,
    handlerTimeout = DEFAULTS.handlerTimeout,
  } = options;
  expectSource(options);
  expectFunction('context', context, true);
  expectFunction('csrf', csrf, true);
  expectFunction('onError', onError, true);
  expectNumber('heartbeat', heartbeat, { above: 0 });
  expectNumber('highWaterMark', highWaterMark, { from: 1 });
  expectNumber('handlerTimeout', handlerTimeout, { above: 0 });
  expectPath(path, 'app.get(path, omniServerComponentSse({ … }))');
  return {
    source: options,
    path,
    context,
    isAllowed: originCheck(options.origins),
    csrf,
    onError: reporting(onError, 'component'),
    heartbeat,
    highWaterMark,
    handlerTimeout,
  };
}
