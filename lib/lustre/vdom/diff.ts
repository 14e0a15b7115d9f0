/**
 * From two views to the patch that makes the first of them the second in the page.
 *
 * What the browser assumes: keys never change, a node keeps its kind, tag and namespace, and
 * changes apply one after the other. So whatever differs in one of these is replaced, also where
 * the key is the same.
 */
import { diffAttributes, type Typed } from './attribute-diff.ts';
import { type ChildList, diffChildren, type Differ } from './children.ts';
import { type Element, type ElementNode, rendered, type Shown, shown } from './element.ts';
import { type WireChange, type WirePatch } from './wire.ts';

/** What the user has put into inputs, by the element of the earlier view. */
export type TypedInto = ReadonlyMap<ElementNode<unknown>, Typed>;

/**
 * Compares two views. The earlier one must be what the browser shows.
 *
 * @param typed - what the browser told of inputs since the earlier view
 * @returns undefined when there is nothing to do
 * @throws what a memo throws, and TypeError for what is no element
 */
export function diff(
  before: Element<unknown>,
  after: Element<unknown>,
  typed?: TypedInto,
): WirePatch | undefined {
  const differ: Differ = {
    pair: (old, wanted) => {
      shareMemos(old, wanted);
      const pair = [shown(old), shown(wanted)] as const;
      return isSameNode(...pair) ? pair : undefined;
    },
    patch: (old, wanted) => diffNode(old, wanted, typed, differ),
  };
  const { changes, removed, patches } = diffChildren(root(before), root(after), differ);
  return patchOf(changes, removed, patches);
}

/** The patch of the root speaks of the shadow root, whose one child the view is. */
function root(view: Element<unknown>): ChildList {
  return { children: [view], keys: undefined };
}

function diffNode(
  before: Shown<unknown>,
  after: Shown<unknown>,
  typed: TypedInto | undefined,
  differ: Differ,
): WirePatch | undefined {
  // The very same value: of a memo, or a constant. What was typed into it may differ all the same.
  if (before === after && typed === undefined) return undefined;
  if (before.kind === 'text' && after.kind === 'text') {
    if (before.content === after.content) return undefined;
    return {
      changes: [after.content === '' ? { kind: 0 } : { kind: 0, content: after.content }],
    };
  }
  if (before.kind === 'raw' && after.kind === 'raw') {
    const changes: WireChange[] = [];
    if (before.innerHtml !== after.innerHtml) {
      changes.push(after.innerHtml === '' ? { kind: 1 } : { kind: 1, inner_html: after.innerHtml });
    }
    const update = diffAttributes(before.attributes, after.attributes, undefined);
    if (update !== undefined) changes.push(update);
    return patchOf(changes, 0, []);
  }
  if (before.kind === 'element' && after.kind === 'element') {
    const { changes, removed, patches } = diffChildren(before, after, differ);
    const update = diffAttributes(before.attributes, after.attributes, typed?.get(before));
    // Last: the value of a select counts once its options are there.
    if (update !== undefined) changes.push(update);
    return patchOf(changes, removed, patches);
  }
  if (before.kind === 'fragment' && after.kind === 'fragment') {
    const { changes, removed, patches } = diffChildren(before, after, differ);
    return patchOf(changes, removed, patches);
  }
  throw new TypeError('Expected two nodes of the same kind');
}

function patchOf(
  changes: readonly WireChange[],
  removed: number,
  children: readonly WirePatch[],
): WirePatch | undefined {
  if (changes.length === 0 && removed === 0 && children.length === 0) return undefined;
  const patch: Writable<WirePatch> = {};
  if (removed > 0) patch.removed = removed;
  if (changes.length > 0) patch.changes = changes;
  if (children.length > 0) patch.children = children;
  return patch;
}

type Writable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

/** Whether the browser can make one of the other, rather than put it in its place. */
function isSameNode(before: Shown<unknown>, after: Shown<unknown>): boolean {
  if (before.kind !== after.kind) return false;
  if (before.kind === 'text' || before.kind === 'fragment') return true;
  const { tag, namespace } = after as ElementNode<unknown>;
  return before.tag === tag && before.namespace === namespace;
}

/** A memo that depends on the same as the earlier one in its place shows what that has shown. */
function shareMemos(before: Element<unknown>, after: Element<unknown>): void {
  let old = before;
  let wanted = after;
  for (;;) {
    while (old.kind === 'map') old = old.child;
    while (wanted.kind === 'map') wanted = wanted.child;
    if (wanted.kind !== 'memo') return;
    if (old.kind === 'memo') {
      if (wanted.rendered === undefined && isSame(old.dependencies, wanted.dependencies)) {
        wanted.rendered = rendered(old);
      }
      old = rendered(old);
    }
    wanted = rendered(wanted);
  }
}

function isSame(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((each, at) => Object.is(each, after[at]));
}

/**
 * Writes what leads to a lonely change as a path. Only bundles of Lustre 5.7.0 and later read it.
 *
 * Wire shape: `{"index":1,"children":[{"index":2,"changes":[…]}]}` becomes
 * `{"index":1,"path":[2],"changes":[…]}`.
 */
export function compact(patch: WirePatch): WirePatch {
  const path: number[] = [];
  let end = patch;
  for (;;) {
    const [only] = end.children ?? [];
    const isLonely = end.changes === undefined && end.removed === undefined;
    if (only === undefined || end.children?.length !== 1 || !isLonely) break;
    path.push(only.index ?? 0);
    end = only;
  }
  const { children } = end;
  return {
    ...(patch.index !== undefined && { index: patch.index }),
    ...(path.length > 0 && { path }),
    ...(end.removed !== undefined && { removed: end.removed }),
    ...(end.changes !== undefined && { changes: end.changes }),
    ...(children !== undefined && { children: children.map((child) => compact(child)) }),
  };
}
