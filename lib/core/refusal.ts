/**
 * Distinguishes "refused" from "skipped" where `encode` returns undefined.
 *
 * An application offers its codec every message of its program, and most of them do not travel: there
 * both mean the same, so a codec of structs gives undefined, at the cost of nothing. For a reply,
 * `send` and `publish` a message that the struct refuses is a mistake that must be reported.
 * So the codec notes here why it gave undefined, and the caller of `encode` reads the note at once;
 * nothing can come between, for `encode` is synchronous. A second function of the codec would have to
 * be handed on by each codec by hand that stands around one of ours.
 */

/** Where in a message, and what was expected there, in words of the structs alone. */
export interface Fault {
  readonly expected: string;
  readonly path: readonly (string | number)[];
  readonly cause?: unknown;
}

/** Finds the part of a message that a struct refuses. */
export type Explain = (message: unknown) => Fault;

let explainer: Explain | undefined;
let refused: unknown;

/** Notes that a message is refused, and gives what `encode` returns then. */
export function refuse(explain: Explain, message: unknown): undefined {
  explainer = explain;
  refused = message;
  return undefined;
}

/** Forgets what was noted, so that a note is never older than one call of `encode`. */
export function forgetRefusal(): void {
  explainer = refused = undefined;
}

/** What was noted since {@link forgetRefusal}. */
export function takeRefusal(): Fault | undefined {
  const fault = explainer?.(refused);
  forgetRefusal();
  return fault;
}

/** A message that the struct accepts, and that JSON would change in silence. */
export class UnsendableError extends TypeError implements Fault {
  readonly expected: string;
  readonly path: readonly (string | number)[];

  constructor({ expected, path }: Fault) {
    super(`${path.length === 0 ? '' : `at ${path.join('.')}: `}expected ${expected}`);
    this.expected = expected;
    this.path = path;
  }

  override get name(): string {
    return 'UnsendableError';
  }
}
