/**
 * Definitions of schemas of other libraries, by the JSON Schema that they give of themselves. What
 * the tree has no word for is refused by its place; what only narrows is named as unchecked.
 *
 * Source: Standard JSON Schema, https://standardschema.dev
 */
import { isRecord } from './any-struct.ts';
import { DefinitionError } from './definition-error.ts';
import { type Definition, type Field, type Shape, type Variant } from './shape.ts';

/** A schema whose library speaks Standard JSON Schema, as zod 4.2 does. */
export interface StandardJsonSchema {
  readonly '~standard': {
    readonly jsonSchema: {
      readonly input: (options: { readonly target: string }) => unknown;
      readonly output: (options: { readonly target: string }) => unknown;
    };
  };
}

type Path = readonly string[];
type Node = Readonly<Record<string, unknown>>;

/**
 * The definition of a schema of another library.
 * @param direction - `incoming`: what the schema takes, `outgoing`: what it gives
 * @throws {@link DefinitionError} when it cannot say its JSON Schema, or that has no tree
 */
export function definitionOfSchema(
  schema: { readonly '~standard': object },
  direction: 'incoming' | 'outgoing',
  path: Path,
): Definition {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJsonSchema['~standard']>;
  if (jsonSchema === undefined) {
    throw new DefinitionError(
      'the library of this schema does not give JSON Schema (zod 4.2 does): write it with the words of express-omnimessage/codecs',
      path,
    );
  }
  let root: unknown;
  try {
    const side = direction === 'incoming' ? 'input' : 'output';
    root = jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (cause) {
    throw new DefinitionError(`it has no JSON Schema: ${String(cause)}`, path);
  }
  const reader = new Reader(root);
  const shape = reader.shapeOf(root, path);
  return { root: shape, types: Object.fromEntries([...reader.types].sort(byName)) };
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

/** Keywords that say something of a value, each with what it becomes. */
const NARROWING = ['format', 'multipleOf', 'uniqueItems', 'minProperties', 'maxProperties'];

class Reader {
  readonly types = new Map<string, Shape>();
  readonly #defs: Node;

  constructor(root: unknown) {
    const { $defs } = (isRecord(root) ? root : {}) as { $defs?: unknown };
    this.#defs = isRecord($defs) ? $defs : {};
  }

  shapeOf(given: unknown, path: Path): Shape {
    if (given === true) return { kind: 'unknown' };
    if (!isRecord(given)) throw new DefinitionError('nothing is ever accepted here', path);
    const shape = this.#shapeOf(given, path);
    const unchecked = NARROWING.filter((name) => given[name] !== undefined);
    const { description } = given;
    return {
      ...shape,
      ...(typeof description === 'string' ? { docs: description } : {}),
      ...(unchecked.length > 0 ? { unchecked } : {}),
    };
  }

  #shapeOf(node: Node, path: Path): Shape {
    if (typeof node['$ref'] === 'string') return this.#reference(node['$ref'], path);
    if ('const' in node) return constant(node['const'], path);
    if (Array.isArray(node['enum'])) return choice(node['enum'], path);
    const options = node['oneOf'] ?? node['anyOf'];
    if (Array.isArray(options)) return this.#options(options as unknown[], path);
    const { type } = node;
    if (Array.isArray(type)) {
      return this.#options(
        type.map((each: unknown) => ({ ...node, type: each })),
        path,
      );
    }
    switch (type) {
      case 'string':
        return { kind: 'string', ...numbers(node, 'minLength', 'maxLength'), ...patternOf(node) };
      case 'number':
      case 'integer':
        return {
          kind: type,
          ...numbers(node, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'),
        };
      case 'boolean':
      case 'null':
        return { kind: type };
      case 'array':
        return this.#array(node, path);
      case 'object':
        return this.#object(node, path);
      case undefined:
        if (Object.keys(node).every((key) => key.startsWith('$') || key === 'description')) {
          return { kind: 'unknown' };
        }
        break;
      default:
    }
    const words = Object.keys(node).filter((key) => key !== 'description');
    throw new DefinitionError(`JSON Schema with ${words.join(', ')} has no tree`, path);
  }

  #reference(ref: string, path: Path): Shape {
    const key = ref.replace(/^#\/\$defs\//, '');
    if (!Object.hasOwn(this.#defs, key)) {
      throw new DefinitionError(`the reference ${ref} leads to nothing in $defs: name it`, path);
    }
    const name = key.replaceAll(/(?:^|[^A-Za-z0-9])+([A-Za-z0-9])/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    if (!this.types.has(name)) {
      // Before it is read, for it may hold itself.
      this.types.set(name, { kind: 'unknown' });
      this.types.set(name, this.shapeOf(this.#defs[key], path));
    }
    return { kind: 'reference', name };
  }

  #array(node: Node, path: Path): Shape {
    const { prefixItems, items } = node;
    if (!Array.isArray(prefixItems)) {
      const element = this.shapeOf(items ?? true, [...path, '*']);
      return { kind: 'array', items: element, ...numbers(node, 'minItems', 'maxItems') };
    }
    if (items !== undefined && items !== false) {
      throw new DefinitionError(
        'a tuple with a rest has no tree: write an array of one shape',
        path,
      );
    }
    return {
      kind: 'tuple',
      items: prefixItems.map((item, at) => this.shapeOf(item, [...path, String(at)])),
    };
  }

  #object(node: Node, path: Path): Shape {
    const { properties, additionalProperties } = node;
    if (!isRecord(properties)) {
      return {
        kind: 'dict',
        values: this.shapeOf(additionalProperties ?? true, [...path, '*']),
      };
    }
    if (isRecord(additionalProperties) && Object.keys(additionalProperties).length > 0) {
      throw new DefinitionError('an object with fields and a rest has no tree', path);
    }
    const required = new Set(Array.isArray(node['required']) ? node['required'] : []);
    return {
      kind: 'object',
      fields: Object.entries(properties).map(([key, value]): Field => {
        const shape = this.shapeOf(value, [...path, key]);
        return required.has(key) ? { key, shape } : { key, shape, optional: true };
      }),
      // Most libraries leave out what they do not know.
      unknownFields: additionalProperties === false ? 'refuse' : 'drop',
    };
  }

  #options(options: readonly unknown[], path: Path): Shape {
    const shapes = options.map((option, at) => this.shapeOf(option, [...path, String(at)]));
    const others = shapes.filter(({ kind }) => kind !== 'null');
    const [only] = others;
    if (others.length < shapes.length && only !== undefined) {
      return { kind: 'nullable', of: others.length === 1 ? only : oneOf(others) };
    }
    return oneOf(shapes);
  }
}

/** Objects that one field with a constant tells apart are variants. */
function oneOf(options: readonly Shape[]): Shape {
  const [first] = options;
  if (first?.kind !== 'object' || options.length < 2) return { kind: 'oneOf', options };
  for (const { key } of first.fields) {
    const variants = options.map((option) => variantOf(option, key));
    const tags = new Set(variants.map((variant) => variant?.tag));
    if (!variants.includes(undefined) && tags.size === options.length) {
      const { unknownFields } = first;
      return { kind: 'variants', tag: key, variants: variants as Variant[], unknownFields };
    }
  }
  return { kind: 'oneOf', options };
}

function variantOf(shape: Shape, key: string): Variant | undefined {
  if (shape.kind !== 'object') return undefined;
  const field = shape.fields.find((each) => each.key === key);
  if (field?.shape.kind !== 'literal' || field.optional === true) return undefined;
  const { value } = field.shape;
  if (typeof value === 'boolean') return undefined;
  const fields = shape.fields.filter((each) => each !== field);
  return { tag: value, fields, ...(shape.docs === undefined ? {} : { docs: shape.docs }) };
}

function constant(value: unknown, path: Path): Shape {
  if (value === null) return { kind: 'null' };
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'literal', value };
  }
  throw new DefinitionError('a constant object or array has no tree', path);
}

function choice(values: readonly unknown[], path: Path): Shape {
  if (values.every((value) => typeof value === 'string' || typeof value === 'number')) {
    return { kind: 'enums', values };
  }
  return { kind: 'oneOf', options: values.map((value) => constant(value, path)) };
}

/** Keywords with numbers. JSON Schema of zod says the bounds of integers that JavaScript has anyway. */
function numbers(node: Node, ...names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = node[name];
      return typeof value === 'number' ? [[name, value] as const] : [];
    }),
  );
}

function patternOf({ pattern, format }: Node): { readonly pattern?: string } {
  // With a format it is how that is spelt, and often longer than the message.
  return typeof pattern === 'string' && format === undefined ? { pattern } : {};
}
