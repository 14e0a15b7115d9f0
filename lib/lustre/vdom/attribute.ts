/**
 * What an element carries: attributes, properties and event handlers, as values.
 *
 * Source: `lustre/attribute` of Lustre.
 */
import { isPlain, safeText } from './address.ts';
import { expectAttributeName, expectName, expectPropertyName, expectStyleName } from './name.ts';
import { isWholeValue } from './style-value.ts';

/** What can stand in JSON. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Makes a message of what the browser sends about an event; undefined ignores the event. */
export type Decode<Message> = (event: unknown) => Message | undefined;

/** An attribute as it stands in HTML: a string. */
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

/** How often a handler hears of what happens, in milliseconds; 0 is no pause. */
export interface Pace {
  readonly debounce: number;
  readonly throttle: number;
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
  /** The pauses that the server keeps, rather than the page. */
  readonly pause?: Pace | undefined;
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
 * user's page. Every other scheme, and `srcdoc`, is yours to judge. A `value` that the element cannot
 * have (`progress` without a number) is left out.
 *
 * @throws TypeError when the name cannot be one, or is an event handler as text (`onclick`): `on` is for those
 */
export function attribute(name: string, value: string | number): Attribute<never> {
  if (plain.has(name)) return { kind: 'attribute', name, value: String(value) };
  expectName('attribute', name);
  expectAttributeName(name);
  if (isPlain(name) && plain.size < MAX_PLAIN) plain.add(name);
  return { kind: 'attribute', name, value: safeText(name, String(value)) };
}

/** Views use the same names again and again: those that need no second look, up to this many. */
const MAX_PLAIN = 1000;
const plain = new Set<string>();

/**
 * A property of the DOM node: `property('indeterminate', true)`. Taking a property away later does
 * not undo it; set it to another value instead. A value that the element cannot have (`volume` of 2)
 * is left out.
 *
 * @param value - anything of JSON; compared deeply from one view to the next, so do not change it afterwards
 * @throws TypeError when the name cannot be one, or would make markup of text or reach past the
 * node (`innerHTML`, `textContent`, `onclick`, `__proto__`): `unsafeRawHtml` and `on` are for those;
 * or when browsers refuse to set it: read-only ones, and those that hold elements
 */
export function property(name: string, value: Json): Attribute<never> {
  expectName('property', name);
  expectPropertyName(name);
  const safe = typeof value === 'string' ? safeText(name, value) : value;
  return { kind: 'property', name, value: safe ?? null };
}

/**
 * The boolean attributes whose property can be set to false as well, which also undoes what the
 * user did to a checkbox. All other attributes are switched off by leaving them out: the property
 * `popover` set to false makes the attribute `popover="false"`, which hides its element.
 */
const BOOLEAN: ReadonlySet<string> = new Set([
  'async',
  'autofocus',
  'autoplay',
  'checked',
  'controls',
  'default',
  'defer',
  'disabled',
  'hidden',
  'inert',
  'loop',
  'multiple',
  'muted',
  'open',
  'required',
  'reversed',
  'selected',
]);

/**
 * An attribute that is there or not: `booleanAttribute('disabled', isBusy)`.
 *
 * Wire shape: on, an attribute with an empty value; off, the property `false` where there is such a
 * property, otherwise nothing. Source: the boolean helpers of `lustre/attribute`.
 */
export function booleanAttribute(name: string, isOn: boolean): Attribute<never> {
  if (isOn) return attribute(name, '');
  // guard: off is absent
  if (!BOOLEAN.has(name)) return NONE;
  return property(name, false);
}

/** The classes that are switched on: `classes({ row: true, chosen: row.id === chosen })`. */
export function classes(names: Readonly<Record<string, boolean>>): Attribute<never> {
  const on = Object.keys(names).filter((name) => names[name] === true);
  return { kind: 'attribute', name: 'class', value: on.join(' ') };
}

/**
 * Declarations of CSS: `styles({ width: '40%', '--accent': colour })`. A value that is empty leaves
 * its declaration out, and so does one that is not a whole value: with a `;` or a brace in it, or
 * with a string, a bracket, a comment or an escape that it leaves open. So a value never changes
 * another declaration.
 *
 * @throws TypeError when a name is not the name of a CSS property
 */
export function styles(declarations: Readonly<Record<string, string>>): Attribute<never> {
  let value = '';
  for (const [name, given] of Object.entries(declarations)) {
    if (name === '' || given === '') continue;
    expectStyleName(name);
    // guard: a value is never a second declaration
    if (!isWholeValue(given)) continue;
    value += `${name}:${given};`;
  }
  return { kind: 'attribute', name: 'style', value };
}
