/** What the parts of a shape are in Gleam: how they travel, their names and docs. */
import { canonicalOf, type Shape } from '../../codecs.ts';
import { type Tag, type Wire } from './model.ts';
import { shortened, snakeCase, unreserved } from './names.ts';
import { type CustomShape, isCustomShape, simplified } from './shapes.ts';
import { type Draft } from './type-names.ts';

/** A number alone is no name. */
export const namingOf = (tag: Tag): Draft['naming'] => (typeof tag === 'string' ? 'short' : 'long');

export const WRAPPED: Wire = { kind: 'untagged' };

export function wireOf(shape: CustomShape): Wire {
  switch (shape.kind) {
    case 'object':
      return { kind: 'record' };
    case 'variants':
      return { kind: 'tagged', tag: shape.tag };
    case 'tupleVariants':
      return { kind: 'tuple' };
    case 'enums':
      return { kind: 'plain' };
    case 'oneOf':
      return { kind: 'untagged' };
  }
}

/** What travels, apart from docs. */
export function formOf(shape: Shape): string {
  return canonicalOf({ root: shape, types: {} });
}

/** The docs of a field. A type with constructors has them where it is defined. */
export function docsOf(shape: Shape): string[] {
  return shape.docs === undefined || isCustomShape(simplified(shape)) ? [] : [shape.docs];
}

export function docOf(lines: readonly (string | undefined)[]): string | undefined {
  const said = lines.filter((text) => text !== undefined && text !== '');
  return said.length === 0 ? undefined : said.join('\n');
}

/** The one value that a field may have; undefined when it may have several. */
export function constantOf(shape: Shape): Tag | null | undefined {
  if (shape.kind === 'null') return null;
  return shape.kind === 'literal' ? shape.value : undefined;
}

export function labelOf(key: string): string {
  const label = shortened(snakeCase(key));
  return /^[a-z]/.test(label) ? unreserved(label) : `field_${label}`.replace(/_$/, '');
}

/** A word for an option of `oneOf`. */
export function wordOf(shape: Shape): string {
  switch (shape.kind) {
    case 'reference':
      return shape.name;
    case 'literal':
      return String(shape.value);
    case 'integer':
      return 'Int';
    case 'number':
      return 'Float';
    case 'boolean':
      return 'Bool';
    case 'array':
      return 'List';
    case 'nullable':
      return wordOf(shape.of);
    case 'variants':
    case 'tupleVariants':
      return 'Variant';
    case 'string':
    case 'null':
    case 'unknown':
    case 'enums':
    case 'dict':
    case 'tuple':
    case 'object':
    case 'oneOf':
      return shape.kind;
  }
}
