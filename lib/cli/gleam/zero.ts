/**
 * The smallest value of each type. A decoder in Gleam needs one to go on with after a failure, to
 * collect what else is wrong; it is never part of a result.
 */
import {
  type GleamFunction,
  type Constructor,
  type CustomType,
  type Field,
  type GleamType,
  type MappedType,
} from './model.ts';
import { type Argument, atom, call, type Expression, list, tuple } from './syntax.ts';

export type Constructors = ReadonlyMap<CustomType, Constructor>;

/**
 * Finds for each type the constructor that ends soonest.
 * @returns no entry for a type of which no value can be made, as of `pub type A { A(next: A) }`
 */
export function smallestConstructors(types: readonly CustomType[]): Constructors {
  const found = new Map<CustomType, Constructor>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    // A round sees what the rounds before it found: so what is found first is the least deep.
    const ready = new Set(found.keys());
    for (const type of types) {
      if (ready.has(type)) continue;
      const smallest = type.constructors
        .filter(({ fields }) => fields.every((field) => canBeMade(field.type, ready)))
        .toSorted((one, other) => one.fields.length - other.fields.length)[0];
      if (smallest !== undefined) found.set(type, smallest);
    }
  }
  return found;
}

function canBeMade(type: GleamType, ready: ReadonlySet<CustomType>): boolean {
  switch (type.kind) {
    case 'Custom':
      return ready.has(type.type);
    case 'Tuple':
      return type.elements.every((element) => canBeMade(element, ready));
    case 'Result':
      return canBeMade(type.ok, ready) || canBeMade(type.error, ready);
    case 'Mapped':
      return canBeMade(type.as, ready);
    case 'List':
    case 'Option':
    case 'Dict':
    case 'Set':
    case 'Pairs':
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return true;
  }
}

/** What an expression of a smallest value needs of the module that it stands in. */
export interface ZeroContext {
  readonly smallest: Constructors;
  /** A name of another module, which is then imported: `option.None`. */
  readonly qualified: (module: string, name: string) => string;
  /** A function, which is then imported or brought along. */
  readonly functionName: (it: GleamFunction) => string;
  /** A constructor as it is written here. */
  readonly constructorName: (type: CustomType, constructor: Constructor) => string;
  /** The name of a function that gives the smallest value, which is then written. */
  readonly zeroFunction: (type: CustomType) => string;
  /** The name of a function that gives the value of the example, which is then written. */
  readonly exampleFunction: (type: MappedType) => string;
}

/** The expression of the smallest value of a type. */
export function zeroOf(type: GleamType, context: ZeroContext): Expression {
  switch (type.kind) {
    case 'String':
      return atom('""');
    case 'Int':
      return atom('0');
    case 'Float':
      return atom('0.0');
    case 'Bool':
      return atom('False');
    case 'Nil':
      return atom('Nil');
    case 'List':
      return list();
    case 'Option':
      return atom(context.qualified('gleam/option', 'None'));
    case 'Dict':
    case 'Pairs':
      return call(context.qualified('gleam/dict', 'new'));
    case 'Set':
      return call(context.qualified('gleam/set', 'new'));
    case 'Tuple':
      return tuple(...type.elements.map((element) => zeroOf(element, context)));
    case 'Result':
      return canBeMade(type.ok, new Set(context.smallest.keys()))
        ? call('Ok', zeroOf(type.ok, context))
        : call('Error', zeroOf(type.error, context));
    case 'Custom':
      return zeroOfCustom(type.type, context);
    case 'Mapped':
      return type.example === undefined
        ? call(context.functionName(type.from), zeroOf(type.as, context))
        : call(context.exampleFunction(type));
  }
}

/** A constructor without fields stands for itself; others are worth a function. */
function zeroOfCustom(type: CustomType, context: ZeroContext): Expression {
  const smallest = context.smallest.get(type);
  return smallest !== undefined && smallest.fields.length === 0
    ? atom(context.constructorName(type, smallest))
    : call(context.zeroFunction(type));
}

/** The arguments of a constructor, each the smallest. */
export function zeroArguments(fields: readonly Field[], context: ZeroContext): Argument[] {
  return fields.map(({ label, type }) => {
    const value = zeroOf(type, context);
    return label === undefined ? value : { label, value };
  });
}
