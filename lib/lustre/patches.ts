/**
 * The patches that follow a step: one that all pages share, and one for each page whose own events
 * decide which controls are written to.
 */
import { type Agreement, type Page } from './agreement.ts';
import { type Snapshot } from './incoming.ts';
import { compact, compare } from './vdom/diff.ts';
import { type Element } from './vdom/node.ts';
import { encodeMessage } from './vdom/print.ts';
import { type Viewing } from './viewing.ts';

/** What {@link patchesFor} compares. */
export interface Comparison<Message> {
  readonly agreement: Agreement;
  readonly viewings: Iterable<Viewing<Message>>;
  /** What the pages show. */
  readonly before: Snapshot<Message>;
  /** What they are to show. */
  readonly view: Element<Message>;
  /** False where the view is the same as before, and only the author's page is compared with it. */
  readonly wasStale: boolean;
  /** The viewer whose events the patches answer. */
  readonly author: Viewing<Message> | undefined;
  /** Whether patches are shortened for runtimes that understand it. */
  readonly isCompact: boolean;
}

/** What is to be sent. A page for which nothing has changed is sent nothing. */
export interface Patches<Message> {
  /** What the pages show then. */
  readonly shown: Snapshot<Message>;
  readonly alone: readonly (readonly [viewing: Viewing<Message>, patch: string])[];
  /** For all `others`. */
  readonly shared: string | undefined;
  readonly others: readonly Viewing<Message>[];
  /** Whether the author is sent one; `shared` counts where there is no author. */
  readonly answersAuthor: boolean;
}

export function patchesFor<Message>(comparison: Comparison<Message>): Patches<Message> {
  const { agreement, viewings, before, view, wasStale, author, isCompact } = comparison;
  const marked: Viewing<Message>[] = [];
  const others: Viewing<Message>[] = [];
  for (const viewing of viewings) {
    (agreement.isMarked(viewing.page) ? marked : others).push(viewing);
  }
  const pages = others.map((each) => each.page);
  let { branch } = before;
  const patchFor = (page: Page | undefined): string | undefined => {
    const decision = agreement.decision(page, pages, author?.page);
    const { decide } = decision;
    const controls = { branch: before.branch, decide, rewrites: page !== undefined };
    let difference = compare(before.view, view, controls);
    while (!decision.end())
      difference = compare(before.view, view, { ...controls, rewrites: true });
    ({ branch } = difference);
    const { patch } = difference;
    return patch && encodeMessage({ kind: 1, patch: isCompact ? compact(patch) : patch });
  };
  const alone: (readonly [viewing: Viewing<Message>, patch: string])[] = [];
  for (const viewing of marked) {
    if (!wasStale && viewing !== author) continue;
    const patch = patchFor(viewing.page);
    if (patch !== undefined) alone.push([viewing, patch]);
  }
  const shared = wasStale && others.length > 0 ? patchFor(undefined) : undefined;
  agreement.answered(marked.map(({ page }) => page));
  const isAlone = author !== undefined && marked.includes(author);
  const answersAuthor = isAlone
    ? alone.some(([viewing]) => viewing === author)
    : shared !== undefined;
  return { shown: { view, branch }, alone, shared, others, answersAuthor };
}
