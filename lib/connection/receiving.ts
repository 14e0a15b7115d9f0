/**
 * What a connection does with what arrives: its budgets, decoding, and the call of the session. When
 * a message is handled is in `message-queue.ts`.
 */
import { idOf, isProbe, Marks, type MessageId, resumePayloadOf } from './acknowledgement.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { type DecodeError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { decode } from '../core/pipe.ts';
import { FRAME_HEADER, RESUME_LIMIT } from '../core/protocol.ts';
import { MessageMeasure, onMessageChannel } from '../process/diagnostics.ts';
import { encodedIn, frameOf } from './encoded.ts';
import { isLarger, sizeOf } from './inbox.ts';
import { type Line, type Received } from './line.ts';
import { MessageQueue } from './message-queue.ts';
import { type ReceiverHost, type ReceiverSettings } from './receiver-host.ts';
import { Bucket } from './rate-limit.ts';
import { UndecodableCount } from './undecodable.ts';

/** How many frames a client may send while its connection is closing. */
const MAX_AFTER_END = 4_096;

/** The receiving half of a connection. */
export class MessageReceiver<In> extends MessageQueue {
  readonly #host: ReceiverHost<In>;
  readonly #settings: ReceiverSettings<In>;
  readonly #line: Line;
  readonly #bucket: Bucket | undefined;
  readonly #marks: Marks | undefined;
  /** The largest frame: on a marked line with its header. */
  readonly #limit: number;
  #undecodable: UndecodableCount | undefined;
  #measure: MessageMeasure | undefined;
  /** How many frames have come since the end; undefined before. */
  #afterEnd: number | undefined;

  constructor(host: ReceiverHost<In>, settings: ReceiverSettings<In>, line: Line) {
    super(host, line, settings.handlerTimeout);
    this.#host = host;
    this.#settings = settings;
    this.#line = line;
    this.#bucket = settings.rateLimit === undefined ? undefined : new Bucket(settings.rateLimit);
    this.#marks = line.isMarked ? new Marks() : undefined;
    const limit = Math.min(settings.limit, line.limit);
    this.#limit = line.isMarked ? limit + FRAME_HEADER : limit;
  }

  /** A message has arrived. */
  take(data: Received, isBinary: boolean): void {
    const awaitsResume = this.#marks !== undefined && this.#host.awaitsResume;
    if (this.isOver) {
      this.#countAfterEnd();
    } else if (this.#marks !== undefined && isProbe(frameOf(data)) && !awaitsResume) {
      if (this.takeControl()) this.#host.sendBeat();
      else this.beatLater();
    } else if (
      // guard: rate limit → false
      this.#bucket !== undefined &&
      !this.#bucket.take()
    ) {
      this.#refuseUnread(data, CloseCode.RateLimited);
    } else if (
      // guard: limit where ws has none → false
      isLarger(data, awaitsResume ? Math.max(this.#limit, RESUME_LIMIT) : this.#limit)
    ) {
      this.#refuseUnread(data, CloseCode.TooLarge);
    } else if (this.#marks !== undefined && awaitsResume) {
      this.#marks.goOn(this.#host.goOn(resumePayloadOf(frameOf(data))));
    } else {
      this.enqueue(data, isBinary);
    }
  }

  /** The client goes on from an earlier line, where it gave ids up to this one. */
  goOnAfter(sent: MessageId): void {
    this.#marks?.goOn(sent);
  }

  /**
   * A frame has arrived that is no message.
   * @returns false when this turn's share is used up
   */
  takeControl(): boolean {
    if (this.isOver) {
      this.#countAfterEnd();
      return false;
    }
    // guard: rate limit of control frames
    if (this.#bucket !== undefined && !this.#bucket.take()) {
      this.#host.refuse(CloseCode.RateLimited);
      return false;
    }
    return this.takeShare();
  }

  override end(): void {
    this.#afterEnd ??= 0;
    super.end();
  }

  /** A client that goes on sending while its connection closes is cut before the 5 s of a close are over. */
  #countAfterEnd(): void {
    if (this.#afterEnd === undefined) return;
    this.#afterEnd += 1;
    // guard: a client that floods while it is closed
    if (this.#afterEnd > MAX_AFTER_END) this.#line.terminate();
  }

  /** Closes for a message that is not even decoded; on a marked line it is answered first. */
  #refuseUnread(data: Received, code: CloseCode): void {
    const id = this.#marks === undefined ? undefined : idOf(frameOf(data));
    if (id !== undefined) this.#host.failMessage(id, reasonOf(code));
    this.#host.refuse(code);
  }

  protected handle(data: Received, isBinary: boolean): void {
    if (onMessageChannel.hasSubscribers) {
      const { origin } = this.#host;
      this.#measure = new MessageMeasure(origin, sizeOf(data), this.#line.bytesSent);
    }
    this.#handleMessage(data, isBinary);
    if (!this.isBusy) this.settled();
  }

  protected settled(): void {
    this.#measure?.handled(this.#line.bytesSent);
    this.#measure = undefined;
  }

  #handleMessage(data: Received, isBinary: boolean): void {
    let message: In;
    let id: MessageId | undefined;
    let isRepeat = false;
    try {
      let encoded = encodedIn(data, isBinary, this.#settings.isBinary);
      if (this.#marks !== undefined) {
        const marked = this.#marks.read(encoded);
        ({ id, isRepeat, payload: encoded } = marked);
        if (marked.done > 0) this.#host.confirmed(marked.done);
        if (isLarger(encoded, this.#limit - FRAME_HEADER)) {
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
    if (isPromise(pending)) this.waitFor(pending);
  }

  #refuse(error: DecodeError, id: MessageId | undefined): void {
    this.#undecodable ??= new UndecodableCount();
    const isLast = !this.#undecodable.take();
    const answering = this.#host.answerFailure(error, id);
    const answered = (): void => {
      if (isLast) this.#host.refuse(CloseCode.Undecodable);
    };
    if (isPromise(answering)) this.waitFor(answering.then(answered));
    else answered();
  }
}
