/** The option `--map`: how types travel whose constructors are not known. */
import { type GleamType, type MappedType } from '../gleam/model.ts';
import { UsageError } from '../usage-error.ts';

const KINDS: Readonly<Record<string, GleamType>> = {
  string: { kind: 'String' },
  integer: { kind: 'Int' },
  number: { kind: 'Float' },
  boolean: { kind: 'Bool' },
};

const NAME = '[a-z][a-z0-9_/]*';
const MAP = new RegExp(
  `^(${NAME})\\.([A-Z][A-Za-z0-9]*)=([a-z]+):(${NAME})\\.([a-z][a-z0-9_]*):(${NAME})\\.([a-z][a-z0-9_]*)$`,
);

/**
 * Reads maps: `birl.Time=integer:birl.to_unix:birl.from_unix`.
 * @returns by `module.Type`
 * @throws UsageError when one is not of that form
 */
export function mapsIn(options: readonly string[]): ReadonlyMap<string, MappedType> {
  return new Map(
    options.map((option) => {
      const [
        ,
        module = '',
        name = '',
        kind = '',
        toModule = '',
        to = '',
        fromModule = '',
        from = '',
      ] = MAP.exec(option) ?? [];
      const as = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
      if (as === undefined) {
        throw new UsageError(
          `--map ${option} is not of the form module.Type=kind:module.to:module.from, where kind is ${Object.keys(KINDS).join(', ')}`,
        );
      }
      const mapped: MappedType = {
        kind: 'Mapped',
        module,
        name,
        to: [toModule, to],
        from: [fromModule, from],
        as,
      };
      return [`${module}.${name}`, mapped] as const;
    }),
  );
}
