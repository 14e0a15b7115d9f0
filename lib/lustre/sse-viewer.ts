/** One viewer over server-sent events, from its request to its end. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ApplicationError } from '../application/errors.ts';
import { attempt } from '../core/attempt.ts';
import { CloseCode } from '../core/close-codes.ts';
import { ContextError, HookError, OmniError, TimeoutError } from '../core/errors.ts';
import { type Exchange } from '../core/exchange.ts';
import { report } from '../core/pipe.ts';
import { type Prepared } from '../core/prepared.ts';
import { AsyncContext } from '../process/async-context.ts';
import { nextConnection, publishClose, publishOpen } from '../process/diagnostics.ts';
import { startTimer } from '../process/timers.ts';
import { takePlace, tooManyConnections } from '../request/capacity.ts';
import { answerOrCut } from '../request/answer-or-cut.ts';
import { isGone, whenGone } from '../request/client-gone.ts';
import { Problem, type Refusal, sendProblem } from '../request/problem.ts';
import { decide } from '../request/verdict.ts';
import { isGenuine } from './csrf.ts';
import { EventStream, type StreamListener } from './event-stream.ts';
import { open, type Opened } from './source.ts';
import { type SseSettings } from './sse-options.ts';
import { type Viewer } from './viewing.ts';

/** A request that waits for its component, or is shown one. */
export class SseView<Args, Model, Message, Context, Request extends IncomingMessage>
  implements Viewer, StreamListener, Exchange<Context, Request>
{
  readonly id: number = nextConnection();
  readonly request: Request;
  context: Context = undefined as Context;
  readonly #settings: SseSettings<Args, Model, Message, Context, Request>;
  readonly #response: ServerResponse;
  readonly #next: (error?: unknown) => void;
  readonly #arrived: number = performance.now();
  #opened: Opened | undefined;
  #stream: EventStream | undefined;
  #giveBackPlace: (() => void) | undefined;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Answered in another way, or the client has disconnected. */
  #isOver = false;
  #code: number | undefined;

  constructor(
    settings: SseSettings<Args, Model, Message, Context, Request>,
    request: Request,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ) {
    this.#settings = settings;
    this.request = request;
    this.#response = response;
    this.#next = next;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Admits the client, and shows it the component. */
  open(): void {
    // guard: a live view does not begin for a client that is gone
    if (isGone(this.#response)) return;
    this.#giveBackPlace = takePlace(this.request);
    // guard: live views count as connections
    if (this.#giveBackPlace === undefined) {
      this.#refuse(tooManyConnections);
      return;
    }
    // guard: a live view survives an error of its response
    this.#response.on('error', ignore);
    const context = new AsyncContext();
    // guard: a live view ends in the context of its request → whenGone(this.#response, () => this.#close());
    whenGone(this.#response, () => context.run(() => this.#close(), undefined));
    const { handlerTimeout } = this.#settings;
    this.#timer = startTimer(() => this.#giveUp(), handlerTimeout, undefined);
    void this.#enter().catch((error: unknown) => this.#fail(error));
  }

  // Called by the component.

  show(frame: string | Prepared, isMount: boolean): void {
    if (this.#isOver) return;
    this.#stream ??= this.#begin();
    this.#stream.write(frame, isMount);
  }

  ended(error?: ApplicationError): void {
    this.#code ??= error === undefined ? 1000 : CloseCode.Failed;
    if (this.#stream !== undefined) this.#stream.end();
    else if (error !== undefined) this.#pass(error);
    else if (!this.#isOver) answerOrCut(this.#response, () => this.#response.writeHead(204).end());
  }

  // Called by the stream.

  caughtUp(): void {
    this.#opened?.shared.remount(this);
  }

  shutDown(): void {
    this.#code ??= CloseCode.GoingAway;
  }

  /** @throws {@link Problem}, OmniError, or the refusal of `context` */
  async #enter(): Promise<void> {
    const { isAllowed, context, csrf, source } = this.#settings;
    const { request } = this;
    if (!(await admitted(() => isAllowed(request)))) throw new Problem('origin');
    if (context !== undefined) this.context = await admitted(() => context(request));
    if (csrf !== undefined && !(await isGenuine(csrf, request, this.context))) {
      throw new Problem('csrf');
    }
    const failed = (error: OmniError): void => report(error, this.#settings.onError, this);
    const host = {
      failed,
      ended: (error?: ApplicationError): void => {
        if (error !== undefined) failed(error);
      },
    };
    const opened = await open(source, request, this.context, host, () => !this.#isOver);
    if (opened === undefined) return;
    clearTimeout(this.#timer);
    this.#opened = opened;
    // The browser sends no properties back, and could not define them twice.
    opened.shared.connect(this, false);
  }

  #begin(): EventStream {
    const { heartbeat, highWaterMark } = this.#settings;
    const stream = new EventStream(this.#response, this, heartbeat, highWaterMark);
    publishOpen('component', this.id, performance.now() - this.#arrived);
    return stream;
  }

  /** The client has disconnected, or the response was sent to its end. Called once. */
  #close(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#abort?.abort();
    this.#stream?.release();
    this.#giveBackPlace?.();
    const opened = this.#opened;
    if (opened === undefined) return;
    opened.shared.disconnect(this);
    const code = this.#code ?? 1006;
    if (this.#stream !== undefined) {
      publishClose('component', this.id, code, performance.now() - this.#arrived);
    }
    attempt(
      () => opened.close(code),
      (cause) => report(new HookError('on-close', { cause }), this.#settings.onError, this),
    );
  }

  #giveUp(): void {
    if (this.#isOver) return;
    const { handlerTimeout, onError } = this.#settings;
    report(new TimeoutError('handler-timeout', handlerTimeout), onError, this);
    this.#refuse(new Problem('handler-timeout'));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    if (error instanceof Problem) {
      this.#refuse(error);
      return;
    }
    // A refusal of `context` is an answer, and no failure.
    if (error instanceof OmniError) report(error, this.#settings.onError, this);
    this.#pass(error);
  }

  #refuse(refusal: Refusal): void {
    this.#isOver = true;
    this.#abort?.abort();
    sendProblem(this.#response, refusal);
  }

  /** Leaves the answer to the error handling of the application. */
  #pass(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#giveBackPlace?.();
    answerOrCut(this.#response, () => this.#next(error));
  }
}

/**
 * Awaits the decision of a function of the user's about a client.
 * @throws ContextError in the place of a fault; a refusal as it is
 */
function admitted<Value>(ask: () => Value | PromiseLike<Value>): Promise<Value> {
  return new Promise((admit, reject) => {
    decide(ask, {
      admit,
      refuse: (_status, thrown) => reject(thrown as Error),
      fail: (cause) => reject(new ContextError({ cause })),
    });
  });
}

function ignore(): void {}
