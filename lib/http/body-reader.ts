/**
 * Reads the body of a request, with or without a declared length: Node's parser enforces a declared
 * length, and emits `end` only after all of the body.
 *
 * Chunks are copied into one buffer that grows as they arrive. A list of chunks would take a hundred
 * times their size where a client sends single bytes; a buffer of the declared length would take as
 * much memory as a client claims.
 */
import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage } from 'node:http';
import { Deadline } from '../process/deadline.ts';
import { type Resumable, resumeNextTurn } from '../process/fairness.ts';
import { Problem } from '../request/problem.ts';
import { BodyConsumedError } from '../core/errors.ts';

/** Limits on a body. */
export interface BodyLimits {
  /** Bytes. */
  readonly limit: number;
  /** Milliseconds. */
  readonly bodyTimeout: number;
}

/** Called with a body, or with a {@link Problem} or an OmniError. */
type Done = (fault: unknown, body?: Buffer) => void;

/** The first size of the buffer, in bytes. */
const SMALLEST = 1_024;

/** Reads one body. Calls back in the asynchronous context in which reading began. */
export class BodyReader extends AsyncResource implements Resumable {
  readonly #request: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #done: Done;
  /** The declared length; 0 for none. */
  readonly #declared: number;
  /** The first chunk, or the buffer that grows. */
  #body: Buffer | undefined;
  #size = 0;
  #isOwn = false;
  #isOver = false;
  #deadline: Deadline | undefined;

  /**
   * Begins to read. Never calls back when the client disconnects before the end.
   *
   * @param declared - its length by its headers, within the limit; 0 when they do not say
   */
  constructor(request: IncomingMessage, declared: number, limits: BodyLimits, done: Done) {
    super('OmniBody', { requireManualDestroy: true });
    this.#request = request;
    this.#declared = declared;
    this.#limits = limits;
    this.#done = done;
    request.on('data', (piece: Buffer) => {
      this.#take(piece);
    });
    request.on('end', () => {
      const isWhole = declared === 0 || this.#size === declared;
      this.#settle(isWhole ? undefined : new BodyConsumedError());
    });
    resumeNextTurn(this);
  }

  /** The body did not arrive with its headers: its time is limited from here on. */
  resume(): void {
    if (this.#isOver) return;
    if (this.#request.destroyed) {
      this.#forget();
      return;
    }
    this.#deadline = new Deadline(this.#limits.bodyTimeout, () => {
      // guard: bodyTimeout
      this.#settle(new Problem('body-timeout', undefined, this.#size));
    });
    this.#request.once('close', () => {
      this.#forget();
    });
  }

  #take(piece: Buffer | string): void {
    if (this.#isOver) return;
    if (typeof piece === 'string') {
      // An earlier middleware has set an encoding: the bytes are not known any more.
      // guard: a stream that was made text of
      this.#settle(new BodyConsumedError());
      // guard: a stream that was made text of
      return;
    }
    const size = this.#size + piece.length;
    // guard: body limit, chunked
    if (size > this.#limits.limit) {
      this.#settle(new Problem('too-large', undefined, size));
      return;
    }
    if (this.#body === undefined) this.#body = piece;
    else this.#append(piece, size);
    this.#size = size;
  }

  #append(piece: Buffer, size: number): void {
    let body = this.#body as Buffer;
    if (!this.#isOwn || body.length < size) {
      const most = this.#declared === 0 ? this.#limits.limit : this.#declared;
      const grown = Buffer.allocUnsafeSlow(Math.min(most, Math.max(SMALLEST, 2 * size)));
      body.copy(grown, 0, 0, this.#size);
      body = grown;
      this.#body = grown;
      this.#isOwn = true;
    }
    piece.copy(body, this.#size);
  }

  #settle(fault: unknown): void {
    if (this.#isOver) return;
    const body = this.#body?.subarray(0, this.#size) ?? Buffer.alloc(0);
    this.#forget();
    // The client has disconnected, after all of the body or before: nothing can be answered.
    if (this.#request.destroyed) return;
    if (fault === undefined) {
      // guard: the asynchronous context of a request → this.#done(undefined, body);
      this.runInAsyncScope(this.#done, undefined, undefined, body);
    } else this.runInAsyncScope(this.#done, undefined, fault);
  }

  #forget(): void {
    this.#isOver = true;
    this.#body = undefined;
    this.#deadline?.end();
  }
}
