/**
 * JSON Schema 2020-12 of a definition: for documents, for other languages, and for tools that
 * generate forms, mocks or clients.
 *
 * Source: https://json-schema.org/draft/2020-12, Standard JSON Schema, https://standardschema.dev
 */
import { type AnyStruct } from './any-struct.ts';
import { definitionOf } from './definition.ts';
import { type Definition, type Field, type Shape, type UnknownFields } from './shape.ts';

/** A JSON Schema, as plain data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Options of {@link jsonSchemaOf}. */
export interface JsonSchemaOptions {
  /**
   * `incoming` (or `input`): what is accepted when it is received, where a `nullable` field may be
   * absent and unknown fields may be dropped. `outgoing` (or `output`): what is sent.
   * @defaultValue 'incoming'
   */
  readonly direction?: 'incoming' | 'outgoing' | 'input' | 'output' | undefined;
}

const DIRECTIONS = new Set(['incoming', 'input', 'outgoing', 'output']);

/**
 * The JSON Schema of the messages that a struct accepts.
 *
 * Refinements that JSON Schema cannot say only narrow a struct: their names are left out. `size`
 * counts UTF-16 units and JSON Schema characters, which differs beyond U+FFFF.
 *
 * @param given - a struct, or its definition
 * @throws DefinitionError when the struct cannot be read
 * @throws TypeError when `direction` is another one
 */
export function jsonSchemaOf(
  given: AnyStruct | Definition,
  { direction = 'incoming' }: JsonSchemaOptions = {},
): JsonSchema {
  if (!DIRECTIONS.has(direction)) {
    throw new TypeError(
      `Expected \`direction\` to be 'incoming' or 'outgoing', got ${JSON.stringify(direction)}`,
    );
  }
  const definition = 'root' in given ? given : definitionOf(given);
  const writer = new Writer(definition, direction === 'incoming' || direction === 'input');
  const root = writer.schemaOf(definition.root, false);
  const $defs = Object.fromEntries(writer.defs);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...root,
    ...(writer.defs.size === 0 ? {} : { $defs }),
  };
}

class Writer {
  readonly defs = new Map<string, JsonSchema>();
  readonly #definition: Definition;
  readonly #isIncoming: boolean;

  constructor(definition: Definition, isIncoming: boolean) {
    this.#definition = definition;
    this.#isIncoming = isIncoming;
  }

  /** @param drops - whether variants around it leave out unknown fields, here too */
  schemaOf(shape: Shape, drops: boolean): JsonSchema {
    const { docs } = shape;
    const schema = this.#schemaOf(shape, drops);
    return docs === undefined ? schema : { ...schema, description: docs };
  }

  #schemaOf(shape: Shape, drops: boolean): JsonSchema {
    switch (shape.kind) {
      case 'string':
        return { type: 'string', ...keywords(shape, 'minLength', 'maxLength', 'pattern') };
      case 'number':
      case 'integer':
        return {
          type: shape.kind,
          ...keywords(shape, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'),
        };
      case 'boolean':
      case 'null':
        return { type: shape.kind };
      case 'unknown':
        return {};
      case 'literal':
        return { const: shape.value };
      case 'enums':
        return { enum: shape.values };
      case 'array':
        return {
          type: 'array',
          items: this.schemaOf(shape.items, drops),
          ...keywords(shape, 'minItems', 'maxItems'),
        };
      case 'dict':
        return { type: 'object', additionalProperties: this.schemaOf(shape.values, drops) };
      case 'tuple':
        return this.#array(shape.items, shape.items.length, 'refuse', drops);
      case 'object':
        return this.#object(shape.fields, shape.unknownFields, drops);
      case 'variants': {
        const isDropping = drops || shape.unknownFields === 'drop';
        return {
          oneOf: shape.variants.map(({ tag, fields, docs }) => {
            const itself: Field = { key: shape.tag, shape: { kind: 'literal', value: tag } };
            const schema = this.#object([itself, ...fields], shape.unknownFields, isDropping);
            return docs === undefined ? schema : { ...schema, description: docs };
          }),
        };
      }
      case 'tupleVariants': {
        const isDropping = drops || shape.unknownFields === 'drop';
        return {
          oneOf: shape.variants.map(({ tag, payload, docs }) => {
            const mayMiss = this.#isIncoming && payload.kind === 'null';
            const items: Shape[] = [{ kind: 'literal', value: tag }, payload];
            const schema = this.#array(items, mayMiss ? 1 : 2, shape.unknownFields, isDropping);
            return docs === undefined ? schema : { ...schema, description: docs };
          }),
        };
      }
      case 'oneOf':
        return { anyOf: shape.options.map((option) => this.schemaOf(option, drops)) };
      case 'nullable':
        return { anyOf: [this.schemaOf(shape.of, drops), { type: 'null' }] };
      case 'reference':
        return { $ref: `#/$defs/${this.#reference(shape.name, drops && this.#isIncoming)}` };
    }
  }

  #object(fields: readonly Field[], unknownFields: UnknownFields, drops: boolean): JsonSchema {
    const required = fields
      .filter(({ shape, optional }) => {
        const mayBeAbsent = this.#isIncoming && this.#isNullable(shape);
        return optional !== true && !mayBeAbsent;
      })
      .map(({ key }) => key);
    return {
      type: 'object',
      properties: Object.fromEntries(
        fields.map(({ key, shape }) => [key, this.schemaOf(shape, drops)]),
      ),
      ...(required.length === 0 ? {} : { required }),
      ...(this.#isOpen(unknownFields, drops) ? {} : { additionalProperties: false }),
    };
  }

  #array(
    items: readonly Shape[],
    minItems: number,
    unknownFields: UnknownFields,
    drops: boolean,
  ): JsonSchema {
    const isOpen = unknownFields !== 'refuse' && this.#isOpen(unknownFields, drops);
    return {
      type: 'array',
      prefixItems: items.map((item) => this.schemaOf(item, drops)),
      minItems,
      ...(isOpen ? {} : { items: false }),
    };
  }

  /** What is dropped may be received, and is never sent. */
  #isOpen(unknownFields: UnknownFields, drops: boolean): boolean {
    return unknownFields === 'keep' || (this.#isIncoming && (drops || unknownFields === 'drop'));
  }

  #isNullable(shape: Shape): boolean {
    if (shape.kind !== 'reference') return shape.kind === 'nullable';
    const type = this.#definition.types[shape.name];
    return type !== undefined && type.kind !== 'reference' && this.#isNullable(type);
  }

  /** A type that is reached with and without dropping stands there twice. */
  #reference(name: string, drops: boolean): string {
    const its = drops ? `${name}.drop` : name;
    if (!this.defs.has(its)) {
      const type = this.#definition.types[name];
      if (type === undefined) throw new TypeError(`Expected a type \`${name}\` in the definition`);
      // Before it is written, for it may hold itself.
      this.defs.set(its, {});
      this.defs.set(its, this.schemaOf(type, drops));
    }
    return its;
  }
}

/** The keywords that a shape has. */
function keywords<Of extends Shape>(
  shape: Of,
  ...names: readonly (keyof Of & string)[]
): JsonSchema {
  return Object.fromEntries(
    names.filter((name) => shape[name] !== undefined).map((name) => [name, shape[name]]),
  );
}
