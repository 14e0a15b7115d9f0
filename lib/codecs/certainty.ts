/** Whether a struct is certainly one of superstruct's own, and what to write where it is not. */
import { enums, literal, never, type Struct } from 'superstruct';
import { DefinitionError } from './definition-error.ts';
import { type Shape } from './shape.ts';
import { aside, walksAlike } from './superstruct.ts';

type Path = readonly string[];

/** One of each kind of value that a struct may be given. */
const PROBES: readonly unknown[] = [
  ['', 'a', 'type', '0', '1.5', 'true', 'null', ' a ', '2026-11-28', 'ä', '\u0000', '{}'],
  [0, -0, 1, -1, 0.5, 1e21, -1e-7, 2 ** 53, Infinity, -Infinity, NaN],
  [true, false, null, undefined, 10n, Symbol('probe')],
  [[], ['a'], {}, { a: 1 }, { type: 'a' }, new Date(0), new Map(), new Set(), /a/, () => {}],
].flat(1);

/**
 * Gives the shape of a struct that behaves as one of superstruct's own.
 * @throws DefinitionError where it does not
 */
export function expectLike<Its extends Shape>(
  struct: Struct,
  own: Struct<never, never> | object,
  path: Path,
  shape: Its,
): Its {
  const model = own as Struct;
  refuseAdmitting(struct, path, model);
  if (struct.coercer !== model.coercer && !walksAlike(struct, model)) throw coerced(path);
  for (const probe of PROBES) {
    if (verdict(struct, probe) !== verdict(model, probe)) throw refused(struct, path);
  }
  return shape;
}

/** What a validator says of a value: nothing when it accepts it. Its text is superstruct's own. */
function verdict(struct: Struct, value: unknown): string {
  try {
    return Array.from(struct.validator(value, aside), ({ message }) => message).join();
  } catch (error) {
    return String(error);
  }
}

const accepts = (struct: Struct, value: unknown): boolean => verdict(struct, value) === '';

/**
 * Refuses superstruct's own `optional` and `nullable`, which keep what they stand around to
 * themselves.
 * @param model - accepts these by itself
 */
export function refuseAdmitting(struct: Struct, path: Path, model: Struct = nothing): void {
  for (const [word, value] of [
    ['optional', undefined],
    ['nullable', null],
  ] as const) {
    if (accepts(struct, value) && !accepts(model, value)) {
      throw new DefinitionError(
        `superstruct's \`${word}\` hides what it stands around: ` +
          `take \`${word}\` from express-omnimessage/codecs, and put refinements inside of it`,
        path,
      );
    }
  }
}

const nothing = never() as unknown as Struct;

/** The refusal of `coerce`, `defaulted` and `trimmed`. */
export function coerced(path: Path): DefinitionError {
  return new DefinitionError(
    'a coercion (`coerce`, `defaulted`, `trimmed`) changes what was received: ' +
      'say what travels, and convert it in the handler (`optional` for a field with a default)',
    path,
  );
}

/** The shape of a literal, whose value stands in its schema but for null. */
export function literalOf(struct: Struct, path: Path): Shape {
  const { schema } = struct as { schema: unknown };
  if (typeof schema === 'string' || typeof schema === 'number' || typeof schema === 'boolean') {
    return expectLike(struct, literal(schema), path, { kind: 'literal', value: schema });
  }
  if (!accepts(struct, null)) throw refused(struct, path);
  return expectLike(struct, literal(null), path, { kind: 'null' });
}

/** The shape of a choice. Its values stand in its schema, if no two of them are spelt the same. */
export function enumsOf(struct: Struct, path: Path): Shape {
  const values = Object.values((struct.schema ?? {}) as Record<string, string | number>);
  // The schema has the values that read as integers first, so the order is that of the message.
  const [failure] = struct.validator(NO_CHOICE, aside);
  const listed = failure?.message.match(/^Expected one of `(.*)`, but received/s)?.[1] ?? '';
  const model = orderedAs(listed, values);
  if (model === undefined) throw refused(struct, path);
  const own = enums(model as readonly string[]) as unknown as Struct;
  return expectLike(struct, own, path, { kind: 'enums', values: model });
}

/** A value that is in no choice. */
const NO_CHOICE = Number.NaN;

function orderedAs(
  listed: string,
  values: readonly (string | number)[],
): readonly (string | number)[] | undefined {
  let rest = listed;
  const left = new Set(values);
  const ordered: (string | number)[] = [];
  while (rest !== '') {
    const next = [...left].find((value) => {
      const printed = JSON.stringify(value);
      return rest === printed || rest.startsWith(`${printed},`);
    });
    if (next === undefined) return undefined;
    left.delete(next);
    ordered.push(next);
    rest = rest.slice(JSON.stringify(next).length + 1);
  }
  return left.size === 0 && ordered.length > 0 ? ordered : undefined;
}

const hidden = (word: string, ours: string): string =>
  `superstruct's \`${word}\` hides its parts: take \`${ours}\` from express-omnimessage/codecs`;
const absent = (word: string, instead: string): string => `JSON has no \`${word}\`: ${instead}`;

/** What to write instead, by the type of the struct. */
const INSTEAD: Readonly<Record<string, string>> = {
  record: hidden('record', 'dict'),
  tuple: hidden('tuple', 'tuple'),
  union: hidden('union', 'oneOf'),
  lazy: hidden('lazy', 'recursive'),
  dynamic:
    "superstruct's `dynamic` decides at run time: take `variants` or `oneOf` from express-omnimessage/codecs",
  intersection: "superstruct's `intersection` hides its parts: write one `object` (`assign`)",
  map: absent('Map', 'take `dict` from express-omnimessage/codecs'),
  set: absent('Set', 'take `array`'),
  date: absent('Date', 'send a string (ISO 8601) or an integer (milliseconds), and convert it'),
  bigint: absent('bigint', 'send a string'),
  regexp: absent('RegExp', 'send its source as a string'),
  func: absent('function', 'it does not travel'),
  instance: absent('instance', 'say what travels by `object`'),
  literal: 'JSON has no such `literal`: take a string, a number, a boolean or null',
  enums: '`enums` of values that are spelt the same, or by code of its own, cannot be read',
  never: 'nothing is ever accepted here: leave it out',
};

/** The refusal of a struct by its name. */
export function refused(struct: Struct, path: Path): DefinitionError {
  return new DefinitionError(
    INSTEAD[struct.type] ??
      `\`${struct.type}\` is checked by code of its own, which cannot be read: ` +
        "take one of superstruct's words, and narrow it by `refine`",
    path,
  );
}
