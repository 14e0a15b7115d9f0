/** One HTTP request, from its body to its one answer. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Wire } from '../core/codec.ts';
import { AsyncContext } from '../process/async-context.ts';
import { MessageMeasure, onMessageChannel } from '../process/diagnostics.ts';
import { ContextError, DecodeError, OmniError, TimeoutError } from '../core/errors.ts';
import { type Exchange, isPromise } from '../core/exchange.ts';
import { type Body, expectReadable, mayBeLarger, readBody, textIn } from './body.ts';
import { type HttpSettings } from './options.ts';
import { decode, encode, type Piped, recover, respond, report } from '../core/pipe.ts';
import { failureOf } from './failure.ts';
import { answerOrCut } from '../request/answer-or-cut.ts';
import { whenGone } from '../request/client-gone.ts';
import { printAs, type Summary, summaryOf } from '../core/summary.ts';
import { isOwnClient, markFailed, markHandled } from '../request/mark.ts';
import { expectProgress } from '../request/write-progress.ts';
import { Problem, refusalOf, sendProblem } from '../request/problem.ts';
import { decide } from '../request/verdict.ts';
import { startTimer } from '../process/timers.ts';

/** `next` of Express and Connect: to the next middleware, or with an error to the error handlers. */
export type Next = (error?: unknown) => void;

/** One request: its body is read, then it is answered once. */
export class HttpExchange<In, Out, Context, Request extends IncomingMessage> implements Exchange<
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
  #measure: MessageMeasure | undefined;

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
      if (this.#isOver || this.#isLate) abort.abort();
      else {
        const context = new AsyncContext();
        whenGone(this.#response, (response) => {
          // guard: signal aborts when the client is gone
          // guard: a signal aborts in the context of its request → if (!response.writableFinished) abort.abort();
          if (!response.writableFinished) context.run(() => abort.abort(), undefined);
        });
      }
    }
    return this.#abort.signal;
  }

  /** The printed form, for `console.log` and loggers: neither headers nor the context. */
  toJSON(): Summary {
    return summaryOf(this.request);
  }

  /** Checks the headers, and reads the body. */
  receive(): void {
    const { request } = this;
    const settings = this.#settings;
    try {
      // guard: origin before the body
      if (!settings.isAllowed(request)) throw new Problem('origin');
      expectReadable(request, settings.limit, settings.isBinary);
    } catch (fault) {
      if (fault instanceof Problem) {
        // guard: a refused body that is too large ends the connection → sendProblem(this.#response, fault, false);
        sendProblem(this.#response, fault, mayBeLarger(request, settings.limit));
      } else {
        this.#recover(new ContextError({ cause: fault }));
      }
      return;
    }
    readBody(request, settings, (fault, body) => {
      this.#run(fault, body);
    });
  }

  /** The body has arrived, or cannot be read. */
  #run(fault: unknown, body: Body | undefined): void {
    if (body === undefined) {
      this.#refuse(fault);
      return;
    }
    const { context } = this.#settings;
    if (context === undefined) {
      this.#answer(body);
      return;
    }
    const isPending = decide(() => context(this.request), {
      admit: (value) => {
        this.context = value;
        this.#answer(body);
      },
      refuse: (status, thrown) => {
        if (this.#end()) sendProblem(this.#response, refusalOf(status, thrown));
      },
      fail: (cause) => {
        this.#recover(new ContextError({ cause }));
      },
    });
    if (isPending) this.#startTimer();
  }

  /** Decodes, handles, encodes. */
  #answer(body: Body): void {
    if (this.#isOver) return;
    if (onMessageChannel.hasSubscribers) {
      const received = body instanceof Object && 'value' in body ? 0 : body.length;
      this.#measure = new MessageMeasure({ transport: 'http' }, received, 0);
    }
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
    Promise.resolve(reply).then(
      (encoded) => {
        this.#reply(encoded);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  /** @throws {@link Problem}, or an OmniError that `onError` did not answer */
  #pipe(body: Body): Piped<Wire> {
    const settings = this.#settings;
    let incoming: In;
    try {
      incoming = this.#decode(body);
    } catch (error) {
      if (error instanceof DecodeError) return recover(error, settings, this);
      // An empty body, or one that is no text, is no message: it is published as refused only.
      this.#measure = undefined;
      throw error;
    }
    this.#measure?.decoded(incoming, settings.codec);
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
    const decodeValue = codec.decodeValue?.bind(codec);
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
    const { codec, emptyReply } = this.#settings;
    if (body === undefined && emptyReply !== undefined && !isOwnClient(this.request)) {
      try {
        body = encode(emptyReply, codec);
      } catch (error) {
        report(error as OmniError, this.#settings.onError, this);
        this.#refuse(error);
        return;
      }
    }
    if (!this.#end(body?.length)) return;
    answerOrCut(this.#response, () => this.#write(body));
  }

  /** @throws whatever a middleware has put on the response */
  #write(body: Wire | undefined): void {
    const { contentType, sendTimeout } = this.#settings;
    const isOwn = isOwnClient(this.request);
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader('content-type', contentType);
    response.setHeader('cache-control', 'no-store');
    // guard: nosniff and no-store of a reply
    response.setHeader('x-content-type-options', 'nosniff');
    const failure = failureOf(this);
    // guard: an answered failure is marked → if (failure !== undefined && isOwn) markHandled(response, true);
    if (failure !== undefined) markFailed(response, failure);
    else if (isOwn) markHandled(response, body !== undefined);
    response.end(body);
    expectProgress(response, sendTimeout);
  }

  /** `onError` did not answer a failure. */
  #fail(error: unknown): void {
    if (error instanceof DecodeError) this.#refuse(new Problem('decode', error.message));
    else this.#refuse(error);
  }

  /** Ends without a reply: with a problem, or in the error handlers of the application. */
  #refuse(fault: unknown): void {
    if (!this.#end()) return;
    if (fault instanceof Problem) {
      if (failureOf(this) !== undefined) markFailed(this.#response, fault.code);
      sendProblem(this.#response, fault);
    } else if (fault instanceof OmniError && fault.code === 'body-consumed') {
      report(fault, this.#settings.onError, this);
      sendProblem(this.#response, new Problem('body-consumed'));
    } else {
      if (fault instanceof OmniError) markFailed(this.#response, fault.code);
      answerOrCut(this.#response, () => this.#next(fault));
    }
  }

  /** Calls `onError`, whose answer is the reply. */
  #recover(error: OmniError, problem?: Problem): void {
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
    Promise.resolve(answer).then(
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
        // guard: handlerTimeout of HTTP
        exchange.#timeOut();
      },
      handlerTimeout,
      this,
    );
  }

  #timeOut(): void {
    const problem = new Problem('handler-timeout');
    if (this.#isLate) {
      // onError took too long, called with this very timeout.
      this.#refuse(problem);
      return;
    }
    this.#isLate = true;
    this.#timer = undefined;
    // guard: signal aborts at handlerTimeout of HTTP
    this.#abort?.abort();
    this.#recover(new TimeoutError('handler-timeout', this.#settings.handlerTimeout), problem);
  }

  /**
   * @param sent - the size of the reply
   * @returns false when the request was answered already, or its client has disconnected
   */
  #end(sent: number = 0): boolean {
    // guard: one answer to a request
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#measure?.handled(sent);
    // guard: one answer to a request → return true;
    return !this.#response.destroyed && !this.#response.headersSent;
  }
}

printAs(HttpExchange.prototype, (exchange) => {
  const { method, path } = exchange.toJSON();
  return `HttpExchange ${method} ${path}`;
});
