/** Options are looked at when the thing is made, so that a mistake shows at start and not at night. */

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

/** @throws TypeError unless `value` is a text that may stand in a header */
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
  return value === null ? 'null' : typeof value;
}
