/**
 * Addresses that a browser would run as a program: what a user entered as a link must not become a
 * program in the page of another user.
 */
import { type Json } from './attribute.ts';

/** The attributes and properties that a browser follows or runs, on whatever element. */
const ADDRESSES: ReadonlySet<string> = new Set([
  'action',
  'formaction',
  'href',
  'src',
  'xlink:href',
]);
/** What an animation of SVG may set an address to; `values` is a list. */
const ANIMATED: ReadonlySet<string> = new Set(['by', 'from', 'to', 'values']);

const HARMLESS = 'about:invalid';

/** Whether a browser takes it for an address. `data` is one on `object` alone. */
export function isAddress(tag: string, name: string): boolean {
  const lower = name.toLowerCase();
  return ADDRESSES.has(lower) || (lower === 'data' && tag === 'object');
}

/** Whether the values of an attribute of this name are never an address. */
export function isPlain(name: string): boolean {
  const lower = name.toLowerCase();
  return !ADDRESSES.has(lower) && !ANIMATED.has(lower);
}

/** The value of an attribute, or what stands in its place when a browser would run it. */
export function safeText(name: string, value: string): string {
  const lower = name.toLowerCase();
  // guard: addresses that run
  if (ADDRESSES.has(lower)) return safeAddress(value);
  // guard: animations of addresses
  if (ANIMATED.has(lower)) return value.split(';').some(isScript) ? HARMLESS : value;
  return value;
}

/** An address, or what stands in its place when a browser would run it. */
export function safeAddress(value: string): string {
  return isScript(value) ? HARMLESS : value;
}

/** The string that a browser makes of a value that it takes for an address. */
export function addressOf(value: Json): string {
  if (Array.isArray(value)) return value.map((each: Json) => addressOf(each)).join();
  return typeof value === 'object' ? '' : String(value);
}

/**
 * Whether a browser would run it. It ignores what a URL parser ignores: C0 controls and spaces in
 * front, tabs and newlines anywhere.
 *
 * Source: URL Standard, section 4.4, basic URL parser.
 */
function isScript(value: string): boolean {
  // Nearly every address is recognised by its first letter.
  const start = value.charCodeAt(0);
  if (start > 0x20 && (start | 0x20) !== 0x6a) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /^[\0- ]*j[\t\n\r]*a[\t\n\r]*v[\t\n\r]*a[\t\n\r]*s[\t\n\r]*c[\t\n\r]*r[\t\n\r]*i[\t\n\r]*p[\t\n\r]*t[\t\n\r]*:/i.test(
    value,
  );
}
