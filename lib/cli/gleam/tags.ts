/** Tags, and other constants of a definition, in Gleam. */
import { type Context } from './context.ts';
import { type Layout } from './layout.ts';
import { type Tag } from './model.ts';
import { numberLiteral, stringLiteral } from './names.ts';
import { atom, call, type Expression, list, pattern } from './syntax.ts';

/** A value of the definition as Gleam writes it, also in a pattern. */
export function tagLiteral(tag: Tag): string {
  if (typeof tag === 'string') return stringLiteral(tag);
  if (typeof tag === 'boolean') return tag ? 'True' : 'False';
  return numberLiteral(tag);
}

/** How tags are read, and how each is written as a pattern. */
export function tagReader(
  tags: readonly Tag[],
  context: Context,
): {
  readonly decoder: Expression;
  readonly patternOf: (tag: Tag) => Layout;
  readonly isExhaustive: boolean;
} {
  const kinds = new Set(tags.map((tag) => typeof tag));
  const numbers = tags.filter((tag) => typeof tag === 'number');
  const number = numbers.every((tag) => Number.isInteger(tag))
    ? atom(context.decode('int'))
    : call(context.helper('decode_number'));
  const isExhaustive = kinds.size === 1 && kinds.has('boolean') && new Set(tags).size === 2;
  const floats = numbers.some((tag) => !Number.isInteger(tag));
  const literal = (tag: Tag): string =>
    floats && Number.isInteger(tag) ? `${tagLiteral(tag)}.0` : tagLiteral(tag);
  if (kinds.size > 1) {
    // Strings and numbers: `Ok` of a string, `Error` of a number.
    const alternatives = list(call(context.decode('map'), number, atom('Error')));
    const strings = call(context.decode('map'), atom(context.decode('string')), atom('Ok'));
    return {
      decoder: call(context.decode('one_of'), strings, alternatives),
      patternOf: (tag) => pattern(typeof tag === 'string' ? 'Ok' : 'Error', [literal(tag)]),
      isExhaustive,
    };
  }
  const decoder = kinds.has('number')
    ? number
    : atom(context.decode(kinds.has('boolean') ? 'bool' : 'string'));
  return { decoder, patternOf: literal, isExhaustive };
}
