/**
 * Which messages of a program come from which message of its client: what the handling of a message
 * dispatches at once has the same origin, what an effect dispatches later has none. A client whose
 * messages have ids is answered when the last message of an origin has been handled.
 */

/** What the client calls the message from which others come. */
export type Origin = number;

/** The origins of the messages of one program. Made only where messages have ids. */
export class Origins {
  /** By the place in the order in which messages are handled. */
  readonly #byPlace = new Map<number, Origin>();
  /** How many of an origin have yet to be handled, the one under way included. */
  readonly #left = new Map<Origin, number>();

  /** A message of this origin is to be handled. */
  count(origin: Origin): void {
    this.#left.set(origin, (this.#left.get(origin) ?? 0) + 1);
  }

  /** The message at this place in the order will be one of this origin. */
  put(place: number, origin: Origin): void {
    this.#byPlace.set(place, origin);
    this.count(origin);
  }

  /** The origin of the message at this place, whose turn it is. */
  take(place: number): Origin | undefined {
    const origin = this.#byPlace.get(place);
    if (origin !== undefined) this.#byPlace.delete(place);
    return origin;
  }

  /** A message of this origin was handled. True when it was the last. */
  handled(origin: Origin): boolean {
    const left = (this.#left.get(origin) ?? 1) - 1;
    if (left > 0) this.#left.set(origin, left);
    else this.#left.delete(origin);
    return left <= 0;
  }
}
