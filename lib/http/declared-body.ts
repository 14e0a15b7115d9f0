/**
 * A body whose length was declared, as every client's is that has its message whole. Node's parser
 * sees to it that no more arrives, and that there is an end only after all of it; so two listeners
 * are enough, and no timer as long as the body comes along with its headers. On Express, which
 * makes whatever touches a request dear, a reader for any stream (raw-body, which reads the other
 * bodies) costs a tenth of the whole request more.
 */
import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage } from 'node:http';
import { BodyConsumedError } from '../core/errors.ts';
import { Problem } from '../request/problem.ts';
import { startTimer } from '../process/timers.ts';
import { type Resumable, resumeNextTurn } from '../process/fairness.ts';

/** What is called: with a body, or with a {@link Problem}, or an error of ours. */
type Done = (fault: unknown, body?: Buffer) => void;

/** Reads one body. Calls back in the asynchronous context of who began to read. */
export class DeclaredBody extends AsyncResource implements Resumable {
  readonly #request: IncomingMessage;
  readonly #timeout: number;
  readonly #done: Done;
  #missing: number;
  #body: Buffer | undefined;
  /** Made when there is a second piece. */
  #pieces: Buffer[] | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Begins to read. Never calls back when the client goes away before the end.
   *
   * @param length - what its headers declare, in bytes; at least 1
   * @param timeout - how long it may take to arrive, in milliseconds
   */
  constructor(request: IncomingMessage, length: number, timeout: number, done: Done) {
    super('OmniBody', { requireManualDestroy: true });
    this.#request = request;
    this.#missing = length;
    this.#timeout = timeout;
    this.#done = done;
    request.on('data', (piece: Buffer) => {
      this.#take(piece);
    });
    request.on('end', () => {
      this.#settle(this.#missing === 0 ? undefined : new BodyConsumedError());
    });
    resumeNextTurn(this);
  }

  /** It did not come along with its headers: from here on somebody must watch over it. */
  resume(): void {
    if (this.#isOver) return;
    if (this.#request.destroyed) {
      this.#forget();
      return;
    }
    this.#timer = startTimer(
      (body) => {
        // guard: bodyTimeout
        body.#settle(new Problem('body-timeout'));
      },
      this.#timeout,
      this,
    );
    this.#request.once('close', () => {
      this.#forget();
    });
  }

  #take(piece: Buffer | string): void {
    if (this.#isOver) return;
    if (typeof piece === 'string') {
      // Somebody has made text of the stream: which bytes these were cannot be told any more.
      // guard: a stream that was made text of
      this.#settle(new BodyConsumedError());
      // guard: a stream that was made text of
      return;
    }
    this.#missing -= piece.length;
    if (this.#body === undefined) this.#body = piece;
    else (this.#pieces ??= [this.#body]).push(piece);
  }

  #settle(fault: unknown): void {
    if (this.#isOver) return;
    const body = this.#pieces === undefined ? this.#body : Buffer.concat(this.#pieces);
    this.#forget();
    // The client is gone, after all of it or before: there is nobody to answer.
    if (this.#request.destroyed) return;
    if (fault === undefined)
      // guard: the asynchronous context of a request → this.#done(undefined, body);
      this.runInAsyncScope(this.#done, undefined, undefined, body);
    else this.runInAsyncScope(this.#done, undefined, fault);
  }

  #forget(): void {
    this.#isOver = true;
    this.#body = undefined;
    this.#pieces = undefined;
    clearTimeout(this.#timer);
  }
}
