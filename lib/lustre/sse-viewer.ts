/** One viewer over server-sent events, from its request to its end. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { onCloseChannel, onOpenChannel } from '../process/diagnostics.ts';
import { type ApplicationError } from '../application/errors.ts';
import { CloseCode } from '../core/close-codes.ts';
import { ContextError, HookError, OmniError, statusOf, TimeoutError } from '../core/errors.ts';
import { type Exchange } from '../core/exchange.ts';
import { type Prepared } from '../core/prepared.ts';
import { unwatch, watch } from '../process/shared-interval.ts';
import { tell } from '../core/pipe.ts';
import { Problem, sendProblem } from '../request/problem.ts';
import { endAtShutdown } from '../request/client-gone.ts';
import { LONGEST, startTimer } from '../process/timers.ts';
import { isGenuine } from './csrf.ts';
import { type Viewer } from './component-runtime.ts';
import { open, type Opened } from './source.ts';
import { type SseSettings } from './sse-options.ts';

/** What keeps browsers, proxies and compressing middlewares from holding back what is sent. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
} as const;

/** A request that waits for its component, or is shown one. */
export class SseView<Args, Model, Message, Context, Request extends IncomingMessage>
  implements Viewer, Exchange<Context, Request>
{
  readonly request: Request;
  context: Context = undefined as Context;
  readonly #settings: SseSettings<Args, Model, Message, Context, Request>;
  readonly #response: ServerResponse;
  readonly #next: (error?: unknown) => void;
  readonly #arrived: number = performance.now();
  #opened: Opened | undefined;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Answered otherwise, or gone. */
  #isOver = false;
  /** It reads too slowly: it misses what comes, and is then shown everything anew. */
  #isBehind = false;
  #beatsBehind = 0;
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

  /** Finds out who is there, and shows them the component. */
  open(): void {
    this.#response.once('close', () => this.#close());
    const { handlerTimeout } = this.#settings;
    this.#timer = startTimer(() => this.#giveUp(), handlerTimeout, undefined);
    void this.#enter().catch((error: unknown) => this.#fail(error));
  }

  // What the component tells.

  show(frame: string | Prepared): void {
    const response = this.#response;
    if (this.#isOver || this.#isBehind) return;
    if (!response.headersSent) this.#begin();
    const text = typeof frame === 'string' ? frame : String(frame.encoded);
    // JSON has no line breaks of its own: it is one line of data.
    response.write(`data: ${text}\n\n`, this.#onWritten);
    this.#isBehind = response.writableLength > this.#settings.highWaterMark;
  }

  ended(error?: ApplicationError): void {
    this.#code = error === undefined ? 1000 : CloseCode.Failed;
    if (this.#response.headersSent) this.#response.end();
    else if (error !== undefined) this.#pass(error);
    else if (!this.#isOver) this.#response.writeHead(204).end();
  }

  /** The heart: shows that the stream lives, and cuts who has stopped reading. */
  beat(): void {
    if (!this.#isBehind) this.#response.write(':\n\n');
    else if (++this.#beatsBehind >= 2) this.#response.destroy();
  }

  /** @throws {@link Problem}, OmniError, or the refusal of `context` */
  async #enter(): Promise<void> {
    const { isAllowed, context, csrf, source } = this.#settings;
    const { request } = this;
    if (!attemptContext(() => isAllowed(request))) throw new Problem('origin');
    if (context !== undefined) {
      this.context = await Promise.resolve(attemptContext(() => context(request))).catch(refused);
    }
    if (csrf !== undefined && !(await isGenuine(csrf, request, this.context))) {
      throw new Problem('csrf');
    }
    const host = {
      failed: (error: OmniError): void => tell(error, this.#settings.onError, this),
      ended: (error?: ApplicationError): void => {
        if (error !== undefined) tell(error, this.#settings.onError, this);
      },
    };
    const opened = await open(source, request, this.context, host, () => !this.#isOver);
    if (opened === undefined) return;
    clearTimeout(this.#timer);
    this.#opened = opened;
    // The browser tells nothing of properties, and could not be told of them twice.
    opened.running.connect(this, false);
  }

  #begin(): void {
    const { heartbeat } = this.#settings;
    this.#response.writeHead(200, HEADERS);
    if (heartbeat <= LONGEST) watch(this, heartbeat);
    endAtShutdown(this.#response, () => {
      this.#code = CloseCode.GoingAway;
      this.#response.end();
    });
    if (onOpenChannel.hasSubscribers) {
      const duration = performance.now() - this.#arrived;
      onOpenChannel.publish({ transport: 'component', duration });
    }
  }

  readonly #onWritten = (): void => {
    if (!this.#isBehind || this.#response.writableLength > this.#settings.highWaterMark) return;
    this.#isBehind = false;
    this.#beatsBehind = 0;
    this.#opened?.running.remount(this);
  };

  #close(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#abort?.abort();
    unwatch(this, this.#settings.heartbeat);
    const opened = this.#opened;
    if (opened === undefined) return;
    opened.running.disconnect(this);
    const code = this.#code ?? 1006;
    if (onCloseChannel.hasSubscribers && this.#response.headersSent) {
      const duration = performance.now() - this.#arrived;
      onCloseChannel.publish({ transport: 'component', code, duration });
    }
    const failed = (cause: unknown): void => {
      tell(new HookError('on-close', { cause }), this.#settings.onError, this);
    };
    try {
      void Promise.resolve(opened.close(code)).catch(failed);
    } catch (cause) {
      failed(cause);
    }
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort?.abort();
    const { handlerTimeout, onError } = this.#settings;
    tell(new TimeoutError('handler-timeout', handlerTimeout), onError, this);
    sendProblem(this.#response, new Problem('handler-timeout'));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    if (error instanceof Problem) {
      this.#isOver = true;
      sendProblem(this.#response, error);
      return;
    }
    // What `context` refused is an answer, and no failure.
    if (error instanceof OmniError) tell(error, this.#settings.onError, this);
    this.#pass(error);
  }

  /** Leaves the answer to the error handling of the application. */
  #pass(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#next(error);
  }
}

/** @throws ContextError in the place of a fault; a refusal as it is */
function attemptContext<Value>(act: () => Value): Value {
  try {
    return act();
  } catch (cause) {
    return refused(cause);
  }
}

function refused(cause: unknown): never {
  const status = statusOf(cause);
  throw status === undefined || status >= 500 ? new ContextError({ cause }) : cause;
}
