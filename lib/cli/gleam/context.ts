/** What the parts of a module share while it is printed: its imports, its names, its helpers. */
import { HELPERS, type Helper } from './helpers.ts';
import { type Constructor, type CustomType, type GleamFunction, type MappedType } from './model.ts';
import { snakeCase, takeName, unreserved } from './names.ts';
import { type Constructors } from './zero.ts';

/** Made once for each module. Asking for a name imports what it belongs to. */
export class Context {
  readonly smallest: Constructors;
  readonly recursive: ReadonlySet<CustomType>;
  /** Types whose smallest value some decoder needs. */
  readonly zeros: Set<CustomType> = new Set();
  /** The functions that give the values of examples. */
  readonly examples: Map<MappedType, string> = new Map();
  readonly helpers: Set<Helper> = new Set();
  readonly #types = new Map<string, string>();
  readonly #aliases = new Map<string, string>();
  readonly #taken: Set<string>;
  readonly #used = new Set<string>();

  /**
   * @param functions - the names of the functions of the module, which a variable must not hide
   */
  constructor(options: {
    readonly smallest: Constructors;
    readonly recursive: ReadonlySet<CustomType>;
    readonly functions: Iterable<string>;
  }) {
    this.smallest = options.smallest;
    this.recursive = options.recursive;
    // The modules that every printed module may import have their own names, whatever else is there.
    for (const module of STANDARD) this.#aliases.set(module, lastPart(module));
    this.#taken = new Set([...this.#aliases.values(), ...HELPERS, ...options.functions]);
  }

  readonly qualified = (module: string, name: string): string => `${this.#import(module)}.${name}`;

  /** A name of `gleam/dynamic/decode`. */
  readonly decode = (name: string): string => this.qualified('gleam/dynamic/decode', name);

  /** A name of `gleam/json`. */
  readonly json = (name: string): string => this.qualified('gleam/json', name);

  /** A type that is imported by its name alone: `Option`. */
  readonly unqualifiedType = (module: string, name: string): string => {
    this.#used.add(module);
    this.#types.set(name, module);
    return name;
  };

  /** A type as it is written in this module. */
  typeName(type: { readonly name: string; readonly source?: CustomType['source'] }): string {
    const { name, source } = type;
    return source === undefined ? name : this.qualified(source.module, name);
  }

  readonly constructorName = (type: CustomType, { name }: Constructor): string =>
    type.source === undefined ? name : this.qualified(type.source.module, name);

  readonly zeroFunction = (type: CustomType): string => {
    this.zeros.add(type);
    return `${type.prefix}_zero`;
  };

  readonly exampleFunction = (type: MappedType): string => {
    const known = this.examples.get(type);
    if (known !== undefined) return known;
    const name = takeName(`${snakeCase(type.name)}_example`, this.#taken);
    this.examples.set(type, name);
    return name;
  };

  readonly functionName = (it: GleamFunction): string =>
    typeof it === 'string' ? this.helper(it) : this.qualified(...it);

  helper(name: Helper): string {
    this.helpers.add(name);
    return name;
  }

  /** The name of a variable that hides no module and no function. */
  variable(wanted: string, among: Iterable<string> = []): string {
    const name = unreserved(wanted);
    const others = new Set(among);
    if (!this.#taken.has(name) && !others.has(name)) return name;
    return takeName(`${name}_`, new Set([...this.#taken, ...others]), '');
  }

  /** The lines of the imports, as the formatter sorts them. */
  imports(): string[] {
    return [...this.#used]
      .toSorted((one, other) => (one < other ? -1 : 1))
      .map((module) => {
        const alias = this.#aliases.get(module) ?? lastPart(module);
        const types = [...this.#types].filter(([, from]) => from === module);
        const names = types.map(([name]) => `type ${name}`).toSorted();
        const list = names.length === 0 ? '' : `.{${names.join(', ')}}`;
        return `import ${module}${list}${alias === lastPart(module) ? '' : ` as ${alias}`}`;
      });
  }

  #import(module: string): string {
    this.#used.add(module);
    const known = this.#aliases.get(module);
    if (known !== undefined) return known;
    // `salon/chat/types` beside `salon/board/types` is `chat_types`.
    const parts = module.split('/');
    const names = parts.map((_, at) => parts.slice(-1 - at).join('_'));
    const alias = names.find((name) => !this.#taken.has(name)) ?? takeName(module, this.#taken);
    this.#taken.add(alias);
    this.#aliases.set(module, alias);
    return alias;
  }
}

const STANDARD = [
  'gleam/dict',
  'gleam/dynamic',
  'gleam/dynamic/decode',
  'gleam/float',
  'gleam/int',
  'gleam/json',
  'gleam/list',
  'gleam/option',
  'gleam/set',
] as const;

function lastPart(module: string): string {
  return module.slice(module.lastIndexOf('/') + 1);
}
