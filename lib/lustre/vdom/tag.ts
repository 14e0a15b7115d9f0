/** Makes the functions for elements. */
import { type Attribute } from './attribute.ts';
import { type Children, elementNode } from './element.ts';
import { type Element } from './node.ts';

/**
 * A word for an element: `html.div(attributes, children)`.
 *
 * The type of its messages comes from the place where it is used, not from its children, because
 * TypeScript does not infer a union of different messages. So annotate the result of a function that
 * makes a part of a view: `function row(user: User): Element<Message>`.
 */
export type Tag = <Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  children?: Children<NoInfer<Message>>,
) => Element<Message>;

/** Makes the functions of a namespace. */
export function tagsOf(namespace: string): (name: string) => Tag {
  return (name) => (attributes, children) => elementNode(namespace, name, attributes, children);
}
