/** From which control or form of a view an event came. */
import { type Branch, branchAt, controlsIn } from './vdom/control-tree.ts';
import { type Control, inputType, stateOf } from './vdom/control.ts';
import { type Found } from './vdom/path.ts';

/** Whether an event is a click on a reset button. */
export function isResetButton({ element, handler }: Found): boolean {
  if (handler.name !== 'click' || (element.tag !== 'button' && element.tag !== 'input')) {
    return false;
  }
  return inputType(element.attributes) === 'reset';
}

/** The controls of the form in which something happened. */
export function formAround(root: Branch | undefined, { chain, places }: Found): Branch | undefined {
  const depth = chain.findLastIndex((node) => node.kind === 'element' && node.tag === 'form');
  return depth === -1 ? undefined : branchAt(root, places.slice(0, depth));
}

/** The control that an event came from, where an element around it has the handler; if it is certain. */
export function targetOf(branch: Branch | undefined, event: unknown): Control | undefined {
  const target = (event as { target?: unknown } | null)?.target;
  if (typeof target !== 'object' || target === null) return undefined;
  const { name, id } = target as { name?: unknown; id?: unknown };
  const found = [...controlsIn(branch)].filter(({ element: { attributes } }) => {
    return (
      textOf(stateOf(attributes, 'name')) === textOf(name) &&
      textOf(stateOf(attributes, 'id')) === textOf(id)
    );
  });
  return found.length === 1 ? found[0] : undefined;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The event with another value of its target. */
export function withValue(event: unknown, value: string): unknown {
  const { target, ...rest } = event as { target?: object };
  return { ...rest, target: { ...target, value } };
}
