/**
 * What a user can change of an element: the value of an input, whether a box is checked, which
 * option is selected, whether `details` is open. When the view says what it shall be, the view is
 * right, and the element is controlled.
 */
import { type Carried, type Json } from './attribute.ts';
import { type Element, type ElementNode, type Shown, shown, XHTML } from './node.ts';

/** Which part of an element the user changes. */
export type ControlKind = 'value' | 'checked' | 'selected' | 'open';

/** What such a part is: a string for `value` and `selected`, a boolean for the other two. */
export type Known = string | boolean;

/** What an element keeps of a write: its number, and the value where nobody else remembers it. */
export type Stamp = number | readonly [version: number, value: Known];

/**
 * One controlled element of the page, from when it is inserted until it is removed or replaced. It
 * stays the same object however often the view is made again.
 */
export class Control {
  readonly kind: ControlKind;
  /** The element of the latest view. */
  element: ElementNode<unknown>;

  constructor(kind: ControlKind, element: ElementNode<unknown>) {
    this.kind = kind;
    this.element = element;
  }
}

/** These have no value that a user changes in place. */
const NO_VALUE: ReadonlySet<string> = new Set([
  'button',
  'file',
  'hidden',
  'image',
  'reset',
  'submit',
]);

/** What a user can change of an element; undefined when nothing. */
export function controlKindOf(
  namespace: string,
  tag: string,
  attributes: readonly Carried<unknown>[],
): ControlKind | undefined {
  if (namespace !== XHTML) return undefined;
  switch (tag) {
    case 'input': {
      const type = inputType(attributes);
      if (type === 'checkbox' || type === 'radio') return 'checked';
      return NO_VALUE.has(type) ? undefined : 'value';
    }
    case 'textarea':
      return 'value';
    case 'select':
      return stateOf(attributes, 'value') === undefined ? 'selected' : 'value';
    case 'details':
    case 'dialog':
      return 'open';
    default:
      return undefined;
  }
}

/** The type of an `input`. */
export function inputType(attributes: readonly Carried<unknown>[]): string {
  const type = stateOf(attributes, 'type');
  return typeof type === 'string' && type !== '' ? type.toLowerCase() : 'text';
}

/** What an attribute or property of this name says; the property counts, since it is set last. */
export function stateOf(attributes: readonly Carried<unknown>[], name: string): Json | undefined {
  let found: Json | undefined;
  for (const each of attributes) {
    if (each.name === name && each.kind !== 'event') found = each.value;
  }
  return found;
}

/** The property of a box that is written together with `checked`. */
export const UNDECIDED = 'indeterminate';

/** What the view says that the page shall show; undefined when it leaves that to the user. */
export function wantedOf(kind: ControlKind, element: ElementNode<unknown>): Known | undefined {
  const { attributes } = element;
  switch (kind) {
    case 'value': {
      const value = stateOf(attributes, 'value');
      if (value === undefined || (typeof value === 'object' && value !== null)) return undefined;
      return value === null ? '' : String(value);
    }
    case 'checked':
    case 'open': {
      let wanted: boolean | undefined;
      for (const each of attributes) {
        if (each.name !== kind || each.kind === 'event') continue;
        wanted = each.kind === 'attribute' || Boolean(each.value);
      }
      return wanted;
    }
    case 'selected':
      return selectionOf(element);
  }
}

/** Whether the page shows what the view wants, by the rules of the element. */
export function isSameState(element: ElementNode<unknown>, known: Known, wanted: Known): boolean {
  if (known === wanted) return true;
  if (typeof known !== 'string' || typeof wanted !== 'string') return false;
  if (element.tag === 'textarea') return oneNewline(known) === oneNewline(wanted);
  if (element.tag !== 'input') return false;
  const type = inputType(element.attributes);
  switch (type) {
    case 'number':
    case 'range':
      // While "5.0" is typed on the way to "5.05", the model has the number 5.
      return known.trim() !== '' && wanted.trim() !== '' && Number(known) === Number(wanted);
    case 'color':
      return known.toLowerCase() === wanted.toLowerCase();
    case 'email':
    case 'url':
      return oneLine(known).trim() === oneLine(wanted).trim();
    default:
      return oneLine(known) === oneLine(wanted);
  }
}

/** Browsers change what they are given: a `textarea` has one kind of newline, an `input` none. */
const oneNewline = (text: string): string => text.replaceAll(/\r\n?/g, '\n');
const oneLine = (text: string): string => text.replaceAll(/[\r\n]/g, '');

/** What is typed letter by letter, so that two changes of it can be merged. */
export function isTyped({ kind, element }: Control): boolean {
  if (kind !== 'value' || element.tag === 'select') return false;
  return element.tag === 'textarea' || TYPED.has(inputType(element.attributes));
}

/** The inputs in which letters are typed. */
export const TYPED: ReadonlySet<string> = new Set([
  'email',
  'password',
  'search',
  'tel',
  'text',
  'url',
]);

/** Which events tell of every change of the element by its user, sooner or later. */
const REPORTERS: Readonly<Record<ControlKind, ReadonlySet<string>>> = {
  value: new Set(['input', 'change', 'blur', 'focusout', 'keyup']),
  checked: new Set(['input', 'change', 'click']),
  selected: new Set(['input', 'change', 'blur', 'focusout']),
  open: new Set(['toggle', 'close']),
};

/** Whether the element has a handler by which the server hears of every change of it. */
export function isReporting(kind: ControlKind, element: ElementNode<unknown>): boolean {
  const reporters = REPORTERS[kind];
  return element.attributes.some(({ kind: each, name }) => each === 'event' && reporters.has(name));
}

/** Whether an element hears of every change of the inputs in it, since such events bubble. */
export function isDelegate({ attributes }: ElementNode<unknown>): boolean {
  return attributes.some(
    ({ kind, name }) => kind === 'event' && (name === 'input' || name === 'change'),
  );
}

/** The selected value of a `select` with one choice, by its options; all of them with several. */
function selectionOf(select: ElementNode<unknown>): string | undefined {
  let isControlled = false;
  let first: string | undefined;
  const chosen: string[] = [];
  for (const option of optionsOf(select)) {
    const selected = wantedSelected(option);
    if (selected !== undefined) isControlled = true;
    first ??= stateOf(option.attributes, 'disabled') === undefined ? valueOf(option) : undefined;
    if (selected === true) chosen.push(valueOf(option));
  }
  if (!isControlled) return undefined;
  if (isMultiple(select)) return JSON.stringify(chosen);
  return chosen.at(-1) ?? first ?? '';
}

/** Whether several options of a `select` may be selected. */
export function isMultiple({ attributes }: Pick<ElementNode<unknown>, 'attributes'>): boolean {
  const multiple = stateOf(attributes, 'multiple');
  return multiple !== undefined && multiple !== false;
}

function wantedSelected({ attributes }: ElementNode<unknown>): boolean | undefined {
  let wanted: boolean | undefined;
  for (const each of attributes) {
    if (each.name !== 'selected' || each.kind === 'event') continue;
    wanted = each.kind === 'attribute' || Boolean(each.value);
  }
  return wanted;
}

function* optionsOf(node: Shown<unknown>): Generator<ElementNode<unknown>> {
  if (node.kind === 'text' || node.kind === 'raw') return;
  if (node.kind === 'element' && node.tag === 'option') {
    yield node;
    return;
  }
  for (const child of node.children) yield* optionsOf(shown(child));
}

function valueOf(option: ElementNode<unknown>): string {
  const value = stateOf(option.attributes, 'value');
  if (value !== undefined && typeof value !== 'object') return String(value);
  return textOf(option.children).trim().replaceAll(/\s+/g, ' ');
}

function textOf(children: readonly Element<unknown>[]): string {
  let content = '';
  for (const child of children) {
    const node = shown(child);
    if (node.kind === 'text') content += node.content;
    else if (node.kind !== 'raw') content += textOf(node.children);
  }
  return content;
}
