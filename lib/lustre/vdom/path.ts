/**
 * From the path of an event, as the browser sends it, to the handler. Paths are untrusted input:
 * each part is looked up only among the children that the view has.
 *
 * Wire shape: one part for each level, with a tab between: the key where the children have keys,
 * the place among its siblings, from 0, where not. The first is the view itself, `0`.
 */
import { type EventAttribute } from './attribute.ts';
import { type Element, type ElementNode, type RawNode, rendered, type Shown } from './node.ts';

/** A handler, where it was found. */
export interface Found {
  /** What the path leads through, from the view itself to the element of the handler. */
  readonly chain: readonly Shown<unknown>[];
  /** The places among the siblings that lead there, one less. */
  readonly places: readonly number[];
  readonly element: ElementNode<unknown> | RawNode<unknown>;
  readonly handler: EventAttribute<unknown>;
  /** Turns what the handler makes into a message of the whole view. */
  readonly toMessage: (message: unknown) => unknown;
}

const PLACE = /^(?:0|[1-9]\d{0,8})$/;

/** Finds the handler of an event; undefined when there is none at this path. */
export function findHandler(view: Element<unknown>, path: string, name: string): Found | undefined {
  const parts = path.split('\t');
  if (parts[0] !== '0') return undefined;
  const maps: ((message: unknown) => unknown)[] = [];
  let node = enter(view, maps);
  const chain = [node];
  const places: number[] = [];
  for (let level = 1; level < parts.length; level++) {
    if (node.kind === 'text' || node.kind === 'raw') return undefined;
    const part = parts[level] as string;
    const { children, keys } = node;
    let at: number;
    if (keys !== undefined) at = keys.indexOf(part);
    else at = PLACE.test(part) ? Number(part) : -1;
    const child = children[at];
    if (child === undefined) return undefined;
    node = enter(child, maps);
    chain.push(node);
    places.push(at);
  }
  if (node.kind === 'text' || node.kind === 'fragment') return undefined;
  for (const handler of node.attributes) {
    if (handler.kind === 'event' && handler.name === name) {
      return {
        chain,
        places,
        element: node,
        handler,
        toMessage: (message) => maps.reduceRight((inner, map) => map(inner), message),
      };
    }
  }
  return undefined;
}

/** Looks through memos, and through maps, which it collects. */
function enter(element: Element<unknown>, maps: ((message: unknown) => unknown)[]): Shown<unknown> {
  let node = element;
  while (node.kind === 'map' || node.kind === 'memo') {
    if (node.kind === 'map') {
      maps.push(node.toMessage);
      node = node.child;
    } else {
      node = rendered(node);
    }
  }
  return node;
}
