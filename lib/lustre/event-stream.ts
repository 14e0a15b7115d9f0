/**
 * A response that goes on as server-sent events: what is written to it, how far behind its reader
 * is, and the one place that knows that it is over.
 */
import { type ServerResponse } from 'node:http';
import { type Prepared } from '../core/prepared.ts';
import { LONGEST } from '../process/timers.ts';
import { unwatch, watch } from '../process/shared-interval.ts';
import { answerOrCut } from '../request/answer-or-cut.ts';
import { cutOff, endAtShutdown, isOver } from '../request/client-gone.ts';

/** What keeps browsers, proxies and compressing middlewares from holding back what is sent. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
} as const;

/** What happens to a stream. None of them may throw. */
export interface StreamListener {
  /** Events were left out, and the reader has caught up with those before them. */
  readonly caughtUp: () => void;
  /** The server shuts down, and the stream has been ended. */
  readonly shutDown: () => void;
}

/** One stream. Writing to it is safe at any time: after its end nothing is written. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #listener: StreamListener;
  readonly #heartbeat: number;
  readonly #highWaterMark: number;
  #hasEnded = false;
  /** An event was left out since the last one that was written. */
  #hasMissed = false;
  /** So much of what waits is whole views. */
  #whole = 0;
  #waited = 0;
  #beatsWithoutProgress = 0;

  /**
   * @param heartbeat - how often a comment is sent, in milliseconds; Infinity for never
   * @param highWaterMark - how many bytes may wait, beside a whole view, before events are left out
   */
  constructor(
    response: ServerResponse,
    listener: StreamListener,
    heartbeat: number,
    highWaterMark: number,
  ) {
    this.#response = response;
    this.#listener = listener;
    this.#heartbeat = heartbeat;
    this.#highWaterMark = highWaterMark;
    answerOrCut(response, () => response.writeHead(200, HEADERS));
    // guard: a live view has a heartbeat
    if (heartbeat <= LONGEST) watch(this, heartbeat);
    endAtShutdown(response, () => {
      this.end();
      listener.shutDown();
    });
  }

  /**
   * Writes one event, or leaves it out when the reader is too far behind. A whole view does not count
   * as being behind: the patches after it wait behind it, or the next event would be a whole view
   * again, as large as this one.
   */
  write(event: string | Prepared, isWhole: boolean = false): void {
    const response = this.#response;
    // guard: nothing is written to a stream that has ended
    if (this.#hasEnded || isOver(response)) return;
    // guard: a reader is not behind because a whole view waits → const whole = 0;
    const whole = this.#whole;
    if (this.#hasMissed || response.writableLength - whole > this.#highWaterMark) {
      this.#hasMissed = true;
      return;
    }
    const data = typeof event === 'string' ? event : String(event.encoded);
    // JSON has no line breaks of its own: it is one line of data.
    const text = `data: ${data}\n\n`;
    if (isWhole) this.#writeWhole(text);
    else answerOrCut(response, () => response.write(text, this.#onWritten));
  }

  #writeWhole(text: string): void {
    const response = this.#response;
    const before = response.writableLength;
    let size = 0;
    const onWritten = (): void => {
      this.#whole -= size;
      this.#onWritten();
    };
    answerOrCut(response, () => response.write(text, onWritten));
    size = response.writableLength - before;
    this.#whole += size;
  }

  /** Ends the stream, after what was written. Ending twice does nothing. */
  end(): void {
    if (this.#hasEnded) return;
    this.release();
    answerOrCut(this.#response, () => this.#response.end());
  }

  /** The client is gone: nothing more is written, and the heartbeat stops. */
  release(): void {
    this.#hasEnded = true;
    unwatch(this, this.#heartbeat);
  }

  /** Shows that the stream lives, and cuts off a client that has stopped reading. */
  beat(): void {
    if (!this.#isBehind) {
      this.#beatsWithoutProgress = 0;
      this.#waited = 0;
      if (!this.#hasEnded && !isOver(this.#response)) {
        answerOrCut(this.#response, () => this.#response.write(':\n\n'));
      }
      return;
    }
    const waiting = this.#waiting;
    // The first beat does not count: the time before it may have been short.
    const hasProgress = this.#waited === 0 || waiting < this.#waited;
    this.#waited = waiting;
    this.#beatsWithoutProgress = hasProgress ? 0 : this.#beatsWithoutProgress + 1;
    // guard: a live view that is not read is cut off
    if (this.#beatsWithoutProgress >= 2) cutOff(this.#response);
  }

  readonly #onWritten = (): void => {
    // guard: a remount follows only what was left out
    if (!this.#hasMissed) return;
    if (this.#hasEnded || this.#isBehind) return;
    this.#hasMissed = false;
    this.#listener.caughtUp();
  };

  get #isBehind(): boolean {
    return this.#response.writableLength > this.#highWaterMark;
  }

  /**
   * How many bytes have not left the process. Of one large write Node tells only the end; the
   * handle of the socket knows how much of it the kernel has taken so far.
   */
  get #waiting(): number {
    const { socket } = this.#response;
    const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null } | null)?._handle;
    const queued = handle?.writeQueueSize;
    return this.#response.writableLength + (typeof queued === 'number' ? queued : 0);
  }
}
