/**
 * Examples of messages, for the tests of both sides: each variant, each value of a choice, and each
 * field that may be absent or null, both ways. The same definition always has the same examples.
 */
import { type Field, type Shape } from '../codecs.ts';

/** How deep a recursive shape is followed. */
const DEPTH = 4;

const STRINGS = ['a', '', 'Grüße', '日本', '"\\\n', 'xxxxxxxxxx', '0', 'a@b.cd', '2026-11-28'];
/** Tried where there is a pattern. */
const FORMATS = ['2026-11-28T12:34:56Z', '1969-12-31T23:59:59.001Z', '2024-02-29'];
const INTEGERS = [0, 1, -1, 7, 2_147_483_648, 9_007_199_254_740_991];
const NUMBERS = [0.5, -1.25, 3, 1e-7, 1e21];

/**
 * Makes examples of a shape. Refinements that a definition cannot say may refuse some of them.
 * @param count - how many at least; a shape with more variants gets more
 */
export function examplesOf(
  shape: Shape,
  types: Readonly<Record<string, Shape>>,
  count = 12,
): readonly unknown[] {
  const maker = new Maker(types);
  const variants = maker.widthOf(shape);
  const values = Array.from({ length: Math.max(count, variants * 2) }, (_, at) =>
    maker.make(shape, at, DEPTH),
  );
  const seen = new Set<string>();
  return values.filter((value) => {
    const text = JSON.stringify(value);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

class Maker {
  readonly #types: Readonly<Record<string, Shape>>;
  #turn = 1;

  constructor(types: Readonly<Record<string, Shape>>) {
    this.#types = types;
  }

  /** How many examples a shape needs to show each of its options. */
  widthOf(shape: Shape): number {
    const its = this.#resolve(shape);
    if (its.kind === 'variants' || its.kind === 'tupleVariants') return its.variants.length;
    if (its.kind === 'enums') return its.values.length;
    return its.kind === 'oneOf' ? its.options.length : 1;
  }

  /** @param at - which of the options */
  make(shape: Shape, at: number, depth: number): unknown {
    switch (shape.kind) {
      case 'string':
        return this.#string(shape);
      case 'integer':
        return inBounds(INTEGERS, shape, this.#next());
      case 'number':
        return inBounds(NUMBERS, shape, this.#next());
      case 'boolean':
        return this.#next() % 2 === 0;
      case 'null':
        return null;
      case 'unknown':
        return 'anything';
      case 'literal':
        return shape.value;
      case 'enums':
        return pick(shape.values, at);
      case 'array': {
        const { minItems = 0, maxItems = 3 } = shape;
        const length = depth <= 0 ? minItems : Math.max(minItems, Math.min(maxItems, at % 3));
        return Array.from({ length }, () => this.make(shape.items, this.#next(), depth - 1));
      }
      case 'dict': {
        const keys = depth <= 0 ? [] : ['a', 'ü', ''].slice(0, at % 3);
        return Object.fromEntries(
          keys.map((key) => [key, this.make(shape.values, this.#next(), depth - 1)]),
        );
      }
      case 'tuple':
        return shape.items.map((item) => this.make(item, this.#next(), depth - 1));
      case 'object':
        return this.#fields(shape.fields, at, depth);
      case 'variants': {
        const { tag, fields } = this.#choose(shape.variants, at, depth, (each) =>
          this.#fieldsEnd(each.fields, []),
        );
        return { [shape.tag]: tag, ...this.#fields(fields, at, depth) };
      }
      case 'tupleVariants': {
        const { tag, payload } = this.#choose(shape.variants, at, depth, (each) =>
          this.#ends(each.payload, []),
        );
        return [tag, this.make(payload, at, depth - 1)];
      }
      case 'oneOf': {
        const option = this.#choose(shape.options, at, depth, (each) => this.#ends(each, []));
        return this.make(option, this.#next(), depth - 1);
      }
      case 'nullable':
        return depth <= 0 || at % 3 === 2 ? null : this.make(shape.of, this.#next(), depth - 1);
      case 'reference':
        return this.make(this.#resolve(shape), at, depth);
    }
  }

  #fields(fields: readonly Field[], at: number, depth: number): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      fields.flatMap(({ key, shape, optional }) => {
        const isLeftOut = optional === true && (depth <= 0 || this.#next() % 2 === at % 2);
        return isLeftOut ? [] : [[key, this.make(shape, this.#next(), depth - 1)] as const];
      }),
    );
  }

  #string({
    minLength = 0,
    maxLength = Infinity,
    pattern = '',
  }: Shape & { readonly kind: 'string' }): string {
    const at = this.#next();
    const matches = new RegExp(pattern);
    const fitting = (pattern === '' ? STRINGS : [...STRINGS, ...FORMATS]).filter(
      (text) => text.length >= minLength && text.length <= maxLength && matches.test(text),
    );
    return fitting.length > 0 ? pick(fitting, at) : 'x'.repeat(minLength);
  }

  /** One of several; where it is deep, one that does not go deeper. */
  #choose<Option>(
    options: readonly Option[],
    at: number,
    depth: number,
    ends: (option: Option) => boolean,
  ): Option {
    const some = depth > 0 ? options : options.filter(ends);
    return pick(some.length > 0 ? some : options, at);
  }

  /** Whether the smallest value of a shape needs no other value of a type that is being made. */
  #ends(shape: Shape, within: readonly string[]): boolean {
    switch (shape.kind) {
      case 'reference': {
        if (within.includes(shape.name)) return false;
        const type = this.#types[shape.name];
        return type !== undefined && this.#ends(type, [...within, shape.name]);
      }
      case 'tuple':
        return shape.items.every((item) => this.#ends(item, within));
      case 'object':
        return this.#fieldsEnd(shape.fields, within);
      case 'variants':
        return shape.variants.some(({ fields }) => this.#fieldsEnd(fields, within));
      case 'tupleVariants':
        return shape.variants.some(({ payload }) => this.#ends(payload, within));
      case 'oneOf':
        return shape.options.some((option) => this.#ends(option, within));
      case 'array':
      case 'dict':
      case 'nullable':
      case 'string':
      case 'number':
      case 'integer':
      case 'boolean':
      case 'null':
      case 'unknown':
      case 'literal':
      case 'enums':
        // Arrays may be empty, and what is nullable null.
        return true;
    }
  }

  #fieldsEnd(fields: readonly Field[], within: readonly string[]): boolean {
    return fields.every(({ shape, optional }) => optional === true || this.#ends(shape, within));
  }

  #resolve(shape: Shape): Shape {
    if (shape.kind !== 'reference') return shape;
    const type = this.#types[shape.name];
    if (type === undefined) throw new TypeError(`the definition has no type ${shape.name}`);
    return this.#resolve(type);
  }

  /** Lehmer's generator: a field does not go in step with its neighbours, nor a message with the last. */
  #next(): number {
    this.#turn = (this.#turn * 75) % 65_537;
    return this.#turn;
  }
}

function pick<Item>(items: readonly Item[], at: number): Item {
  return items[at % items.length] as Item;
}

function inBounds(
  numbers: readonly number[],
  shape: Shape & { readonly kind: 'number' | 'integer' },
  at: number,
): number {
  const { minimum = -Infinity, maximum = Infinity } = shape;
  const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = shape;
  const fits = (value: number): boolean =>
    value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
  const near = [minimum, maximum, exclusiveMinimum + 1, exclusiveMaximum - 1];
  const fitting = [...numbers, ...near].filter((value) => Number.isFinite(value) && fits(value));
  return fitting.length > 0 ? pick(fitting, at) : minimum;
}
