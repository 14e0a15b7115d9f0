/** From the values of a view to the wire. Maps and memos are resolved; they are never sent. */
import { type Carried } from './attribute.ts';
import { type Element, shown, XHTML } from './node.ts';
import { type WireAttribute, type WireBehaviour, type WireNode } from './wire.ts';

const NEVER: WireBehaviour = { kind: 0 };
const ALWAYS: WireBehaviour = { kind: 2 };

/** An element with its children. @throws the error of a memo */
export function encodeElement(node: Element<unknown>, key = ''): WireNode {
  const visible = shown(node);
  const keyPart = key === '' ? undefined : key;
  switch (visible.kind) {
    case 'text':
      return given<WireNode>({ kind: 2, key: keyPart, content: visible.content || undefined });
    case 'fragment':
      return given<WireNode>({
        kind: 0,
        key: keyPart,
        children: encodeChildren(visible.children, visible.keys),
      });
    case 'element':
      return given<WireNode>({
        kind: 1,
        key: keyPart,
        namespace: namespaceOf(visible.namespace),
        tag: visible.tag,
        attributes: encodeAttributes(visible.attributes),
        children: encodeChildren(visible.children, visible.keys),
      });
    case 'raw':
      return given<WireNode>({
        kind: 3,
        key: keyPart,
        namespace: namespaceOf(visible.namespace),
        tag: visible.tag,
        attributes: encodeAttributes(visible.attributes),
        inner_html: visible.innerHtml || undefined,
      });
  }
}

/** An attribute, a property, or the options of an event handler. */
export function encodeAttribute(each: Carried<unknown>): WireAttribute {
  switch (each.kind) {
    case 'attribute':
      return each.value === ''
        ? { kind: 0, name: each.name }
        : { kind: 0, name: each.name, value: each.value };
    case 'property':
      return { kind: 1, name: each.name, value: each.value };
    case 'event':
      return given<WireAttribute>({
        kind: 2,
        name: each.name,
        include: each.include.length === 0 ? undefined : each.include,
        prevent_default: each.preventDefault ? ALWAYS : NEVER,
        stop_propagation: each.stopPropagation ? ALWAYS : NEVER,
        debounce: each.debounce || undefined,
        throttle: each.throttle || undefined,
      });
  }
}

function encodeAttributes(list: readonly Carried<unknown>[]): WireAttribute[] | undefined {
  return list.length === 0 ? undefined : list.map((each) => encodeAttribute(each));
}

function encodeChildren(
  children: readonly Element<unknown>[],
  keys: readonly string[] | undefined,
): WireNode[] | undefined {
  if (children.length === 0) return undefined;
  return children.map((child, at) => encodeElement(child, keys?.[at]));
}

function namespaceOf(namespace: string): string | undefined {
  return namespace === XHTML ? undefined : namespace;
}

/** Undefined for a default, because JSON leaves undefined fields out. */
function given<Shape>(shape: { [Name in keyof Shape]: Shape[Name] | undefined }): Shape {
  return shape as Shape;
}
