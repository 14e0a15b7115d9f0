/**
 * What an element carries: attributes, properties and event handlers, as values.
 *
 * Source: `lustre/attribute` of Lustre.
 */
import { expectName } from './name.ts';

/** What can stand in JSON. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Makes a message of what the browser tells of an event; undefined ignores the event. */
export type Decode<Message> = (event: unknown) => Message | undefined;

/** An attribute as it stands in HTML: text in, text out. */
export interface TextAttribute {
  readonly kind: 'attribute';
  readonly name: string;
  readonly value: string;
}

/** A property of the DOM node. */
export interface PropertyAttribute {
  readonly kind: 'property';
  readonly name: string;
  readonly value: Json;
}

/** A handler of a DOM event. Only its options travel; what it makes of an event stays here. */
export interface EventAttribute<Message> {
  readonly kind: 'event';
  readonly name: string;
  readonly decode: Decode<Message>;
  readonly include: readonly string[];
  readonly preventDefault: boolean;
  readonly stopPropagation: boolean;
  /** Milliseconds; 0 is none. */
  readonly debounce: number;
  /** Milliseconds; 0 is none. */
  readonly throttle: number;
}

/** An attribute, a property or an event handler of an element. */
export type Attribute<Message> =
  TextAttribute | PropertyAttribute | EventAttribute<Message> | { readonly kind: 'none' };

/** Those of an element, in the order of the wire. */
export type Carried<Message> = Exclude<Attribute<Message>, { readonly kind: 'none' }>;

const NONE: Attribute<never> = Object.freeze({ kind: 'none' });

/** No attribute: for the other half of a condition. */
export function noAttribute(): Attribute<never> {
  return NONE;
}

/**
 * An attribute. `class` and `style` may be given several times and are joined; of any other name
 * the last one counts.
 *
 * A `javascript:` address in an attribute that holds one (`href`, `src`, `action` and the like) is
 * replaced by `about:invalid`: what a user entered as a link must not become a program in another
 * user's page. Every other scheme, and `srcdoc`, is yours to judge.
 *
 * @throws TypeError when the name cannot be one, or is an event handler as text (`onclick`): `on` is for those
 */
export function attribute(name: string, value: string | number): Attribute<never> {
  expectName('attribute', name);
  if (/^on/i.test(name)) {
    throw new TypeError(`Expected the name of an attribute; use \`on\` in place of ${name}`);
  }
  return { kind: 'attribute', name, value: safeAddress(name, String(value)) };
}

/**
 * A property of the DOM node: `property('indeterminate', true)`. Taking a property away later does
 * not undo it; set it to another value instead.
 *
 * @param value - anything of JSON; compared deeply from one view to the next, so do not change it afterwards
 * @throws TypeError when the name cannot be one, or would make markup of text or reach past the
 * node (`innerHTML`, `textContent`, `onclick`, `__proto__`): `unsafeRawHtml` and `on` are for those
 */
export function property(name: string, value: Json): Attribute<never> {
  expectName('property', name);
  if (/^on/i.test(name) || REFUSED_PROPERTIES.has(name)) {
    throw new TypeError(`Expected the name of a property that a view may set, got ${name}`);
  }
  // The browser makes a text of whatever it takes for an address: of `['javascript:…']` too.
  const isText = typeof value === 'string' || typeof value === 'object';
  const safe =
    isText && ADDRESSES.has(name.toLowerCase()) ? safeAddress(name, textOf(value)) : value;
  return { kind: 'property', name, value: safe ?? null };
}

/** What the browser makes of a value that it takes for a text. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return value.map((each: Json) => textOf(each)).join();
  return typeof value === 'object' ? '' : String(value);
}

/** These replace what the view shows, or are no property of the node alone. */
const REFUSED_PROPERTIES: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'innerHTML',
  'innerText',
  'nodeValue',
  'outerHTML',
  'outerText',
  'textContent',
]);

/**
 * An attribute that is there or not: `booleanAttribute('disabled', isBusy)`.
 *
 * Wire shape: on, an attribute with an empty value; off, the property `false`, which also undoes
 * what the user did to a checkbox. Source: the boolean helpers of `lustre/attribute`.
 */
export function booleanAttribute(name: string, isOn: boolean): Attribute<never> {
  return isOn ? attribute(name, '') : property(name, false);
}

/** The classes that are switched on: `classes({ row: true, chosen: row.id === chosen })`. */
export function classes(names: Readonly<Record<string, boolean>>): Attribute<never> {
  const on = Object.keys(names).filter((name) => names[name] === true);
  return { kind: 'attribute', name: 'class', value: on.join(' ') };
}

/**
 * Declarations of CSS: `styles({ width: '40%', '--accent': colour })`. An empty value leaves its
 * declaration out, and a `;` or a brace in one makes it empty, so that a value is never a second declaration.
 */
export function styles(declarations: Readonly<Record<string, string>>): Attribute<never> {
  let value = '';
  for (const [name, given] of Object.entries(declarations)) {
    if (name !== '' && given !== '' && !/[;{}]/.test(given)) value += `${name}:${given};`;
  }
  return { kind: 'attribute', name: 'style', value };
}

/**
 * Puts attributes in the order of the wire: ascending by name, one of each, `class` and `style`
 * joined, nothing that is empty.
 */
export function carried<Message>(
  attributes: readonly Attribute<Message>[],
): readonly Carried<Message>[] {
  if (attributes.length === 0) return NOTHING;
  const first = attributes[0];
  if (attributes.length === 1 && first !== undefined) {
    return isCarried(first) ? (attributes as readonly Carried<Message>[]) : NOTHING;
  }
  const sorted: Carried<Message>[] = [];
  for (const each of attributes) {
    if (isCarried(each)) place(sorted, each);
  }
  return sorted;
}

const NOTHING: readonly never[] = Object.freeze([]);

function isCarried<Message>(each: Attribute<Message>): each is Carried<Message> {
  if (each.kind === 'none') return false;
  return each.kind !== 'attribute' || each.value !== '' || !isJoined(each.name);
}

const isJoined = (name: string): boolean => name === 'class' || name === 'style';

/** Lists are short, and mostly in order already: insertion from behind is the fastest sort there. */
function place<Message>(sorted: Carried<Message>[], each: Carried<Message>): void {
  let at = sorted.length;
  while (at > 0) {
    const before = sorted[at - 1];
    if (before === undefined || before.name < each.name) break;
    if (before.name === each.name) {
      sorted[at - 1] = joined(before, each);
      return;
    }
    at--;
  }
  sorted.splice(at, 0, each);
}

/** Two of one name: both for `class` and `style`, else the later one. */
function joined<Message>(earlier: Carried<Message>, later: Carried<Message>): Carried<Message> {
  if (!isJoined(later.name) || earlier.kind !== 'attribute' || later.kind !== 'attribute') {
    return later;
  }
  const separator = later.name === 'class' ? ' ' : earlier.value.endsWith(';') ? '' : ';';
  return { ...later, value: `${earlier.value}${separator}${later.value}` };
}

/** The attributes and properties that a browser follows or runs. */
const ADDRESSES: ReadonlySet<string> = new Set([
  'action',
  'data',
  'formaction',
  'href',
  'src',
  'xlink:href',
]);
/** What an animation of SVG may set an address to; `values` is a list. */
const ANIMATED: ReadonlySet<string> = new Set(['by', 'from', 'to', 'values']);

function safeAddress(given: string, value: string): string {
  const name = given.toLowerCase();
  if (ADDRESSES.has(name)) return isScript(value) ? 'about:invalid' : value;
  if (ANIMATED.has(name)) return value.split(';').some(isScript) ? 'about:invalid' : value;
  return value;
}

/**
 * Whether a browser would run it. It ignores what a URL parser ignores: C0 controls and spaces in
 * front, tabs and newlines anywhere.
 *
 * Source: URL Standard, section 4.4, basic URL parser.
 */
function isScript(value: string): boolean {
  // Nearly every address is told by its first letter.
  const start = value.charCodeAt(0);
  if (start > 0x20 && (start | 0x20) !== 0x6a) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /^[\0- ]*j[\t\n\r]*a[\t\n\r]*v[\t\n\r]*a[\t\n\r]*s[\t\n\r]*c[\t\n\r]*r[\t\n\r]*i[\t\n\r]*p[\t\n\r]*t[\t\n\r]*:/i.test(
    value,
  );
}
