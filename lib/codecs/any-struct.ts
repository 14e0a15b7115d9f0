/** superstruct's `Struct`, whatever its type: what our vocabulary is made from. */
import { type Struct } from 'superstruct';

/**
 * Any superstruct `Struct`. (`Struct<unknown>` would accept none: the type stands in the parameters
 * of `refiner`, so it is invariant. Hence the members that only give it.)
 */
export type AnyStruct = Pick<
  Struct,
  'TYPE' | 'type' | 'schema' | 'coercer' | 'validator' | 'entries'
>;

/**
 * Checks an argument of a maker. By its members, not by `instanceof`: a second copy of superstruct
 * in the tree makes structs that run as well.
 * @throws TypeError
 */
export function expectStruct(value: unknown, name: string): asserts value is Struct {
  const { validator, entries } = (value ?? {}) as { validator?: unknown; entries?: unknown };
  if (typeof validator !== 'function' || typeof entries !== 'function') {
    throw new TypeError(`Expected \`${name}\` to be a struct, got ${typeof value}`);
  }
}

/** Whether a value is an object with fields, and no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
