/** Server-sent events as the line of a connection that sends, and receives nothing. */
import { type ServerResponse } from 'node:http';
import { lastEventIdOf, type Resume } from '../connection/introduction.ts';
import { type Line, PLACED } from '../connection/line.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { type Wire } from '../core/codec.ts';
import { Prepared } from '../core/prepared.ts';
import { startTimer } from '../process/timers.ts';
import { answerOrCut } from '../request/answer-or-cut.ts';
import { cutOff, isOver } from '../request/client-gone.ts';
import { type Refusal, sendProblem } from '../request/problem.ts';
import { eventOf, placedEventOf, pushEventOf } from './event.ts';

/** What keeps browsers, proxies and compressing middlewares from holding back what is sent. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
} as const;

/** How long a client may take what was sent before the end, in milliseconds; after that it is cut. */
const CLOSE_TIMEOUT = 5_000;

/** What a client gets that is refused before its stream has begun. */
const REFUSALS: ReadonlyMap<number, Refusal> = new Map([
  [CloseCode.Unauthorized, { status: 401, code: 'context' }],
  [CloseCode.Forbidden, { status: 403, code: 'context' }],
  [CloseCode.Timeout, { status: 504, code: 'context-timeout' }],
  [CloseCode.GoingAway, { status: 503, code: 'shutting-down', headers: { 'retry-after': '5' } }],
]);

/** What carries a connection over one response. */
export class SseLine implements Line {
  readonly isMarked = true;
  readonly isOneWay = true;
  readonly limit: number = Infinity;
  introduction: undefined;
  readonly goesOnFrom: Resume | undefined;
  readonly #response: ServerResponse;
  #hello = '';
  #hasBegun = false;
  #isClosing = false;
  #bytesSent = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param isResumable - whether the route keeps anything for those who come back */
  constructor(response: ServerResponse, isResumable: boolean) {
    this.#response = response;
    this.goesOnFrom = isResumable ? lastEventIdOf(response.req) : undefined;
  }

  get isOpen(): boolean {
    return !this.#isClosing && !isOver(this.#response);
  }

  get buffered(): number {
    return this.#response.writableLength;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** The client is admitted: the stream begins, with the hello. */
  begin(): void {
    if (!this.isOpen) return;
    this.#hasBegun = true;
    answerOrCut(this.#response, () => this.#response.writeHead(200, HEADERS));
    this.#write(this.#hello);
  }

  write(encoded: Wire | Prepared, header: string): number {
    const event =
      encoded instanceof Prepared
        ? encoded.framedBy(header === PLACED ? placedEventOf : pushEventOf)
        : eventOf(encoded, header);
    if (header === '!') this.#hello = event;
    // guard: nothing is written to a stream that has not begun, or has ended
    if (!this.#hasBegun || !this.isOpen) return 0;
    this.#write(event);
    return 0;
  }

  flush(): void {
    // Node has it already.
  }

  whenDrained(callback: () => void): void {
    // A comment, which no client sees: it is taken after all that was written.
    answerOrCut(this.#response, () => this.#response.write(':\n\n', callback));
  }

  pause(): void {
    // Nothing is read.
  }

  resume(): void {
    // Nothing is read.
  }

  ping(): void {
    // The client cannot answer.
  }

  close(code: number, reason: string = reasonOf(code)): void {
    const response = this.#response;
    if (this.#isClosing || isOver(response)) return;
    if (!this.#hasBegun) {
      this.#isClosing = true;
      sendProblem(response, REFUSALS.get(code) ?? { status: 500, code: reason || 'failed' });
      return;
    }
    this.#write(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`);
    this.#isClosing = true;
    answerOrCut(response, () => response.end());
    // guard: a stream that is not read to its end is cut off
    this.#timer = startTimer(cutOff, CLOSE_TIMEOUT, response);
  }

  terminate(): void {
    this.#isClosing = true;
    cutOff(this.#response);
  }

  discard(): void {
    clearTimeout(this.#timer);
  }

  #write(event: string): void {
    this.#bytesSent += event.length;
    answerOrCut(this.#response, () => this.#response.write(event));
  }
}
