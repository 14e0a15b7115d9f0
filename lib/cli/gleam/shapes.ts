/** Shapes that say the same, made one; and what JSON they are. */
import { type Shape } from '../../codecs.ts';

/** Shapes that become a type with constructors. */
export type CustomShape = Extract<
  Shape,
  { kind: 'object' | 'variants' | 'tupleVariants' | 'enums' | 'oneOf' }
>;

export function isCustomShape(shape: Shape): shape is CustomShape {
  return ['object', 'variants', 'tupleVariants', 'enums', 'oneOf'].includes(shape.kind);
}

type Simple = Exclude<Shape, { kind: 'literal' }>;

/** A shape without the ways of writing that mean the same in Gleam. */
export function simplified(shape: Shape): Simple {
  if (shape.kind === 'literal') {
    // One boolean is a choice of one, which `enums` has no word for.
    return { ...shape, kind: 'enums', values: [shape.value as string] };
  }
  if (shape.kind !== 'oneOf') return shape;
  const options = shape.options
    .map(simplified)
    .flatMap((option) => (option.kind === 'oneOf' ? option.options.map(simplified) : [option]));
  const others = merged(options.filter(({ kind }) => kind !== 'null'));
  const [only] = others;
  const docs = shape.docs === undefined ? {} : { docs: shape.docs };
  const choice: Simple =
    others.length === 1 && only !== undefined
      ? { ...only, ...docs }
      : { ...shape, options: others };
  if (others.length === 0) return { kind: 'null', ...docs };
  return options.some(({ kind }) => kind === 'null') ? { kind: 'nullable', of: choice } : choice;
}

/** Choices of constants are one choice, but for booleans, which stay by themselves. */
function merged(options: readonly Simple[]): readonly Simple[] {
  const isLike = (one: Simple, other: Simple): boolean =>
    one.kind === 'enums' &&
    other.kind === 'enums' &&
    (typeof one.values[0] === 'boolean') === (typeof other.values[0] === 'boolean');
  return options.flatMap((option, at): readonly Simple[] => {
    if (option.kind !== 'enums') return [option];
    const alike = options.filter((other) => isLike(option, other));
    if (alike[0] !== option || options.indexOf(option) !== at) return [];
    return [{ ...option, values: alike.flatMap(valuesOf) }];
  });
}

const valuesOf = (shape: Shape): readonly (string | number)[] =>
  shape.kind === 'enums' ? shape.values : [];

/** What a JSON value can be. */
export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/**
 * The kinds of JSON that a shape admits.
 * @param types - what references refer to
 */
export function jsonKindsOf(
  shape: Shape,
  types: Readonly<Record<string, Shape>>,
  seen: ReadonlySet<string> = new Set(),
): ReadonlySet<JsonKind> {
  const within = (inner: Shape): ReadonlySet<JsonKind> => jsonKindsOf(inner, types, seen);
  switch (shape.kind) {
    case 'string':
    case 'boolean':
    case 'null':
      return new Set([shape.kind]);
    case 'integer':
    case 'number':
      return new Set(['number']);
    case 'literal':
      return new Set([typeof shape.value as JsonKind]);
    case 'enums':
      return new Set(shape.values.map((value) => typeof value as JsonKind));
    case 'array':
    case 'tuple':
    case 'tupleVariants':
      return new Set(['array']);
    case 'dict':
    case 'object':
    case 'variants':
      return new Set(['object']);
    case 'nullable':
      return new Set([...within(shape.of), 'null']);
    case 'oneOf':
      return new Set(shape.options.flatMap((option) => [...within(option)]));
    case 'unknown':
      return new Set(['string', 'number', 'boolean', 'null', 'array', 'object']);
    case 'reference': {
      const named = types[shape.name];
      if (named === undefined || seen.has(shape.name)) return new Set();
      return jsonKindsOf(named, types, new Set([...seen, shape.name]));
    }
  }
}

/** Whether a named shape holds itself without a type with constructors in between. */
export function holdsItself(
  name: string,
  shape: Shape,
  types: Readonly<Record<string, Shape>>,
  seen: Set<string> = new Set(),
): boolean {
  switch (shape.kind) {
    case 'array':
      return holdsItself(name, shape.items, types, seen);
    case 'dict':
      return holdsItself(name, shape.values, types, seen);
    case 'nullable':
      return holdsItself(name, shape.of, types, seen);
    case 'tuple':
      return shape.items.some((item) => holdsItself(name, item, types, seen));
    case 'reference': {
      if (shape.name === name) return true;
      const next = types[shape.name];
      if (next === undefined || seen.has(shape.name)) return false;
      seen.add(shape.name);
      return holdsItself(name, simplified(next), types, seen);
    }
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
    case 'null':
    case 'unknown':
    case 'literal':
    case 'object':
    case 'variants':
    case 'tupleVariants':
    case 'enums':
    case 'oneOf':
      return false;
  }
}
