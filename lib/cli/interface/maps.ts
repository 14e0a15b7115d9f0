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
  `^(${NAME})\\.([A-Z][A-Za-z0-9]*)=([a-z]+):(${NAME})\\.([a-z][a-z0-9_]*):(${NAME})\\.([a-z][a-z0-9_]*)(?::(.*))?$`,
  's',
);

/**
 * Reads maps: `birl.Time=integer:birl.to_unix:birl.from_unix`, and those whose `from` gives a
 * `Result`, with a value that it takes: `birl.Time=string:birl.to_iso8601:birl.parse:1970-01-01`.
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
        example,
      ] = MAP.exec(option) ?? [];
      const as = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
      if (as === undefined) {
        throw new UsageError(
          `--map ${option} is not of the form module.Type=kind:module.to:module.from, or …:module.from:example, where kind is ${Object.keys(KINDS).join(', ')}`,
        );
      }
      const mapped: MappedType = {
        kind: 'Mapped',
        module,
        name,
        to: [toModule, to],
        from: [fromModule, from],
        as,
        example: example === undefined ? undefined : exampleOf(example, as.kind, option),
      };
      return [`${module}.${name}`, mapped] as const;
    }),
  );
}

/** What stands for a value that `from` takes. */
function exampleOf(
  text: string,
  kind: GleamType['kind'],
  option: string,
): string | number | boolean {
  if (kind === 'String') return text;
  if (kind === 'Bool' && (text === 'true' || text === 'false')) return text === 'true';
  const number = text.trim() === '' ? NaN : Number(text);
  const isRight = kind === 'Int' ? Number.isSafeInteger(number) : Number.isFinite(number);
  if (kind !== 'Bool' && isRight) return number;
  throw new UsageError(`--map ${option}: the example ${JSON.stringify(text)} is no ${kind}`);
}
