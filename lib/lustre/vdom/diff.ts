/**
 * From two views to the patch that makes the first of them the second in the page.
 *
 * What the browser assumes: keys never change, a node keeps its kind, tag and namespace, and
 * changes apply one after the other. So whatever differs in one of these is replaced, also where
 * the key is the same.
 */
import { type Controlled, diffAttributes, withStamp } from './attribute-diff.ts';
import { type ChildList, type ChildrenDiffer, diffChildren } from './children.ts';
import { type Control, isDelegate, type Stamp, wantedOf } from './control.ts';
import { type Branch, keptControl, made } from './control-tree.ts';
import { type Element, type ElementNode, rendered, type Shown, shown } from './node.ts';
import { type WireChange, type WirePatch } from './wire.ts';

/**
 * Decides whether to write to what the user can change; called once for each such element. Returns
 * what the element keeps of the write; undefined when there is none.
 */
export type Decide = (
  control: Control,
  before: ElementNode<unknown>,
  after: ElementNode<unknown>,
  /** What the view says of it is not what it said before. */
  isChanged: boolean,
  /** An element around it hears of every change. */
  isDelegated: boolean,
) => Stamp | undefined;

/** How the controls of a page are treated in one comparison. */
export interface Controls {
  /** Where they are in the earlier view. */
  readonly branch: Branch | undefined;
  readonly decide: Decide;
  /** Whether a control may have to be written to although the view is the same. */
  readonly rewrites: boolean;
}

/** What has changed, and where the controls of the later view are. */
export interface Difference {
  /** Undefined when there is nothing to do. */
  readonly patch: WirePatch | undefined;
  readonly branch: Branch | undefined;
}

/**
 * Compares two views. The earlier one must be what the browser shows.
 *
 * @throws what a memo throws, and TypeError for what is no element
 */
export function compare(
  before: Element<unknown>,
  after: Element<unknown>,
  controls: Controls,
): Difference {
  const differ = new Differ(controls);
  const { branch } = controls;
  const root = made(undefined, branch === undefined ? undefined : new Map([[0, branch]]));
  const { changes, removed, patches, branches } = diffChildren(
    asRoot(before),
    asRoot(after),
    differ,
    root,
  );
  return { patch: patchOf(changes, removed, patches), branch: branches?.get(0) };
}

/** Compares two views of which no user changes anything: what the page shows is what it was sent. */
export function diff(before: Element<unknown>, after: Element<unknown>): WirePatch | undefined {
  const decide: Decide = (_control, _before, _after, isChanged) => (isChanged ? 0 : undefined);
  return compare(before, after, { branch: undefined, decide, rewrites: false }).patch;
}

/** The patch of the root is about the shadow root, whose one child the view is. */
function asRoot(view: Element<unknown>): ChildList {
  return { children: [view], keys: undefined };
}

class Differ implements ChildrenDiffer {
  /** The controls of what {@link patch} has just compared. */
  branch: Branch | undefined;
  readonly #controls: Controls;
  /** The options of a `select` are written, changed or not. */
  #writesOptions = false;
  /** An element around hears of every change. */
  #isDelegated = false;

  constructor(controls: Controls) {
    this.#controls = controls;
  }

  match(before: Element<unknown>, after: Element<unknown>): Shown<unknown> | undefined {
    shareMemos(before, after);
    const old = shown(before);
    return isSameNode(old, shown(after)) ? old : undefined;
  }

  patch(
    before: Shown<unknown>,
    after: Shown<unknown>,
    branch: Branch | undefined,
  ): WirePatch | undefined {
    // The very same value: of a memo, or a constant. The user may have changed it all the same.
    if (before === after && !this.#writesOptions) {
      if (branch === undefined || !this.#controls.rewrites) {
        this.branch = branch;
        return undefined;
      }
    }
    this.branch = undefined;
    if (before.kind === 'text' && after.kind === 'text') {
      if (before.content === after.content) return undefined;
      return {
        changes: [after.content === '' ? { kind: 0 } : { kind: 0, content: after.content }],
      };
    }
    if (before.kind === 'raw' && after.kind === 'raw') {
      const changes: WireChange[] = [];
      if (before.innerHtml !== after.innerHtml) {
        changes.push(
          after.innerHtml === '' ? { kind: 1 } : { kind: 1, inner_html: after.innerHtml },
        );
      }
      const update = diffAttributes(before.attributes, after.attributes, undefined);
      if (update !== undefined) changes.push(update);
      return patchOf(changes, 0, []);
    }
    if (before.kind === 'element' && after.kind === 'element') {
      return this.#patchElement(before, after, branch);
    }
    if (before.kind === 'fragment' && after.kind === 'fragment') {
      const { changes, removed, patches, branches } = diffChildren(before, after, this, branch);
      this.branch = made(undefined, branches);
      return patchOf(changes, removed, patches);
    }
    throw new TypeError('Expected two nodes of the same kind');
  }

  #patchElement(
    before: ElementNode<unknown>,
    after: ElementNode<unknown>,
    branch: Branch | undefined,
  ): WirePatch | undefined {
    const control = branch?.control;
    const wasDelegated = this.#isDelegated;
    let controlled: Controlled | undefined;
    let selection: Stamp | undefined;
    if (control === undefined) {
      // guard: the options of a select are written with it
      if (this.#writesOptions && after.tag === 'option') controlled = SELECTED;
    } else if (control.kind === 'selected') {
      selection = this.#decideSelection(control, before, after);
      this.#writesOptions = selection !== undefined;
    } else {
      controlled = this.#controlled(control, before, after);
    }
    if (branch?.children !== undefined && !wasDelegated) this.#isDelegated = isDelegate(after);
    const list = diffChildren(before, after, this, branch);
    this.#isDelegated = wasDelegated;
    if (control?.kind === 'selected') this.#writesOptions = false;
    let update = diffAttributes(before.attributes, after.attributes, controlled);
    if (selection !== undefined) update = withStamp(update, selection);
    const { changes, removed, patches, branches } = list;
    // Last: the value of a select counts once its options are there.
    if (update !== undefined) changes.push(update);
    this.branch = made(keptControl(control, after), branches);
    return patchOf(changes, removed, patches);
  }

  #controlled(
    control: Control,
    before: ElementNode<unknown>,
    after: ElementNode<unknown>,
  ): Controlled {
    const { decide } = this.#controls;
    const isDelegated = this.#isDelegated;
    return {
      name: control.kind,
      writes: (isChanged) => decide(control, before, after, isChanged, isDelegated),
    };
  }

  #decideSelection(
    control: Control,
    before: ElementNode<unknown>,
    after: ElementNode<unknown>,
  ): Stamp | undefined {
    const wanted = wantedOf('selected', after);
    if (wanted === undefined) return undefined;
    const isChanged = wanted !== wantedOf('selected', before);
    return this.#controls.decide(control, before, after, isChanged, this.#isDelegated);
  }
}

/** An option of a `select` that is written: the `select` keeps the stamp of the write. */
const SELECTED: Controlled = { name: 'selected', writes: () => true };

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
