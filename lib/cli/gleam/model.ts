/**
 * A Gleam module of messages as data: its types, and what of them travels. Both ways to Gleam end
 * here: a definition in TypeScript, whose types are written into the module, and the interface of
 * a Gleam package, whose types stand in modules of their own.
 */
import { type Helper } from './helpers.ts';

/** A type as it stands in a field. */
export type GleamType =
  | { readonly kind: 'String' | 'Int' | 'Float' | 'Bool' | 'Nil' }
  /** `Dict` has strings for keys. A `Set` travels as an array. */
  | { readonly kind: 'List' | 'Option' | 'Dict' | 'Set'; readonly of: GleamType }
  /** A `Dict` with other keys: an array of arrays of a key and a value. */
  | { readonly kind: 'Pairs'; readonly key: GleamType; readonly of: GleamType }
  | { readonly kind: 'Tuple'; readonly elements: readonly GleamType[] }
  /** `{"type":"ok","value":…}` or `{"type":"error","value":…}`. */
  | { readonly kind: 'Result'; readonly ok: GleamType; readonly error: GleamType }
  | { readonly kind: 'Custom'; readonly type: CustomType }
  | MappedType;

/** The module and the name, as in `birl.to_unix`; or a private function that the printed module brings with it. */
export type GleamFunction = readonly [module: string, name: string] | Helper;

/** A type of another package, which travels as another one. */
export interface MappedType {
  readonly kind: 'Mapped';
  readonly module: string;
  readonly name: string;
  readonly to: GleamFunction;
  readonly from: GleamFunction;
  readonly as: GleamType;
  /** What its string must match, as a regular expression. */
  readonly pattern?: string | undefined;
  /** What the parameters of the type stand for: an `Id(User)` may travel as an `Id` does. */
  readonly parameters?: readonly GleamType[] | undefined;
  /** What `from` takes for certain. Then `from` gives a `Result`, and else a value whatever it gets. */
  readonly example?: string | number | boolean | undefined;
}

/** A type with constructors. It is filled after it is made, for it may hold itself. */
export interface CustomType {
  readonly name: string;
  /** What its functions begin with: `client_message` of `client_message_to_json`. */
  readonly prefix: string;
  /** Where the type stands; undefined when it is written into the module that is printed. */
  readonly source?: TypeSource | undefined;
  readonly doc?: string | undefined;
  readonly wire: Wire;
  readonly constructors: Constructor[];
}

export interface TypeSource {
  readonly module: string;
  readonly parameters: readonly GleamType[];
}

/** How values of a custom type travel. */
export type Wire =
  /** A plain string or number. No constructor has fields. */
  | { readonly kind: 'plain' }
  /** An object without a tag. There is one constructor. */
  | { readonly kind: 'record' }
  /** An object with a tag in the field `tag`. */
  | { readonly kind: 'tagged'; readonly tag: string }
  /** `[tag, payload]`. A constructor has one field, or none where the payload is null. */
  | { readonly kind: 'tuple' }
  /** The field itself: the kind of JSON tells the constructors apart. */
  | { readonly kind: 'untagged' };

/** What stands for a constructor on the wire. */
export type Tag = string | number | boolean;

export interface Constructor {
  readonly name: string;
  /** Not used by `record` and `untagged`. */
  readonly tag: Tag;
  readonly doc?: string | undefined;
  readonly fields: readonly Field[];
  /** Fields with one value only: on the wire, but not in Gleam. */
  readonly constants?: readonly Constant[] | undefined;
}

export interface Constant {
  readonly key: string;
  readonly value: Tag | null;
}

export interface Field {
  /** Undefined: the field has no label. */
  readonly label: string | undefined;
  readonly key: string;
  readonly type: GleamType;
  /**
   * `required`: it is there. `optional`: the type is an `Option`, and `None` is an absent field;
   * null is read as `None` too. `nullable`: the type is an `Option`, `None` is written as null, and
   * null or an absent field is read as `None`.
   */
  readonly presence: 'required' | 'optional' | 'nullable';
  readonly doc?: string | undefined;
}

/** A name for a type without constructors, with functions of its own. */
export interface Alias {
  readonly name: string;
  readonly prefix: string;
  readonly doc?: string | undefined;
  readonly type: GleamType;
  /** Whether the name is written as a type; else there are only the functions. */
  readonly declared: boolean;
}

/** What is printed. */
export interface GleamModule {
  readonly doc: readonly string[];
  /** Each with its constructors, in the order in which they are printed. */
  readonly types: readonly CustomType[];
  readonly aliases: readonly Alias[];
}

/** All custom types that stand in a type, itself included. */
export function customTypesIn(type: GleamType): readonly CustomType[] {
  switch (type.kind) {
    case 'Custom':
      return [type.type];
    case 'List':
    case 'Option':
    case 'Dict':
    case 'Set':
      return customTypesIn(type.of);
    case 'Pairs':
      return [...customTypesIn(type.key), ...customTypesIn(type.of)];
    case 'Tuple':
      return type.elements.flatMap(customTypesIn);
    case 'Result':
      return [...customTypesIn(type.ok), ...customTypesIn(type.error)];
    case 'Mapped':
      return customTypesIn(type.as);
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return [];
  }
}

/** The custom types in the fields of one. */
export function customTypesWithin(type: CustomType): readonly CustomType[] {
  return type.constructors.flatMap(({ fields }) =>
    fields.flatMap((field) => customTypesIn(field.type)),
  );
}

/** The types that hold themselves, directly or through others. */
export function recursiveTypes(types: readonly CustomType[]): ReadonlySet<CustomType> {
  const reaches = (from: CustomType): boolean => {
    const seen = new Set<CustomType>();
    const open = [...customTypesWithin(from)];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === from) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...customTypesWithin(next));
    }
    return false;
  };
  return new Set(types.filter(reaches));
}
