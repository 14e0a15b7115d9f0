/** From the values of a view to the wire. Maps and memos are resolved; they are never sent. */
import { type Carried, type EventAttribute } from './attribute.ts';
import { type Element, type Shown, shown, XHTML } from './node.ts';
import { type WireAttribute, type WireBehaviour, type WireNode } from './wire.ts';

const NEVER: WireBehaviour = { kind: 0 };
const ALWAYS: WireBehaviour = { kind: 2 };

/** An element with its children. @throws the error of a memo */
export function encodeElement(node: Element<unknown>, key = ''): WireNode {
  const encoded: Writable<WireNode> = encodeShown(shown(node));
  if (key !== '') encoded.key = key;
  return encoded;
}

function encodeShown(node: Shown<unknown>): WireNode {
  switch (node.kind) {
    case 'text':
      return node.content === '' ? { kind: 2 } : { kind: 2, content: node.content };
    case 'fragment': {
      const children = encodeChildren(node.children, node.keys);
      return children === undefined ? { kind: 0 } : { kind: 0, children };
    }
    case 'element': {
      const attributes = encodeAttributes(node.attributes);
      const encoded = encodeTag(node.tag, attributes, encodeChildren(node.children, node.keys));
      return inNamespace(node.namespace, encoded);
    }
    case 'raw': {
      const encoded: Writable<WireNode> = { kind: 3, tag: node.tag };
      const attributes = encodeAttributes(node.attributes);
      if (attributes !== undefined) encoded.attributes = attributes;
      if (node.innerHtml !== '') encoded.inner_html = node.innerHtml;
      return inNamespace(node.namespace, encoded);
    }
  }
}

type Writable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

/** An object for each case: there are very many, and undefined fields cost time when they are printed. */
function encodeTag(
  tag: string,
  attributes: WireAttribute[] | undefined,
  children: WireNode[] | undefined,
): WireNode {
  if (attributes === undefined) {
    return children === undefined ? { kind: 1, tag } : { kind: 1, tag, children };
  }
  return children === undefined
    ? { kind: 1, tag, attributes }
    : { kind: 1, tag, attributes, children };
}

function inNamespace(namespace: string, node: Writable<WireNode>): WireNode {
  if (namespace !== XHTML) node.namespace = namespace;
  return node;
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
      return encodeHandler(each);
  }
}

function encodeHandler(handler: EventAttribute<unknown>): WireAttribute {
  const { name, include, debounce, throttle } = handler;
  const behaviour = {
    kind: 2,
    name,
    prevent_default: handler.preventDefault ? ALWAYS : NEVER,
    stop_propagation: handler.stopPropagation ? ALWAYS : NEVER,
  } as const;
  if (include.length === 0 && debounce === 0 && throttle === 0) return behaviour;
  return {
    ...behaviour,
    ...(include.length > 0 && { include }),
    ...(debounce > 0 && { debounce }),
    ...(throttle > 0 && { throttle }),
  };
}

function encodeAttributes(list: readonly Carried<unknown>[]): WireAttribute[] | undefined {
  return list.length === 0 ? undefined : list.map((each) => encodeAttribute(each));
}

function encodeChildren(
  children: readonly Element<unknown>[],
  keys: readonly string[] | undefined,
): WireNode[] | undefined {
  if (children.length === 0) return undefined;
  const nodes: WireNode[] = [];
  for (let at = 0; at < children.length; at++) {
    nodes.push(encodeElement(children[at] as Element<unknown>, keys?.[at]));
  }
  return nodes;
}
