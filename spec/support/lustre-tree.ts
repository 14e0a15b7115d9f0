/**
 * What a runtime keeps of the page: one node for each node of the view, with the DOM nodes that
 * belong to it. Mounts and patches are applied by the rules of the wire, and to the letter: what a
 * runtime would swallow and get wrong from then on is thrown here.
 */
import { type Element, type Node, type Text, type Window } from 'happy-dom';
import {
  type WireAttribute,
  type WireChange,
  type WireNode,
  type WirePatch,
  WireViolation,
} from './lustre-wire.ts';

const HTML = 'http://www.w3.org/1999/xhtml';

/** Where an event goes that somebody listens to. */
export type Listening = (node: TreeNode, name: string) => () => void;

/** One node of the view, as a page knows it. */
export class TreeNode {
  readonly children: TreeNode[] = [];
  /** What the element has now, by name: the wire's idea of it, which the DOM must agree with. */
  readonly attributes = new Map<string, WireAttribute>();
  readonly stopListening = new Map<string, () => void>();
  readonly kind: WireNode['kind'];
  readonly key: string;
  readonly parent: TreeNode | undefined;
  /** The element or text; of fragments and maps the empty text in front of their children. */
  readonly dom: Node;

  constructor(kind: WireNode['kind'], key: string, parent: TreeNode | undefined, dom: Node) {
    this.kind = kind;
    this.key = key;
    this.parent = parent;
    this.dom = dom;
  }

  get isVirtual(): boolean {
    return this.kind === 0 || this.kind === 4;
  }

  get element(): Element {
    if (this.kind !== 1 && this.kind !== 3) throw new WireViolation(`${this.path} is no element`);
    return this.dom as Element;
  }

  /** Where the children of this node are in the DOM. */
  get domParent(): Node {
    if (!this.isVirtual) return this.dom;
    const { parentNode } = this.dom;
    if (parentNode === null) throw new WireViolation(`${this.path} is nowhere in the page`);
    return parentNode;
  }

  /** How an event of this node names it: keys, or else indices, from the root on. */
  get path(): string {
    const { parent } = this;
    if (parent === undefined) return '';
    const segment = this.key === '' ? String(parent.children.indexOf(this)) : this.key;
    if (parent.parent === undefined) return segment;
    return `${parent.path}${parent.kind === 4 ? '\r' : '\t'}${segment}`;
  }

  /** All DOM nodes of this node, in their order. */
  *domNodes(): Generator<Node> {
    yield this.dom;
    if (this.isVirtual) for (const child of this.children) yield* child.domNodes();
  }

  /** This node and all below it. */
  *descendants(): Generator<TreeNode> {
    yield this;
    for (const child of this.children) yield* child.descendants();
  }
}

/** The view of one mount. */
export class Tree {
  readonly root: TreeNode;
  readonly #window: Window;
  readonly #listen: Listening;

  constructor(window: Window, container: Node, vdom: WireNode, listen: Listening) {
    this.#window = window;
    this.#listen = listen;
    this.root = new TreeNode(1, '', undefined, container);
    this.#insert(this.root, 0, [vdom]);
    this.#check(this.root);
  }

  /** Applies one patch: to the container, whose only child is the root of the view. */
  apply(patch: WirePatch): void {
    this.#patch(this.root, patch);
    if (this.root.children.length !== 1) {
      throw new WireViolation(`the view has ${this.root.children.length} roots`);
    }
  }

  #patch(start: TreeNode, { path, changes, removed, children }: WirePatch): void {
    let node = start;
    for (const step of path) node = childAt(node, step);
    for (const change of changes) this.#change(node, change);
    if (removed > node.children.length) {
      throw new WireViolation(`${removed} of ${node.children.length} children removed`);
    }
    this.#remove(node, node.children.length - removed, removed);
    // All are taken before the first of them is looked into.
    const patched = children.map((patch) => [childAt(node, patch.index), patch] as const);
    if (new Set(patched.map(([child]) => child)).size < patched.length) {
      throw new WireViolation(`two patches for one child of ${node.path}`);
    }
    this.#check(node);
    for (const [child, patch] of patched) this.#patch(child, patch);
  }

  #change(node: TreeNode, change: WireChange): void {
    switch (change.kind) {
      case 0:
        if (node.kind !== 2) throw new WireViolation(`${node.path} is no text`);
        (node.dom as Text).data = change.content;
        return;
      case 1:
        if (node.kind !== 3) throw new WireViolation(`${node.path} is no raw HTML`);
        node.element.innerHTML = change.inner_html;
        return;
      case 2:
        for (const { name } of change.removed) this.#removeAttribute(node, name);
        for (const attribute of change.added) this.#addAttribute(node, attribute);
        return;
      case 3:
        this.#move(node, change.key, change.before);
        return;
      case 4:
        childAt(node, change.index);
        this.#remove(node, change.index, 1);
        return;
      case 5:
        childAt(node, change.index);
        this.#remove(node, change.index, 1);
        this.#insert(node, change.index, [change.with]);
        return;
      case 6:
        if (change.before > node.children.length) {
          throw new WireViolation(`insert at ${change.before} of ${node.children.length} children`);
        }
        this.#insert(node, change.before, change.children);
    }
  }

  #move(parent: TreeNode, key: string, before: number): void {
    const { children } = parent;
    const reference = childAt(parent, before).dom;
    // Only behind `before`: a runtime that does not find the key there rotates all that follows.
    const from = children.findIndex((child, index) => index > before && child.key === key);
    const [moved] = from < 0 ? [] : children.splice(from, 1);
    if (moved === undefined) {
      throw new WireViolation(`no child ${key} behind ${before} to move in ${parent.path}`);
    }
    const { domParent } = parent;
    for (const dom of moved.domNodes()) domParent.insertBefore(dom, reference);
    children.splice(before, 0, moved);
  }

  #remove(parent: TreeNode, index: number, count: number): void {
    const { domParent } = parent;
    for (const child of parent.children.splice(index, count)) {
      for (const dom of child.domNodes()) domParent.removeChild(dom);
      for (const { stopListening } of child.descendants()) {
        for (const stop of stopListening.values()) stop();
      }
    }
  }

  #insert(parent: TreeNode, before: number, nodes: readonly WireNode[]): void {
    const { domParent } = parent;
    const reference = this.#reference(parent, before);
    for (const [offset, node] of nodes.entries()) {
      const child = this.#create(parent, node);
      parent.children.splice(before + offset, 0, child);
      for (const dom of child.domNodes()) domParent.insertBefore(dom, reference);
    }
  }

  /** The DOM node before which a child at this index begins. */
  #reference(parent: TreeNode, index: number): Node | null {
    const next = parent.children[index];
    if (next !== undefined) return next.dom;
    if (!parent.isVirtual) return null;
    return [...parent.domNodes()].at(-1)?.nextSibling ?? null;
  }

  #create(parent: TreeNode, node: WireNode): TreeNode {
    const { document } = this.#window;
    const key = node.key ?? '';
    if (node.kind === 2) return new TreeNode(2, key, parent, document.createTextNode(node.content));
    if (node.kind === 0 || node.kind === 4) {
      // The children find their place by the one DOM node that is there already: their head.
      const head = document.createTextNode('');
      document.createDocumentFragment().append(head);
      const virtual = new TreeNode(node.kind, key, parent, head);
      this.#insert(virtual, 0, node.kind === 0 ? node.children : [node.child]);
      if (node.kind === 0) this.#check(virtual);
      return virtual;
    }
    const element = document.createElementNS(node.namespace ?? HTML, node.tag);
    const created = new TreeNode(node.kind, key, parent, element);
    for (const attribute of node.attributes) this.#addAttribute(created, attribute);
    if (node.kind === 3) element.innerHTML = node.inner_html;
    else this.#insert(created, 0, node.children);
    this.#check(created);
    return created;
  }

  #addAttribute(node: TreeNode, attribute: WireAttribute): void {
    const { element, attributes, stopListening } = node;
    const { name } = attribute;
    const present = attributes.get(name);
    if (present !== undefined && present.kind !== attribute.kind) {
      throw new WireViolation(`${name} of ${node.path} changes its kind without being removed`);
    }
    attributes.set(name, attribute);
    const properties = element as unknown as Record<string, unknown>;
    if (attribute.kind === 1) {
      properties[name] = attribute.value;
    } else if (attribute.kind === 2) {
      stopListening.get(name)?.();
      stopListening.set(name, this.#listen(node, name));
    } else {
      const value = attribute.value ?? '';
      const virtual = /^virtual:(default(?:Value|Checked|Selected))$/.exec(name)?.[1];
      if (virtual !== undefined) {
        properties[virtual] = virtual === 'defaultValue' ? value : true;
        return;
      }
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
      if (name === 'value') properties[name] = value;
      if (name === 'checked' || name === 'selected') properties[name] = true;
    }
  }

  #removeAttribute(node: TreeNode, name: string): void {
    const { element, attributes, stopListening } = node;
    if (!attributes.delete(name)) {
      throw new WireViolation(`${node.path} has no ${name} to remove`);
    }
    const stop = stopListening.get(name);
    if (stop !== undefined) {
      stopListening.delete(name);
      stop();
      return;
    }
    // Also of a property: it keeps its value, and the attribute of that name goes.
    element.removeAttribute(name);
    if (name === 'checked' || name === 'selected') {
      (element as unknown as Record<string, unknown>)[name] = false;
    }
  }

  /** Siblings are told apart by key or index: without that a path leads to the wrong one. */
  #check(node: TreeNode): void {
    const segments = node.children.map(({ key }, index) => (key === '' ? String(index) : key));
    if (new Set(segments).size < segments.length) {
      throw new WireViolation(`children of "${node.path}" have one path: ${segments.join(', ')}`);
    }
  }
}

function childAt(node: TreeNode, index: number): TreeNode {
  const child = node.children[index];
  if (child === undefined) {
    throw new WireViolation(`no child ${index} in "${node.path}", of ${node.children.length}`);
  }
  return child;
}
