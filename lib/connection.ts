/**
 * One socket, from the moment that a route has it to its end: who may come in, what is sent, when
 * it ends. How it takes messages is `reception.ts`; what runs on it is a {@link Session}.
 */
import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { isSendable, safeClose } from './closing.ts';
import { type Wire } from './codec.ts';
import { type ConnectionSettings } from './connection-options.ts';
import { onCloseChannel, onOpenChannel, publishRefused } from './diagnostics.ts';
import {
  CloseCode,
  ContextError,
  HookError,
  OmniError,
  reasonOf,
  statusOf,
  TimeoutError,
} from './errors.ts';
import { type Connection, isPromise } from './exchange.ts';
import { type Frame } from './frame.ts';
import { type Admission, admissionOf, restoreUrl } from './handshake.ts';
import { unwatch, watch } from './heartbeat.ts';
import { type Received } from './inbox.ts';
import { Liveness } from './liveness.ts';
import { Outbox } from './outbox.ts';
import { encode, type Piped, recover, tell } from './pipe.ts';
import { Reception } from './reception.ts';
import { type Session } from './session.ts';
import { listen } from './socket-listeners.ts';
import { startTimer } from './timer.ts';
import { directStream, limitPayload } from './ws-internals.ts';

/** A connection that fails within so many milliseconds would fail again at once. */
const YOUNG = 10_000;
const OPEN = 1;
const CLOSED = 3;

/** A connection as the library has it; the user sees the interface `Connection` of it. */
export class SocketConnection<
  In,
  Out,
  Context,
  Request extends IncomingMessage = IncomingMessage,
> implements Connection<Out, Context, Request> {
  readonly request: Request;
  /** Undefined until `context` has returned. */
  context: Context = undefined as Context;
  readonly settings: ConnectionSettings<In, Out, Context, Request>;
  readonly #socket: WebSocket;
  readonly #start: (
    connection: SocketConnection<In, Out, Context, Request>,
  ) => Session<In, Out, Context, Request>;
  readonly #outbox: Outbox;
  readonly #reception: Reception<In, Out, Context, Request>;
  readonly #liveness: Liveness;
  readonly #arrived: number = performance.now();
  #session: Session<In, Out, Context, Request> | undefined;
  #state: 'opening' | 'open' | 'failing' | 'closing' | 'closed' = 'opening';
  #isCongested = false;
  #expires = Infinity;
  #closeCode: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort: AbortController | undefined;
  #endings: Set<(code: number) => void> | undefined;
  #send: ((message: Out) => boolean) | undefined;
  #close: ((code?: number, reason?: string) => void) | undefined;

  /**
   * Takes a socket. Its listeners stand when this returns: no frame is lost from here on.
   * @param start - makes the session, once the context is known
   */
  constructor(
    socket: WebSocket,
    request: Request,
    settings: ConnectionSettings<In, Out, Context, Request>,
    start: (
      connection: SocketConnection<In, Out, Context, Request>,
    ) => Session<In, Out, Context, Request>,
  ) {
    const { interval, timeout, beat, limit } = settings;
    this.request = request;
    this.settings = settings;
    this.#socket = socket;
    this.#start = start;
    this.#outbox = new Outbox(socket, directStream(socket, request), request.socket);
    this.#reception = new Reception(this, settings, socket);
    this.#liveness = new Liveness(interval, timeout, beat);
    restoreUrl(request);
    listen(socket, this);
    limitPayload(socket, limit);
    const admission = admissionOf(socket);
    admission?.claim(() => this.#shutDown());
    if (socket.readyState === CLOSED) {
      // Gone while a middleware before us was busy: its 'close' was told to nobody.
      this.#state = 'closed';
      return;
    }
    watch(this, beat);
    if (this.#mayEnter(admission)) this.#enter(admission?.authorized);
  }

  /** Whether its frames are binary. */
  get binary(): boolean {
    return this.settings.isBinary;
  }

  /** How much was said on it, in bytes. */
  get said(): number {
    return this.#outbox.said;
  }

  /** Open, and not about to end. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isEnding) this.#abort.abort();
    return this.#abort.signal;
  }

  // Both are made when first asked for, so that they can be taken out of the connection
  // (`({ send }) => …`) and still cost nothing where nobody does.
  get send(): (message: Out) => boolean {
    this.#send ??= (message) => this.say(message);
    return this.#send;
  }

  get close(): (code?: number, reason?: string) => void {
    this.#close ??= (code = 1000, reason = reasonOf(code)) => {
      if (!isSendable(code)) {
        throw new RangeError(
          `Expected the close code to be one that may be sent (1000, 3000 to 4999), got ${code}`,
        );
      }
      this.end(code, reason);
    };
    return this.#close;
  }

  /** What `send` does, without a function made for this connection. */
  say(message: Out): boolean {
    if (this.#isEnding) return false;
    let encoded: Wire | undefined;
    try {
      encoded = encode(message, this.settings.codec);
    } catch (error) {
      return this.answer(error as OmniError) === true;
    }
    return this.transmit(encoded);
  }

  /** Sends what was encoded. False when there is nothing, or the connection is ending or too slow. */
  transmit(encoded: Wire | Frame | undefined): boolean {
    if (encoded === undefined || this.#isEnding) return false;
    // The client has begun to close, or broke the protocol: ws has sent the last frame.
    if (this.#socket.readyState !== OPEN) return false;
    const outbox = this.#outbox;
    if (outbox.buffered > this.settings.maxBuffered) {
      this.refuse(CloseCode.TooSlow);
      return false;
    }
    outbox.push(encoded);
    if (outbox.buffered > this.settings.highWaterMark) this.#congest();
    return true;
  }

  /** Sends a frame that was made for many. */
  deliver(frame: Frame): boolean {
    return this.transmit(frame);
  }

  /** Calls back at the close (at once, when that was already). Returns what takes that back. */
  whenClosed(callback: (code: number) => void): () => void {
    if (this.#state === 'closed') {
      callback(this.#closeCode ?? 1006);
      return () => {};
    }
    this.#endings ??= new Set();
    this.#endings.add(callback);
    return () => {
      this.#endings?.delete(callback);
    };
  }

  /** Takes no more messages; resolves when the one that is being handled has been answered. */
  drain(): Promise<void> {
    return this.#reception.drain();
  }

  /** Aborts what is being done for the client, without ending the connection yet. */
  abandon(): void {
    // Made here if nobody has asked for it yet: who asks later must find it aborted.
    this.#abort ??= new AbortController();
    this.#abort.abort();
  }

  /** Asks `onError` about a failure that does not end the connection, and sends what it answers. */
  answer(error: OmniError): boolean | Promise<boolean> {
    let answer: Piped<Wire>;
    try {
      answer = recover(error, this.settings, this);
    } catch {
      // Nobody answered. onError was told, and there is no one else.
      return false;
    }
    if (!isPromise(answer)) return this.transmit(answer);
    return answer.then(
      (encoded) => this.transmit(encoded),
      () => false,
    );
  }

  /** Asks `onError` about a failure that ends the connection; what it answers is sent before the end. */
  fail(error: OmniError, code: CloseCode = CloseCode.Failed): void {
    if (this.#state === 'failing' || this.#isEnding) {
      tell(error, this.settings.onError, this);
      return;
    }
    this.#startFailing();
    const answering = this.answer(error);
    const end = (): void => {
      this.#endFailed(code);
    };
    if (!isPromise(answering)) {
      end();
      return;
    }
    this.#startTimer(end, this.settings.handlerTimeout);
    void answering.then(end);
  }

  /** Ends the connection for a failure that somebody else was told of. */
  failSilently(): void {
    if (this.#state === 'failing' || this.#isEnding) return;
    this.#startFailing();
    this.#endFailed(CloseCode.Failed);
  }

  /** Ends the connection for what the client did or is: the watchers are told, `onError` is not. */
  refuse(code: CloseCode): void {
    if (this.#isEnding) return;
    const { transport } = this.settings;
    publishRefused({ transport, code: reasonOf(code), status: code });
    this.end(code);
  }

  /** Ends the connection, after what was said. */
  end(code: number, reason?: string): void {
    if (this.#isEnding) return;
    this.#closeCode = code;
    this.#leave('closing');
    const { wireCode } = this.settings;
    if (wireCode === undefined) safeClose(this.#socket, code, reason);
    else safeClose(this.#socket, wireCode(code), reason ?? reasonOf(code));
  }

  // What the socket tells, and the heart.

  receive(data: Received, isBinary: boolean): void {
    this.#liveness.heard();
    this.#reception.take(data, isBinary);
  }

  heard(): void {
    this.#liveness.heard();
  }

  malformed(status: number): void {
    this.#closeCode ??= status;
    publishRefused({ transport: this.settings.transport, code: 'malformed', status });
  }

  flush(): void {
    this.#outbox.flush();
  }

  closed(code: number): void {
    this.#closeCode ??= code;
    this.#leave('closed');
    this.#outbox.discard();
    unwatch(this, this.settings.beat);
    for (const callback of this.#endings ?? []) callback(this.#closeCode);
    this.#endings = undefined;
    if (this.#session !== undefined) this.#tellClosed(this.#session, this.#closeCode);
  }

  beat(elapsed: number): void {
    if (this.#isEnding) return;
    if (Date.now() >= this.#expires) {
      this.refuse(CloseCode.Unauthorized);
      return;
    }
    const liveness = this.#liveness;
    const isGone =
      this.#isCongested && liveness.beatWhileCongested(elapsed, this.#outbox.buffered) === 'gone';
    const verdict = this.#reception.isPaused ? liveness.beatWhilePaused() : liveness.beat(elapsed);
    if (isGone || verdict === 'gone') this.#socket.terminate();
    else if (verdict === 'ask') this.#socket.ping();
  }

  /** Nothing more is taken; what is answered is still sent. */
  #startFailing(): void {
    this.#state = 'failing';
    void this.#reception.drain();
  }

  /** Closes now, or, so that clients who come back at once do not do so all the time, later. */
  #endFailed(code: CloseCode): void {
    // The client may have gone while onError was busy.
    if (this.#isEnding) return;
    const { failureDelay = 0 } = this.settings;
    if (failureDelay === 0 || performance.now() - this.#arrived > YOUNG) {
      this.end(code);
      return;
    }
    // Spread, so that those who failed together do not come back together.
    this.#startTimer(() => this.end(code), failureDelay * (0.5 + Math.random()));
  }

  /** The server shuts down: what is being handled is answered, and then there is nothing more to say. */
  async #shutDown(): Promise<void> {
    await this.drain();
    this.end(CloseCode.GoingAway);
  }

  get #isEnding(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  #mayEnter(admission: Admission | undefined): boolean {
    const { hasOrigins, isAllowed } = this.settings;
    if (admission !== undefined && !hasOrigins) return true;
    let isWelcome: boolean;
    try {
      isWelcome = isAllowed(this.request);
    } catch (cause) {
      this.fail(new ContextError({ cause }));
      return false;
    }
    if (!isWelcome) this.refuse(CloseCode.Forbidden);
    return isWelcome;
  }

  /** Asks for the context. */
  #enter(authorized: unknown): void {
    const { context, contextTimeout } = this.settings;
    if (context === undefined) {
      this.#open(undefined as Context);
      return;
    }
    let given: Context | PromiseLike<Context>;
    try {
      given = context(this.request, authorized);
    } catch (fault) {
      this.#turnAway(fault);
      return;
    }
    if (!isPromise(given)) {
      this.#open(given);
      return;
    }
    this.#startTimer(() => {
      this.fail(new TimeoutError('context-timeout', contextTimeout), CloseCode.Timeout);
    }, contextTimeout);
    given.then(
      (settled) => {
        this.#open(settled);
      },
      (fault: unknown) => {
        this.#turnAway(fault);
      },
    );
  }

  /** `context` threw: a status from 400 to 499 is its verdict on the client, anything else a fault. */
  #turnAway(fault: unknown): void {
    if (this.#state !== 'opening') return;
    const status = statusOf(fault);
    if (status === undefined || status >= 500) this.fail(new ContextError({ cause: fault }));
    else this.refuse(status === 401 ? CloseCode.Unauthorized : CloseCode.Forbidden);
  }

  #open(context: Context): void {
    if (this.#state !== 'opening') return;
    clearTimeout(this.#timer);
    this.context = context;
    try {
      this.#expires = expiryOf(this.settings.expires?.(context));
    } catch (cause) {
      this.fail(new ContextError({ cause }));
      return;
    }
    if (Date.now() >= this.#expires) {
      this.refuse(CloseCode.Unauthorized);
      return;
    }
    this.#state = 'open';
    if (onOpenChannel.hasSubscribers) {
      const duration = performance.now() - this.#arrived;
      onOpenChannel.publish({ transport: this.settings.transport, duration });
    }
    this.#session = this.#start(this);
    const failed = (cause: unknown): void => {
      this.fail(cause instanceof OmniError ? cause : new HookError('on-open', { cause }));
    };
    try {
      this.#reception.begin(this.#session, this.#session.opened(this), failed);
    } catch (cause) {
      failed(cause);
    }
  }

  /** The client reads more slowly than we speak: none of its messages until it has caught up. */
  #congest(): void {
    if (this.#isCongested) return;
    // Much may have been said in one turn to a client that reads well: only what the kernel does
    // not take tells.
    this.#outbox.flushUnlessBlocked();
    if (this.#outbox.buffered <= this.settings.highWaterMark) return;
    this.#isCongested = true;
    this.#reception.hold();
    this.#outbox.whenDrained(() => {
      this.#isCongested = false;
      this.#liveness.caughtUp();
      if (this.#outbox.buffered > this.settings.highWaterMark) this.#congest();
      if (!this.#isCongested) this.#reception.release();
    });
  }

  #startTimer(callback: () => void, delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = startTimer(callback, delay, undefined);
  }

  /** Nothing more is handled. */
  #leave(state: 'closing' | 'closed'): void {
    this.#state = state;
    clearTimeout(this.#timer);
    this.#reception.end();
    this.#abort?.abort();
  }

  #tellClosed(session: Session<In, Out, Context, Request>, code: number): void {
    if (onCloseChannel.hasSubscribers) {
      const duration = performance.now() - this.#arrived;
      onCloseChannel.publish({ transport: this.settings.transport, code, duration });
    }
    const failed = (cause: unknown): void => {
      const error = cause instanceof OmniError ? cause : new HookError('on-close', { cause });
      tell(error, this.settings.onError, this);
    };
    try {
      const ending = session.closed(this, code);
      if (isPromise(ending)) ending.then(undefined, failed);
    } catch (cause) {
      failed(cause);
    }
  }
}

/** @throws TypeError when it is no date: nobody is let in for ever by mistake */
function expiryOf(told: Date | number | undefined): number {
  const time = Number(told ?? Infinity);
  if (!Number.isNaN(time)) return time;
  throw new TypeError('Expected `expires` to return a date, milliseconds since 1970, or undefined');
}
