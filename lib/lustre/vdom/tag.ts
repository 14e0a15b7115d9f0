/** How the words for elements are made. */
import { type Attribute } from './attribute.ts';
import { type Children, namespaced } from './element.ts';
import { type Element } from './node.ts';

/**
 * A word for an element: `html.div(attributes, children)`.
 *
 * Which messages it may hold is said by whoever takes it, not by what is in it, because TypeScript
 * makes no union of different messages by itself. So a function that makes a part of a view says what
 * it returns: `function row(user: User): Element<Message>`.
 */
export type Tag = <Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  children?: Children<NoInfer<Message>>,
) => Element<Message>;

/** Makes the words of a namespace. */
export function tagsOf(namespace: string): (name: string) => Tag {
  return (name) => (attributes, children) => namespaced(namespace, name, attributes, children);
}
