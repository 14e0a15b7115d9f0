/**
 * Functions that make the elements of a view. The elements are values, which can be inspected,
 * compared and reused. Do not change one afterwards, nor an array that was given to such a function.
 *
 * Source: `lustre/element`, `lustre/element/keyed` of Lustre.
 */
import { expectFunction } from '../../core/options.ts';
import { type Attribute, type Carried } from './attribute.ts';
import { carried } from './carried.ts';
import { inputType } from './control.ts';
import { expectName } from './name.ts';
import { noteNested } from './nested.ts';
import { type Element, type TextNode, XHTML } from './node.ts';
import { reporting } from './reports.ts';
import { fitsForeign, fitting } from './value-guard.ts';

/** Children that are known by key: see {@link keyed}. */
export interface Keyed<Message> {
  readonly kind: 'keyed';
  readonly keys: readonly string[];
  readonly children: readonly Element<Message>[];
}

/** The children of an element: an array of them, or {@link keyed}. */
export type Children<Message> = readonly Element<Message>[] | Keyed<Message>;

const EMPTY: readonly never[] = Object.freeze([]);
const NONE: TextNode = Object.freeze({ kind: 'text', content: '' });

/** Text. It is shown as it is: text is never markup. */
export function text(content: string | number): Element<never> {
  return { kind: 'text', content: String(content) };
}

/** Nothing visible: for the other half of a condition. It takes a place among its siblings. */
export function none(): Element<never> {
  return NONE;
}

function isKeyed<Message>(children: Children<Message>): children is Keyed<Message> {
  return !Array.isArray(children);
}

/** Several elements in the place of one, without an element around them. */
export function fragment<Message = never>(children: Children<NoInfer<Message>>): Element<Message> {
  return isKeyed(children)
    ? { kind: 'fragment', children: children.children, keys: children.keys }
    : { kind: 'fragment', children, keys: undefined };
}

/**
 * An HTML element of any name: for custom elements. `html` has the ones of HTML.
 *
 * @throws TypeError when the tag is none
 */
export function element<Message = never>(
  tag: string,
  attributes: readonly Attribute<NoInfer<Message>>[],
  children: Children<NoInfer<Message>> = EMPTY,
): Element<Message> {
  return namespaced(XHTML, tag, attributes, children);
}

/**
 * An element of another namespace. `svg` and `mathml` have those of the two that browsers know.
 *
 * @param namespace - its URI
 * @throws TypeError when the tag is none
 */
export function namespaced<Message = never>(
  namespace: string,
  tag: string,
  attributes: readonly Attribute<NoInfer<Message>>[],
  children: Children<NoInfer<Message>> = EMPTY,
): Element<Message> {
  expectName('tag', tag);
  noteNested(tag);
  return elementNode(namespace, tag, attributes, children);
}

/** The same, for a tag that is known to be one. */
export function elementNode<Message = never>(
  namespace: string,
  tag: string,
  attributes: readonly Attribute<NoInfer<Message>>[],
  children: Children<NoInfer<Message>> = EMPTY,
): Element<Message> {
  const isByKey = isKeyed(children);
  const list = isByKey ? children.children : children;
  const keys = isByKey ? children.keys : undefined;
  return {
    kind: 'element',
    namespace,
    tag,
    attributes: attributesOf(namespace, tag, attributes, list.length > 0),
    children: list,
    keys,
  };
}

/**
 * The attributes of an element as the browser can take them, with handlers that ask for what the
 * server needs to know.
 */
function attributesOf<Message>(
  namespace: string,
  tag: string,
  attributes: readonly Attribute<Message>[],
  hasChildren: boolean,
): readonly Carried<Message>[] {
  if (attributes.length === 0) return EMPTY;
  const list = carried(attributes, attributes.length > 1 && tag.includes('-'));
  if (namespace !== XHTML) {
    const fits = (each: Carried<Message>): boolean =>
      each.kind === 'event' || fitsForeign(tag, each);
    return list.every(fits) ? list : list.filter(fits);
  }
  const isFile = tag === 'input' && inputType(list) === 'file';
  let fit: Carried<Message>[] | undefined;
  // By index: views make very many elements, and an iterator would be most of what this costs.
  for (let at = 0; at < list.length; at++) {
    const each = list[at] as Carried<Message>;
    const other = needsLook(tag, each) ? fitting(tag, each, isFile) : each;
    if (other === each) {
      fit?.push(each);
      continue;
    }
    fit ??= list.slice(0, at);
    if (other !== undefined) fit.push(other);
  }
  return reporting(namespace, tag, fit ?? list, hasChildren);
}

/** Whether the element may not take it as it is; most attributes are taken by every element. */
function needsLook(tag: string, { kind, name }: Carried<unknown>): boolean {
  if (kind === 'event') return false;
  return kind === 'property' || name === 'value' || tag === 'object';
}

/**
 * An element whose content is given as markup. It is never checked: it must not contain anything that
 * a user entered.
 *
 * @throws TypeError when the tag is none
 */
export function unsafeRawHtml<Message = never>(
  tag: string,
  attributes: readonly Attribute<NoInfer<Message>>[],
  innerHtml: string,
  namespace: string = XHTML,
): Element<Message> {
  expectName('tag', tag);
  noteNested(tag, innerHtml);
  return {
    kind: 'raw',
    namespace,
    tag,
    attributes: attributesOf(namespace, tag, attributes, true),
    innerHtml,
  };
}

/**
 * Children that are known by key, so that one that moves is moved in the page, with what the user
 * typed into it, and so that an event reaches the child that the user saw:
 * `html.ul([], keyed(users.map((user) => [user.id, row(user)])))`.
 *
 * Any string is a key. Keys should differ; where two are the same the later one is distinguished by its
 * place, and is then made anew when it moves.
 */
export function keyed<Message>(
  children: readonly (readonly [key: string, child: Element<Message>])[],
): Keyed<Message> {
  const keys: string[] = [];
  const elements: Element<Message>[] = [];
  const seen = new Map<string, number>();
  for (const [name, child] of children) {
    const key = wireKey(name);
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    keys.push(times === 0 ? key : `${key}%~${times}`);
    elements.push(child);
  }
  return { kind: 'keyed', keys, children: elements };
}

/**
 * A key as it may stand in an event's path, where tab and return separate, and an empty one is
 * none. A percent sign is escaped too, so that different keys stay different.
 */
function wireKey(key: string): string {
  if (key === '') return '%';
  return /[\t\n\r%]/.test(key) ? key.replaceAll(/[\t\n\r%]/g, encodeURIComponent) : key;
}

/**
 * Turns the messages of an element into other messages, so that a part of a view with messages of
 * its own can be used in a larger one.
 */
export function map<Inner, Message>(
  child: Element<Inner>,
  toMessage: (message: Inner) => Message,
): Element<Message> {
  expectFunction('toMessage', toMessage);
  // The inner type is known here and nowhere later: the two halves stay together in one value.
  return { kind: 'map', child, toMessage: toMessage as (message: unknown) => Message };
}

/**
 * An element that is made again only when one of its dependencies is another than at the last view
 * (`Object.is`, one by one). Meanwhile its handlers are the old ones too: what they use must be
 * among the dependencies.
 */
export function memo<Message>(
  dependencies: readonly unknown[],
  render: () => Element<Message>,
): Element<Message> {
  expectFunction('render', render);
  return { kind: 'memo', dependencies, render, rendered: undefined };
}
