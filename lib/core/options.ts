/** Options are checked when the thing is made, so that a mistake shows at start and not at night. */

/**
 * The names of the options that a factory takes. Written as an object, so that the compiler finds
 * one that is missing or too many: `const NAMES: OptionNames<Options> = { path: true, … }`.
 */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Checks that options are an object with known names only.
 *
 * @param factory - the name of the function that takes them, for the message
 * @param options - the argument of the factory
 * @param names - the names that it takes
 * @throws TypeError when it is no object, or has an option that the factory does not take: the
 * message names the nearest one that it does
 */
export function expectOptions(
  factory: string,
  options: unknown,
  names: Readonly<Record<string, true>>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `Expected ${factory} to get an object of options, as in ${factory}({ … }), got ${shown(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    // An undefined option has no effect under any name.
    if (Object.hasOwn(names, name) || value === undefined) continue;
    const known = Object.keys(names);
    const nearest = nearestOf(name, known);
    throw new TypeError(
      `${factory} has no option \`${name}\`` +
        (nearest === undefined ? '' : `: did you mean \`${nearest}\`?`) +
        ` (it takes ${known.join(', ')})`,
    );
  }
}

/** The known name that is a few letters away; undefined when none is. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  // Half of a name in other letters is another name.
  let least = Math.ceil(name.length / 2);
  for (const candidate of known) {
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

/** How many letters must be added, taken away, replaced or exchanged with their neighbour. */
function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      if (row > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? Infinity) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** The range of a number: `from` is part of it, `above` is not. */
interface Range {
  readonly from?: number;
  readonly above?: number;
  /** Sizes and counts have no fractions. */
  readonly isInteger?: boolean;
}

/** @throws TypeError unless `value` is a number in the range */
export function expectNumber(name: string, value: unknown, range: Range): void {
  const { from = -Infinity, above = -Infinity, isInteger = false } = range;
  if (
    typeof value === 'number' &&
    value >= from &&
    value > above &&
    (!isInteger || Number.isInteger(value) || value === Infinity)
  ) {
    return;
  }
  const bound = range.from === undefined ? `above ${above}` : `from ${from} up`;
  throw new TypeError(
    `Expected \`${name}\` to be ${isInteger ? 'an integer' : 'a number'} ${bound}, got ${shown(value)}`,
  );
}

/** @throws TypeError unless `value` is a function, or absent and allowed to be */
export function expectFunction(name: string, value: unknown, isOptional = false): void {
  if (typeof value === 'function' || (isOptional && value === undefined)) return;
  throw new TypeError(`Expected \`${name}\` to be a function, got ${shown(value)}`);
}

/** @throws TypeError unless `value` is a string that may stand in a header */
export function expectHeaderValue(name: string, value: unknown): void {
  if (typeof value === 'string' && HEADER_VALUE.test(value)) return;
  throw new TypeError(`Expected \`${name}\` to be the value of a header, got ${shown(value)}`);
}

/** Source: RFC 9110 section 5.5, as Node enforces it. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** @throws TypeError unless `value` has the two functions of a codec */
export function expectCodec(value: unknown): void {
  const codec = value as { decode?: unknown; encode?: unknown } | null | undefined;
  if (typeof codec?.decode === 'function' && typeof codec.encode === 'function') return;
  throw new TypeError(
    `Expected \`codec\` to be an object with the functions decode and encode, got ${shown(value)}`,
  );
}

/** @throws TypeError unless `value` is an application of Express */
export function expectApplication(value: unknown): void {
  if (typeof value === 'function' && 'init' in value && typeof value.init === 'function') return;
  throw new TypeError(`Expected \`app\` to be an Express application, got ${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : typeof value;
}
