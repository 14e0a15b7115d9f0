import { type Line } from '../../lib/connection/line.ts';
import { type Wire } from '../../lib/core/codec.ts';
import { Prepared } from '../../lib/core/prepared.ts';

/** A line that keeps what is written, and of which a test says how much waits. */
export class RecordingLine implements Line {
  isOpen = true;
  readonly isMarked: boolean;
  readonly isOneWay = false;
  readonly limit = Infinity;
  readonly introduction = undefined;
  readonly goesOnFrom = undefined;
  /** How much waits, in bytes. Each write adds `weight`. */
  buffered = 0;
  weight = 0;
  bytesSent = 0;
  readonly written: (readonly [header: string, encoded: Wire])[] = [];
  /** What else was asked of it, in order. */
  readonly asked: string[] = [];
  /** All was taken. Does nothing unless somebody waits for it. */
  drain: () => void = () => {};

  constructor({ isMarked = true } = {}) {
    this.isMarked = isMarked;
  }

  write(encoded: Wire | Prepared, header: string): number {
    const message = encoded instanceof Prepared ? encoded.encoded : encoded;
    this.written.push([header, message]);
    this.bytesSent += header.length + message.length;
    this.buffered += this.weight;
    return this.weight;
  }

  whenDrained(callback: () => void): void {
    this.drain = callback;
  }

  close(code: number): void {
    this.#ask(`close ${code}`);
    this.isOpen = false;
  }

  flush(): void {
    this.#ask('flush');
  }

  pause(): void {
    this.#ask('pause');
  }

  resume(): void {
    this.#ask('resume');
  }

  ping(): void {
    this.#ask('ping');
  }

  terminate(): void {
    this.#ask('terminate');
    this.isOpen = false;
  }

  discard(): void {
    this.#ask('discard');
  }

  #ask(what: string): void {
    this.asked.push(what);
  }
}
