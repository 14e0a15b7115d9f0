/** What is known of one control in one page, and what follows from it. */
import { isSameState, type Known } from './vdom/control.ts';
import { type ElementNode } from './vdom/node.ts';
import { type Write, type Writes } from './writes.ts';

/** What is known of a control in one page. */
export class Knowledge {
  /** The latest writes sent to this page, in order. */
  readonly writes: Writes;
  /** The number of the last write before the page was mounted. */
  readonly #mountedAt: number;
  /** The write number and the value of the last event. */
  seen = -1;
  reported: Known | undefined;
  /** The value that the handler was given last, where it was merged. */
  merged: Known | undefined;
  /**
   * What the page has reported since the last answer. `unknown`: it may show anything;
   * `unfinished`: something half typed, which is left alone.
   */
  shows: { readonly value: Known } | 'unknown' | 'unfinished' | undefined;
  /** There was an event around it, which may mean that the user has changed it. */
  isTouched = false;

  constructor(writes: Writes, mountedAt: number) {
    this.writes = writes.copyFor(mountedAt);
    this.#mountedAt = mountedAt;
  }

  /** A write is sent to the page. */
  note(write: Write): void {
    const { writes } = this;
    const bases = (): number[] => [Math.max(this.#mountedAt, this.seen)];
    writes.push(write, bases);
    if (writes.isFull) writes.forget(bases());
    if (this.shows !== undefined) this.shows = { value: write.value };
  }
}

/** Whether the page of `knowledge` has to be written to. */
export function writesTo(
  isAnswered: boolean,
  { shows, isTouched }: Knowledge,
  element: ElementNode<unknown>,
  wanted: Known,
  isChanged: boolean,
  isReported: () => boolean,
): boolean {
  if (shows === 'unfinished') return false;
  if (typeof shows === 'object') {
    const isSame = isSameState(element, shows.value, wanted);
    // Until its events are handled, the view does not answer them.
    return isAnswered ? !isSame : isChanged && !isSame;
  }
  if (!isAnswered) return isChanged;
  // guard: an event on a control or around it
  if (shows === 'unknown' || (isTouched && !isReported())) return true;
  return isChanged;
}
