/**
 * What `gleam export package-interface` writes, as far as it is read here: the public types of a
 * package. It is the same from Gleam 1.14 to 1.18, but for the numbers of variables in aliases,
 * which are not read.
 */
import { isRecord } from '../../codecs/any-struct.ts';
import { UsageError } from '../usage-error.ts';

export interface PackageInterface {
  readonly name: string;
  readonly modules: Readonly<Record<string, ModuleInterface>>;
}

export interface ModuleInterface {
  readonly types: Readonly<Record<string, TypeInterface>>;
  readonly functions?: Readonly<Record<string, FunctionInterface>>;
}

/** A public function. Only those that `--map` names are looked at. */
export interface FunctionInterface {
  readonly parameters: readonly { readonly type: TypeReference }[];
  readonly return: TypeReference;
}

export interface TypeInterface {
  readonly documentation: string | null;
  /** How many parameters the type has. */
  readonly parameters: number;
  /** None for an opaque type and for one of another language. */
  readonly constructors: readonly ConstructorInterface[];
}

export interface ConstructorInterface {
  readonly documentation: string | null;
  readonly name: string;
  readonly parameters: readonly { readonly label: string | null; readonly type: TypeReference }[];
}

export type TypeReference =
  | {
      readonly kind: 'named';
      readonly name: string;
      readonly package: string;
      readonly module: string;
      readonly parameters: readonly TypeReference[];
    }
  | { readonly kind: 'tuple'; readonly elements: readonly TypeReference[] }
  | { readonly kind: 'variable'; readonly id: number }
  | { readonly kind: 'fn' };

/**
 * Reads the text of a file.
 * @throws UsageError when it is no package interface, or of a form that is not known
 */
export function packageInterfaceIn(text: string, file: string): PackageInterface {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file} is no JSON: ${REMEDY}`, { cause });
  }
  if (!isRecord(parsed) || typeof parsed['name'] !== 'string' || !isRecord(parsed['modules'])) {
    throw new UsageError(`${file} is no package interface: ${REMEDY}`);
  }
  for (const [module, its] of Object.entries(parsed['modules'])) {
    const types = isRecord(its) ? its['types'] : undefined;
    if (!isRecord(types)) throw unknownForm(file, module);
    for (const [name, type] of Object.entries(types)) {
      if (!isType(type)) throw unknownForm(file, `${module}.${name}`);
    }
  }
  return parsed as unknown as PackageInterface;
}

const REMEDY = 'write it by `gleam export package-interface --out interface.json`';

const unknownForm = (file: string, place: string): UsageError =>
  new UsageError(
    `${file} has a form that is not known, at ${place}: those of Gleam 1.14 to 1.18 are`,
  );

function isType(type: unknown): boolean {
  if (!isRecord(type) || typeof type['parameters'] !== 'number') return false;
  const { constructors } = type;
  return Array.isArray(constructors) && constructors.every(isConstructor);
}

function isConstructor(constructor: unknown): boolean {
  if (!isRecord(constructor) || typeof constructor['name'] !== 'string') return false;
  const { parameters } = constructor;
  return (
    Array.isArray(parameters) &&
    parameters.every(
      (field) =>
        isRecord(field) &&
        (field['label'] === null || typeof field['label'] === 'string') &&
        isReference(field['type']),
    )
  );
}

function isReference(type: unknown): boolean {
  if (!isRecord(type)) return false;
  switch (type['kind']) {
    case 'named':
      return (
        typeof type['name'] === 'string' &&
        typeof type['module'] === 'string' &&
        Array.isArray(type['parameters']) &&
        type['parameters'].every(isReference)
      );
    case 'tuple':
      return Array.isArray(type['elements']) && type['elements'].every(isReference);
    case 'variable':
      return typeof type['id'] === 'number';
    default:
      return type['kind'] === 'fn';
  }
}
