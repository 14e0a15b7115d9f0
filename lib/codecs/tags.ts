/** Tags of variants: how the wire spells them, and the failure to have one. */
import { type Context, type Failure, never, type Struct } from 'superstruct';

/** How `variants` and `tupleVariants` treat what they do not know. */
export interface VariantsOptions {
  /**
   * What happens to fields (or further elements of a tuple) that the variant does not have:
   * `refuse` makes the value invalid, `drop` leaves them out of what `create` makes, as Gleam's
   * decoders do. `drop` reaches the plain `object()` structs within a variant too, as superstruct's
   * own `mask` does. Use it where a page and a server of different age may meet.
   * @defaultValue 'refuse'
   */
  readonly unknownFields?: 'refuse' | 'drop';
}

/**
 * Whether unknown fields are dropped.
 * @throws TypeError for any other value
 */
export function dropsUnknown({ unknownFields }: VariantsOptions): boolean {
  if (unknownFields !== undefined && unknownFields !== 'refuse' && unknownFields !== 'drop') {
    throw new TypeError(
      `Expected \`unknownFields\` to be 'refuse' or 'drop', got ${String(unknownFields)}`,
    );
  }
  return unknownFields === 'drop';
}

/** What a key of the definitions stands for on the wire: a number where it is a canonical integer. */
export type TagOf<Name> = Name extends number
  ? IntegerOf<`${Name}`>
  : Name extends string
    ? IntegerOf<Name>
    : never;

type IntegerOf<Name extends string> = Name extends `${infer Value extends number}`
  ? number extends Value
    ? Name
    : Name extends `${bigint}`
      ? Value
      : Name
  : Name;

/** The same as {@link TagOf}, of a value. */
export function tagOf(name: string): string | number {
  return /^(?:0|-?[1-9]\d*)$/.test(name) && String(Number(name)) === name ? Number(name) : name;
}

/**
 * The own members of a record that defines something.
 * @throws TypeError when it is none
 */
export function definitionsOf<Value>(
  definitions: Readonly<Record<string, Value>>,
  name: string,
): [string, Value][] {
  if (typeof definitions !== 'object' || definitions === null || Array.isArray(definitions)) {
    throw new TypeError(`Expected \`${name}\` to be an object, got ${String(definitions)}`);
  }
  return Object.entries(definitions);
}

/**
 * What a failure of ours expected, in words that are all the developer's. (superstruct's own
 * `message` quotes what was received.) superstruct copies it along, being an own property.
 */
export const expectation: unique symbol = Symbol('expectation');

/** A failure as a validator of ours gives it. */
export type TagFailure = Partial<Failure> & { readonly [expectation]: string };

/** The failure of what is not even of the shape that could hold a tag. */
export function wrongShape(shape: string): TagFailure {
  return { message: `Expected ${shape}`, [expectation]: shape };
}

/** The failure to hold one of the tags at `key`. */
export function unknownTag(
  tags: Iterable<unknown>,
  key: string | number,
  found: unknown,
  { path, branch }: Context,
): TagFailure {
  const expected = oneOf(tags);
  return {
    key,
    value: found,
    path: [...(path as unknown[]), key],
    branch: [...(branch as unknown[]), found],
    message: `Expected ${expected}`,
    [expectation]: expected,
  };
}

/** Says a choice: `"a"`, or `one of 0, 1`. */
export function oneOf(choices: Iterable<unknown>): string {
  const said = Array.from(choices, (choice) => JSON.stringify(choice));
  return said.length === 1 ? `${said[0]}` : `one of ${said.join(', ')}`;
}

/** What stands for every field or element that a variant does not have. */
export const unknownPart: Struct<never, null> = never();
