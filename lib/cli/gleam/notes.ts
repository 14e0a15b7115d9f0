/** Constraints in words: Gleam's types do not hold them, and its codecs do not check them. */
import { type Shape } from '../../codecs.ts';

/** What a reader should know of a field, one constraint a line. */
export function notesOf(shape: Shape): string[] {
  const unchecked = (shape.unchecked ?? []).map((name) => `Checked by the server: ${name}.`);
  return [...constraintsOf(shape), ...unchecked];
}

function constraintsOf(shape: Shape): string[] {
  switch (shape.kind) {
    case 'string':
      return [
        ...range('character', shape.minLength, shape.maxLength),
        ...(shape.pattern === undefined ? [] : [`Matches \`${shape.pattern}\`.`]),
      ];
    case 'integer':
    case 'number':
      return bounds(shape);
    case 'array':
      return [
        ...range('element', shape.minItems, shape.maxItems),
        ...notesOf(shape.items).map((note) => `Each: ${note}`),
      ];
    case 'dict':
      return notesOf(shape.values).map((note) => `Each value: ${note}`);
    case 'tuple':
      return shape.items.flatMap((item, at) =>
        notesOf(item).map((note) => `Element ${at}: ${note}`),
      );
    case 'nullable':
      return notesOf(shape.of);
    case 'boolean':
    case 'null':
    case 'unknown':
    case 'literal':
    case 'enums':
    case 'object':
    case 'variants':
    case 'tupleVariants':
    case 'oneOf':
    case 'reference':
      return [];
  }
}

function range(noun: string, least = 0, most = Infinity): string[] {
  const nouns = (count: number): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  if (least === most) return [`Exactly ${nouns(least)}.`];
  if (most === Infinity) return least === 0 ? [] : [`At least ${nouns(least)}.`];
  return [least === 0 ? `At most ${nouns(most)}.` : `${least} to ${nouns(most)}.`];
}

function bounds(shape: Extract<Shape, { kind: 'integer' | 'number' }>): string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = shape;
  if (minimum !== undefined && maximum !== undefined) return [`${minimum} to ${maximum}.`];
  return [
    ...(minimum === undefined ? [] : [`At least ${minimum}.`]),
    ...(exclusiveMinimum === undefined ? [] : [`More than ${exclusiveMinimum}.`]),
    ...(maximum === undefined ? [] : [`At most ${maximum}.`]),
    ...(exclusiveMaximum === undefined ? [] : [`Less than ${exclusiveMaximum}.`]),
  ];
}
