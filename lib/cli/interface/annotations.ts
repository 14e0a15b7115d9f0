/**
 * Types that are only written, as the parameters of a type that travels as another one: the `User` of
 * an `Id(User)`. Nothing of them travels, so they may be opaque.
 */
import { type GleamType } from '../gleam/model.ts';
import { type TypeReference } from './package-interface.ts';

/**
 * A type for an annotation.
 * @param given - what the variables stand for, by their number
 * @returns undefined where it cannot be written
 */
export function annotationOf(
  type: TypeReference,
  given: readonly GleamType[],
): GleamType | undefined {
  switch (type.kind) {
    case 'variable':
      return given[type.id];
    case 'fn':
      return undefined;
    case 'tuple': {
      const elements = all(type.elements, given);
      return elements && { kind: 'Tuple', elements };
    }
    case 'named': {
      const parameters = all(type.parameters, given);
      return parameters && named(type.module, type.name, parameters);
    }
  }
}

function all(
  types: readonly TypeReference[],
  given: readonly GleamType[],
): readonly GleamType[] | undefined {
  const written = types.flatMap((type) => annotationOf(type, given) ?? []);
  return written.length === types.length ? written : undefined;
}

function named(
  module: string,
  name: string,
  parameters: readonly GleamType[],
): GleamType | undefined {
  const [first, second] = parameters;
  const path = `${module}.${name}`;
  if (module !== 'gleam') {
    if (path === 'gleam/option.Option' && first !== undefined) return { kind: 'Option', of: first };
    const none = ['', ''] as const;
    return { kind: 'Mapped', module, name, parameters, to: none, from: none, as: { kind: 'Nil' } };
  }
  switch (name) {
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return { kind: name };
    case 'List':
      return first && { kind: 'List', of: first };
    case 'Result':
      return first && second && { kind: 'Result', ok: first, error: second };
    default:
      return undefined;
  }
}
