/** From what a browser says to a message of the component. */
import { isRecord } from '../codecs/any-struct.ts';
import { type Typed } from './vdom/attribute-diff.ts';
import { type ClientMessage } from './client-message.ts';
import { type ComponentOptions } from './component.ts';
import { type Element, type ElementNode, XHTML } from './vdom/element.ts';
import { findHandler } from './vdom/path.ts';

/**
 * The message that the component makes of it, if any.
 *
 * @param shown - the view that the browser is looking at
 * @param typed - is told what was put into an input
 * @throws what the user's decoder throws
 */
export function messageOf<Message>(
  said: ClientMessage,
  options: ComponentOptions<Message> | undefined,
  shown: Element<Message> | undefined,
  typed: Map<ElementNode<unknown>, Typed>,
): Message | undefined {
  switch (said.kind) {
    case 'attribute':
      return own(options?.attributes, said.name)?.(said.value);
    case 'property':
      return own(options?.properties, said.name)?.(said.value);
    case 'event': {
      if (shown === undefined) return undefined;
      const found = findHandler(shown, said.path, said.name);
      if (found === undefined) return undefined;
      const { element, handler, toMessage } = found;
      if (element.kind === 'element' && isInput(element) && ENTERS.has(said.name)) {
        typed.set(element, typedOf(said.event));
      }
      const message = handler.decode(said.event);
      return message === undefined ? undefined : (toMessage(message) as Message);
    }
  }
}

/** Names come from strangers: `constructor` is none of ours. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

const INPUTS: ReadonlySet<string> = new Set(['input', 'select', 'textarea']);
const ENTERS: ReadonlySet<string> = new Set(['input', 'change']);

function isInput({ namespace, tag }: ElementNode<unknown>): boolean {
  return namespace === XHTML && INPUTS.has(tag);
}

function typedOf(event: unknown): Typed {
  const target = isRecord(event) && Object.hasOwn(event, 'target') ? event['target'] : undefined;
  const { value, checked } = isRecord(target) ? target : {};
  return {
    value: typeof value === 'string' ? value : undefined,
    checked: typeof checked === 'boolean' ? checked : undefined,
  };
}
