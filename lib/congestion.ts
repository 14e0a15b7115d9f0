/**
 * A client that reads more slowly than we speak: none of its messages are taken until it has caught
 * up, and it is gone when it takes nothing at all.
 */
import { type Liveness } from './liveness.ts';
import { type Outbox } from './outbox.ts';

/** What stops taking messages meanwhile. */
interface Held {
  readonly hold: () => void;
  readonly release: () => void;
}

/** The congestion of one connection. */
export class Congestion {
  readonly #outbox: Outbox;
  readonly #liveness: Liveness;
  readonly #held: Held;
  readonly #highWaterMark: number;
  #isOn = false;

  /** @param highWaterMark - how much may wait to be sent, as the outbox counts it, in bytes */
  constructor(outbox: Outbox, liveness: Liveness, held: Held, highWaterMark: number) {
    this.#outbox = outbox;
    this.#liveness = liveness;
    this.#held = held;
    this.#highWaterMark = highWaterMark;
  }

  /** Something was said. */
  check(): void {
    if (this.#isOver && !this.#isOn) this.#begin();
  }

  /** Time has passed. True when the client has taken nothing for so long that it must be gone. */
  beat(elapsed: number): boolean {
    return (
      this.#isOn && this.#liveness.beatWhileCongested(elapsed, this.#outbox.buffered) === 'gone'
    );
  }

  get #isOver(): boolean {
    return this.#outbox.buffered > this.#highWaterMark;
  }

  #begin(): void {
    // Much may have been said in one turn to a client that reads well: only what the kernel does
    // not take tells.
    this.#outbox.flushUnlessBlocked();
    if (!this.#isOver) return;
    this.#isOn = true;
    this.#held.hold();
    this.#outbox.whenDrained(() => {
      this.#isOn = false;
      this.#liveness.caughtUp();
      this.check();
      if (!this.#isOn) this.#held.release();
    });
  }
}
