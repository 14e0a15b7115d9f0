/**
 * When a connection handles its messages: in order, one at a time, so many per turn, never more than
 * it can hold. Frames that are no messages (pings, pongs, probes) take their share of the turn as well.
 */
import { isPromise } from '../core/exchange.ts';
import { type AsyncContext } from '../process/async-context.ts';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';
import { startTimer } from '../process/timers.ts';
import { Inbox } from './inbox.ts';
import { type Line, type Received } from './line.ts';
import { type QueueHost } from './receiver-host.ts';

/** So many frames that are no messages may wait for their turn before the line is paused. */
const MAX_CONTROLS = 64;

/** The messages that wait for their turn, and the pauses that keep them few. */
export abstract class MessageQueue implements Resumable {
  readonly #host: QueueHost;
  readonly #line: Line;
  readonly #handlerTimeout: number;
  /** Made when something has to wait for the first time. */
  #inbox: Inbox | undefined;
  readonly #turn: Turn = new Turn();
  /** Waits for the context, the session's opening, or a handler. */
  #isBusy = true;
  /** The client reads too slowly. */
  #isHeld = false;
  #isScheduled = false;
  #isPaused = false;
  /** The session has been opened. */
  #hasBegun = false;
  #isOver = false;
  /** How many frames that are no messages wait for their share of a turn. */
  #controls = 0;
  #owesBeat = false;
  #timer: NodeJS.Timeout | undefined;
  /** Called once, when the messages whose turn it is have been handled. */
  #onRest: (() => void) | undefined;

  constructor(host: QueueHost, line: Line, handlerTimeout: number) {
    this.#host = host;
    this.#line = line;
    this.#handlerTimeout = handlerTimeout;
  }

  /** Handles a message whose turn it is; calls `waitFor` when that takes its time. */
  protected abstract handle(data: Received, isBinary: boolean): void;

  /** The message for which `waitFor` was called is through. */
  protected abstract settled(): void;

  get asyncContext(): AsyncContext {
    return this.#host.asyncContext;
  }

  /** True while nothing is read: then the client's silence is our own doing. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Starts to handle messages, once the session has opened. */
  begin(opening: void | PromiseLike<void>, failed: (cause: unknown) => void): void {
    this.#hasBegun = true;
    if (isPromise(opening)) this.waitFor(opening, failed);
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
      if (item !== undefined) this.handle(item.data, item.isBinary);
    }
    this.#readOn();
    if (!this.#isOver && (!this.#isFree || this.#waiting === 0)) this.#reportRest();
  }

  /**
   * Calls back once, when the messages that wait for their turn are handled. It does not wait for a
   * handler that takes its time, or for a client that has to catch up.
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
    const rest = this.#isOver ? undefined : this.rest();
    this.#isOver = true;
    return rest ?? Promise.resolve();
  }

  /**
   * Resolves when the message that is being handled is through, also after the end.
   * @returns undefined where none is
   */
  rest(): Promise<void> | undefined {
    if (!this.#isBusy || !this.#hasBegun) return undefined;
    return new Promise((resolve) => {
      this.#onRest = resolve;
    });
  }

  /** Handles no further message, and drops those that wait. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#inbox?.discard();
    this.#controls = 0;
    // Reads on: a close frame, or the end, must still arrive.
    this.#readOn();
    this.#reportRest();
  }

  /** No message is handled any more. */
  protected get isOver(): boolean {
    return this.#isOver;
  }

  /** Handles a message now, or when those before it are through and its turn has come. */
  protected enqueue(data: Received, isBinary: boolean): void {
    if (this.#isFree && this.#waiting === 0 && this.#turn.take()) {
      this.handle(data, isBinary);
    } else {
      this.#inbox ??= new Inbox();
      this.#inbox.push(data, isBinary);
      if (this.#inbox.isFull) this.#pause();
      if (this.#isFree) this.#resumeNextTurn();
    }
  }

  /**
   * Takes the share of a frame that is no message.
   * @returns false when this turn's share is used up: it counts in a later one
   */
  protected takeShare(): boolean {
    if (!this.#isHeld && this.#controls === 0 && this.#turn.take()) return true;
    this.#controls += 1;
    // guard: control frames take turns
    if (this.#controls > MAX_CONTROLS) this.#pause();
    if (!this.#isHeld) this.#resumeNextTurn();
    return false;
  }

  /** Answers a probe when its share of a turn has come. */
  protected beatLater(): void {
    this.#owesBeat = true;
  }

  /** Holds the following messages back, at most for `handlerTimeout`. */
  protected waitFor(pending: PromiseLike<void>, failed?: (cause: unknown) => void): void {
    // guard: one message at a time
    this.#isBusy = true;
    this.#timer = startTimer(tookTooLong, this.#handlerTimeout, this.#host);
    // A promise of the user's own making may do anything when its `then` is called.
    Promise.resolve(pending).then(() => this.#rest(), failed ?? (() => this.#rest()));
  }

  protected get isBusy(): boolean {
    return this.#isBusy;
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

  /** The context, the opening or the handler has settled. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.settled();
    this.#reportRest();
    this.resume();
  }

  #reportRest(): void {
    const callback = this.#onRest;
    this.#onRest = undefined;
    callback?.();
  }
}

const tookTooLong = (host: QueueHost): void => host.tookTooLong();
