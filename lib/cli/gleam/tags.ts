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
  /** What stands for a tag that cannot be read. */
  readonly zero: Expression;
  readonly patternOf: (tag: Tag) => Layout;
  readonly isExhaustive: boolean;
} {
  const kinds = new Set(tags.map((tag) => typeof tag));
  const numbers = tags.filter((tag) => typeof tag === 'number');
  const areIntegers = numbers.every((tag) => Number.isInteger(tag));
  const number = (): Expression =>
    call(context.helper(areIntegers ? 'decode_integer' : 'decode_number'));
  const isExhaustive = kinds.size === 1 && kinds.has('boolean') && new Set(tags).size === 2;
  const literal = (tag: Tag): string =>
    !areIntegers && Number.isInteger(tag) ? `${tagLiteral(tag)}.0` : tagLiteral(tag);
  if (kinds.size > 1) {
    // Strings and numbers: `Ok` of a string, `Error` of a number.
    const alternatives = list(call(context.decode('map'), number(), atom('Error')));
    const strings = call(context.decode('map'), atom(context.decode('string')), atom('Ok'));
    return {
      decoder: call(context.decode('one_of'), strings, alternatives),
      zero: call('Ok', atom('""')),
      patternOf: (tag) => pattern(typeof tag === 'string' ? 'Ok' : 'Error', [literal(tag)]),
      isExhaustive,
    };
  }
  const decoder = kinds.has('number')
    ? number()
    : atom(context.decode(kinds.has('boolean') ? 'bool' : 'string'));
  const zero = kinds.has('number')
    ? areIntegers
      ? '0'
      : '0.0'
    : kinds.has('boolean')
      ? 'False'
      : '""';
  return { decoder, zero: atom(zero), patternOf: literal, isExhaustive };
}
