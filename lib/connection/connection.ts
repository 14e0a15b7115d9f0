/**
 * One socket, from the moment that a route has it to its end: what is sent, and when it ends. Who
 * may come in is `entrance.ts`, how it takes messages `reception.ts`; a {@link Session} runs on it.
 */
import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { delayOfFailure, expectSendable } from '../websocket/close.ts';
import { type Wire } from '../core/codec.ts';
import { Congestion } from './backpressure.ts';
import { type ConnectionSettings } from './options.ts';
import { publishRefused } from '../process/diagnostics.ts';
import { Ending } from './end.ts';
import { enter } from './admission.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { HookError, OmniError } from '../core/errors.ts';
import { type Connection, isPromise } from '../core/exchange.ts';
import { type Follower } from '../core/follower.ts';
import { Prepared } from '../core/prepared.ts';
import { frameOf } from '../websocket/frame.ts';
import { admissionOf, forgetRouting, restoreUrl } from './claim.ts';
import { unwatch, watch } from '../process/shared-interval.ts';
import { type Received } from './inbox.ts';
import { Liveness } from './keep-alive.ts';
import { Outbox } from '../websocket/outbox.ts';
import { encode, type Piped, recover, tell } from '../core/pipe.ts';
import { Reception } from './receiving.ts';
import { type Session, type Start, tellClosed, tellOpen } from './session.ts';
import { listen } from '../websocket/listeners.ts';
import { startTimer } from '../process/timers.ts';
import { directStream, limitPayload } from '../websocket/ws-internals.ts';

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
  readonly #start: Start<In, Out, Context, Request>;
  readonly #outbox: Outbox;
  readonly #reception: Reception<In, Out, Context, Request>;
  readonly #liveness: Liveness;
  readonly #ending: Ending;
  #congestion: Congestion | undefined;
  readonly #arrived: number = performance.now();
  #session: Session<In, Out, Context, Request> | undefined;
  #state: 'opening' | 'open' | 'failing' | 'closing' | 'closed' = 'opening';
  #expires: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort: AbortController | undefined;
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
    start: Start<In, Out, Context, Request>,
  ) {
    const { beat, limit, wireCode } = settings;
    this.request = request;
    this.settings = settings;
    this.#socket = socket;
    this.#start = start;
    this.#outbox = new Outbox(socket, directStream(socket, request), request.socket);
    this.#reception = new Reception(this, settings, socket);
    this.#liveness = new Liveness(settings);
    this.#ending = new Ending(socket, wireCode);
    restoreUrl(request);
    forgetRouting(request);
    listen(socket, this);
    limitPayload(socket, limit);
    const admission = admissionOf(socket);
    admission?.claim(this);
    if (socket.readyState === CLOSED) {
      // Gone while a middleware before us was busy: its 'close' was told to nobody.
      this.#state = 'closed';
      return;
    }
    watch(this, beat);
    enter(this, settings, admission);
  }

  /** Whether its frames are binary. */
  get binary(): boolean {
    return this.settings.isBinary;
  }

  /** How much was said on it, in bytes. */
  get said(): number {
    return this.#outbox.said;
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /** Let in, and not about to end. */
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
      expectSendable(code);
      this.end(code, reason);
    };
    return this.#close;
  }

  /**
   * What `send` does, without a function made for this connection.
   * @param encoder - `encodeOrSkip` for a message of an application
   */
  say(message: Out, encoder: typeof encode = encode): boolean {
    if (this.#isEnding) return false;
    let encoded: Wire | undefined;
    try {
      encoded = encoder(message, this.settings.codec);
    } catch (error) {
      return this.answer(error as OmniError) === true;
    }
    return this.sendEncoded(encoded);
  }

  /** Sends what was encoded, for this connection alone or for many. False when there is nothing, or the connection is ending or too slow. */
  sendEncoded(encoded: Wire | Prepared | undefined): boolean {
    if (encoded === undefined || this.#isEnding) return false;
    // The client has begun to close, or broke the protocol: ws has sent the last frame.
    if (this.#socket.readyState !== OPEN) return false;
    const { maxBuffered, highWaterMark } = this.settings;
    const { buffered } = this.#outbox;
    // guard: maxBuffered → if (this.#outbox.buffered === -1) { this.refuse(CloseCode.TooSlow); return false; }
    if (buffered > maxBuffered) {
      this.refuse(CloseCode.TooSlow);
      return false;
    }
    if (
      buffered +
        this.#outbox.push(encoded instanceof Prepared ? encoded.framedBy(frameOf) : encoded) >
      highWaterMark
    ) {
      this.#congestion ??= new Congestion(this.#outbox, this.#reception, this.settings);
      this.#congestion.begin();
    }
    return true;
  }

  /** Tells the follower of the end, unless it is over already: then false. */
  follow(follower: Follower): boolean {
    if (this.#state === 'closed') return false;
    this.#ending.follow(follower);
    return true;
  }

  /** Does not tell it after all. */
  unfollow(follower: Follower): void {
    this.#ending.unfollow(follower);
  }

  /** The server shuts down: what is being handled is answered, and there is nothing more to say. */
  async shutDown(): Promise<void> {
    await this.#reception.drain();
    this.end(CloseCode.GoingAway);
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
    if (!isPromise(answer)) return this.sendEncoded(answer);
    return answer.then((encoded) => this.sendEncoded(encoded)).catch(() => false);
  }

  /** Asks `onError` about a failure that ends the connection; what it answers is sent before the end. */
  fail(error: OmniError, code: CloseCode = CloseCode.Failed): void {
    if (!this.#startFailing()) {
      tell(error, this.settings.onError, this);
      return;
    }
    const answering = this.answer(error);
    const end = (): void => this.#endFailed(code);
    if (!isPromise(answering)) return end();
    this.startTimer(end, this.settings.handlerTimeout);
    void answering.then(end);
  }

  /** Ends the connection for a failure that somebody else was told of. */
  failSilently(): void {
    if (this.#startFailing()) this.#endFailed(CloseCode.Failed);
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
    this.#leave('closing');
    this.#ending.begin(code, reason);
  }

  // What the entrance tells.

  know(context: Context): void {
    clearTimeout(this.#timer);
    this.context = context;
  }

  open(expires: number | undefined): void {
    this.#state = 'open';
    this.#expires = expires;
    tellOpen(this.settings.transport, performance.now() - this.#arrived);
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

  startTimer(callback: () => void, delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = startTimer(callback, delay, undefined);
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
    this.#ending.because(status);
    publishRefused({ transport: this.settings.transport, code: 'malformed', status });
  }

  flush(): void {
    this.#outbox.flush();
  }

  closed(code: number): void {
    this.#leave('closed');
    this.#outbox.discard();
    unwatch(this, this.settings.beat);
    const counted = this.#ending.complete(code);
    if (this.#session === undefined) return;
    tellClosed(this.#session, this, counted, performance.now() - this.#arrived);
  }

  beat(elapsed: number): void {
    if (this.#isEnding) return;
    // guard: expiry while it is open
    if (this.#expires !== undefined && Date.now() >= this.#expires) {
      this.refuse(CloseCode.Unauthorized);
      return;
    }
    const liveness = this.#liveness;
    // guard: heartbeat exemption while we pause → const verdict = liveness.beat(elapsed);
    const verdict = this.#reception.isPaused ? liveness.beatWhilePaused() : liveness.beat(elapsed);
    const isStuck = this.#congestion?.beat(elapsed) === true;
    // guard: heartbeat of a client that takes nothing → if (verdict === 'gone') this.#socket.terminate(); else if (verdict === 'ask') this.#socket.ping();
    // guard: heartbeat → if (isStuck) this.#socket.terminate(); else if (verdict === 'ask') this.#socket.ping();
    if (isStuck || verdict === 'gone') this.#socket.terminate();
    else if (verdict === 'ask') this.#socket.ping();
  }

  /** Nothing more is taken; what is answered is still sent. */
  #startFailing(): boolean {
    if (this.#state === 'failing' || this.#isEnding) return false;
    this.#state = 'failing';
    void this.#reception.drain();
    return true;
  }

  /** Closes now, or, so that clients who come back at once do not do so all the time, later. */
  #endFailed(code: CloseCode): void {
    // The client may have gone while onError was busy.
    if (this.#isEnding) return;
    const delay = delayOfFailure(this.settings.failureDelay, performance.now() - this.#arrived);
    if (delay === 0) this.end(code);
    else this.startTimer(() => this.end(code), delay);
  }

  get #isEnding(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** Nothing more is handled. */
  // guard: signal aborts at the end → #leave(state: 'closing' | 'closed'): void { this.#state = state; clearTimeout(this.#timer); this.#reception.end(); }
  #leave(state: 'closing' | 'closed'): void {
    this.#state = state;
    clearTimeout(this.#timer);
    // guard: nothing is handled after the end
    this.#reception.end();
    this.#abort?.abort();
  }
}
