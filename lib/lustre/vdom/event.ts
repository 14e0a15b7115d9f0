/**
 * Event handlers of a view. The browser sends only those parts of an event that the handler names,
 * and they are untrusted input: they are decoded.
 *
 * Source: `lustre/event` of Lustre.
 */
import { type Struct, StructError, validate } from 'superstruct';
import { type AnyStruct, expectStruct } from '../../codecs/any-struct.ts';
import { DecodeError } from '../../core/errors.ts';
import { expectFunction, expectNumber } from '../../core/options.ts';
import { type Decode, type EventAttribute } from './attribute.ts';
import { expectName } from './name.ts';

/** A {@link Decode} that knows which parts of an event it needs. */
export type EventDecoder<Message> = Decode<Message> & { readonly include?: readonly string[] };

/**
 * Makes a message of those parts of an event that a struct names. Only these are requested from the
 * browser: `target.value` for `object({ target: object({ value: string() }) })`. An event that the
 * struct refuses is ignored.
 *
 * Beware of parts that are not always there: where one but the last of `relatedTarget.id` is
 * missing, the browser does not send the event at all.
 *
 * @param struct - coerces, and drops what it does not know
 * @param include - the parts to request instead: paths with dots
 * @throws TypeError when it is no struct, or when neither it nor `include` names the parts
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

const NO_PATHS: readonly string[] = Object.freeze([]);

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
  const { include: asked = NO_PATHS } = decode;
  const include = asked.length === 0 ? NO_PATHS : asked.filter((path) => path !== unasked);
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

/** Whether what a decoder threw means no more than "not this event". */
export function isRefusal(cause: unknown): boolean {
  return (
    cause instanceof DecodeError ||
    cause instanceof StructError ||
    // Of a second copy of superstruct.
    (cause instanceof TypeError && 'failures' in cause)
  );
}
