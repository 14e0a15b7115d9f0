/**
 * A struct for Gleam's custom types as objects. superstruct's own `union` tries one member after
 * the other and reports the failures of all; this finds the variant by its tag at once, whatever
 * their number, and fails with what is wrong in that one.
 */
import { Struct } from 'superstruct';
import { type AnyStruct, expectStruct, isRecord } from './any-struct.ts';
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

/** The fields of one variant beside its tag. */
export type VariantFields = Readonly<Record<string, AnyStruct>>;

/** The type of {@link variants}: a union that `switch` tells apart by the tag. */
export type Variants<Tag extends string, Definitions extends Record<string, VariantFields>> = {
  [Name in keyof Definitions]: Flat<{ [Key in Tag]: TagOf<Name> } & FieldTypes<Definitions[Name]>>;
}[keyof Definitions];

/** Fields whose struct accepts undefined may be absent, as in superstruct's `object`. */
type FieldTypes<Fields extends VariantFields> = {
  [Key in keyof Fields as MayBeAbsent<Fields[Key]> extends true ? never : Key]: Fields[Key]['TYPE'];
} & {
  [
    Key in keyof Fields as MayBeAbsent<Fields[Key]> extends true ? Key : never
  ]?: Fields[Key]['TYPE'];
};

type MayBeAbsent<Field extends AnyStruct> =
  undefined extends Extract<Field['TYPE'], undefined> ? true : false;

type Flat<Type> = { [Key in keyof Type]: Type[Key] } & {};

/** What is known of a struct that {@link variants} made. */
export interface ObjectVariants {
  readonly tag: string;
  readonly drops: boolean;
  /** By O(1), whatever the value. */
  readonly find: (value: unknown) => ObjectVariant | undefined;
  /** All of them, in the order in which they were written. */
  readonly all: readonly ObjectVariant[];
  /** Refuses what `find` does not find, and nothing else. */
  readonly validator: Struct['validator'];
  readonly coercer: Struct['coercer'];
}

interface ObjectVariant {
  readonly tag: string | number;
  readonly fields: ReadonlyMap<string, Struct>;
}

// By `entries`, which is the one function that superstruct hands on untouched when it makes another
// struct of ours (`refine`, `optional`, `defaulted`).
const known = new WeakMap<Struct['entries'], ObjectVariants>();

/** What is known of a struct, if {@link variants} made it or what it was refined from. */
export function objectVariantsOf(struct: Pick<Struct, 'entries'>): ObjectVariants | undefined {
  return known.get(struct.entries);
}

/**
 * Makes a struct of variants that are objects, told apart by one field.
 *
 * Wire shape: `{"type":"user_send","content":"Hi"}` for
 * `variants('type', { user_send: { content: string() }, fetch: {} })`. Keys that are canonical
 * integers stand for numbers: `{"kind":0}` for `variants('kind', { 0: {} })`, where `{"kind":"0"}`
 * has an unknown tag.
 *
 * The tag and the fields are looked for among own keys only.
 *
 * @param tag - the field that names the variant
 * @param definitions - for each tag the structs of the other fields
 * @throws TypeError when an argument is not of that form, or a variant has a field named as the
 * tag, or `__proto__`
 *
 * Source: the encoders that Gleam's language server generates for custom types.
 */
export function variants<
  const Tag extends string,
  Definitions extends Record<string, VariantFields>,
>(
  tag: Tag,
  definitions: Definitions,
  options: VariantsOptions = {},
): Struct<Variants<Tag, Definitions>, null> {
  if (typeof tag !== 'string' || tag === '__proto__') {
    throw new TypeError(`Expected \`tag\` to be the name of a field, got ${JSON.stringify(tag)}`);
  }
  const drops = dropsUnknown(options);
  const byTag = new Map<unknown, ObjectVariant>(
    definitionsOf(definitions, 'definitions').map(([name, fields]) => [
      tagOf(name),
      { tag: tagOf(name), fields: structsOf(fields, name, tag, drops) },
    ]),
  );
  const find = (value: unknown): ObjectVariant | undefined =>
    isRecord(value) && Object.hasOwn(value, tag) ? byTag.get(value[tag]) : undefined;

  const struct = new Struct<Variants<Tag, Definitions>, null>({
    type: 'variants',
    schema: null,
    validator(value, context) {
      if (!isRecord(value)) return wrongShape('an object');
      if (find(value) !== undefined) return true;
      return unknownTag(byTag.keys(), tag, ownField(value, tag), context);
    },
    coercer(value, { mask }) {
      const variant = find(value);
      if (variant === undefined) return value;
      const all = value as Record<string, unknown>;
      if (!drops && mask !== true) return withTag({ ...all }, tag, variant.tag);
      const kept: Record<string, unknown> = { [tag]: variant.tag };
      for (const key of variant.fields.keys()) {
        if (Object.hasOwn(all, key)) kept[key] = all[key];
      }
      return kept;
    },
    *entries(value) {
      const variant = find(value);
      if (variant === undefined) return;
      const all = value as Record<string, unknown>;
      for (const [key, field] of variant.fields) yield [key, ownField(all, key), field];
      for (const key of Object.keys(all)) {
        if (key !== tag && !variant.fields.has(key)) yield [key, all[key], unknownPart];
      }
    },
  });
  const { validator, coercer } = struct;
  known.set(struct.entries, { tag, drops, find, all: [...byTag.values()], validator, coercer });
  return struct;
}

function structsOf(
  fields: VariantFields,
  name: string,
  tag: string,
  drops: boolean,
): ReadonlyMap<string, Struct> {
  return new Map(
    definitionsOf(fields, name).map(([key, struct]) => {
      if (key === tag || key === '__proto__') {
        throw new TypeError(`Expected the variant \`${name}\` to have no field \`${key}\``);
      }
      expectStruct(struct, `${name}.${key}`);
      return [key, drops ? masked(struct) : struct];
    }),
  );
}

/** Writes only what differs (-0 is found as 0): a copy that is never written to costs half. */
function withTag(copy: Record<string, unknown>, key: string, tag: unknown): typeof copy {
  if (!Object.is(copy[key], tag)) copy[key] = tag;
  return copy;
}

/** A field, but nothing inherited: an absent `constructor` is absent. */
function ownField(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
