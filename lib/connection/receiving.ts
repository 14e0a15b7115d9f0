/**
 * How a connection takes messages: in order, one at a time, so many per turn, never more than it
 * can hold; each decoded and handed to the session.
 */
import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { type Wire } from '../core/codec.ts';
import { type ConnectionSettings } from './options.ts';
import { type SocketConnection } from './connection.ts';
import { onMessageChannel } from '../process/diagnostics.ts';
import { CloseCode } from '../core/close-codes.ts';
import { DecodeError, TimeoutError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { bytesOf, Inbox, type Received, sizeOf, textOf } from './inbox.ts';
import { decode } from '../core/pipe.ts';
import { Bucket } from './rate-limit.ts';
import { type Session } from './session.ts';
import { startTimer } from '../process/timers.ts';
import { resumeNextTurn, Turn } from '../process/fairness.ts';

/** Twenty in a row are no accident. */
const MAX_UNDECODABLE = 20;

/** The receiving half of a connection. */
export class Reception<In, Out, Context, Request extends IncomingMessage> {
  readonly #connection: SocketConnection<In, Out, Context, Request>;
  readonly #settings: ConnectionSettings<In, Out, Context, Request>;
  readonly #socket: WebSocket;
  /** Made when something has to wait for the first time. */
  #inbox: Inbox | undefined;
  readonly #turn: Turn = new Turn();
  readonly #bucket: Bucket | undefined;
  #session: Session<In, Out, Context, Request> | undefined;
  /** Something is waited for: the context, the session's opening, a handler. */
  #isBusy = true;
  /** The client does not read what it was sent. */
  #isHeld = false;
  #isScheduled = false;
  /** No message is handled any more. */
  #isOver = false;
  #undecodable = 0;
  #timer: NodeJS.Timeout | undefined;
  #onRest: (() => void) | undefined;
  #report: (() => void) | undefined;

  constructor(
    connection: SocketConnection<In, Out, Context, Request>,
    settings: ConnectionSettings<In, Out, Context, Request>,
    socket: WebSocket,
  ) {
    this.#connection = connection;
    this.#settings = settings;
    this.#socket = socket;
    this.#bucket = settings.rateLimit === undefined ? undefined : new Bucket(settings.rateLimit);
  }

  /** True while the socket is not read. */
  get isPaused(): boolean {
    return this.#inbox?.isPaused === true;
  }

  /** A message has arrived. */
  take(data: Received, isBinary: boolean): void {
    if (this.#isOver) return;
    if (
      // guard: rate limit → false
      this.#bucket !== undefined &&
      !this.#bucket.take()
    ) {
      this.#connection.refuse(CloseCode.RateLimited);
    } else if (
      // guard: limit where ws has none → false
      isLarger(data, this.#settings.limit)
    ) {
      this.#connection.refuse(CloseCode.TooLarge);
    } else if (this.#isFree && this.#waiting === 0 && this.#turn.take()) {
      this.#handle(data, isBinary);
    } else {
      this.#inbox ??= new Inbox(this.#socket, this.#connection.request.socket);
      this.#inbox.push(data, isBinary);
      if (this.#isFree) this.#resumeNextTurn();
    }
  }

  /** Begins to handle messages, once the session has opened. */
  begin(
    session: Session<In, Out, Context, Request>,
    opening: void | PromiseLike<void>,
    failed: (cause: unknown) => void,
  ): void {
    this.#session = session;
    if (isPromise(opening)) this.#waitFor(opening, failed);
    else this.#rest();
  }

  /** Stops taking messages as long as the client has to catch up. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The client has caught up. */
  release(): void {
    this.#isHeld = false;
    this.resume();
  }

  /** Goes on with what waits: in the next turn, or when what was waited for is over. */
  resume(): void {
    this.#isScheduled = false;
    while (this.#isFree && this.#waiting > 0) {
      if (!this.#turn.take()) {
        this.#resumeNextTurn();
        return;
      }
      const item = this.#inbox?.shift();
      if (item !== undefined) this.#handle(item.data, item.isBinary);
    }
  }

  /** Handles no further message; resolves when the one that is being handled is through. */
  drain(): Promise<void> {
    const isHandling = this.#isBusy && !this.#isOver && this.#session !== undefined;
    this.#isOver = true;
    if (!isHandling) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onRest = resolve;
    });
  }

  /** Handles no further message, and forgets those that wait. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#inbox?.discard();
    this.#onRest?.();
  }

  get #isFree(): boolean {
    return !this.#isBusy && !this.#isHeld && !this.#isOver;
  }

  /** How many messages wait. */
  get #waiting(): number {
    return this.#inbox === undefined ? 0 : this.#inbox.length;
  }

  #resumeNextTurn(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    resumeNextTurn(this);
  }

  #handle(data: Received, isBinary: boolean): void {
    if (onMessageChannel.hasSubscribers) this.#report = this.#reporter(data);
    this.#handleMessage(data, isBinary);
    if (!this.#isBusy) this.#reportHandled();
  }

  #handleMessage(data: Received, isBinary: boolean): void {
    let message: In;
    try {
      message = decode(this.#encodedIn(data, isBinary), this.#settings.codec);
    } catch (error) {
      this.#refuse(error as DecodeError);
      return;
    }
    // guard: a good one resets the count
    this.#undecodable = 0;
    const pending = this.#session?.received(message, this.#connection);
    if (isPromise(pending)) this.#waitFor(pending);
  }

  /** What tells the watchers of a message, once it is handled. */
  #reporter(data: Received): () => void {
    const began = performance.now();
    const saidBefore = this.#connection.said;
    return () => {
      onMessageChannel.publish({
        transport: this.#settings.transport,
        duration: performance.now() - began,
        received: sizeOf(data),
        sent: this.#connection.said - saidBefore,
      });
    };
  }

  #reportHandled(): void {
    const report = this.#report;
    this.#report = undefined;
    report?.();
  }

  /** @throws {@link DecodeError} when the frame is not of the codec's kind */
  #encodedIn(data: Received, isBinary: boolean): Wire {
    if (!this.#settings.isBinary) {
      // guard: a binary frame is no text → const text = textOf(data, false);
      const text = textOf(data, isBinary);
      if (text !== undefined) return text;
      throw new DecodeError('expected a text frame');
    }
    if (!isBinary || typeof data === 'string') throw new DecodeError('expected a binary frame');
    const bytes = bytesOf(data);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #refuse(error: DecodeError): void {
    this.#undecodable += 1;
    // guard: 20 undecodable in a row → const isLast = false;
    const isLast = this.#undecodable >= MAX_UNDECODABLE;
    const answering = this.#connection.answer(error);
    if (!isPromise(answering)) {
      if (isLast) this.#connection.refuse(CloseCode.Undecodable);
      return;
    }
    this.#waitFor(
      answering.then(() => {
        if (isLast) this.#connection.refuse(CloseCode.Undecodable);
      }),
    );
  }

  /** Holds the following messages back, at most for `handlerTimeout`. */
  #waitFor(pending: PromiseLike<void>, failed?: (cause: unknown) => void): void {
    // guard: one message at a time
    this.#isBusy = true;
    this.#timer = startTimer(tookTooLong, this.#settings.handlerTimeout, this.#connection);
    pending.then(
      () => {
        this.#rest();
      },
      (cause: unknown) => {
        if (failed === undefined) this.#rest();
        else failed(cause);
      },
    );
  }

  /** What was waited for is over. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.#reportHandled();
    this.#onRest?.();
    this.resume();
  }
}

function tookTooLong<In, Out, Context, Request extends IncomingMessage>(
  connection: SocketConnection<In, Out, Context, Request>,
): void {
  const { handlerTimeout } = connection.settings;
  // guard: signal aborts at handlerTimeout
  // guard: handlerTimeout of a connection
  connection.abandon();
  // guard: handlerTimeout of a connection
  connection.fail(new TimeoutError('handler-timeout', handlerTimeout));
}

/** Whether a message is over the limit, without measuring a text that cannot be. */
function isLarger(data: Received, limit: number): boolean {
  if (typeof data !== 'string') return sizeOf(data) > limit;
  return data.length > limit || (data.length * 3 > limit && Buffer.byteLength(data) > limit);
}
