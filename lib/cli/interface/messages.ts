/**
 * From the interface of a package to its messages: every type that the roots reach, with what
 * travels of it. The rule is that of Gleam's language server, completed: fields without labels have
 * their place as key, custom types are nested, and a `Result` is `ok` or `error` with a `value`.
 */
import {
  type Constructor,
  type CustomType,
  type Field,
  type GleamType,
  type MappedType,
} from '../gleam/model.ts';
import { gleamSnakeCase, snakeCase, takeName } from '../gleam/names.ts';
import { GleamRefusal } from '../gleam/refusal.ts';
import { smallestConstructors } from '../gleam/zero.ts';
import { UsageError } from '../usage-error.ts';
import { annotationOf } from './annotations.ts';
import { typeScriptNames } from './names.ts';
import { docOf, keyOf, wireOf } from './parts.ts';
import {
  type ConstructorInterface,
  type PackageInterface,
  type TypeInterface,
  type TypeReference,
} from './package-interface.ts';

/** A type from which the reading begins, as `--client` and `--server` name it: `chat/message.Said`. */
export interface InterfaceRoot {
  readonly path: string;
  readonly sender: 'client' | 'server' | 'both';
}

export interface Messages {
  /** In an order in which each stands after what it is made of, but for recursive ones. */
  readonly types: readonly CustomType[];
  /** The name of each in TypeScript; its functions in Gleam are named by it, too. */
  readonly names: ReadonlyMap<CustomType, string>;
  readonly roots: readonly {
    readonly type: CustomType;
    readonly sender: InterfaceRoot['sender'];
  }[];
}

/**
 * Reads the messages of a package.
 * @throws GleamRefusal when a root reaches what cannot travel: a line for each place
 * @throws UsageError when there is no such root
 */
export function messagesIn(
  source: PackageInterface,
  roots: readonly InterfaceRoot[],
  maps: ReadonlyMap<string, MappedType>,
): Messages {
  const reader = new Reader(source, maps);
  const found = roots.map(({ path, sender }) => ({ type: reader.root(path), sender }));
  reader.refuseEndless();
  if (reader.refusals.size > 0) throw new GleamRefusal([...reader.refusals]);
  const names = typeScriptNames(reader.types);
  const prefixes = new Set<string>();
  for (const type of reader.types) {
    type.prefix = takeName(snakeCase(names.get(type) ?? type.name), prefixes);
  }
  return {
    types: reader.types,
    names,
    roots: found.flatMap(({ type, sender }) => (type === undefined ? [] : [{ type, sender }])),
  };
}

/** Where a type stands, for a refusal. */
interface Place {
  readonly module: string;
  readonly type: string;
  readonly constructor: string;
  readonly field: string;
}

/** A type whose prefix is set when all are known. */
type Named = Omit<CustomType, 'prefix'> & { prefix: string };

/** A generic type that is reached with so many different arguments has no end of them. */
const MAX_INSTANCES = 64;
/** Stands for what was refused: the reading goes on, to find what else is. */
const REFUSED: GleamType = { kind: 'Bool' };

class Reader {
  readonly types: Named[] = [];
  readonly refusals = new Set<string>();
  readonly #source: PackageInterface;
  readonly #maps: ReadonlyMap<string, MappedType>;
  readonly #instances = new Map<string, CustomType>();
  readonly #counts = new Map<string, number>();
  readonly #places = new Map<CustomType, Place>();
  readonly #mapped = new Map<string, MappedType>();

  constructor(source: PackageInterface, maps: ReadonlyMap<string, MappedType>) {
    this.#source = source;
    this.#maps = maps;
  }

  root(path: string): CustomType | undefined {
    const at = path.lastIndexOf('.');
    const [module, name] = [path.slice(0, at), path.slice(at + 1)];
    const type = this.#find(module, name);
    if (type === undefined) throw noRoot(this.#source, path, module, name);
    if (type.parameters > 0) {
      throw new UsageError(`${path} is generic: name a type without parameters that uses it`);
    }
    const place = { module, type: name, constructor: '', field: '' };
    const made = this.#custom(module, name, type, [], place);
    return made.kind === 'Custom' ? made.type : undefined;
  }

  /** Types of which no value can be made: their decoder would have no end. */
  refuseEndless(): void {
    const smallest = smallestConstructors(this.types);
    for (const type of this.types) {
      const place = this.#places.get(type);
      if (smallest.has(type) || place === undefined || type.constructors.length === 0) continue;
      this.#refuse(
        place,
        'no value of it can be made, for it always holds itself',
        'give it an end',
      );
    }
  }

  #find(module: string, name: string): TypeInterface | undefined {
    const { modules } = this.#source;
    const types = Object.hasOwn(modules, module) ? modules[module]?.types : undefined;
    return types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
  }

  /** @param given - what the variables of the type stand for, by their number */
  #convert(type: TypeReference, given: readonly GleamType[], place: Place): GleamType {
    switch (type.kind) {
      case 'variable':
        return given[type.id] ?? this.#refuse(place, 'its type is not said', 'give it one');
      case 'tuple':
        if (type.elements.length === 0) return { kind: 'Nil' };
        return {
          kind: 'Tuple',
          elements: type.elements.map((element) => this.#convert(element, given, place)),
        };
      case 'fn':
        return this.#refuse(
          place,
          'a function does not travel',
          'leave it out, or send its result',
        );
      case 'named':
        return this.#named(type, given, place);
    }
  }

  #named(
    { name, module, package: from, parameters }: TypeReference & { readonly kind: 'named' },
    given: readonly GleamType[],
    place: Place,
  ): GleamType {
    const mapped = this.#maps.get(`${module}.${name}`);
    if (mapped !== undefined) return this.#withParameters(mapped, parameters, given);
    const its = parameters.map((parameter) => this.#convert(parameter, given, place));
    const [first = REFUSED, second = REFUSED] = its;
    switch (`${module}.${name}`) {
      case 'gleam.String':
      case 'gleam.Int':
      case 'gleam.Float':
      case 'gleam.Bool':
      case 'gleam.Nil':
        return { kind: name as 'String' | 'Int' | 'Float' | 'Bool' | 'Nil' };
      case 'gleam.List':
        return { kind: 'List', of: first };
      case 'gleam.Result':
        return { kind: 'Result', ok: first, error: second };
      case 'gleam/option.Option':
        return this.#option(first, place);
      case 'gleam/dict.Dict':
        return first.kind === 'String'
          ? { kind: 'Dict', of: second }
          : { kind: 'Pairs', key: first, of: second };
      case 'gleam/set.Set':
        return { kind: 'Set', of: first };
      case 'gleam.BitArray':
        return this.#refuse(place, 'JSON has no bytes', 'send a String (base64)');
      case 'gleam/dynamic.Dynamic':
        return this.#refuse(place, 'a Dynamic can be decoded, but not encoded', 'give it a type');
      default:
    }
    const type = this.#find(module, name);
    if (type !== undefined) return this.#custom(module, name, type, its, place);
    const map = `--map ${module}.${name}=string:MODULE.to_string:MODULE.from_string`;
    return from === this.#source.name
      ? this.#refuse(
          place,
          `${module}.${name} is not in the interface: it is private or internal`,
          `make it public, or say how it travels by ${map}`,
        )
      : this.#refuse(
          place,
          `${name} is a type of the package ${from === '' ? 'gleam' : from}, and its constructors are not known`,
          `say how it travels by ${map}`,
        );
  }

  /** The same for the same parameters. */
  #withParameters(
    mapped: MappedType,
    references: readonly TypeReference[],
    given: readonly GleamType[],
  ): MappedType {
    const parameters = references.flatMap((type) => annotationOf(type, given) ?? []);
    if (parameters.length === 0) return mapped;
    const made = { ...mapped, parameters };
    const known = this.#mapped.get(keyOf(made)) ?? made;
    this.#mapped.set(keyOf(made), known);
    return known;
  }

  #option(of: GleamType, place: Place): GleamType {
    const inner = of.kind === 'Mapped' ? of.as : of;
    if (inner.kind === 'Option') {
      return this.#refuse(place, 'Some(None) and None are the same null', 'take one Option');
    }
    if (inner.kind === 'Nil') {
      return this.#refuse(place, 'Some(Nil) and None are the same null', 'take a Bool');
    }
    return { kind: 'Option', of };
  }

  #custom(
    module: string,
    name: string,
    type: TypeInterface,
    parameters: readonly GleamType[],
    place: Place,
  ): GleamType {
    const path = `${module}.${name}`;
    const key = `${path}(${parameters.map(keyOf).join()})`;
    const known = this.#instances.get(key);
    if (known !== undefined) return { kind: 'Custom', type: known };
    if (type.constructors.length === 0) {
      return this.#refuse(
        place,
        `${path} is opaque or made elsewhere: its constructors are not known`,
        `say how it travels by --map ${path}=string:MODULE.to_string:MODULE.from_string`,
      );
    }
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    if (count > MAX_INSTANCES) {
      return this.#refuse(
        place,
        `${path} holds itself with other arguments each time, without an end`,
        'give it the same arguments',
      );
    }
    const made: Named = {
      name,
      prefix: '',
      source: { module, parameters },
      doc: docOf(type.documentation),
      wire: wireOf(type.constructors),
      constructors: [],
    };
    this.#instances.set(key, made);
    this.#places.set(made, { module, type: name, constructor: '', field: '' });
    for (const each of type.constructors) {
      made.constructors.push(this.#constructorOf(each, parameters, { module, type: name }));
    }
    // After what it is made of.
    this.types.push(made);
    return { kind: 'Custom', type: made };
  }

  #constructorOf(
    { name, parameters, documentation }: ConstructorInterface,
    given: readonly GleamType[],
    { module, type }: Pick<Place, 'module' | 'type'>,
  ): Constructor {
    return {
      name,
      tag: gleamSnakeCase(name),
      doc: docOf(documentation),
      fields: parameters.map((parameter, at): Field => {
        const key = parameter.label ?? String(at);
        const place = { module, type, constructor: name, field: key };
        const its = this.#convert(parameter.type, given, place);
        return {
          label: parameter.label ?? undefined,
          key,
          type: its,
          presence: its.kind === 'Option' ? 'nullable' : 'required',
        };
      }),
    };
  }

  #refuse(place: Place, why: string, instead: string): GleamType {
    const { module, type, constructor, field } = place;
    const parts = [
      `module ${module}, type ${type}`,
      ...(constructor === '' ? [] : [`constructor ${constructor}`]),
      ...(field === '' ? [] : [`field ${field}`]),
    ];
    this.refusals.add(`${parts.join(', ')}: ${why}: ${instead}`);
    return REFUSED;
  }
}

function noRoot(source: PackageInterface, path: string, module: string, name: string): UsageError {
  if (!Object.hasOwn(source.modules, module)) {
    const modules = Object.keys(source.modules).join(', ');
    return new UsageError(
      `${path}: there is no module ${module} in the interface (write module/name.Type); there are ${modules}`,
    );
  }
  const types = Object.keys(source.modules[module]?.types ?? {}).join(', ');
  return new UsageError(`${path}: ${module} has no public type ${name}; it has ${types}`);
}
