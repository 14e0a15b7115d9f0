/** How many messages that cannot be decoded a client may send, before it is closed with 4400. */
import { Bucket } from './rate-limit.ts';

/** So many in a row are no accident. */
const MAX_IN_A_ROW = 20;
/** So many are none either, whatever decodable messages come between: each may fill a line of a log. */
const OVER_TIME = { burst: 60, perSecond: 1 };

/** Counts for one client. */
export class UndecodableCount {
  #inARow = 0;
  #bucket: Bucket | undefined;

  /** A message was decodable. */
  reset(): void {
    this.#inARow = 0;
  }

  /**
   * A message was not decodable.
   * @returns false when it was one too many
   */
  take(): boolean {
    this.#inARow += 1;
    this.#bucket ??= new Bucket(OVER_TIME);
    // guard: undecodable messages over time → const isWithin = true;
    const isWithin = this.#bucket.take();
    // guard: 20 undecodable in a row → return isWithin;
    return isWithin && this.#inARow < MAX_IN_A_ROW;
  }
}
