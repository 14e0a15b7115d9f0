/**
 * Event handlers of a view. The browser sends of an event only what was asked for, and what it
 * sends is untrusted input: it is decoded.
 *
 * Source: `lustre/event` of Lustre.
 */
import { type Struct, StructError, validate } from 'superstruct';
import { type AnyStruct, expectStruct } from '../../codecs/any-struct.ts';
import { DecodeError } from '../../core/errors.ts';
import { expectFunction, expectNumber } from '../../core/options.ts';
import { type Decode, type EventAttribute } from './attribute.ts';
import { expectName } from './name.ts';
import { CHOICE, CHOICES_PATH } from './reports.ts';

/** A {@link Decode} that knows which parts of an event it needs. */
export type EventDecoder<Message> = Decode<Message> & { readonly include?: readonly string[] };

/**
 * Makes a message of those parts of an event that a struct names. The browser is asked for just
 * these: `object({ target: object({ value: string() }) })` asks for `target.value`. An event that
 * the struct refuses is ignored.
 *
 * Beware of parts that are not always there: where one but the last of `relatedTarget.id` is
 * missing, the browser does not send the event at all.
 *
 * @param struct - coerces, and drops what it does not know
 * @param include - what to ask for instead: paths with dots
 * @throws TypeError when it is no struct, or when it does not say what to ask for and `include`
 * does not either
 */
export function decodeEvent<Data, Message>(
  struct: Struct<Data>,
  toMessage: (data: Data) => Message | undefined,
  include?: readonly string[],
): EventDecoder<Message> {
  expectStruct(struct, 'struct');
  expectFunction('toMessage', toMessage);
  const decode = (event: unknown): Message | undefined => {
    let failure: unknown;
    let data: unknown;
    try {
      [failure, data] = validate(event, struct, { coerce: true, mask: true });
    } catch (cause) {
      // superstruct fails to print some of what it refuses.
      failure = cause;
    }
    if (failure !== undefined) throw new DecodeError('expected another event', { cause: failure });
    return toMessage(data as Data);
  };
  return Object.assign(decode, { include: include ?? pathsOf(struct) });
}

/** The leaves that a struct of objects names, as paths. */
function pathsOf(struct: AnyStruct, prefix = ''): readonly string[] {
  const { schema } = struct;
  if (typeof schema !== 'object' || schema === null || !IS_OBJECT.has(struct.type)) {
    expectLeaf(prefix);
    return [prefix];
  }
  return Object.entries(schema).flatMap(([name, field]) =>
    pathsOf(field as AnyStruct, prefix === '' ? name : `${prefix}.${name}`),
  );
}

const IS_OBJECT: ReadonlySet<string> = new Set(['object', 'type']);

/** Objects of the DOM, which JSON writes as `{}`. */
const NO_LEAF: ReadonlySet<string> = new Set([
  '',
  'currentTarget',
  'relatedTarget',
  'srcElement',
  'submitter',
  'target',
  'view',
]);

/** @throws TypeError where the browser would send nothing of use, and every event would be ignored */
function expectLeaf(path: string): void {
  if (!NO_LEAF.has(path.slice(path.lastIndexOf('.') + 1))) return;
  const what = path === '' ? 'the event' : `\`${path}\``;
  throw new TypeError(
    `Expected an object struct for ${what}, whose fields say what to ask the browser for; ` +
      'for any other struct (a union, an intersection) say it in `include`',
  );
}

/**
 * Handles an event of the DOM, or one that a custom element emits.
 *
 * @param decode - a {@link decodeEvent}, or any function from what the browser sends to a message.
 * Undefined ignores the event, and so does a DecodeError or StructError that it throws; anything
 * else that it throws is reported to `onError`
 * @throws TypeError when the name is none, or `decode` no function
 */
export function on<Message>(name: string, decode: EventDecoder<Message>): EventAttribute<Message> {
  expectName('event', name);
  expectFunction('decode', decode);
  // To ask for what comes anyway would make the browser's list longer with every event. What comes
  // with `input` and `change` depends on the element: see `reports.ts`.
  const unasked = name === 'submit' ? 'detail.formData' : undefined;
  const include = (decode.include ?? []).filter((path) => path !== unasked);
  return {
    kind: 'event',
    name,
    decode,
    include,
    preventDefault: false,
    stopPropagation: false,
    debounce: 0,
    throttle: 0,
  };
}

/** The options of a handler: see {@link advanced}. */
export interface HandlerOptions {
  /** Paths to ask for, with dots. @defaultValue those of the decoder */
  readonly include?: readonly string[];
  /** @defaultValue false */
  readonly preventDefault?: boolean;
  /** @defaultValue false */
  readonly stopPropagation?: boolean;
  /** Milliseconds: see {@link debounce}. @defaultValue 0 */
  readonly debounce?: number;
  /** Milliseconds: see {@link throttle}. @defaultValue 0 */
  readonly throttle?: number;
}

/**
 * A handler with all its options at once. Unlike Lustre's in a page, whether the default is
 * prevented is decided when the view is made: the server cannot answer in time.
 *
 * @throws TypeError as {@link on}, {@link debounce} and {@link throttle} do
 *
 * Source: `event.advanced` of Lustre.
 */
export function advanced<Message>(
  name: string,
  decode: EventDecoder<Message>,
  options: HandlerOptions = {},
): EventAttribute<Message> {
  const { include = decode.include, debounce: quiet = 0, throttle: period = 0 } = options;
  const decoder = (event: unknown): Message | undefined => decode(event);
  expectFunction('decode', decode);
  const handler = on(name, include === undefined ? decoder : Object.assign(decoder, { include }));
  return {
    ...throttle(debounce(handler, quiet), period),
    preventDefault: options.preventDefault === true,
    stopPropagation: options.stopPropagation === true,
  };
}

/** Keeps the browser from doing what it would do. */
export function preventDefault<Message>(handler: EventAttribute<Message>): EventAttribute<Message> {
  return { ...handler, preventDefault: true };
}

/** Keeps the event from the handlers of the elements around. */
export function stopPropagation<Message>(
  handler: EventAttribute<Message>,
): EventAttribute<Message> {
  return { ...handler, stopPropagation: true };
}

/**
 * Sends the last event of a burst, when it has been quiet for so long. With `throttle` too: the
 * first, and then the last.
 *
 * @param ms - milliseconds, a whole number; less than 0 counts as 0, which is no debounce
 * @throws TypeError when it is no integer
 */
export function debounce<Message>(
  handler: EventAttribute<Message>,
  ms: number,
): EventAttribute<Message> {
  return { ...handler, debounce: delay(ms) };
}

/**
 * Sends the first event, and none for so long afterwards. Of `input` and `change` the last event of
 * a burst is sent too: the model would otherwise never hear what the page shows.
 *
 * @param ms - milliseconds, a whole number; less than 0 counts as 0, which is no throttle
 * @throws TypeError when it is no integer
 */
export function throttle<Message>(
  handler: EventAttribute<Message>,
  ms: number,
): EventAttribute<Message> {
  return { ...handler, throttle: delay(ms) };
}

function delay(ms: number): number {
  expectNumber('ms', ms, { isInteger: true });
  // The browser's timers fire at once past this.
  return Math.min(Math.max(ms, 0), 2_147_483_647);
}

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
  // Bundles before 5.7.0 send the value of a checkbox unless they are asked.
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

/** Whether what a decoder threw means no more than "not this event". */
export function isRefusal(cause: unknown): boolean {
  return (
    cause instanceof DecodeError ||
    cause instanceof StructError ||
    // Of a second copy of superstruct.
    (cause instanceof TypeError && 'failures' in cause)
  );
}
