/** Whether one shape accepts all that another may write. */
import { type Field, type Shape, type UnknownFields } from '../codecs.ts';

/** Why a reader may refuse what a writer sends. */
export interface Problem {
  readonly path: string;
  readonly kind:
    | 'missing field'
    | 'unknown field'
    | 'unknown tag'
    | 'unknown value'
    | 'other shape'
    | 'narrower';
  readonly detail: string;
}

/** A shape, and the types that it refers to. */
export interface Typed {
  readonly shape: Shape;
  readonly types: Readonly<Record<string, Shape>>;
}

/**
 * Looks for what a reader would refuse.
 * @param path - the name of the message
 * @param drops - whether the reader leaves out unknown fields, whatever its shape says
 * @returns every place, each once
 */
export function acceptsAll(writer: Typed, reader: Typed, path: string, drops = false): Problem[] {
  const comparison = new Comparison(writer.types, reader.types);
  comparison.compare(writer.shape, reader.shape, path, drops);
  return comparison.problems;
}

type Of<Kind extends Shape['kind']> = Shape & { readonly kind: Kind };

class Comparison {
  readonly problems: Problem[] = [];
  readonly #written: Typed['types'];
  readonly #read: Typed['types'];
  /** Pairs of types that have been compared, or are being compared. */
  readonly #seen = new Set<string>();

  constructor(written: Typed['types'], read: Typed['types']) {
    this.#written = written;
    this.#read = read;
  }

  compare(writer: Shape, reader: Shape, path: string, drops: boolean): void {
    if (writer.kind === 'reference' || reader.kind === 'reference') {
      const names = [writer, reader].map((shape) => (shape.kind === 'reference' ? shape.name : ''));
      const pair = `${names.join()} ${writer.kind === reader.kind ? '' : path} ${drops}`;
      if (this.#seen.has(pair)) return;
      this.#seen.add(pair);
      const [written, read] = [resolved(writer, this.#written), resolved(reader, this.#read)];
      if (written !== undefined && read !== undefined) this.compare(written, read, path, drops);
      return;
    }
    if (reader.kind === 'unknown') return;
    if (writer.kind === 'oneOf') {
      for (const option of writer.options) this.compare(option, reader, path, drops);
    } else if (reader.kind === 'oneOf') {
      this.#someOf(writer, reader, path, drops);
    } else if (writer.kind === 'nullable') {
      if (!acceptsNull(reader)) this.#add(path, 'unknown value', 'null');
      this.compare(writer.of, reader, path, drops);
    } else if (reader.kind === 'nullable') {
      if (writer.kind !== 'null') this.compare(writer, reader.of, path, drops);
    } else {
      this.#alike(writer, reader, path, drops);
    }
  }

  #alike(writer: Shape, reader: Shape, path: string, drops: boolean): void {
    const values = valuesOf(writer);
    const known = valuesOf(reader);
    if (known !== undefined) {
      if (values === undefined) this.#shape(writer, reader, path);
      else this.#values(values, known, path);
      return;
    }
    if (values !== undefined) {
      const fits = values.every(
        (value) => kindOf(value) === reader.kind || fitsNumber(value, reader),
      );
      if (!fits) this.#shape(writer, reader, path);
      return;
    }
    if (writer.kind === 'integer' && reader.kind === 'number') {
      this.#bounds(writer, reader, path);
      return;
    }
    if (writer.kind !== reader.kind) {
      this.#shape(writer, reader, path);
      return;
    }
    this.#bounds(writer, reader, path);
    switch (reader.kind) {
      case 'array':
        return this.compare((writer as Of<'array'>).items, reader.items, `${path}.*`, drops);
      case 'dict':
        return this.compare((writer as Of<'dict'>).values, reader.values, `${path}.*`, drops);
      case 'tuple':
        return this.#tuple(writer as Of<'tuple'>, reader, path, drops);
      case 'object':
        return this.#object(
          (writer as Of<'object'>).fields,
          reader.fields,
          path,
          dropsOf(reader.unknownFields, drops),
        );
      case 'variants':
        return this.#variants(writer as Of<'variants'>, reader, path, drops);
      case 'tupleVariants':
        return this.#tuples(writer as Of<'tupleVariants'>, reader, path, drops);
      case 'string':
      case 'number':
      case 'integer':
      case 'boolean':
      case 'null':
      case 'unknown':
      case 'literal':
      case 'enums':
      case 'oneOf':
      case 'nullable':
      case 'reference':
        return undefined;
    }
  }

  #someOf(writer: Shape, reader: Of<'oneOf'>, path: string, drops: boolean): void {
    const fits = reader.options.some(
      (option) =>
        acceptsAll(
          { shape: writer, types: this.#written },
          { shape: option, types: this.#read },
          path,
          drops,
        ).length === 0,
    );
    if (!fits) this.#shape(writer, reader, path);
  }

  #tuple(writer: Of<'tuple'>, reader: Of<'tuple'>, path: string, drops: boolean): void {
    if (writer.items.length !== reader.items.length) {
      this.#add(path, 'other shape', `${writer.items.length} elements, not ${reader.items.length}`);
      return;
    }
    for (const [at, item] of reader.items.entries()) {
      this.compare(writer.items[at] ?? item, item, `${path}.${at}`, drops);
    }
  }

  #object(
    written: readonly Field[],
    read: readonly Field[],
    path: string,
    unknownFields: UnknownFields,
  ): void {
    const drops = unknownFields === 'drop';
    for (const { key, shape, optional } of read) {
      const field = written.find((each) => each.key === key);
      const place = `${path}.${key}`;
      const mayBeAbsent = optional === true || this.#isNullable(shape);
      if (!mayBeAbsent && (field === undefined || field.optional === true)) {
        this.#add(place, 'missing field', key);
      }
      if (field !== undefined) this.compare(field.shape, shape, place, drops);
    }
    if (unknownFields !== 'refuse') return;
    for (const { key } of written) {
      if (!read.some((each) => each.key === key)) {
        this.#add(`${path}.${key}`, 'unknown field', key);
      }
    }
  }

  #variants(writer: Of<'variants'>, reader: Of<'variants'>, path: string, drops: boolean): void {
    if (writer.tag !== reader.tag) {
      this.#add(path, 'other shape', `the tag as \`${writer.tag}\`, not as \`${reader.tag}\``);
      return;
    }
    const unknownFields = dropsOf(reader.unknownFields, drops);
    for (const { tag, fields } of writer.variants) {
      const variant = reader.variants.find((each) => each.tag === tag);
      const place = `${path}.${tag}`;
      if (variant === undefined) this.#add(place, 'unknown tag', JSON.stringify(tag));
      else this.#object(fields, variant.fields, place, unknownFields);
    }
  }

  #tuples(
    writer: Of<'tupleVariants'>,
    reader: Of<'tupleVariants'>,
    path: string,
    drops: boolean,
  ): void {
    const within = drops || reader.unknownFields === 'drop';
    for (const { tag, payload } of writer.variants) {
      const variant = reader.variants.find((each) => each.tag === tag);
      const place = `${path}.${tag}`;
      if (variant === undefined) this.#add(place, 'unknown tag', JSON.stringify(tag));
      else this.compare(payload, variant.payload, place, within);
    }
  }

  #values(values: readonly unknown[], known: readonly unknown[], path: string): void {
    for (const value of values) {
      if (!known.includes(value)) this.#add(path, 'unknown value', JSON.stringify(value));
    }
  }

  /** Bounds of the reader that the writer does not keep. */
  #bounds(writer: Shape, reader: Shape, path: string): void {
    const bounds = reader as unknown as Readonly<Record<string, unknown>>;
    const kept = writer as unknown as Readonly<Record<string, unknown>>;
    for (const [name, isWithin] of BOUNDS) {
      const bound = bounds[name];
      if (bound === undefined) continue;
      const own = kept[name];
      if (own === undefined || !isWithin(own, bound)) {
        this.#add(path, 'narrower', `${name} is ${JSON.stringify(bound)}`);
      }
    }
  }

  #isNullable(shape: Shape): boolean {
    const its = resolved(shape, this.#read);
    return its?.kind === 'nullable';
  }

  #shape(writer: Shape, reader: Shape, path: string): void {
    this.#add(path, 'other shape', `${wordsFor(writer)}, not ${wordsFor(reader)}`);
  }

  #add(path: string, kind: Problem['kind'], detail: string): void {
    if (this.problems.some((each) => each.path === path && each.detail === detail)) return;
    this.problems.push({ path, kind, detail });
  }
}

const atLeast = (own: unknown, bound: unknown): boolean => (own as number) >= (bound as number);
const atMost = (own: unknown, bound: unknown): boolean => (own as number) <= (bound as number);

const BOUNDS: readonly (readonly [string, (own: unknown, bound: unknown) => boolean])[] = [
  ['minLength', atLeast],
  ['minItems', atLeast],
  ['minimum', atLeast],
  ['exclusiveMinimum', atLeast],
  ['maxLength', atMost],
  ['maxItems', atMost],
  ['maximum', atMost],
  ['exclusiveMaximum', atMost],
  ['pattern', (own, bound) => own === bound],
];

function resolved(shape: Shape, types: Typed['types']): Shape | undefined {
  let its: Shape | undefined = shape;
  const seen = new Set<string>();
  while (its?.kind === 'reference' && !seen.has(its.name)) {
    seen.add(its.name);
    its = types[its.name];
  }
  return its?.kind === 'reference' ? undefined : its;
}

const dropsOf = (unknownFields: UnknownFields, drops: boolean): UnknownFields =>
  drops && unknownFields === 'refuse' ? 'drop' : unknownFields;

const acceptsNull = ({ kind }: Shape): boolean =>
  kind === 'nullable' || kind === 'null' || kind === 'unknown';

function valuesOf(shape: Shape): readonly unknown[] | undefined {
  if (shape.kind === 'literal') return [shape.value];
  return shape.kind === 'enums' ? shape.values : undefined;
}

const kindOf = (value: unknown): string => typeof value;

const fitsNumber = (value: unknown, { kind }: Shape): boolean =>
  kind === 'integer' && Number.isInteger(value);

const WORDS: Readonly<Partial<Record<Shape['kind'], string>>> = {
  enums: 'a plain value (an enumeration)',
  variants: 'an object with a tag',
  tupleVariants: 'an array of a tag and a payload',
  object: 'an object without a tag',
  dict: 'an object with any keys',
  integer: 'an integer',
  array: 'an array',
  oneOf: 'one of several shapes',
  unknown: 'anything',
  null: 'null',
};

const wordsFor = ({ kind }: Shape): string => WORDS[kind] ?? `a ${kind}`;
