/**
 * Words that superstruct lacks for a message whose parts can be read. Each makes a genuine struct,
 * and its tree can be read (`definitionOf`): superstruct's own `optional`, `nullable`, `record`,
 * `tuple`, `union` and `lazy` keep their parts to themselves.
 */
import {
  type Context,
  define,
  record,
  string,
  Struct,
  tuple as plainTuple,
  union,
} from 'superstruct';
import { type AnyStruct, expectStruct } from './any-struct.ts';
import { wrongShape } from './tags.ts';
import { remember } from './tree.ts';

/**
 * A field that may be absent. It can stand in `object` and `variants` only.
 * @throws TypeError when `struct` is no struct
 */
export function optional<Type, Schema>(
  struct: Struct<Type, Schema>,
): Struct<Type | undefined, Schema> {
  expectStruct(struct, 'struct');
  return remember(
    admitting(struct, undefined, (value, context) =>
      value === undefined ? value : struct.coercer(value, context),
    ),
    { word: 'optional', of: struct },
  ) as unknown as Struct<Type | undefined, Schema>;
}

/**
 * Null, or a value of the struct: Gleam's `Option`. As a field it is always sent; when it is
 * received, an absent field is read as null.
 * @throws TypeError when `struct` is no struct
 */
export function nullable<Type, Schema>(struct: Struct<Type, Schema>): Struct<Type | null, Schema> {
  expectStruct(struct, 'struct');
  return remember(
    admitting(struct, null, (value, context) =>
      value === undefined || value === null ? null : struct.coercer(value, context),
    ),
    { word: 'nullable', of: struct },
  ) as unknown as Struct<Type | null, Schema>;
}

/**
 * An object with any keys, whose values are all of one struct: Gleam's `Dict(String, value)`.
 * @throws TypeError when `values` is no struct
 */
export function dict<Values extends AnyStruct>(
  values: Values,
): Struct<Record<string, Values['TYPE']>, null> {
  expectStruct(values, 'values');
  const struct = record(string(), values) as unknown as Struct;
  return remember(struct, { word: 'dict', values }, true) as never;
}

/**
 * An array of exactly these elements: Gleam's `#(a, b)`.
 * @throws TypeError when an element is no struct, or there is none
 */
export function tuple<const Items extends readonly AnyStruct[]>(
  items: Items,
): Struct<{ -readonly [At in keyof Items]: Items[At]['TYPE'] }, null> {
  const all = structsIn(items, 'items');
  const { entries, coercer } = plainTuple(all as [Struct, ...Struct[]]) as unknown as Struct;
  const struct = new Struct<unknown, null>({
    type: 'tuple',
    schema: null,
    entries,
    coercer,
    // superstruct reads an element that is missing as undefined, of which `nullable` makes null.
    validator: (value) =>
      (Array.isArray(value) && value.length === all.length) ||
      wrongShape(`an array of ${all.length}`),
  });
  return remember(struct, { word: 'tuple', items: all }, true) as never;
}

/**
 * A value of the first of several structs that accepts it. Where they are objects with a tag, take
 * `variants`: it finds the one that is meant at once, and says what is wrong in it.
 * @throws TypeError when an option is no struct, or there is none
 */
export function oneOf<const Options extends readonly AnyStruct[]>(
  options: Options,
): Struct<Options[number]['TYPE'], null> {
  const all = structsIn(options, 'options');
  const struct = union(all as [Struct, ...Struct[]]) as unknown as Struct;
  return remember(struct, { word: 'oneOf', options: all }, true) as never;
}

/**
 * A struct that holds itself.
 *
 * ```ts
 * interface Thread { readonly text: string; readonly replies: Thread[] }
 * const Thread = recursive<Thread>('Thread', (thread) => object({ text: string(), replies: array(thread) }));
 * ```
 *
 * @param name - as for {@link named}
 * @param make - called once, when the struct is first used, so that structs which stand further
 * down in the file may be named in it
 * @throws TypeError when an argument is not of that form; at the first use, when `make` gives no struct
 */
export function recursive<Type>(
  name: string,
  make: (self: Struct<Type>) => AnyStruct & { readonly TYPE: Type },
): Struct<Type> {
  expectName(name);
  if (typeof make !== 'function') {
    throw new TypeError(`Expected \`make\` to be a function, got ${typeof make}`);
  }
  let made: Struct | undefined;
  const of = (): Struct => {
    if (made === undefined) {
      const struct: unknown = make(self);
      expectStruct(struct, name);
      made = struct;
    }
    return made;
  };
  const self = new Struct<Type>({
    type: name,
    schema: null,
    coercer: (value, context) => of().coercer(value, context),
    validator: (value, context) => of().validator(value, context),
    refiner: (value, context) => of().refiner(value, context),
    entries: (value, context) => of().entries(value, context) as never,
  });
  return remember(self as unknown as Struct, { word: 'recursive', name, of }, true) as never;
}

/**
 * Gives a struct a name: that of its type in Gleam and in JSON Schema. Without one, a nested type is
 * named by its path.
 * @param name - an upper-case letter, then letters and digits: `Author`
 * @throws TypeError when an argument is not of that form
 */
export function named<Type, Schema>(
  name: string,
  struct: Struct<Type, Schema>,
): Struct<Type, Schema> {
  expectName(name);
  expectStruct(struct, 'struct');
  return remember(copyOf(struct), { word: 'named', name, of: struct }) as never;
}

/**
 * Says for people what a struct is: a doc comment in Gleam, `description` in JSON Schema. Put it
 * around the other refinements of the struct: `described('…', size(string(), 1, 20))`.
 * @param docs - any number of lines
 * @throws TypeError when an argument is not of that form
 */
export function described<Type, Schema>(
  docs: string,
  struct: Struct<Type, Schema>,
): Struct<Type, Schema> {
  if (typeof docs !== 'string') {
    throw new TypeError(`Expected \`docs\` to be a string, got ${typeof docs}`);
  }
  expectStruct(struct, 'struct');
  return remember(copyOf(struct), { word: 'described', docs, of: struct }) as never;
}

/**
 * An integer that JavaScript holds exactly: from -(2⁵³ - 1) to 2⁵³ - 1. `JSON.parse` reads
 * 9007199254740993 as 9007199254740992, and `integer` accepts that; this refuses it. Gleam's integers
 * have no bound on the BEAM, so take it for numbers that come from there, or send them as strings.
 */
export function safeInteger(): Struct<number, null> {
  const struct = define<number>('safeInteger', (value) => Number.isSafeInteger(value));
  return remember(struct as unknown as Struct, { word: 'safeInteger' }, true) as never;
}

/** The same functions in another object, so that a runner sees no difference. */
function copyOf(struct: Struct): Struct {
  return Object.assign(new Struct({ type: struct.type, schema: struct.schema }), struct);
}

/** A struct that accepts one value more. */
function admitting(struct: Struct, extra: unknown, coercer: Struct['coercer']): Struct {
  const unless =
    (check: (value: unknown, context: Context) => ReturnType<Struct['validator']>) =>
    (value: unknown, context: Context) => (value === extra ? [] : check(value, context));
  return Object.assign(copyOf(struct), {
    coercer,
    validator: unless(struct.validator),
    refiner: unless(struct.refiner),
  });
}

function structsIn(structs: readonly AnyStruct[], name: string): readonly Struct[] {
  if (!Array.isArray(structs) || structs.length === 0) {
    throw new TypeError(`Expected \`${name}\` to be an array of structs`);
  }
  for (const [at, struct] of structs.entries()) expectStruct(struct, `${name}[${at}]`);
  return structs as readonly unknown[] as readonly Struct[];
}

/** A name that TypeScript, Gleam and JSON Schema all take for a type. */
function expectName(name: unknown): void {
  if (typeof name === 'string' && /^[A-Z][A-Za-z0-9]*$/.test(name)) return;
  throw new TypeError(
    `Expected \`name\` to be an upper-case letter, then letters and digits, got ${JSON.stringify(name)}`,
  );
}
