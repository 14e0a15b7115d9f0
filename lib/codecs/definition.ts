/**
 * Reads what a struct is made of. superstruct's structs are functions in closures, so only those are
 * read whose meaning is certain: the words of ours, which note their parts, and superstruct's
 * `string`, `number`, `integer`, `boolean`, `any`, `unknown`, `literal`, `enums`, `array`, `object`
 * and `type`, when they behave as superstruct's own do. Everything else is refused by name.
 */
import {
  any,
  array,
  boolean,
  integer,
  number,
  object,
  string,
  type Struct,
  type,
  unknown,
} from 'superstruct';
import { type AnyStruct, expectStruct } from './any-struct.ts';
import { canonicalShape } from './canonical.ts';
import { coerced, enumsOf, expectLike, literalOf, refuseAdmitting, refused } from './certainty.ts';
import { constraintsOf } from './constraints.ts';
import { DefinitionError } from './definition-error.ts';
import { definitionOfSchema, type StandardJsonSchema } from './from-json-schema.ts';
import { unmasked } from './masked.ts';
import {
  type Definition,
  type Field,
  type Shape,
  type TupleVariant,
  type Variant,
} from './shape.ts';
import { elementOf, fieldsOf } from './superstruct.ts';
import { knownOf, type Tree } from './tree.ts';
import { tupleVariantsOf } from './tuple-variants.ts';
import { objectVariantsOf } from './variants.ts';

export type * from './shape.ts';

/**
 * The tree that a struct is made of; also that of a schema of another library that gives JSON Schema
 * (Standard JSON Schema: zod 4.2 and others).
 *
 * @param name - what the path of an error begins with: the name under which the struct is exported
 * @param direction - which side of a schema that converts: what it takes, or what it gives. A struct
 * has one side
 * @throws {@link DefinitionError} at what cannot be read for certain
 * @throws TypeError when `struct` is no struct
 */
export function definitionOf(
  struct: AnyStruct | StandardJsonSchema,
  name?: string,
  direction: 'incoming' | 'outgoing' = 'incoming',
): Definition {
  if (isStandard(struct)) {
    return definitionOfSchema(struct, direction, name === undefined ? [] : [name]);
  }
  expectStruct(struct, 'struct');
  const reader = new Reader();
  const root = reader.shapeOf(struct, name === undefined ? [] : [name]);
  return { root, types: Object.fromEntries([...reader.types].sort(byName)) };
}

// Some libraries make schemas that are functions.
const isStandard = (schema: unknown): schema is StandardJsonSchema =>
  ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') &&
  '~standard' in schema &&
  typeof schema['~standard'] === 'object' &&
  schema['~standard'] !== null;

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

/** A shape, and whether `optional` stands around it. */
interface Read {
  readonly shape: Shape;
  readonly isOptional: boolean;
}

type Path = readonly string[];

class Reader {
  readonly types = new Map<string, Shape>();
  /** The struct that a name was first given to. */
  readonly #named = new Map<string, Struct>();

  /** Where nothing may be absent. */
  shapeOf(struct: Struct, path: Path): Shape {
    const { shape, isOptional } = this.#read(struct, path);
    if (isOptional) {
      throw new DefinitionError(
        'only a field of `object` or `variants` can be `optional`: write `nullable` here',
        path,
      );
    }
    return shape;
  }

  #read(given: Struct, path: Path): Read {
    const struct = unmasked(given) ?? given;
    const known = knownOf(struct);
    if (known === undefined) return certain(this.#plain(struct, path));
    const { tree } = known;
    if (known.struct === struct) return this.#word(tree, struct, path);
    if (struct.coercer !== known.struct.coercer) throw coerced(path);
    refuseAdmitting(struct, path);
    const read = this.#word(tree, known.struct, path);
    const kind = tree.word === 'safeInteger' ? 'integer' : tree.word;
    return { ...read, shape: { ...read.shape, ...constraintsOf(struct, kind) } };
  }

  /** What a word of ours made. */
  #word(tree: Tree, struct: Struct, path: Path): Read {
    switch (tree.word) {
      case 'optional':
        return { ...this.#read(tree.of, path), isOptional: true };
      case 'nullable': {
        const { shape, isOptional } = this.#read(tree.of, path);
        return {
          shape: shape.kind === 'nullable' ? shape : { kind: 'nullable', of: shape },
          isOptional,
        };
      }
      case 'described': {
        const { shape, isOptional } = this.#read(tree.of, path);
        return { shape: { ...shape, docs: tree.docs }, isOptional };
      }
      case 'named':
        return this.#name(tree.name, tree.of, path);
      case 'recursive':
        return this.#name(tree.name, struct, path, tree.of);
      case 'safeInteger':
        return certain({
          kind: 'integer',
          minimum: Number.MIN_SAFE_INTEGER,
          maximum: Number.MAX_SAFE_INTEGER,
        });
      case 'dict':
        return certain({ kind: 'dict', values: this.shapeOf(tree.values, [...path, '*']) });
      case 'tuple':
        return certain({
          kind: 'tuple',
          items: tree.items.map((item, at) => this.shapeOf(item, [...path, `${at}`])),
        });
      case 'oneOf':
        return certain({
          kind: 'oneOf',
          options: tree.options.map((option, at) => this.shapeOf(option, [...path, `${at}`])),
        });
    }
  }

  /** A reference to a type, which is read once. */
  #name(name: string, struct: Struct, path: Path, of: () => Struct = () => struct): Read {
    const before = this.#named.get(name);
    const reference = { kind: 'reference', name } as const;
    if (before === struct) return certain(reference);
    if (before === undefined) {
      this.#named.set(name, struct);
      const { shape, isOptional } = this.#read(of(), path);
      this.types.set(name, shape);
      return { shape: reference, isOptional };
    }
    // Two structs of one name, made by one function perhaps: they must say the same. Not within each
    // other, or a function that calls itself would never end.
    if (!this.types.has(name)) throw namesakes(name, path);
    const other = new Reader();
    const { isOptional } = other.#name(name, struct, path, of);
    for (const [its, shape] of other.types) {
      const known = this.types.get(its);
      if (known === undefined || canonicalShape(known) !== canonicalShape(shape)) {
        throw namesakes(its, path);
      }
    }
    return { shape: reference, isOptional };
  }

  #plain(struct: Struct, path: Path): Shape {
    const variants = objectVariantsOf(struct);
    const tuples = tupleVariantsOf(struct);
    const made = variants ?? tuples;
    if (made !== undefined) {
      if (struct.coercer !== made.coercer) throw coerced(path);
      refuseAdmitting(struct, path);
    }
    const narrowed = constraintsOf(struct, struct.type);
    if (variants !== undefined) {
      return {
        kind: 'variants',
        tag: variants.tag,
        variants: [...variants.all].map(({ tag, fields }): Variant => ({
          tag,
          fields: this.#fields(fields, [...path, String(tag)]),
        })),
        unknownFields: variants.drops ? 'drop' : 'refuse',
        ...narrowed,
      };
    }
    if (tuples !== undefined) {
      return {
        kind: 'tupleVariants',
        variants: [...tuples.all].map(({ tag, payload }): TupleVariant => ({
          tag,
          payload: this.shapeOf(payload, [...path, String(tag)]),
        })),
        unknownFields: tuples.drops ? 'drop' : 'refuse',
        ...narrowed,
      };
    }
    return { ...this.#superstruct(struct, path), ...narrowed };
  }

  /** One of superstruct's own. */
  #superstruct(struct: Struct, path: Path): Shape {
    switch (struct.type) {
      case 'string':
        return expectLike(struct, string(), path, { kind: 'string' });
      case 'number':
        return expectLike(struct, number(), path, { kind: 'number' });
      case 'integer':
        return expectLike(struct, integer(), path, { kind: 'integer' });
      case 'boolean':
        return expectLike(struct, boolean(), path, { kind: 'boolean' });
      case 'any':
        return expectLike(struct, any(), path, { kind: 'unknown' });
      case 'unknown':
        return expectLike(struct, unknown(), path, { kind: 'unknown' });
      case 'literal':
        return literalOf(struct, path);
      case 'enums':
        return enumsOf(struct, path);
      case 'array': {
        const element = elementOf(struct);
        const items: Shape =
          element === undefined ? { kind: 'unknown' } : this.shapeOf(element, [...path, '*']);
        return expectLike(struct, array(), path, { kind: 'array', items });
      }
      case 'object': {
        const fields = fieldsOf(struct);
        return expectLike(
          struct,
          object(),
          path,
          fields === undefined
            ? { kind: 'dict', values: { kind: 'unknown' } }
            : { kind: 'object', fields: this.#fields(fields, path), unknownFields: 'refuse' },
        );
      }
      case 'type':
        return expectLike(struct, type({}), path, {
          kind: 'object',
          fields: this.#fields(fieldsOf(struct) ?? new Map(), path),
          unknownFields: 'keep',
        });
      default:
        throw refused(struct, path);
    }
  }

  #fields(structs: ReadonlyMap<string, Struct>, path: Path): Field[] {
    return Array.from(structs, ([key, struct]): Field => {
      const { shape, isOptional } = this.#read(struct, [...path, key]);
      // `any` and `unknown` accept undefined, and so a field that is not there.
      const mayBeAbsent = isOptional || shape.kind === 'unknown';
      return mayBeAbsent ? { key, shape, optional: true } : { key, shape };
    });
  }
}

const certain = (shape: Shape): Read => ({ shape, isOptional: false });

const namesakes = (name: string, path: Path): DefinitionError =>
  new DefinitionError(
    `two different structs are named \`${name}\`: give one of them another name`,
    path,
  );
