/**
 * What a message looks like, as plain data: the tree that a struct is made of. JSON Schema, Gleam's
 * types and codecs, examples and the comparison of two versions are all made from it.
 *
 * A definition is JSON: it can be printed to a file and read back.
 */

/** The tree of one struct. */
export interface Definition {
  /** The struct itself. A reference where the struct has a name. */
  readonly root: Shape;
  /** Every named shape that the root reaches, by its name (`Author`). */
  readonly types: Readonly<Record<string, Shape>>;
}

/** The definitions of a whole program, as `express-omnimessage definition` prints them. */
export interface DefinitionFile {
  /** The version of this format. */
  readonly omnimessage: 1;
  /** The hash of the roots and what they reach, without docs: 16 hexadecimal digits. */
  readonly hash: string;
  readonly roots: readonly Root[];
  readonly types: Readonly<Record<string, Shape>>;
}

/** A message type of a program. */
export interface Root {
  /** Its name in the program: `FromClient`. */
  readonly name: string;
  /** Which side sends it. */
  readonly sender: 'client' | 'server' | 'both';
  readonly shape: Shape;
}

/** One node of the tree. The name of each kind is that of the word that makes it. */
export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | NullShape
  | UnknownShape
  | LiteralShape
  | EnumsShape
  | ArrayShape
  | DictShape
  | TupleShape
  | ObjectShape
  | VariantsShape
  | TupleVariantsShape
  | OneOfShape
  | NullableShape
  | ReferenceShape;

/** What any shape may carry. */
interface Annotated {
  /** For people: the text of `described`, or a doc comment. Lines are parted by `\n`. */
  readonly docs?: string;
  /** The names of refinements (`refine`) that narrow the shape and cannot be expressed in it. */
  readonly unchecked?: readonly string[];
}

/** Any string, or those that the constraints admit. */
export interface StringShape extends Annotated {
  readonly kind: 'string';
  /** In UTF-16 units, as JavaScript counts; both bounds are included. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** The source of a regular expression without flags that matches somewhere in the string. */
  readonly pattern?: string;
}

/** A number that JSON can hold. `integer` has no fraction. */
export interface NumberShape extends Annotated {
  readonly kind: 'number' | 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export interface BooleanShape extends Annotated {
  readonly kind: 'boolean';
}

export interface NullShape extends Annotated {
  readonly kind: 'null';
}

/** Any JSON value at all (`any`, `unknown`). Gleam has no type for it. */
export interface UnknownShape extends Annotated {
  readonly kind: 'unknown';
}

/** One value. (The literal null is a {@link NullShape}.) */
export interface LiteralShape extends Annotated {
  readonly kind: 'literal';
  readonly value: string | number | boolean;
}

/** One of several values: what Gleam's language server writes for a type without fields. */
export interface EnumsShape extends Annotated {
  readonly kind: 'enums';
  readonly values: readonly (string | number)[];
}

export interface ArrayShape extends Annotated {
  readonly kind: 'array';
  readonly items: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** An object with any keys, whose values are all of one shape. */
export interface DictShape extends Annotated {
  readonly kind: 'dict';
  readonly values: Shape;
}

/** An array of exactly these elements. */
export interface TupleShape extends Annotated {
  readonly kind: 'tuple';
  readonly items: readonly Shape[];
}

/** What becomes of fields that a shape does not have: invalid, left out, or kept. */
export type UnknownFields = 'refuse' | 'drop' | 'keep';

/** An object with known fields, in the order of the struct. */
export interface ObjectShape extends Annotated {
  readonly kind: 'object';
  readonly fields: readonly Field[];
  readonly unknownFields: UnknownFields;
}

/** A field of an object or of a variant. Its docs are those of its shape. */
export interface Field {
  /** The key on the wire. */
  readonly key: string;
  readonly shape: Shape;
  /** True when the field may be absent (`optional`). A `nullable` field may be absent when read. */
  readonly optional?: true;
}

/** Objects told apart by one field: `{"type":"user_send","content":"Hi"}`. */
export interface VariantsShape extends Annotated {
  readonly kind: 'variants';
  /** The key of the field that names the variant. */
  readonly tag: string;
  readonly variants: readonly Variant[];
  readonly unknownFields: UnknownFields;
}

/** One variant: the value of its tag, and its other fields. */
export interface Variant {
  readonly tag: string | number;
  readonly fields: readonly Field[];
  readonly docs?: string;
}

/** Arrays of a tag and one payload: `[0,{"id":"a"}]`. A payload `null` may be missing. */
export interface TupleVariantsShape extends Annotated {
  readonly kind: 'tupleVariants';
  readonly variants: readonly TupleVariant[];
  readonly unknownFields: UnknownFields;
}

/** One variant of TupleVariantsShape. */
export interface TupleVariant {
  readonly tag: string | number;
  readonly payload: Shape;
  readonly docs?: string;
}

/** One of several shapes, the first that fits (`oneOf`). */
export interface OneOfShape extends Annotated {
  readonly kind: 'oneOf';
  readonly options: readonly Shape[];
}

/** Null or the shape. As a field it is always written, and an absent one is read as null. */
export interface NullableShape extends Annotated {
  readonly kind: 'nullable';
  readonly of: Shape;
}

/** A shape that stands under this name in `types`: also how a recursive shape holds itself. */
export interface ReferenceShape extends Annotated {
  readonly kind: 'reference';
  readonly name: string;
}
