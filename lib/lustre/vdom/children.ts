/**
 * What has changed between two lists of children.
 *
 * The browser can take a child out of its place and put it in front of an earlier one; it cannot put
 * one further back. So a child that goes back is left in its place while the others are moved in
 * front of it. It is never made anew for that, however many moves it saves: anything can have a
 * state that the server does not know (focus, selection, scroll, animation, an open popover).
 */
import { type Branch, branchOf } from './control-tree.ts';
import { type Element, type Shown, shown } from './node.ts';
import { encodeElement } from './encode.ts';
import { movers, UNMATCHED } from './moves.ts';
import { isCutByMoving, mayBeCut } from './nested.ts';
import { type WireChange, type WireNode, type WirePatch } from './wire.ts';

/** Children, with their keys if they have some. */
export interface ChildList {
  readonly children: readonly Element<unknown>[];
  readonly keys: readonly string[] | undefined;
}

/** How one child is compared with another. */
export interface ChildrenDiffer {
  /** What one child of the earlier view shows, if it can become `after`; otherwise undefined. */
  readonly match: (before: Element<unknown>, after: Element<unknown>) => Shown<unknown> | undefined;
  /** A patch that belongs to this child alone. The controls of the child are then in `branch`. */
  readonly patch: (
    before: Shown<unknown>,
    after: Shown<unknown>,
    branch: Branch | undefined,
  ) => (WirePatch & { index?: number }) | undefined;
  readonly branch: Branch | undefined;
}

/** Changes in the order in which they apply; then `removed` from the end; then the patches. */
export interface ListDiff {
  readonly changes: WireChange[];
  removed: number;
  readonly patches: WirePatch[];
  /** The controls of the children, by their new places. */
  branches: Map<number, Branch> | undefined;
}

/** Compares two lists. Children with keys are found wherever they are, others by their place. */
export function diffChildren(
  before: ChildList,
  after: ChildList,
  differ: ChildrenDiffer,
  branch: Branch | undefined,
): ListDiff {
  const result: ListDiff = { changes: [], removed: 0, patches: [], branches: undefined };
  if (before.children === after.children && before.keys === after.keys) {
    // The same array of the same children: there may be memos in it, but no other ones.
    patchInPlace(before.children, after.children, differ, branch, result);
    return result;
  }
  if (before.keys === undefined && after.keys === undefined) {
    patchInPlace(before.children, after.children, differ, branch, result);
  } else if (before.keys === undefined || after.keys === undefined) {
    // A child keeps its key, or that it has none, as long as it is shown.
    insert(result, 0, encodeAll(after, 0, after.children.length, result));
    result.removed = before.children.length;
  } else {
    diffKeyed(
      { children: before.children, keys: before.keys },
      { children: after.children, keys: after.keys },
      differ,
      branch,
      result,
    );
  }
  return result;
}

/** Child by child, at the same place. */
function patchInPlace(
  before: readonly Element<unknown>[],
  after: readonly Element<unknown>[],
  differ: ChildrenDiffer,
  branch: Branch | undefined,
  result: ListDiff,
): void {
  const shared = Math.min(before.length, after.length);
  for (let at = 0; at < shared; at++) {
    const old = before[at] as Element<unknown>;
    const wanted = after[at] as Element<unknown>;
    const match = differ.match(old, wanted);
    if (match === undefined) {
      result.changes.push({ kind: 5, ...(at > 0 && { index: at }), with: encodeElement(wanted) });
      note(result, at, branchOf(shown(wanted)));
    } else {
      patchChild(match, wanted, at, branch?.children?.get(at), differ, result);
    }
  }
  if (before.length === after.length) return;
  const list = { children: after, keys: undefined };
  insert(result, shared, encodeAll(list, shared, after.length, result));
  result.removed = before.length - shared;
}

interface KeyedList extends ChildList {
  readonly keys: readonly string[];
}

function diffKeyed(
  before: KeyedList,
  after: KeyedList,
  differ: ChildrenDiffer,
  branch: Branch | undefined,
  result: ListDiff,
): void {
  // Of its whole length from the start: it is filled from both ends.
  const matches: Match[] = after.children.map(() => undefined);
  const match = (at: number, to: number): boolean => {
    matches[to] = differ.match(
      before.children[at] as Element<unknown>,
      after.children[to] as Element<unknown>,
    );
    return matches[to] !== undefined;
  };
  const isSame = (at: number, to: number): boolean =>
    before.keys[at] === after.keys[to] && match(at, to);

  let start = 0;
  let oldEnd = before.children.length;
  let newEnd = after.children.length;
  while (start < oldEnd && start < newEnd && isSame(start, start)) start++;
  while (oldEnd > start && newEnd > start && isSame(oldEnd - 1, newEnd - 1)) {
    oldEnd--;
    newEnd--;
  }
  let sources: Int32Array | undefined;
  if (start < oldEnd || start < newEnd) {
    const middle = { start, oldEnd, newEnd };
    sources = matchMiddle(before, after, middle, match);
    rearrange(before, after, middle, sources, matches, result);
  }
  const shift = before.children.length - after.children.length;
  for (let to = 0; to < after.children.length; to++) {
    const old = matches[to];
    if (old === undefined) continue;
    const at = to < start ? to : to < newEnd ? (sources?.[to - start] as number) : to + shift;
    const wanted = after.children[to] as Element<unknown>;
    patchChild(old, wanted, to, branch?.children?.get(at), differ, result);
  }
}

/** What the earlier child shows that a later one can be made of. */
type Match = Shown<unknown> | undefined;

/** What is left of two lists between what they begin and end with alike. */
interface Middle {
  readonly start: number;
  readonly oldEnd: number;
  readonly newEnd: number;
}

/** For each wanted child of the middle: where it stands, or {@link UNMATCHED}. */
function matchMiddle(
  before: KeyedList,
  after: KeyedList,
  middle: Middle,
  match: (at: number, to: number) => boolean,
): Int32Array {
  let { start: from, oldEnd, start: to, newEnd } = middle;
  const sources = new Int32Array(newEnd - to).fill(UNMATCHED);
  const pair = (at: number, wanted: number): void => {
    if (match(at, wanted)) sources[wanted - middle.start] = at;
  };
  // From both ends, also crosswise: most lists need no map, those with two swapped children included.
  while (from < oldEnd && to < newEnd) {
    const first = before.keys[from];
    const last = before.keys[oldEnd - 1];
    const wantedFirst = after.keys[to];
    const wantedLast = after.keys[newEnd - 1];
    if (first === wantedFirst) pair(from++, to++);
    else if (last === wantedLast) pair(--oldEnd, --newEnd);
    else if (first === wantedLast) pair(from++, --newEnd);
    else if (last === wantedFirst) pair(--oldEnd, to++);
    else break;
  }
  if (from === oldEnd || to === newEnd) return sources;
  const places = new Map<string, number>();
  for (; from < oldEnd; from++) places.set(before.keys[from] as string, from);
  for (; to < newEnd; to++) {
    const at = places.get(after.keys[to] as string);
    if (at !== undefined) pair(at, to);
  }
  return sources;
}

/** Removes, moves and inserts, so that the middle has the wanted order. */
function rearrange(
  before: KeyedList,
  after: KeyedList,
  { start, oldEnd, newEnd }: Middle,
  sources: Int32Array,
  matches: Match[],
  result: ListDiff,
): void {
  const moved = movers(sources);
  for (let at = 0; mayBeCut() && at < moved.length; at++) {
    // A component in a component is made anew where it would move.
    if (moved[at] === 0 || !isCutByMoving(matches[start + at])) continue;
    sources[at] = UNMATCHED;
    matches[start + at] = undefined;
    moved[at] = 0;
  }
  removeUnused(before, after, { start, oldEnd, newEnd }, sources, result);
  let pending: WireNode[] = [];
  for (let to = start; to < newEnd; to++) {
    const key = after.keys[to] as string;
    if (sources[to - start] === UNMATCHED) {
      const child = after.children[to] as Element<unknown>;
      pending.push(encodeElement(child, key));
      note(result, to, branchOf(shown(child)));
      continue;
    }
    insert(result, to - pending.length, pending);
    pending = [];
    if (moved[to - start] === 1) {
      result.changes.push(to === 0 ? { kind: 3, key } : { kind: 3, key, before: to });
    }
  }
  insert(result, newEnd - pending.length, pending);
}

/** Those at the very end are dropped as one, the others one by one, from behind. */
function removeUnused(
  before: KeyedList,
  after: KeyedList,
  { start, oldEnd, newEnd }: Middle,
  sources: Int32Array,
  result: ListDiff,
): void {
  const isUsed = new Uint8Array(oldEnd - start);
  let unused = isUsed.length;
  for (let to = 0; to < sources.length; to++) {
    const at = sources[to] as number;
    if (at === UNMATCHED) continue;
    isUsed[at - start] = 1;
    unused--;
  }
  if (unused === 0) return;
  let end = oldEnd;
  if (oldEnd === before.children.length) {
    // One whose key comes again goes first: no key may be there twice.
    const wanted = new Set(after.keys.slice(start, newEnd));
    while (end > start && isUsed[end - 1 - start] === 0) {
      if (wanted.has(before.keys[end - 1] as string)) break;
      end--;
    }
    result.removed = oldEnd - end;
  }
  for (let at = end - 1; at >= start; at--) {
    if (isUsed[at - start] === 0) {
      result.changes.push({ kind: 4, ...(at > 0 && { index: at }) });
    }
  }
}

function patchChild(
  before: Shown<unknown>,
  after: Element<unknown>,
  at: number,
  branch: Branch | undefined,
  differ: ChildrenDiffer,
  result: ListDiff,
): void {
  const patch = differ.patch(before, shown(after), branch);
  note(result, at, differ.branch);
  if (patch === undefined) return;
  if (at > 0) patch.index = at;
  result.patches.push(patch);
}

function note(result: ListDiff, at: number, branch: Branch | undefined): void {
  if (branch !== undefined) (result.branches ??= new Map()).set(at, branch);
}

function insert({ changes }: ListDiff, at: number, nodes: readonly WireNode[]): void {
  if (nodes.length > 0) changes.push({ kind: 6, ...(at > 0 && { before: at }), children: nodes });
}

function encodeAll(
  { children, keys }: ChildList,
  from: number,
  end: number,
  result: ListDiff,
): WireNode[] {
  const nodes: WireNode[] = [];
  for (let at = from; at < end; at++) {
    const child = children[at] as Element<unknown>;
    nodes.push(encodeElement(child, keys?.[at]));
    note(result, at, branchOf(shown(child)));
  }
  return nodes;
}
