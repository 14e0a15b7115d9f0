/**
 * What superstruct's refinements say: `size`, `nonempty`, `min`, `max`, `pattern`. They are functions,
 * so they are asked. A bound is taken over only where the answers on both sides of it agree; what
 * remains is named as unchecked. A refinement only narrows, so none of it is ever wrong to leave out.
 */
import { type Failure, type Struct } from 'superstruct';
import { aside, hasRefiner } from './superstruct.ts';

/** The constraints of a shape, under the names of JSON Schema. */
export interface Constraints {
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  unchecked?: readonly string[];
}

/**
 * The constraints that the refinements of a struct set.
 * @param kind - what is refined: the type of the struct, or the word
 */
export function constraintsOf(struct: Struct, kind: string): Constraints {
  if (!hasRefiner(struct)) return {};
  const found: Constraints = {};
  const names = new Set<string>();
  const ask: Ask = (value) => {
    const failures: Failure[] = [];
    try {
      for (const failure of struct.refiner(value, aside)) {
        failures.push(failure);
        if (failure.refinement !== undefined) names.add(failure.refinement);
      }
    } catch {
      // A refinement of the user's that expects something else: what came before it still counts.
    }
    return failures;
  };
  const explained = new Set<string>();
  if (kind === 'string' || kind === 'array') {
    const real = (length: number): unknown =>
      kind === 'string' ? 'a'.repeat(length) : Array.from({ length }, () => null);
    const [from, to] = lengthsOf(ask, real, explained);
    if (from > 0) found[kind === 'string' ? 'minLength' : 'minItems'] = from;
    if (to < Infinity) found[kind === 'string' ? 'maxLength' : 'maxItems'] = to;
  }
  if (kind === 'string') {
    const source = patternOf(ask);
    if (source !== undefined) {
      found.pattern = source;
      explained.add('pattern');
    }
  }
  if (kind === 'number' || kind === 'integer') Object.assign(found, rangeOf(ask, explained));
  for (const value of OTHERS) ask(value);
  const unchecked = [...names].filter((name) => !explained.has(name)).sort();
  // A refinement that refused none of what was tried has not shown its name.
  if (names.size === 0) unchecked.push('refine');
  if (unchecked.length > 0) found.unchecked = unchecked;
  return found;
}

type Ask = (value: unknown) => readonly Failure[];

const isFrom = (failures: readonly Failure[], name: string): boolean =>
  failures.some(({ refinement }) => refinement === name);

/**
 * The lengths that `size`, `nonempty` and `empty` admit. They look at nothing but `length`, so any
 * length can be asked for; a value of that length is asked, too, for one that throws before them.
 */
function lengthsOf(
  ask: Ask,
  real: (length: number) => unknown,
  explained: Set<string>,
): readonly [from: number, to: number] {
  const at = (length: number): readonly Failure[] => [
    ...ask({ length }),
    ...(length >= 0 && length <= LONG ? ask(real(length)) : []),
  ];
  let [from, to] = [0, Infinity];
  for (const { refinement, message } of [-1, 0, LONG].flatMap(at)) {
    const said = message.match(/ with a length (?:of `(\d+)`|between `(\d+)` and `(\d+)`) /);
    if (refinement !== 'size' || said === null) continue;
    const [least, most] = [Number(said[1] ?? said[2]), Number(said[1] ?? said[3])];
    from = Math.max(from, least);
    to = Math.min(to, most);
  }
  const admits = (length: number): boolean => !isFrom(at(length), 'size');
  if (to < Infinity && admits(from) && admits(to) && !admits(from - 1) && !admits(to + 1)) {
    explained.add('size');
  } else {
    [from, to] = [0, Infinity];
  }
  const isNonempty = isFrom(at(0), 'nonempty') && !isFrom(at(1), 'nonempty');
  if (isNonempty) {
    explained.add('nonempty');
    from = Math.max(from, 1);
  }
  return [from, to];
}

/** Longer than the strings and arrays of messages are. */
const LONG = 100_000;

/** What a refinement of variants and other words may refuse, and so show its name. */
const OTHERS: readonly unknown[] = ['', 0, false, null, [], {}];

/** Strings of many kinds, by which two regular expressions are compared. */
const STRINGS: readonly string[] = [
  ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)),
  '',
  'abc',
  'ABC',
  'aB',
  '123',
  'a1',
  'a b',
  '\n',
  'a\nb',
  'ä',
  'Ä',
  '日本',
  '😀',
  'a-b',
  'a_b',
  '2026-11-28',
  '12:30',
  'a@b.cd',
  'http://a.b/c',
  '#a0b1c2',
  '\u0000',
  'aaaaaaaaaaaaaaaa',
];

/** The source of `pattern`, where it has no flags that matter. */
function patternOf(ask: Ask): string | undefined {
  const isRefused = new Map<string, boolean>();
  let source: string | undefined;
  for (const text of STRINGS) {
    const failure = ask(text).find(({ refinement }) => refinement === 'pattern');
    isRefused.set(text, failure !== undefined);
    source ??= failure?.message.match(/ matching `\/(.*)\/` but received "/s)?.[1];
  }
  if (source === undefined) return undefined;
  try {
    const own = new RegExp(source);
    const agrees = STRINGS.every((text) => own.test(text) !== isRefused.get(text));
    return agrees ? source : undefined;
  } catch {
    return undefined;
  }
}

/** The numbers that `min`, `max` and `size` admit. */
function rangeOf(ask: Ask, explained: Set<string>): Constraints {
  const found: Constraints = {};
  const names = ['min', 'max', 'size'].filter(
    (name) => isFrom(ask(-Infinity), name) || isFrom(ask(Infinity), name),
  );
  for (const name of names) {
    const admits = (value: number): boolean => !isFrom(ask(value), name);
    const inside = name === 'min' ? Infinity : name === 'max' ? -Infinity : within(ask);
    if (inside === undefined || !admits(inside)) continue;
    explained.add(name);
    if (!admits(-Infinity)) addLower(found, borderOf(admits, -Infinity, inside));
    if (!admits(Infinity)) addUpper(found, borderOf(admits, Infinity, inside));
  }
  return found;
}

/** A number that `size` admits, by what it says of one that it does not. */
function within(ask: Ask): number | undefined {
  const failure = ask(-Infinity).find(({ refinement }) => refinement === 'size');
  const said = failure?.message.match(/ (?:of|between) `([^`]*)`/)?.[1];
  return said === undefined ? undefined : Number(said);
}

/** The last admitted number on the way from one that is to one that is not, and the next one. */
function borderOf(
  admits: (value: number) => boolean,
  outside: number,
  inside: number,
): readonly [admitted: number, refused: number] {
  let [no, yes] = [rank(outside), rank(inside)];
  while (no - yes > 1n || yes - no > 1n) {
    const middle = (no + yes) / 2n;
    if (admits(ranked(middle))) yes = middle;
    else no = middle;
  }
  return [ranked(yes), ranked(no)];
}

/** The rank of a double among all of them, and back: neighbours differ by one. */
const view = new DataView(new ArrayBuffer(8));
function rank(value: number): bigint {
  view.setFloat64(0, value);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}
function ranked(value: bigint): number {
  view.setBigInt64(0, value < 0n ? -value : value);
  return value < 0n ? -view.getFloat64(0) : view.getFloat64(0);
}

/** Of two neighbours the shorter one was written by hand; a tie is a bound that is included. */
const isExclusive = (admitted: number, refusedNext: number): boolean =>
  String(refusedNext).length < String(admitted).length;

function addLower(found: Constraints, [admitted, next]: readonly [number, number]): void {
  if (isExclusive(admitted, next)) found.exclusiveMinimum = next;
  else found.minimum = admitted;
}

function addUpper(found: Constraints, [admitted, next]: readonly [number, number]): void {
  if (isExclusive(admitted, next)) found.exclusiveMaximum = next;
  else found.maximum = admitted;
}
