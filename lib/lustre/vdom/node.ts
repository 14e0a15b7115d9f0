/** The values of a view; `element.ts` has the functions that make them. */
import { dropRejection } from '../../core/attempt.ts';
import { isPromise } from '../../core/exchange.ts';
import { type Carried } from './attribute.ts';

/** Text. */
export interface TextNode {
  readonly kind: 'text';
  readonly content: string;
}

/** Several elements in the place of one. */
export interface FragmentNode<Message> {
  readonly kind: 'fragment';
  readonly children: readonly Element<Message>[];
  readonly keys: readonly string[] | undefined;
}

/** An element of HTML, SVG, MathML, or of one's own. */
export interface ElementNode<Message> {
  readonly kind: 'element';
  readonly namespace: string;
  readonly tag: string;
  readonly attributes: readonly Carried<Message>[];
  readonly children: readonly Element<Message>[];
  readonly keys: readonly string[] | undefined;
}

/** An element whose inside is markup. */
export interface RawNode<Message> {
  readonly kind: 'raw';
  readonly namespace: string;
  readonly tag: string;
  readonly attributes: readonly Carried<Message>[];
  readonly innerHtml: string;
}

/** An element whose messages become other messages. */
export interface MapNode<Message> {
  readonly kind: 'map';
  readonly child: Element<unknown>;
  readonly toMessage: (message: unknown) => Message;
}

/** An element that is made again only when something it depends on has changed. */
export interface MemoNode<Message> {
  readonly kind: 'memo';
  readonly dependencies: readonly unknown[];
  readonly render: () => Element<Message>;
  /** The result of `render`, once it was called. */
  rendered: Element<Message> | undefined;
}

/** The result of a view: text, an element, or several; its handlers make messages. */
export type Element<Message> =
  | TextNode
  | FragmentNode<Message>
  | ElementNode<Message>
  | RawNode<Message>
  | MapNode<Message>
  | MemoNode<Message>;

export const XHTML = 'http://www.w3.org/1999/xhtml';
export const SVG = 'http://www.w3.org/2000/svg';
export const MATHML = 'http://www.w3.org/1998/Math/MathML';

/** An element on the wire: maps and memos are resolved. */
export type Shown<Message> =
  TextNode | FragmentNode<Message> | ElementNode<Message> | RawNode<Message>;

/** The element of a memo. */
export function rendered<Message>(memoized: MemoNode<Message>): Element<Message> {
  return (memoized.rendered ??= memoized.render());
}

/**
 * Refuses a value of a view, a memo or a list of children that is no element.
 * @throws TypeError
 */
export function refuseElement(got: unknown): never {
  let what = got === null ? 'null' : typeof got;
  if (isPromise(got)) {
    what = 'a promise: what a view needs is loaded by an effect, and kept in the model';
    // guard: a promise in a view is caught
    dropRejection(got);
  }
  throw new TypeError(`Expected an element, got ${what}`);
}

/**
 * Looks through maps and memos.
 * @throws TypeError for what is no element; what the `render` of a memo throws
 */
export function shown(node: Element<unknown>): Shown<unknown> {
  let current = node;
  for (;;) {
    switch (current?.kind) {
      case 'map':
        current = current.child;
        break;
      case 'memo':
        current = rendered(current);
        break;
      case 'text':
      case 'fragment':
      case 'element':
      case 'raw':
        return current;
      default:
        return refuseElement(current);
    }
  }
}
