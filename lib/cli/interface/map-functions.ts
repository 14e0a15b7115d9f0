/** Whether the functions that `--map` names are those that it needs, as far as the interface shows them. */
import { isRecord } from '../../codecs/any-struct.ts';
import { type GleamFunction, type MappedType } from '../gleam/model.ts';
import { UsageError } from '../usage-error.ts';
import { type PackageInterface } from './package-interface.ts';

/**
 * Checks the functions of maps that stand in the package itself: what is wrong with them would be
 * an error in the module that is written.
 * @throws UsageError at the first that is missing, or of another type
 */
export function expectFunctions(
  source: PackageInterface,
  maps: ReadonlyMap<string, MappedType>,
): void {
  for (const [path, map] of maps) {
    const type = `${map.module}.${map.name}`;
    const kind = `gleam.${map.as.kind}`;
    expectFunction(source, path, map.to, type, (given) => given === kind, map.as.kind);
    const isChecked = map.example !== undefined;
    expectFunction(
      source,
      path,
      map.from,
      kind,
      (given) => (isChecked ? given === `gleam.Result(${type})` : given === type),
      isChecked ? `Result(${map.name}, …)` : map.name,
    );
  }
}

function expectFunction(
  { modules }: PackageInterface,
  map: string,
  its: GleamFunction,
  parameter: string,
  isRight: (returned: string) => boolean,
  expected: string,
): void {
  if (typeof its === 'string') return;
  const [module, name] = its;
  // A module of another package is not in the interface.
  if (!Object.hasOwn(modules, module)) return;
  const functions = modules[module]?.functions ?? {};
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (found === undefined) {
    throw new UsageError(`--map ${map}: ${module} has no public function ${name}`);
  }
  const [first, ...others] = found.parameters;
  if (others.length > 0 || first === undefined || nameOf(first.type) !== parameter) {
    throw new UsageError(
      `--map ${map}: ${module}.${name} must take one argument, of type ${parameter.slice(parameter.lastIndexOf('.') + 1)}`,
    );
  }
  const returned = nameOf(found.return);
  if (isRight(returned)) return;
  const isResult = returned.startsWith('gleam.Result(');
  throw new UsageError(
    isResult
      ? `--map ${map}: ${module}.${name} returns a Result: name a value that it takes, as in …:${module}.${name}:EXAMPLE`
      : `--map ${map}: ${module}.${name} must return ${expected}`,
  );
}

/** `module.Type`; of a `Result` also the type of what is right. */
function nameOf(type: unknown): string {
  if (!isRecord(type) || type['kind'] !== 'named') return '';
  const name = `${String(type['module'])}.${String(type['name'])}`;
  if (name !== 'gleam.Result' || !Array.isArray(type['parameters'])) return name;
  return `${name}(${nameOf(type['parameters'][0])})`;
}
