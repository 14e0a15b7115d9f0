import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Router } from 'express';
import { type EncoderDecoder, type Wire } from './codec.ts';
import { onMessageChannel, reporting } from './diagnostics.ts';
import { ContextError, DecodeError, OmniError, statusOf, TimeoutError } from './errors.ts';
import { type ErrorHandler, type Exchange, isPromise } from './exchange.ts';
import { expectCodec, expectFunction, expectHeaderValue, expectNumber } from './expect.ts';
import { type Body, expectReadable, mayBeLarger, readBody, textIn } from './http-body.ts';
import { originCheck, type Origins } from './origins.ts';
import { decode, encode, type Piped, type PipeOptions, recover, respond, tell } from './pipe.ts';
import { Problem, sendProblem } from './problem.ts';
import { startTimer } from './timer.ts';

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

type Next = (error?: unknown) => void;

/** The defaults, in one place. */
const DEFAULTS = { path: '/', limit: 65_536, bodyTimeout: 10_000, handlerTimeout: 30_000 } as const;

/**
 * Makes a router that answers messages POSTed to `path`: one request is one message, one response
 * is one reply. It works in Express 4 and 5 and in Connect, before or after a middleware that reads
 * bodies.
 *
 * Wire shape: the body is the encoded message, whatever its content-type says; the answer is
 *
 * | what happened | answer |
 * | --- | --- |
 * | a reply, or one of `onError` | 200 and the encoded reply |
 * | no reply, or a skipped one | 200 and an empty body, or `emptyReply` |
 * | not a message | 422 problem `decode` |
 * | the handler or the encoder failed | `next(error)` with the OmniError |
 * | a foreign Origin | 403 problem `origin` |
 * | empty, not UTF-8 | 400 problem `empty`, `utf8` |
 * | over `limit` | 413 problem `too-large` |
 * | a charset but utf-8, a content coding | 415 problem `charset`, `encoding` |
 * | a body slower than `bodyTimeout` | 408 problem `body-timeout` |
 * | slower than `handlerTimeout` | 504 problem `handler-timeout` |
 * | read by somebody else, and not kept | 500 problem `body-consumed` |
 * | another method or path | `next()` |
 *
 * @throws TypeError when an option is not what it must be
 *
 * Source: `wisp_http_middleware` of omnimessage_server; RFC 9457 for problems.
 *
 * @example
 * ```ts
 * app.use(omniHttp({ path: '/omni-http', codec, handler: (message) => answerTo(message) }));
 * ```
 */
export function omniHttp<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(options: OmniHttpOptions<In, Out, Context, Request, Encoded>): Router {
  const router = Router();
  // A layer of `use`, not a route: for its routes Express answers OPTIONS itself.
  router.use(omniHttpHandler(options) as unknown as Parameters<Router['use']>[0]);
  return router;
}

/**
 * The same as {@link omniHttp} without a Router around it: for Connect, for `node:http`, and for
 * those who count microseconds.
 *
 * @returns `(request, response, next)`, which reads nothing of a request but what Node's has, and
 * calls `next()` for what is not its own
 * @throws TypeError when an option is not what it must be
 */
export function omniHttpHandler<
  In,
  Out,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
>(
  options: OmniHttpOptions<In, Out, Context, Request, Encoded>,
): (request: Request, response: ServerResponse, next: Next) => void {
  const settings = httpSettings(options);
  const { path } = settings;
  return (request, response, next) => {
    if (request.method !== 'POST' || !isAt(path, request.url)) {
      next();
      return;
    }
    const exchange = new HttpExchange<In, Out, Context, Request>(settings, request, response, next);
    try {
      if (!settings.isAllowed(request)) throw new Problem('origin');
      expectReadable(request, settings.limit, settings.isBinary);
    } catch (fault) {
      if (fault instanceof Problem) {
        sendProblem(response, fault, mayBeLarger(request, settings.limit));
      } else {
        exchange.recover(new ContextError({ cause: fault }));
      }
      return;
    }
    readBody(request, settings, (fault, body) => {
      exchange.run(fault, body);
    });
  };
}

/** Compares without the query, and without making a string. */
function isAt(path: string, url = '/'): boolean {
  return url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}

interface HttpSettings<In, Out, Context, Request extends IncomingMessage> {
  readonly path: string;
  readonly codec: EncoderDecoder<In, Out, Wire>;
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

function httpSettings<In, Out, Context, Request extends IncomingMessage, Encoded extends Wire>(
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
  if (!path.startsWith('/')) {
    throw new TypeError(`Expected \`path\` to begin with /, got ${JSON.stringify(path)}`);
  }
  const isBinary = codec.binary === true;
  if (codec.contentType !== undefined) expectHeaderValue('codec.contentType', codec.contentType);
  return {
    path,
    // Text and bytes are told apart below, by `isBinary`.
    codec: codec as unknown as EncoderDecoder<In, Out, Wire>,
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

/** One request whose body is being read, or was. */
class HttpExchange<In, Out, Context, Request extends IncomingMessage> implements Exchange<
  Context,
  Request
> {
  readonly request: Request;
  context: Context = undefined as Context;
  readonly #settings: HttpSettings<In, Out, Context, Request>;
  readonly #response: ServerResponse;
  readonly #next: Next;
  #abort: AbortController | undefined;
  #isOver = false;
  /** It took longer than `handlerTimeout`. */
  #isLate = false;
  #timer: NodeJS.Timeout | undefined;
  #began = 0;
  #received = 0;

  constructor(
    settings: HttpSettings<In, Out, Context, Request>,
    request: Request,
    response: ServerResponse,
    next: Next,
  ) {
    this.#settings = settings;
    this.request = request;
    this.#response = response;
    this.#next = next;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const response = this.#response;
      if (this.#isOver || this.#isLate || response.closed) abort.abort();
      else {
        response.once('close', () => {
          if (!response.writableFinished) abort.abort();
        });
      }
    }
    return this.#abort.signal;
  }

  /** The body is there, or never will be. */
  run(fault: unknown, body: Body | undefined): void {
    if (body === undefined) {
      this.#refuse(fault);
      return;
    }
    const { context } = this.#settings;
    if (onMessageChannel.hasSubscribers) {
      this.#began = performance.now();
      this.#received = body instanceof Object && 'value' in body ? 0 : body.length;
    }
    if (context === undefined) {
      this.#answer(body);
      return;
    }
    let given: Context | PromiseLike<Context>;
    try {
      given = context(this.request);
    } catch (cause) {
      this.#turnAway(cause);
      return;
    }
    if (!isPromise(given)) {
      this.context = given;
      this.#answer(body);
      return;
    }
    this.#startTimer();
    given.then(
      (settled) => {
        this.context = settled;
        this.#answer(body);
      },
      (cause: unknown) => {
        this.#turnAway(cause);
      },
    );
  }

  /** Decodes, handles, encodes. */
  #answer(body: Body): void {
    if (this.#isOver) return;
    let reply: Piped<Wire>;
    try {
      reply = this.#pipe(body);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!isPromise(reply)) {
      this.#reply(reply);
      return;
    }
    this.#startTimer();
    reply.then(
      (encoded) => {
        this.#reply(encoded);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  /** @throws {@link Problem}, or an OmniError that nobody answered */
  #pipe(body: Body): Piped<Wire> {
    const settings = this.#settings;
    let incoming: In;
    try {
      incoming = this.#decode(body);
    } catch (error) {
      if (error instanceof DecodeError) return recover(error, settings, this);
      throw error;
    }
    return respond(incoming, settings, this);
  }

  /** @throws {@link DecodeError}, or a {@link Problem} when it is not even text */
  #decode(body: Body): In {
    const { codec, isBinary } = this.#settings;
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      if (!isBinary) return decode(textIn(body), codec);
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      return decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), codec);
    }
    const { decodeValue } = codec;
    if (decodeValue !== undefined) return decode(body.value, { decode: decodeValue });
    let text: string | undefined;
    try {
      text = JSON.stringify(body.value) as string | undefined;
    } catch (cause) {
      throw new DecodeError(undefined, { cause });
    }
    if (text === undefined) throw new DecodeError();
    return decode(isBinary ? new Uint8Array(Buffer.from(text)) : text, codec);
  }

  #reply(encoded: Wire | undefined): void {
    let body = encoded;
    const { codec, emptyReply, contentType } = this.#settings;
    if (body === undefined && emptyReply !== undefined) {
      try {
        body = encode(emptyReply, codec);
      } catch (error) {
        tell(error as OmniError, this.#settings.onError, this);
        this.#refuse(error);
        return;
      }
    }
    if (!this.#end()) return;
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader('content-type', contentType);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    response.end(body);
    if (onMessageChannel.hasSubscribers) {
      onMessageChannel.publish({
        transport: 'http',
        duration: performance.now() - this.#began,
        received: this.#received,
        sent: body?.length ?? 0,
      });
    }
  }

  /** Nobody answered a failure. */
  #fail(error: unknown): void {
    if (error instanceof DecodeError) this.#refuse(new Problem('decode', error.message));
    else this.#refuse(error);
  }

  /** Ends without a reply: with a problem of ours, or with the error handling of the app. */
  #refuse(fault: unknown): void {
    if (!this.#end()) return;
    if (fault instanceof Problem) {
      sendProblem(this.#response, fault);
    } else if (fault instanceof OmniError && fault.code === 'body-consumed') {
      tell(fault, this.#settings.onError, this);
      sendProblem(this.#response, new Problem('body-consumed'));
    } else {
      this.#next(fault);
    }
  }

  /** `context` threw: a status from 400 to 499 is its verdict on the client, anything else a fault. */
  #turnAway(cause: unknown): void {
    const status = statusOf(cause);
    if (status !== undefined && status < 500) {
      this.#refuse(cause);
      return;
    }
    this.recover(new ContextError({ cause }));
  }

  /** Asks `onError`, whose answer is the reply. */
  recover(error: OmniError, problem?: Problem): void {
    let answer: Piped<Wire>;
    try {
      answer = recover(error, this.#settings, this);
    } catch (unanswered) {
      this.#refuse(problem ?? unanswered);
      return;
    }
    if (!isPromise(answer)) {
      this.#reply(answer);
      return;
    }
    // onError has no more time than a handler.
    this.#startTimer();
    answer.then(
      (encoded) => {
        this.#reply(encoded);
      },
      (unanswered: unknown) => {
        this.#refuse(problem ?? unanswered);
      },
    );
  }

  #startTimer(): void {
    const { handlerTimeout } = this.#settings;
    this.#timer ??= startTimer(
      (exchange) => {
        exchange.#timeOut();
      },
      handlerTimeout,
      this,
    );
  }

  #timeOut(): void {
    const problem = new Problem('handler-timeout');
    if (this.#isLate) {
      // It was onError that took too long, asked about this very thing.
      this.#refuse(problem);
      return;
    }
    this.#isLate = true;
    this.#timer = undefined;
    this.#abort?.abort();
    this.recover(new TimeoutError('handler-timeout', this.#settings.handlerTimeout), problem);
  }

  /** @returns false when the request was answered already, or nobody is there to answer */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    return !this.#response.destroyed && !this.#response.headersSent;
  }
}
