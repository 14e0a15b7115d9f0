/**
 * From a definition to the types of a Gleam module. The codecs of Gleam follow the struct, whatever
 * shape it gave to what travels.
 */
import { type DefinitionFile, type Shape } from '../../codecs.ts';
import { draftsOf, type Path } from './drafts.ts';
import {
  type Alias,
  type CustomType,
  type Field,
  type GleamModule,
  type GleamType,
  type Wire,
} from './model.ts';
import { notesOf } from './notes.ts';
import { docOf, formOf, wireOf, WRAPPED } from './parts.ts';
import { GleamRefusal } from './refusal.ts';
import { type CustomShape, holdsItself, isCustomShape, simplified } from './shapes.ts';
import { TypeNames } from './type-names.ts';
import { smallestConstructors } from './zero.ts';

/** What of a file of definitions counts here. */
export interface Definitions {
  readonly roots: readonly Pick<DefinitionFile['roots'][number], 'name' | 'shape'>[];
  readonly types: DefinitionFile['types'];
  /** Names for shapes that have none of their own, where they are reached. */
  readonly others?: readonly { readonly name: string; readonly shape: Shape }[];
}

/**
 * Makes the types of a module.
 * @param doc - the lines of the comment at the head of the module
 * @throws {@link GleamRefusal} where Gleam has no type for a shape, or would lose a state of it
 */
export function gleamModuleOf(definitions: Definitions, doc: readonly string[]): GleamModule {
  const builder = new Builder(definitions);
  builder.build();
  if (builder.refusals.length > 0) throw new GleamRefusal([...new Set(builder.refusals)]);
  return { doc, types: builder.types, aliases: builder.aliases };
}

/** Stands for what was refused: the reading goes on, to find what else is. */
const REFUSED: GleamType = { kind: 'Bool' };

class Builder {
  readonly types: CustomType[] = [];
  readonly aliases: Alias[] = [];
  readonly refusals: string[] = [];
  readonly #definitions: Definitions;
  readonly #names = new TypeNames();
  /** Types by the form of what travels: what is the same, has one type. */
  readonly #byForm = new Map<string, CustomType>();
  readonly #byName = new Map<string, GleamType>();
  readonly #suggested = new Map<string, string>();
  readonly #paths = new Map<CustomType, Path>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  build(): void {
    const { roots, types, others: names = [] } = this.#definitions;
    for (const { name, shape } of names) {
      const form = formOf(simplified(shape));
      if (!this.#suggested.has(form)) this.#suggested.set(form, name);
    }
    const others = Object.entries(types).map(([name, shape]) => ({ name, shape }));
    const given = [...roots.filter(({ name }) => !Object.hasOwn(types, name)), ...others].flatMap(
      ({ name, shape }) => {
        const gleamName = this.#nameGiven(name);
        return gleamName === undefined ? [] : [{ name, gleamName, shape: simplified(shape) }];
      },
    );
    // Each type is known before one is filled: they may hold each other.
    const fill: (() => void)[] = [];
    for (const { name, gleamName, shape } of given) {
      const isWrapped = !isCustomShape(shape) && holdsItself(name, shape, types);
      if (!isCustomShape(shape) && !isWrapped) continue;
      const form = formOf(shape);
      if (this.#byForm.has(form)) continue;
      const type = this.#add(
        gleamName,
        isCustomShape(shape) ? wireOf(shape) : WRAPPED,
        shape.docs,
        [name],
      );
      if (!isWrapped) this.#byForm.set(form, type);
      this.#byName.set(name, { kind: 'Custom', type });
      fill.push(() => {
        if (isCustomShape(shape)) this.#fill(type, shape, [name]);
        else this.#wrap(type, shape, [name]);
      });
    }
    for (const run of fill) run();
    for (const { name, gleamName, shape } of given) this.#alias(name, gleamName, shape);
    this.#names.finish();
    this.#refuseEndless();
  }

  /** What has a name and is no type of its own is a name for another type. */
  #alias(name: string, gleamName: string, shape: Shape): void {
    const before = this.#byName.get(name);
    if (before?.kind === 'Custom' && before.type.name === gleamName) return;
    this.aliases.push({
      name: gleamName,
      prefix: this.#names.prefix(gleamName),
      doc: docOf([shape.docs, ...notesOf(shape)]),
      type: this.#convert(shape, [name]),
      declared: true,
    });
  }

  #nameGiven(name: string): string | undefined {
    try {
      return this.#names.given(name);
    } catch (error) {
      this.#refuse([name], (error as Error).message);
      return undefined;
    }
  }

  #add(name: string, wire: Wire, docs: string | undefined, path: Path): CustomType {
    const type = this.#names.type(name, wire, docs);
    this.types.push(type);
    this.#paths.set(type, path);
    return type;
  }

  #refuse(path: Path, reason: string): GleamType {
    this.refusals.push(`at ${path.join('.')}: ${reason}`);
    return REFUSED;
  }

  #convert(given: Shape, path: Path): GleamType {
    const shape = simplified(given);
    switch (shape.kind) {
      case 'string':
        return { kind: 'String' };
      case 'integer':
        return { kind: 'Int' };
      case 'number':
        return { kind: 'Float' };
      case 'boolean':
        return { kind: 'Bool' };
      case 'null':
        return { kind: 'Nil' };
      case 'array':
        return { kind: 'List', of: this.#convert(shape.items, [...path, '*']) };
      case 'dict':
        return { kind: 'Dict', of: this.#convert(shape.values, [...path, '*']) };
      case 'tuple':
        return {
          kind: 'Tuple',
          elements: shape.items.map((item, at) => this.#convert(item, [...path, String(at)])),
        };
      case 'nullable':
        return this.#option(this.#convert(shape.of, path), path);
      case 'unknown':
        return this.#refuse(
          path,
          'Gleam has no type for any JSON value: say what it is, or send it as a string',
        );
      case 'reference':
        return this.#reference(shape.name, path);
      case 'object':
      case 'variants':
      case 'tupleVariants':
      case 'enums':
      case 'oneOf':
        return { kind: 'Custom', type: this.#anonymous(shape, path) };
    }
  }

  #option(of: GleamType, path: Path): GleamType {
    if (of.kind !== 'Option' && of.kind !== 'Nil') return { kind: 'Option', of };
    return this.#refuse(
      path,
      'null would stand for two different values of Gleam: take `nullable` once, around what is not null',
    );
  }

  #reference(name: string, path: Path): GleamType {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const shape = this.#definitions.types[name];
    if (shape === undefined) return this.#refuse(path, `there is no type \`${name}\``);
    const type = this.#convert(shape, [name]);
    this.#byName.set(name, type);
    return type;
  }

  #anonymous(shape: CustomShape, path: Path): CustomType {
    const form = formOf(shape);
    const before = this.#byForm.get(form);
    if (before !== undefined) return before;
    const steps = path.filter((step) => step !== '*');
    const made = steps.length > 1 ? steps.join(' ') : `${steps.join('')} item`;
    const name = this.#names.made(this.#suggested.get(form) ?? made);
    const type = this.#add(name, wireOf(shape), shape.docs, path);
    this.#byForm.set(form, type);
    this.#fill(type, shape, path);
    return type;
  }

  /** A type that holds itself and has no constructors of its own, as a list of such lists. */
  #wrap(type: CustomType, shape: Shape, path: Path): void {
    const of = this.#convert(shape, path);
    const field: Field = { label: undefined, key: '', type: of, presence: 'required' };
    this.#names.draft(type, [{ naming: 'own', tag: '', fields: [field] }]);
  }

  #fill(type: CustomType, shape: CustomShape, path: Path): void {
    const drafting = {
      convert: (part: Shape, its: Path) => this.#convert(part, its),
      refuse: (its: Path, reason: string) => this.#refuse(its, reason),
      types: this.#definitions.types,
    };
    this.#names.draft(type, draftsOf(shape, path, drafting));
  }

  #refuseEndless(): void {
    const smallest = smallestConstructors(this.types);
    for (const type of this.types) {
      if (smallest.has(type)) continue;
      const path = this.#paths.get(type) ?? [type.name];
      this.#refuse(
        path,
        'every value of it holds another one, without an end: take `nullable`, `optional` or `array` for the field that holds it',
      );
    }
  }
}
