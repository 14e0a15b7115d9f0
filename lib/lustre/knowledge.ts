/** What is known of one control in one page, and what follows from it. */
import { type Page } from './agreement.ts';
import { isSameState, type Known } from './vdom/control.ts';
import { type ElementNode } from './vdom/node.ts';

/** A write to a control. */
export interface Write {
  readonly version: number;
  readonly value: Known;
  /** The page whose event it answers. */
  readonly by: Page | undefined;
  /** Whether that event was about the control itself. */
  readonly isOwn: boolean;
}

/** So many are remembered of each control; pages are rarely further behind. */
const MAX_WRITES = 8;

/** What is known of a control in one page. */
export class Knowledge {
  /** The latest that were sent to this page, the last one last. */
  readonly writes: Write[];
  /** The number that the last event had seen, and the value that it had. */
  seen = -1;
  reported: Known | undefined;
  /** What update was given last, where that is not what the event said. */
  merged: Known | undefined;
  /**
   * What the page shows since the last answer, as far as it has said so. `unknown`: it may be
   * anything; `unfinished`: something half typed, which is to be left alone.
   */
  shows: { readonly value: Known } | 'unknown' | 'unfinished' | undefined;
  /** There was an event around it, which may mean that the user has changed it. */
  isTouched = false;

  constructor(writes: readonly Write[]) {
    this.writes = [...writes];
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
    // Before its events are handled the view is no answer to them.
    return isAnswered ? !isSame : isChanged && !isSame;
  }
  if (!isAnswered) return isChanged;
  // An event on a control or around it.
  if (shows === 'unknown' || (isTouched && !isReported())) return true;
  return isChanged;
}

export function note(knowledge: Knowledge, write: Write): void {
  push(knowledge.writes, write);
  if (knowledge.shows !== undefined) knowledge.shows = { value: write.value };
}

export function push(writes: Write[], write: Write): void {
  writes.push(write);
  if (writes.length > MAX_WRITES) writes.shift();
}
