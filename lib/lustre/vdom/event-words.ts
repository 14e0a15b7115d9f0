/**
 * A word for each usual event of the DOM: its name, the parts of it that the browser is to send, and
 * how they are read.
 *
 * Source: `lustre/event` of Lustre.
 */
import { DecodeError } from '../../core/errors.ts';
import { expectFunction } from '../../core/options.ts';
import { type EventAttribute } from './attribute.ts';
import { on, preventDefault } from './event.ts';
import { CHOICE, CHOICES_PATH } from './reports.ts';

const message =
  (name: string) =>
  <const Message>(made: Message): EventAttribute<Message> =>
    on(name, () => made);

/** What makes a handler that needs nothing of the event: it takes the message. */
export type OnEvent = <const Message>(message: Message) => EventAttribute<Message>;

export const onClick: OnEvent = message('click');
export const onDoubleClick: OnEvent = message('dblclick');
export const onMouseDown: OnEvent = message('mousedown');
export const onMouseUp: OnEvent = message('mouseup');
export const onMouseEnter: OnEvent = message('mouseenter');
export const onMouseLeave: OnEvent = message('mouseleave');
export const onMouseOver: OnEvent = message('mouseover');
export const onMouseOut: OnEvent = message('mouseout');
export const onFocus: OnEvent = message('focus');
export const onBlur: OnEvent = message('blur');

const own = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** @throws DecodeError, which ignores the event */
function expectType(value: unknown, type: 'string' | 'boolean'): void {
  if (typeof value !== type) throw new DecodeError(`expected a ${type}`);
}

function onText<Message>(
  name: string,
  read: (event: unknown) => unknown,
  toMessage: (value: string) => Message | undefined,
  include?: readonly string[],
): EventAttribute<Message> {
  expectFunction('toMessage', toMessage);
  const decode = (event: unknown): Message | undefined => {
    const value = read(event);
    expectType(value, 'string');
    return toMessage(value as string);
  };
  return on(name, include === undefined ? decode : Object.assign(decode, { include }));
}

const targetValue = (event: unknown): unknown => own(own(event, 'target'), 'value');
const key = (event: unknown): unknown => own(event, 'key');

/** What was typed, at every change of it. */
export function onInput<Message>(
  toMessage: (value: string) => Message | undefined,
): EventAttribute<Message> {
  return onText('input', targetValue, toMessage, ['target.value']);
}

/**
 * What was entered or chosen, when the user has finished. For a checkbox see {@link onCheck}, for a
 * `select` with `multiple` {@link onChoices}.
 */
export function onChange<Message>(
  toMessage: (value: string) => Message | undefined,
): EventAttribute<Message> {
  return onText('change', targetValue, toMessage, ['target.value']);
}

/**
 * All that is selected in a `select` with `multiple`, when that changes. Its options are made with
 * `html.choice`: of any others the browser does not send the value.
 */
export function onChoices<Message>(
  toMessage: (values: readonly string[]) => Message | undefined,
): EventAttribute<Message> {
  expectFunction('toMessage', toMessage);
  const decode = (event: unknown): Message | undefined => {
    const values = choicesOf(event);
    if (values === undefined) throw new DecodeError('expected options made with `html.choice`');
    return toMessage(values);
  };
  return on('change', Object.assign(decode, { include: [CHOICES_PATH] }));
}

/** The values of the options that an event says are selected; undefined when it does not say. */
export function choicesOf(event: unknown): readonly string[] | undefined {
  const options = own(own(event, 'target'), 'selectedOptions');
  if (typeof options !== 'object' || options === null) return undefined;
  const values = Object.values(options).map((option) => own(option, CHOICE));
  return values.every((value) => typeof value === 'string') ? values : undefined;
}

/** Whether a checkbox is checked, when that changes. */
export function onCheck<Message>(
  toMessage: (isChecked: boolean) => Message | undefined,
): EventAttribute<Message> {
  expectFunction('toMessage', toMessage);
  const decode = (event: unknown): Message | undefined => {
    const value = own(own(event, 'target'), 'checked');
    expectType(value, 'boolean');
    return toMessage(value as boolean);
  };
  // Bundles before 5.7.0 send the value of a checkbox unless this is requested.
  return on('change', Object.assign(decode, { include: ['target.checked'] }));
}

/** Which key goes down, by the `key` of the DOM: `Enter`, `a`, `ArrowUp`. */
export function onKeyDown<Message>(
  toMessage: (key: string) => Message | undefined,
): EventAttribute<Message> {
  return onText('keydown', key, toMessage, ['key']);
}

/** Which key is pressed that makes a character. Browsers have deprecated the event. */
export function onKeyPress<Message>(
  toMessage: (key: string) => Message | undefined,
): EventAttribute<Message> {
  return onText('keypress', key, toMessage, ['key']);
}

/** Which key comes up. */
export function onKeyUp<Message>(
  toMessage: (key: string) => Message | undefined,
): EventAttribute<Message> {
  return onText('keyup', key, toMessage, ['key']);
}

/** The fields of a form as they stand in it: names may come several times; files are left out. */
export type FormFields = readonly (readonly [name: string, value: string])[];

/** The fields of a form that is sent. The browser does not send it anywhere else. */
export function onSubmit<Message>(
  toMessage: (fields: FormFields) => Message | undefined,
): EventAttribute<Message> {
  expectFunction('toMessage', toMessage);
  return preventDefault(
    on('submit', (event) => {
      const data = own(own(event, 'detail'), 'formData');
      if (!Array.isArray(data)) throw new DecodeError('expected the fields of a form');
      return toMessage((data as unknown[]).filter((pair) => isField(pair)));
    }),
  );
}

function isField(pair: unknown): pair is readonly [string, string] {
  return (
    Array.isArray(pair) &&
    pair.length === 2 &&
    typeof pair[0] === 'string' &&
    typeof pair[1] === 'string'
  );
}
