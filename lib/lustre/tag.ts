/** How the words for elements are made. */
import { type Attribute } from './attribute.ts';
import { type Children, type Element, namespaced } from './element.ts';

/** A word for an element: `html.div(attributes, children)`. */
export type Tag = <Message>(
  attributes: readonly Attribute<Message>[],
  children?: Children<Message>,
) => Element<Message>;

/** Makes the words of a namespace. */
export function tagsOf(namespace: string): (name: string) => Tag {
  return (name) => (attributes, children) => namespaced(namespace, name, attributes, children);
}
