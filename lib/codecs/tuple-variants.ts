/** A struct for Gleam's custom types as tuples of a tag and one payload. */
import { Struct } from 'superstruct';
import { type AnyStruct, expectStruct } from './any-struct.ts';
import { masked } from './masked.ts';
import {
  definitionsOf,
  dropsUnknown,
  tagOf,
  type TagOf,
  unknownPart,
  unknownTag,
  type VariantsOptions,
  wrongShape,
} from './tags.ts';

/** The type of {@link tupleVariants}: a union that `switch` tells apart by the first element. */
export type TupleVariants<Definitions extends Record<string, AnyStruct>> = {
  [Name in keyof Definitions]: [TagOf<Name>, Definitions[Name]['TYPE']];
}[keyof Definitions];

/** What is known of a struct that {@link tupleVariants} made. */
export interface KnownTuples {
  readonly drops: boolean;
  /** By O(1), whatever the value. */
  readonly find: (value: unknown) => TupleVariant | undefined;
  /** All of them, in the order in which they were written. */
  readonly all: readonly TupleVariant[];
  /** Refuses what `find` does not find, and nothing else. */
  readonly validator: Struct['validator'];
  readonly coercer: Struct['coercer'];
}

interface TupleVariant {
  readonly tag: string | number;
  readonly payload: Struct;
}

const known = new WeakMap<Struct['entries'], KnownTuples>();

/** What is known of a struct, if {@link tupleVariants} made it or what it was refined from. */
export function tupleVariantsOf(struct: Pick<Struct, 'entries'>): KnownTuples | undefined {
  return known.get(struct.entries);
}

/**
 * Makes a struct of variants that are tuples of a tag and one payload.
 *
 * Wire shape: `[0,{"id":"a"}]` or `[2,null]` for
 * `tupleVariants({ 0: object({ id: string() }), 2: literal(null) })`. Keys that are canonical
 * integers stand for numbers: `["0",{}]` has an unknown tag. Where the payload is missing, `create`
 * puts null there: `[2]` counts as `[2,null]`.
 *
 * @param definitions - for each tag the struct of its payload
 * @throws TypeError when an argument is not of that form
 *
 * Source: the encoding of omnimessage's own chat example.
 */
export function tupleVariants<Definitions extends Record<string, AnyStruct>>(
  definitions: Definitions,
  options: VariantsOptions = {},
): Struct<TupleVariants<Definitions>, null> {
  const drops = dropsUnknown(options);
  const byTag = new Map<unknown, TupleVariant>(
    definitionsOf(definitions, 'definitions').map(([name, struct]) => {
      expectStruct(struct, name);
      return [tagOf(name), { tag: tagOf(name), payload: drops ? masked(struct) : struct }];
    }),
  );
  const find = (value: unknown): TupleVariant | undefined =>
    Array.isArray(value) ? byTag.get(value[0]) : undefined;

  const struct = new Struct<TupleVariants<Definitions>, null>({
    type: 'tupleVariants',
    schema: null,
    validator(value, context) {
      if (!Array.isArray(value)) return wrongShape('an array');
      if (find(value) !== undefined) return true;
      return unknownTag(byTag.keys(), 0, value[0], context);
    },
    coercer(value, { mask }) {
      const variant = find(value);
      if (variant === undefined) return value;
      const all = value as readonly unknown[];
      const copy = drops || mask === true ? all.slice(0, 2) : all.slice();
      copy[0] = variant.tag;
      if (copy.length === 1) copy.push(null);
      return copy;
    },
    *entries(value) {
      const variant = find(value);
      if (variant === undefined) return;
      const all = value as readonly unknown[];
      yield [1, all[1], variant.payload];
      for (let at = 2; at < all.length; at++) yield [at, all[at], unknownPart];
    },
  });
  const { validator, coercer } = struct;
  known.set(struct.entries, { drops, find, all: [...byTag.values()], validator, coercer });
  return struct;
}
