/** What happens again and again is reported once in this time, in milliseconds. */
const REPORT_INTERVAL = 10_000;

/** When the kinds of an event that repeats were reported last. */
export class Repeats {
  readonly #reported = new Map<string, number>();

  /** Whether an event of this kind is to be reported. True counts as reported. */
  isDue(kind: string): boolean {
    const now = performance.now();
    if (now - (this.#reported.get(kind) ?? -Infinity) < REPORT_INTERVAL) return false;
    this.#reported.set(kind, now);
    return true;
  }
}
