/** Small parts of reading an interface. */
import { type GleamType, type Wire } from '../gleam/model.ts';
import { type ConstructorInterface } from './package-interface.ts';

/** How a type travels, by its constructors. */
export function wireOf(constructors: readonly ConstructorInterface[]): Wire {
  if (constructors.every(({ parameters }) => parameters.length === 0)) return { kind: 'plain' };
  return constructors.length === 1 ? { kind: 'record' } : { kind: 'tagged', tag: 'type' };
}

/** Each line has the space after `///`. */
export function docOf(documentation: string | null): string | undefined {
  return documentation?.trim().replaceAll(/^ /gm, '');
}

/** The same for two types exactly when they are the same. */
export function keyOf(type: GleamType): string {
  switch (type.kind) {
    case 'List':
    case 'Option':
    case 'Dict':
    case 'Set':
      return `${type.kind}(${keyOf(type.of)})`;
    case 'Pairs':
      return `Pairs(${keyOf(type.key)},${keyOf(type.of)})`;
    case 'Tuple':
      return `#(${type.elements.map(keyOf).join()})`;
    case 'Result':
      return `Result(${keyOf(type.ok)},${keyOf(type.error)})`;
    case 'Custom': {
      const { name, source } = type.type;
      return `${source?.module}.${name}(${(source?.parameters ?? []).map(keyOf).join()})`;
    }
    case 'Mapped':
      return `${type.module}.${type.name}(${(type.parameters ?? []).map(keyOf).join()})`;
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return type.kind;
  }
}
