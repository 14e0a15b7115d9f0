/**
 * Where the controls of a view are: a tree with the branches of the view that lead to one, and no
 * other. It is never changed; a new view has a new one, with the same controls in it.
 */
import { Control, controlKindOf } from './control.ts';
import { type Element, type ElementNode, type Shown, shown } from './node.ts';

export interface Branch {
  readonly control: Control | undefined;
  /** By place among the siblings. */
  readonly children: ReadonlyMap<number, Branch> | undefined;
}

/** Finds the controls of something that comes into the page. */
export function branchOf(node: Shown<unknown>): Branch | undefined {
  if (node.kind === 'text' || node.kind === 'raw') return undefined;
  const control = node.kind === 'element' ? controlOf(node) : undefined;
  let children: Map<number, Branch> | undefined;
  for (let at = 0; at < node.children.length; at++) {
    const branch = branchOf(shown(node.children[at] as Element<unknown>));
    if (branch !== undefined) (children ??= new Map()).set(at, branch);
  }
  return made(control, children);
}

/** A branch; undefined when there is nothing on it. */
export function made(
  control: Control | undefined,
  children: ReadonlyMap<number, Branch> | undefined,
): Branch | undefined {
  return control === undefined && children === undefined ? undefined : { control, children };
}

/**
 * The control of an element that the page keeps: the one that it had, unless the user can change
 * something else of it now.
 */
export function keptControl(
  before: Control | undefined,
  element: ElementNode<unknown>,
): Control | undefined {
  const kind = controlKindOf(element.namespace, element.tag, element.attributes);
  if (kind === undefined) return undefined;
  if (before?.kind !== kind) return new Control(kind, element);
  before.element = element;
  return before;
}

function controlOf(element: ElementNode<unknown>): Control | undefined {
  const kind = controlKindOf(element.namespace, element.tag, element.attributes);
  return kind === undefined ? undefined : new Control(kind, element);
}

/** The branch at a place; undefined when there is no control there or below. */
export function branchAt(root: Branch | undefined, places: readonly number[]): Branch | undefined {
  let branch = root;
  for (const place of places) branch = branch?.children?.get(place);
  return branch;
}

/** All controls of a branch. */
export function* controlsIn(branch: Branch | undefined): Generator<Control> {
  if (branch === undefined) return;
  if (branch.control !== undefined) yield branch.control;
  for (const child of branch.children?.values() ?? []) yield* controlsIn(child);
}
