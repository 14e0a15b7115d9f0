/**
 * Whether JSON holds a value as it is. `JSON.stringify` rather changes what it cannot print than
 * refuse it: NaN and Infinity become null, a Map `{}`, undefined in an array null, a function
 * vanishes, and `toJSON` may put anything in the place of what was checked. A page would get another
 * message than the one that the struct accepted.
 */
import { MAX_DEPTH } from './json.ts';

/** What JSON cannot hold, where it is, and what stands there. */
export interface JsonFault {
  readonly expected: string;
  /** The keys from the outside in, and the value behind each of them. */
  readonly path: (string | number)[];
  readonly branch: unknown[];
}

/**
 * Looks for what JSON cannot hold. A `Date` that is valid may pass: it travels as its ISO 8601 text.
 * A field that is undefined is absent. -0 travels as 0: a page may have sent it, and both are equal.
 */
export function jsonFaultIn(value: unknown): JsonFault | undefined {
  const expected = faultOf(value);
  if (expected !== undefined) return { expected, path: [], branch: [] };
  return isContainer(value) ? faultWithin(value, 1) : undefined;
}

type Container = Readonly<Record<string, unknown>>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function faultWithin(value: Container, depth: number): JsonFault | undefined {
  if (depth > MAX_DEPTH) {
    return { expected: `nesting no deeper than ${MAX_DEPTH}`, path: [], branch: [] };
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const part: unknown = value[at];
      const fault = part === undefined ? noUndefined() : faultOfPart(part, depth);
      if (fault !== undefined) return within(fault, at, part);
    }
    return undefined;
  }
  for (const key in value) {
    const part = value[key];
    const fault = faultOfPart(part, depth);
    if (fault !== undefined) return within(fault, key, part);
  }
  return undefined;
}

function faultOfPart(part: unknown, depth: number): JsonFault | undefined {
  if (typeof part === 'string' || part === undefined) return undefined;
  const expected = faultOf(part);
  if (expected !== undefined) return { expected, path: [], branch: [] };
  return isContainer(part) ? faultWithin(part, depth + 1) : undefined;
}

function within(fault: JsonFault, key: string | number, part: unknown): JsonFault {
  fault.path.unshift(key);
  fault.branch.unshift(part);
  return fault;
}

const noUndefined = (): JsonFault => ({
  expected: 'a value that JSON can hold, got undefined in an array',
  path: [],
  branch: [],
});

/** What is wrong with a value, whatever it holds. */
function faultOf(value: unknown): string | undefined {
  const type = typeof value;
  if (type === 'number') return Number.isFinite(value) ? undefined : 'a finite number';
  if (type === 'object') return value === null ? undefined : faultOfObject(value as object);
  if (type !== 'bigint' && type !== 'symbol' && type !== 'function') return undefined;
  return `a value that JSON can hold, got a ${type}`;
}

function faultOfObject(value: object): string | undefined {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    if (!(value instanceof Date)) return 'a value without `toJSON`: convert it first';
    return Number.isNaN(value.getTime()) ? 'a valid date' : undefined;
  }
  if (Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  // An instance of a class has its fields; a Map, a Set, an Error, bytes have none.
  return Object.prototype.toString.call(value) === '[object Object]'
    ? undefined
    : 'a value that JSON can hold: convert it to an object or an array';
}
