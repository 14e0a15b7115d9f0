/** The names that the types of Gleam modules have in one module of TypeScript. */
import { type CustomType, type GleamType } from '../gleam/model.ts';
import { pascalCase, shortened, takeName } from '../gleam/names.ts';

/** Types that the printed module uses itself. */
const TAKEN = ['Infer', 'Record', 'Struct'];

/**
 * Names types. One whose name another module has as well is named with its module before it
 * (`ChatTypesMessage`), a generic one with its arguments behind it (`PageOfUser`).
 */
export function typeScriptNames(types: readonly CustomType[]): ReadonlyMap<CustomType, string> {
  const names = new Map<CustomType, string>();
  const taken = new Set(TAKEN);
  const plain = types.filter(({ source }) => (source?.parameters ?? []).length === 0);
  const count = (name: string): number => plain.filter((type) => type.name === name).length;
  for (const type of plain) {
    const module = pascalCase((type.source?.module ?? '').split('/').slice(-2).join(' '));
    const wanted = count(type.name) > 1 ? module + type.name : type.name;
    names.set(type, takeName(wanted, taken));
  }
  const nameOf = (type: GleamType): string => {
    switch (type.kind) {
      case 'List':
      case 'Option':
      case 'Dict':
      case 'Set':
        return `${type.kind}Of${nameOf(type.of)}`;
      case 'Pairs':
        return `DictOf${nameOf(type.key)}And${nameOf(type.of)}`;
      case 'Tuple':
        return type.elements.map(nameOf).join('And');
      case 'Result':
        return `ResultOf${nameOf(type.ok)}Or${nameOf(type.error)}`;
      case 'Custom':
        return nameOfCustom(type.type);
      case 'Mapped':
      case 'String':
      case 'Int':
      case 'Float':
      case 'Bool':
      case 'Nil':
        return 'name' in type ? type.name : type.kind;
    }
  };
  const nameOfCustom = (type: CustomType): string => {
    const known = names.get(type);
    if (known !== undefined) return known;
    const parameters = (type.source?.parameters ?? []).map(nameOf);
    const name = takeName(shortened(`${type.name}Of${parameters.join('And')}`), taken);
    names.set(type, name);
    return name;
  };
  for (const type of types) nameOfCustom(type);
  return names;
}
