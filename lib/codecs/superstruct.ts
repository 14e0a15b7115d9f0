/**
 * superstruct's own functions, recognised by their source: what it puts where none was given, and how
 * it walks what it walks most. All that makes a struct of another hands `entries` and `coercer` on
 * untouched; a function that reads the same to the letter does the same.
 */
import { array, type Context, object, Struct, type } from 'superstruct';

const text = (given: unknown): string => Function.prototype.toString.call(given);
const idle = new Struct<unknown, null>({ type: 'idle', schema: null });
const noEntries = text(idle.entries);
const noCoercer = text(idle.coercer);
const noValidator = text(idle.validator);
const noRefiner = text(idle.refiner);
const arrayEntries = text(array(idle).entries);
const objectEntries = text(object({}).entries);
const typeEntries = text(type({}).entries);

/** What is given to a struct's functions when no value is being checked. */
export const aside: Context = { path: [], branch: [] };

/** Whether a struct changes what it is given before it checks. */
export const hasCoercer = (struct: Struct): boolean => text(struct.coercer) !== noCoercer;
export const hasValidator = (struct: Struct): boolean => text(struct.validator) !== noValidator;
export const hasRefiner = (struct: Struct): boolean => text(struct.refiner) !== noRefiner;
export const hasEntries = (struct: Struct): boolean => text(struct.entries) !== noEntries;

/** Whether two structs coerce and walk by the same functions, apart from what these hold. */
export function walksAlike(one: Struct, other: Struct): boolean {
  return text(one.entries) === text(other.entries) && text(one.coercer) === text(other.coercer);
}

/** Whether a struct walks the elements of arrays as superstruct's `array` does. */
export const walksArray = (struct: Struct): boolean => text(struct.entries) === arrayEntries;

/** The struct of an array's elements; undefined where they are not looked at. */
export function elementOf(struct: Struct): Struct | undefined {
  for (const [, , element] of struct.entries([undefined], aside)) return element as Struct;
  return undefined;
}

/**
 * The structs of the fields that superstruct's `object` or `type` walks. By what its `entries`
 * yields, because that is what superstruct runs: a `schema` may be replaced and say something else.
 *
 * @returns undefined for another struct, and for `object()`, which looks at no field
 */
export function fieldsOf(struct: Struct): ReadonlyMap<string, Struct> | undefined {
  const walked = text(struct.entries);
  if (walked === typeEntries) return known(struct, {});
  if (walked !== objectEntries) return undefined;
  const fields = known(struct, {});
  // It yields a field that it does not know, too, unless it looks at none.
  if (fields.size === 0 && known(struct, { unknown: undefined }).size === 0) return undefined;
  return fields;
}

/** Whether a struct walks the fields of objects as superstruct's `object` does. */
export const walksObject = (struct: Struct): boolean => text(struct.entries) === objectEntries;

function known(struct: Struct, value: object): ReadonlyMap<string, Struct> {
  return new Map(
    Array.from(struct.entries(value, aside), ([key, , field]) => [String(key), field as Struct]),
  );
}
