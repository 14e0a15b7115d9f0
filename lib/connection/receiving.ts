/**
 * How a connection takes messages: in order, one at a time, so many per turn, never more than it
 * can hold; each decoded and handed to the session. Frames that are no messages (pings, pongs,
 * probes) take their share of the turn as well.
 */
import { idOf, isProbe, Marks, type MessageId, resumePayloadOf } from './acknowledgement.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { type DecodeError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { decode } from '../core/pipe.ts';
import { FRAME_HEADER } from '../core/protocol.ts';
import { type AsyncContext } from '../process/async-context.ts';
import { MessageMeasure, onMessageChannel } from '../process/diagnostics.ts';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';
import { startTimer } from '../process/timers.ts';
import { encodedIn, frameOf } from './encoded.ts';
import { Inbox, isLarger, sizeOf } from './inbox.ts';
import { type Line, type Received } from './line.ts';
import { type ReceiverHost, type ReceiverSettings } from './receiver-host.ts';
import { Bucket } from './rate-limit.ts';
import { UndecodableCount } from './undecodable.ts';

/** So many frames that are no messages may wait for their turn before the line is paused. */
const MAX_CONTROLS = 64;
/** How many frames a client may send while its connection is closing. */
const MAX_AFTER_END = 4_096;

/** The receiving half of a connection. */
export class MessageReceiver<In> implements Resumable {
  readonly #host: ReceiverHost<In>;
  readonly #settings: ReceiverSettings<In>;
  readonly #line: Line;
  /** Made when something has to wait for the first time. */
  #inbox: Inbox | undefined;
  readonly #turn: Turn = new Turn();
  readonly #bucket: Bucket | undefined;
  readonly #marks: Marks | undefined;
  /** The largest frame: on a marked line with its header. */
  readonly #limit: number;
  /** Waits for the context, the session's opening, or a handler. */
  #isBusy = true;
  /** The client reads too slowly. */
  #isHeld = false;
  #isScheduled = false;
  #isPaused = false;
  /** The session has been opened. */
  #hasBegun = false;
  /** No message is handled any more. */
  #isOver = false;
  #hasEnded = false;
  /** How many frames that are no messages wait for their share of a turn. */
  #controls = 0;
  #owesBeat = false;
  #undecodable: UndecodableCount | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onRest: (() => void) | undefined;
  #measure: MessageMeasure | undefined;

  constructor(host: ReceiverHost<In>, settings: ReceiverSettings<In>, line: Line) {
    this.#host = host;
    this.#settings = settings;
    this.#line = line;
    this.#bucket = settings.rateLimit === undefined ? undefined : new Bucket(settings.rateLimit);
    this.#marks = line.isMarked ? new Marks() : undefined;
    this.#limit = line.isMarked ? settings.limit + FRAME_HEADER : settings.limit;
  }

  get asyncContext(): AsyncContext {
    return this.#host.asyncContext;
  }

  /** True while nothing is read: then the client's silence is our own doing. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** A message has arrived. */
  take(data: Received, isBinary: boolean): void {
    if (this.#isOver) {
      this.#countAfterEnd();
    } else if (this.#marks !== undefined && isProbe(frameOf(data)) && !this.#host.awaitsResume) {
      if (this.takeControl()) this.#host.sendBeat();
      else this.#owesBeat = true;
    } else if (
      // guard: rate limit → false
      this.#bucket !== undefined &&
      !this.#bucket.take()
    ) {
      this.#refuseUnread(data, CloseCode.RateLimited);
    } else if (
      // guard: limit where ws has none → false
      isLarger(data, this.#limit)
    ) {
      this.#refuseUnread(data, CloseCode.TooLarge);
    } else if (this.#marks !== undefined && this.#host.awaitsResume) {
      this.#marks.goOn(this.#host.goOn(resumePayloadOf(frameOf(data))));
    } else if (this.#isFree && this.#waiting === 0 && this.#turn.take()) {
      this.#handle(data, isBinary);
    } else {
      this.#inbox ??= new Inbox();
      this.#inbox.push(data, isBinary);
      if (this.#inbox.isFull) this.#pause();
      if (this.#isFree) this.#resumeNextTurn();
    }
  }

  /**
   * A frame has arrived that is no message.
   * @returns false when this turn's share is used up
   */
  takeControl(): boolean {
    if (this.#isOver) {
      this.#countAfterEnd();
      return false;
    }
    // guard: rate limit of control frames
    if (this.#bucket !== undefined && !this.#bucket.take()) {
      this.#host.refuse(CloseCode.RateLimited);
      return false;
    }
    if (!this.#isHeld && this.#controls === 0 && this.#turn.take()) return true;
    this.#controls += 1;
    // guard: control frames take turns
    if (this.#controls > MAX_CONTROLS) this.#pause();
    if (!this.#isHeld) this.#resumeNextTurn();
    return false;
  }

  /** Begins to handle messages, once the session has opened. */
  begin(opening: void | PromiseLike<void>, failed: (cause: unknown) => void): void {
    this.#hasBegun = true;
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

  /** Handles the waiting messages: in the next turn, or when a handler has settled. */
  resume(): void {
    this.#isScheduled = false;
    while (this.#controls > 0 && !this.#isHeld && !this.#isOver) {
      if (!this.#turn.take()) {
        this.#resumeNextTurn();
        return;
      }
      this.#controls -= 1;
    }
    if (this.#owesBeat && this.#controls === 0) {
      this.#owesBeat = false;
      this.#host.sendBeat();
    }
    while (this.#isFree && this.#waiting > 0) {
      if (!this.#turn.take()) {
        this.#resumeNextTurn();
        break;
      }
      const item = this.#inbox?.shift();
      if (item !== undefined) this.#handle(item.data, item.isBinary);
    }
    this.#readOn();
    if (!this.#isOver && (!this.#isFree || this.#waiting === 0)) this.#onRest?.();
  }

  /**
   * Calls back when the messages that wait for their turn are handled. For a handler that takes
   * its time, or a client that has to catch up, nothing is waited.
   * @returns false when no message waits for its turn
   */
  finish(finished: () => void): boolean {
    // guard: messages before a close frame have their turns → return false;
    if (!this.#isFree || this.#waiting === 0) return false;
    this.#onRest = finished;
    return true;
  }

  /** Handles no further message; resolves when the one that is being handled is through. */
  drain(): Promise<void> {
    const isHandling = this.#isBusy && !this.#isOver && this.#hasBegun;
    this.#isOver = true;
    if (!isHandling) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onRest = resolve;
    });
  }

  /** Handles no further message, and forgets those that wait. */
  end(): void {
    this.#isOver = true;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#inbox?.discard();
    this.#controls = 0;
    // Reads on: a close frame, or the end, must still arrive.
    this.#readOn();
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

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#line.pause();
  }

  /** Ends a pause, unless too much waits still. */
  #readOn(): void {
    if (!this.#isPaused || this.#controls > 0) return;
    if (this.#inbox !== undefined && !this.#inbox.hasRoom) return;
    this.#isPaused = false;
    this.#line.resume();
  }

  /** A client that goes on sending while its connection closes is cut before the 5 s of a close are over. */
  #countAfterEnd(): void {
    if (!this.#hasEnded) return;
    this.#controls += 1;
    // guard: a client that floods while it is closed
    if (this.#controls > MAX_AFTER_END) this.#line.terminate();
  }

  /** Closes for a message that is not even decoded; on a marked line it is answered first. */
  #refuseUnread(data: Received, code: CloseCode): void {
    const id = this.#marks === undefined ? undefined : idOf(frameOf(data));
    if (id !== undefined) this.#host.failMessage(id, reasonOf(code));
    this.#host.refuse(code);
  }

  #handle(data: Received, isBinary: boolean): void {
    if (onMessageChannel.hasSubscribers) {
      const { origin } = this.#host;
      this.#measure = new MessageMeasure(origin, sizeOf(data), this.#line.bytesSent);
    }
    this.#handleMessage(data, isBinary);
    if (!this.#isBusy) this.#reportHandled();
  }

  #handleMessage(data: Received, isBinary: boolean): void {
    let message: In;
    let id: MessageId | undefined;
    let isRepeat = false;
    try {
      let encoded = encodedIn(data, isBinary, this.#settings.isBinary);
      if (this.#marks !== undefined) {
        ({ id, isRepeat, payload: encoded } = this.#marks.read(encoded));
        if (isLarger(encoded, this.#settings.limit)) {
          this.#refuseUnread(data, CloseCode.TooLarge);
          return;
        }
      }
      message = decode(encoded, this.#settings.codec);
    } catch (error) {
      this.#refuse(error as DecodeError, id);
      return;
    }
    this.#measure?.decoded(message, this.#settings.codec);
    // guard: a good one resets the count
    this.#undecodable?.reset();
    const pending = this.#host.deliver(message, id, isRepeat);
    if (isPromise(pending)) this.#waitFor(pending);
  }

  #reportHandled(): void {
    this.#measure?.handled(this.#line.bytesSent);
    this.#measure = undefined;
  }

  #refuse(error: DecodeError, id: MessageId | undefined): void {
    this.#undecodable ??= new UndecodableCount();
    const isLast = !this.#undecodable.take();
    const answering = this.#host.answerFailure(error, id);
    const answered = (): void => {
      if (isLast) this.#host.refuse(CloseCode.Undecodable);
    };
    if (isPromise(answering)) this.#waitFor(answering.then(answered));
    else answered();
  }

  /** Holds the following messages back, at most for `handlerTimeout`. */
  #waitFor(pending: PromiseLike<void>, failed?: (cause: unknown) => void): void {
    // guard: one message at a time
    this.#isBusy = true;
    this.#timer = startTimer(tookTooLong, this.#settings.handlerTimeout, this.#host);
    // A promise of the user's own making may do anything when its `then` is called.
    Promise.resolve(pending).then(() => this.#rest(), failed ?? (() => this.#rest()));
  }

  /** The context, the opening or the handler has settled. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.#reportHandled();
    this.#onRest?.();
    this.resume();
  }
}

const tookTooLong = <In>(host: ReceiverHost<In>): void => host.tookTooLong();
