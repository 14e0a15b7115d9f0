/**
 * Further parts of an event that handlers request, so that the server knows what the page shows: the
 * value of the element at the time of the event, and the number of the last write that it had
 * received by then.
 */
import { type Carried, type EventAttribute } from './attribute.ts';
import {
  type ControlKind,
  controlKindOf,
  inputType,
  isMultiple,
  stateOf,
  TYPED,
} from './control.ts';
import { XHTML } from './node.ts';

/** The property in which an element keeps the number of the last write to it. */
export const STAMP = '_omni';

const STAMP_PATH = `target.${STAMP}`;
const VALUE_PATH = 'target.value';
/** The property in which an option made by `html.choice` keeps its value. */
export const CHOICE = '_choice';
/** The options of a `select`, of which JSON keeps the properties that a view gave them. */
export const CHOICES_PATH = 'target.selectedOptions';

/** The parts that the browser sends of these without a request, from Lustre 5.3.2 on. */
const UNASKED: ReadonlySet<string> = new Set(['input', 'change']);

/** Inputs whose value is empty while it is half typed. */
const HALF_TYPED: ReadonlySet<string> = new Set([
  'date',
  'datetime-local',
  'month',
  'number',
  'time',
  'week',
]);

/** The attribute that sets the value of a control. */
const STATES: Readonly<Record<ControlKind, string>> = {
  value: 'value',
  checked: 'checked',
  selected: 'selected',
  open: 'open',
};

/**
 * The attributes of an element with its handlers as they are sent.
 *
 * @param hasChildren - whether events of other elements can reach the handlers
 * @throws TypeError for a handler that would get only the first of several choices
 */
export function reporting<Message>(
  namespace: string,
  tag: string,
  attributes: readonly Carried<Message>[],
  hasChildren: boolean,
): readonly Carried<Message>[] {
  if (namespace !== XHTML) return attributes;
  const kind = controlKindOf(namespace, tag, attributes);
  if (kind === undefined) {
    if (isReset(tag, attributes)) return withHandler(attributes, 'click');
    // Most elements have no handler that inputs could reach.
    if (!hasUnasked(attributes)) return attributes;
    return withEvents(attributes, (each) => delegated(each, hasChildren));
  }
  if (tag === 'select' && isMultiple({ attributes })) expectNoSingleChoice(attributes);
  const isControlled = kind === 'selected' || stateOf(attributes, STATES[kind]) !== undefined;
  const type = tag === 'input' ? inputType(attributes) : tag;
  const isPaused = isControlled && keepsPause(tag, type, attributes);
  const isSeveral = kind === 'selected' && isMultiple({ attributes });
  const asked = isSeveral ? [CHOICES_PATH, STAMP_PATH] : isControlled ? pathsFor(kind, type) : [];
  const list = withEvents(attributes, (each) => own(each, asked, type, isPaused));
  // A half typed value is undone when the user leaves the input, without a `change`.
  const isHalfTyped = isControlled && HALF_TYPED.has(type);
  return isHalfTyped && list.some(({ kind: each, name }) => each === 'event' && name === 'input')
    ? withEvents(withHandler(list, 'blur'), (each) => own(each, asked, type, isPaused))
    : list;
}

function hasUnasked(attributes: readonly Carried<unknown>[]): boolean {
  for (let at = 0; at < attributes.length; at++) {
    const { kind, name } = attributes[at] as Carried<unknown>;
    if (kind === 'event' && UNASKED.has(name)) return true;
  }
  return false;
}

function pathsFor(kind: ControlKind, type: string): readonly string[] {
  switch (kind) {
    case 'value':
      return HALF_TYPED.has(type)
        ? [VALUE_PATH, 'target.validity.badInput', STAMP_PATH]
        : [VALUE_PATH, STAMP_PATH];
    case 'selected':
      return [VALUE_PATH, STAMP_PATH];
    case 'checked':
      return ['target.checked', STAMP_PATH];
    case 'open':
      return ['target.open', STAMP_PATH];
  }
}

/** A handler on a control itself. */
function own<Message>(
  handler: EventAttribute<Message>,
  asked: readonly string[],
  type: string,
  isPaused: boolean,
): EventAttribute<Message> {
  const isUnasked = UNASKED.has(handler.name) && type !== 'checkbox';
  const include = together(handler.include, asked).filter(
    // Requesting what is sent anyway would make the browser's list longer with every event.
    (path) => !isUnasked || path !== VALUE_PATH,
  );
  return isPaused ? paused(handler, include) : paced(handler, include);
}

/** A handler on something else, which events of the inputs inside can reach. */
function delegated<Message>(
  handler: EventAttribute<Message>,
  hasChildren: boolean,
): EventAttribute<Message> {
  if (!UNASKED.has(handler.name)) return handler;
  if (!hasChildren) {
    const include = handler.include.filter((path) => path !== VALUE_PATH);
    return include.length === handler.include.length ? handler : { ...handler, include };
  }
  const asked = [VALUE_PATH, 'target.checked', 'target.name', 'target.id', STAMP_PATH];
  return paused(handler, together(handler.include, asked));
}

/**
 * So long a text may be whose pauses the server keeps: the page sends the whole text with each key.
 * The pauses of a longer one are the page's.
 */
const MAX_PAUSED = 8_192;

/** Whether the server keeps the pauses of what is typed here. */
function keepsPause(tag: string, type: string, attributes: readonly Carried<unknown>[]): boolean {
  if (tag !== 'textarea' && (tag !== 'input' || !TYPED.has(type))) return false;
  const value = stateOf(attributes, 'value');
  return typeof value !== 'string' || value.length <= MAX_PAUSED;
}

/** With what it asks for, heard of at once: the server keeps its pauses. */
function paused<Message>(
  handler: EventAttribute<Message>,
  include: readonly string[],
): EventAttribute<Message> {
  const { debounce, throttle } = handler;
  if (debounce === 0 && throttle === 0) return { ...handler, include };
  return { ...handler, include, debounce: 0, throttle: 0, pause: { debounce, throttle } };
}

/**
 * With what it asks for. A throttle alone would drop the last thing that was typed, and the page
 * would show for good what the model does not have: so the last event of a burst is sent too.
 */
function paced<Message>(
  handler: EventAttribute<Message>,
  include: readonly string[],
): EventAttribute<Message> {
  const { throttle, debounce, name } = handler;
  // guard: a throttled input sends its last event
  if (UNASKED.has(name) && throttle > 0 && debounce === 0) {
    return { ...handler, include, debounce: throttle };
  }
  return { ...handler, include };
}

function together(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...some, ...others.filter((path) => !some.includes(path))];
}

function withEvents<Message>(
  attributes: readonly Carried<Message>[],
  change: (handler: EventAttribute<Message>) => EventAttribute<Message>,
): readonly Carried<Message>[] {
  let changed: Carried<Message>[] | undefined;
  for (let at = 0; at < attributes.length; at++) {
    const each = attributes[at] as Carried<Message>;
    if (each.kind !== 'event') continue;
    const other = change(each);
    if (other === each) continue;
    changed ??= [...attributes];
    changed[at] = other;
  }
  return changed ?? attributes;
}

/** A button that gives the inputs of its form back the values that they began with. */
function isReset(tag: string, attributes: readonly Carried<unknown>[]): boolean {
  return (tag === 'button' || tag === 'input') && inputType(attributes) === 'reset';
}

/** With a handler of this name: one that makes no message, where there is none. */
function withHandler<Message>(
  attributes: readonly Carried<Message>[],
  name: string,
): readonly Carried<Message>[] {
  if (attributes.some((each) => each.kind === 'event' && each.name === name)) return attributes;
  const silent: EventAttribute<Message> = { ...SILENT, name };
  const list = [...attributes, silent];
  return list.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

const SILENT = {
  kind: 'event',
  decode: (): undefined => undefined,
  include: [],
  preventDefault: false,
  stopPropagation: false,
  debounce: 0,
  throttle: 0,
} as const;

/** Of several choices the browser sends the first as the value. */
function expectNoSingleChoice(attributes: readonly Carried<unknown>[]): void {
  for (const each of attributes) {
    if (each.kind !== 'event' || !each.include.includes(VALUE_PATH)) continue;
    throw new TypeError(
      `Expected a \`select\` with \`multiple\` to have no ${each.name} handler that reads its value: ` +
        'the browser sends the first choice only. Use `onChoices`, or `onSubmit` of its form',
    );
  }
}
