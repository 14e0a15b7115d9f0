/**
 * One client over any transport, from the moment that a route has it to its end: what is sent, and
 * when it ends. Which clients are admitted is in `admission.ts`, how messages are taken in
 * `receiving.ts`; a {@link Session} runs on it.
 */
import { type IncomingMessage } from 'node:http';
import { CloseCode, expectSendable, reasonOf } from '../core/close-codes.ts';
import { attempt } from '../core/attempt.ts';
import { HookError, OmniError, TimeoutError } from '../core/errors.ts';
import { type Connection, isPromise } from '../core/exchange.ts';
import { type Follower } from '../core/follower.ts';
import { report } from '../core/pipe.ts';
import { AsyncContext } from '../process/async-context.ts';
import { publishClose, publishOpen, publishRefused } from '../process/diagnostics.ts';
import { unwatch, watch } from '../process/shared-interval.ts';
import { type MessageId } from './acknowledgement.ts';
import { admit, type Applicant } from './admission.ts';
import { type Admission } from './claim.ts';
import { ConnectionEnd, delayOfFailure } from './end.ts';
import { KeepAlive } from './keep-alive.ts';
import { type Line, type LineListener, type Received } from './line.ts';
import { type ConnectionSettings } from './options.ts';
import { type ReceiverHost } from './receiver-host.ts';
import { MessageReceiver } from './receiving.ts';
import { ReturningConnection } from './returning.ts';
import { MessageSender, type SenderHost } from './sending.ts';
import { type Session } from './session.ts';

/** A connection as the library has it; the user sees the interface `Connection` of it. */
export class ClientConnection<In, Out, Context, Request extends IncomingMessage = IncomingMessage>
  extends ReturningConnection<In, Out, Context, Request>
  implements
    Connection<Out, Context, Request>,
    Applicant<Context, Request>,
    LineListener,
    ReceiverHost<In>,
    SenderHost
{
  readonly asyncContext: AsyncContext = new AsyncContext();
  protected readonly line: Line;
  readonly #start: StartSession<In, Out, Context, Request>;
  protected readonly receiver: MessageReceiver<In>;
  readonly #keepAlive: KeepAlive;
  readonly #end: ConnectionEnd = new ConnectionEnd();
  protected readonly sender: MessageSender;
  readonly #arrived: number = performance.now();
  #session: ConnectionSession<In, Out, Context, Request> | undefined;
  #expires: number | undefined;
  #abort: AbortController | undefined;
  #close: ((code?: number, reason?: string) => void) | undefined;
  /** On a marked line: the message that is being handled. */
  #handling: MessageId | undefined;

  /** @param start - makes the session, once the context is known */
  constructor(
    line: Line,
    request: Request,
    settings: ConnectionSettings<In, Out, Context, Request>,
    start: StartSession<In, Out, Context, Request>,
  ) {
    super(request, settings);
    this.line = line;
    this.#start = start;
    this.receiver = new MessageReceiver(this, settings, line);
    this.#keepAlive = new KeepAlive(settings);
    this.sender = new MessageSender(this, line, settings, this.receiver);
  }

  /**
   * Begins, once the events of the line arrive here.
   * @param admission - how it passed `attachWebSockets`, if it did
   */
  begin(admission: Admission | undefined): void {
    this.meet(admission?.authorized);
    watch(this, this.settings.beat);
    admit(this, this.settings, admission);
  }

  /** The client left before the first event of its line. */
  neverOpened(): void {
    this.state = 'closed';
  }

  get isOpening(): boolean {
    return this.state === 'opening';
  }

  /** Admitted, and not about to end. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.isEnding) this.#abort.abort();
    return this.#abort.signal;
  }

  // Made at the first use, as `send` is.
  get close(): (code?: number, reason?: string) => void {
    this.#close ??= (code = 1000, reason = reasonOf(code)) => {
      expectSendable(code);
      this.end(code, reason);
    };
    return this.#close;
  }

  /** Calls the follower at the end, unless it is over already: then false. */
  follow(follower: Follower): boolean {
    if (this.state === 'closed') return false;
    this.#end.follow(follower);
    return true;
  }

  /** Does not call it after all. */
  unfollow(follower: Follower): void {
    this.#end.unfollow(follower);
  }

  /** The server shuts down: what is being handled is answered, and nothing follows it. */
  async shutDown(): Promise<void> {
    await this.receiver.drain();
    // guard: what a hub answers is sent before 1001
    await this.sender.answered();
    this.end(CloseCode.GoingAway);
  }

  /** Calls `onError` with a failure that ends the connection; its answer is sent before the close. */
  fail(error: OmniError, code: CloseCode = CloseCode.Failed, id?: MessageId): void {
    if (!this.#startFailing()) {
      report(error, this.settings.onError, this);
      return;
    }
    const answering = this.answerFailure(error, id);
    if (!isPromise(answering)) return this.#endFailed(code);
    const end = (): void => this.#endFailed(code);
    this.startTimer(end, this.settings.handlerTimeout);
    void answering.then(end);
  }

  /** Ends the connection for a failure that was reported elsewhere. */
  failSilently(): void {
    if (this.#startFailing()) this.#endFailed(CloseCode.Failed);
  }

  /** Ends the connection because of its client: published as refused, `onError` is not called. */
  refuse(code: CloseCode): void {
    if (this.isEnding) return;
    publishRefused({ ...this.origin, code: reasonOf(code), status: code });
    this.end(code);
  }

  /** Ends the connection, after what was sent. */
  end(code: number, reason?: string): void {
    if (this.isEnding) return;
    this.#leave('closing');
    this.#end.recordCause(code);
    const { wireCode } = this.settings;
    if (wireCode === undefined) this.line.close(code, reason);
    else this.line.close(wireCode(code), reason ?? reasonOf(code));
  }

  // What the admission and the receiver call.

  know(context: Context): void {
    this.stopTimer();
    this.context = context;
  }

  open(expires: number | undefined): void {
    this.#expires = expires;
    this.whenIntroduced(() => this.#open());
  }

  #open(): void {
    this.state = 'open';
    publishOpen(this.settings.transport, this.id, performance.now() - this.#arrived);
    this.#session = this.#start(this);
    const failed = (cause: unknown): void => {
      this.fail(cause instanceof OmniError ? cause : new HookError('on-open', { cause }));
    };
    try {
      this.receiver.begin(this.#session.opened(this), failed);
    } catch (cause) {
      failed(cause);
    }
  }

  deliver(message: In, id: MessageId | undefined, isRepeat: boolean): void | PromiseLike<void> {
    this.#handling = id;
    this.sender.begin(id);
    const claim = this.claim(id, isRepeat);
    if (claim === true) return this.#session?.received(message, this, id);
    if (claim === false) return undefined;
    return claim.then((isOurs) =>
      isOurs ? this.#session?.received(message, this, id) : undefined,
    );
  }

  tookTooLong(): void {
    // Made here if it was not read yet: a later reader must find it aborted.
    this.#abort ??= new AbortController();
    // guard: signal aborts at handlerTimeout
    this.#abort.abort();
    const id = this.#handling;
    const error = new TimeoutError('handler-timeout', this.settings.handlerTimeout);
    // guard: handlerTimeout of a connection
    this.fail(error, CloseCode.Failed, id);
    this.sender.giveUp(id);
  }

  // What the line calls, and the shared interval.

  receive(data: Received, isBinary: boolean): void {
    this.#keepAlive.heard();
    // guard: messages in the context of their connection → this.receiver.take(data, isBinary);
    this.asyncContext.run(receiveMessage, this.receiver, data, isBinary);
  }

  heard(): void {
    this.#keepAlive.heard();
    this.receiver.takeControl();
  }

  malformed(status: number): void {
    this.#end.recordCause(status);
    publishRefused({ ...this.origin, code: 'malformed', status });
  }

  finish(finished: () => void): boolean {
    return this.receiver.finish(finished);
  }

  closed(code: number): void {
    this.asyncContext.run(() => this.#closed(code), undefined);
  }

  beat(elapsed: number): void {
    if (this.isEnding) return;
    // guard: expiry while it is open
    if (this.#expires !== undefined && Date.now() >= this.#expires) {
      this.asyncContext.run(() => this.refuse(CloseCode.Unauthorized), undefined);
      return;
    }
    const isDeaf = this.receiver.isPaused || this.line.isOneWay;
    // guard: heartbeat exemption while we pause → const verdict = this.#keepAlive.beat(elapsed);
    const verdict = isDeaf ? this.#keepAlive.beatWhilePaused() : this.#keepAlive.beat(elapsed);
    const isStuck = this.sender.beat(elapsed);
    // guard: heartbeat of a client that takes nothing → if (verdict === 'gone') this.line.terminate(); else if (verdict === 'ask') this.line.ping();
    // guard: heartbeat → if (isStuck) this.line.terminate(); else if (verdict === 'ask') this.line.ping();
    if (isStuck || verdict === 'gone') this.line.terminate();
    else if (verdict === 'ask') this.line.ping();
  }

  override get isEnding(): boolean {
    return this.state === 'closing' || this.state === 'closed';
  }

  /** Nothing more is taken; what is answered is still sent. */
  #startFailing(): boolean {
    if (this.state === 'failing' || this.isEnding) return false;
    this.state = 'failing';
    void this.receiver.drain();
    return true;
  }

  /** Closes now, or later, so that clients which reconnect at once do not do so all the time. */
  #endFailed(code: CloseCode): void {
    // The client may have gone while onError was busy.
    if (this.isEnding) return;
    const delay = delayOfFailure(this.settings.failureDelay, performance.now() - this.#arrived);
    if (delay === 0) this.end(code);
    else this.startTimer(() => this.end(code), delay);
  }

  #closed(code: number): void {
    this.#leave('closed');
    this.line.discard();
    unwatch(this, this.settings.beat);
    const counted = this.#end.codeOf(code);
    this.#end.ended();
    const session = this.#session;
    this.leave(session?.isOfConnection === true);
    if (session === undefined) return;
    publishClose(this.settings.transport, this.id, counted, performance.now() - this.#arrived);
    attempt(
      () => session.closed(this, counted),
      (cause) => {
        const error = cause instanceof OmniError ? cause : new HookError('on-close', { cause });
        report(error, this.settings.onError, this);
      },
    );
  }

  /** Nothing more is handled. */
  // guard: signal aborts at the end → #leave(state: 'closing' | 'closed'): void { this.state = state; this.stopTimer(); this.receiver.end(); }
  #leave(state: 'closing' | 'closed'): void {
    this.state = state;
    this.stopTimer();
    // guard: nothing is handled after the end
    this.receiver.end();
    this.#abort?.abort();
  }
}

/** What runs on a connection. */
export type ConnectionSession<In, Out, Context, Request extends IncomingMessage> = Session<
  In,
  ClientConnection<In, Out, Context, Request>
>;

/** Makes the session of a connection whose context is known. */
export type StartSession<In, Out, Context, Request extends IncomingMessage> = (
  connection: ClientConnection<In, Out, Context, Request>,
) => ConnectionSession<In, Out, Context, Request>;

function receiveMessage<In>(this: MessageReceiver<In>, data: Received, isBinary: boolean): void {
  this.take(data, isBinary);
}
