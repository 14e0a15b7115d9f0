/**
 * Untrusted JSON. What is refused here would hurt later, in code that trusts a message:
 * nesting so deep that a recursive reader overflows the stack, and keys that reach for a prototype
 * once the message is copied with `Object.assign` or merges it deeply.
 */
import { DecodeError } from '../core/errors.ts';

/**
 * What a number past 1.8e308 has, of which JSON.parse makes Infinity: an exponent of three digits, or
 * very many digits.
 */
const EXPONENT = /\d[eE]\+?\d{3}/;

/** How deep arrays and objects may be nested. `[]` is 1 deep. */
export const MAX_DEPTH = 64;

/** Depth 65 takes 65 brackets and as many closing ones; a shorter string cannot be too deep and JSON. */
const SHORTEST_TOO_DEEP = 2 * (MAX_DEPTH + 1);

/**
 * Parses a JSON string, with the checks of this file.
 * @returns a value without an own key `__proto__`, and without `prototype` under a key
 * `constructor`, however they were spelt
 * @throws {@link DecodeError} when the string is no JSON, is nested deeper than {@link MAX_DEPTH}, or
 * holds such a key; the error quotes nothing of it, as V8's own does
 */
export function parseJson(text: string): unknown {
  // A caller without types may hand over a Buffer, of which JSON.parse would make a string.
  if (typeof text !== 'string') throw new DecodeError('expected a text');
  // guard: depth limit
  if (text.length >= SHORTEST_TOO_DEEP && isTooDeep(text)) throw tooDeep();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError('expected JSON');
  }
  // guard: numbers that JSON cannot give back → if (text === undefined) inspect(value);
  if (EXPONENT.test(text) || mayHaveLongNumber(text)) inspect(value);
  // Both names hold "proto". A key may also be spelt with escapes (`\u005f`): all the letters of
  // both are ASCII, and so begin with \u00. No ordinary message holds either, so few are walked.
  // guard: prototype keys spelt with escapes → if (text.includes('proto')) inspect(value);
  // guard: prototype keys
  if (text.includes('proto') || text.includes('\\u00')) inspect(value);
  return value;
}

/**
 * The same checks for a JSON value that was parsed before.
 * @throws {@link DecodeError} as {@link parseJson}, but for the syntax
 */
export function checkJson(value: unknown): unknown {
  inspect(value);
  return value;
}

/**
 * Whether a string may hold 200 digits in a row. Such a row covers two neighbouring hundredths, and
 * so everything between them: a few looks find it, where a search would read every character.
 */
function mayHaveLongNumber(text: string): boolean {
  for (let at = 199; at < text.length; at += 100) {
    if (isDigit(text.charCodeAt(at)) && isDigit(text.charCodeAt(at - 49))) {
      if (isDigit(text.charCodeAt(at - 99))) return true;
    }
  }
  return false;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * Whether brackets are nested too deep. Counting them is a few calls of a native search, and most
 * strings do not have 64 opening ones in all; only the others are read character by character.
 */
function isTooDeep(text: string): boolean {
  return openings(text, '{', openings(text, '[', 0)) > MAX_DEPTH && scan(text);
}

/** Counts on from `count`, and not far past {@link MAX_DEPTH}. */
function openings(text: string, bracket: string, count: number): number {
  let total = count;
  let at = text.indexOf(bracket);
  while (at !== -1 && total <= MAX_DEPTH) {
    total++;
    at = text.indexOf(bracket, at + 1);
  }
  return total;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Reads the brackets outside of strings. What is no JSON may be misread: JSON.parse refuses it. */
function scan(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
    } else if ((code | 0x20) === 0x7b) {
      // [ and { differ in this one bit, and so do ] and }.
      if (++depth > MAX_DEPTH) return true;
    } else if ((code | 0x20) === 0x7d) {
      depth--;
    }
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote; past the end when it has none. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

/** Refuses hostile keys, and numbers that have become Infinity. */
function inspect(value: unknown, depth = 0): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new DecodeError('expected finite numbers');
  }
  if (typeof value !== 'object' || value === null) return;
  // A parsed text has been measured before; the value of another middleware is measured here.
  if (depth === MAX_DEPTH) throw tooDeep();
  if (Array.isArray(value)) {
    for (const element of value) inspect(element, depth + 1);
    return;
  }
  if (Object.hasOwn(value, '__proto__')) {
    throw new DecodeError('expected no key `__proto__`');
  }
  if (Object.hasOwn(value, 'constructor')) {
    const { constructor } = value as { constructor: unknown };
    // guard: prototype in constructor → if (constructor === null) { throw new DecodeError('expected no key `prototype` in `constructor`'); }
    if (constructor != null && Object.hasOwn(constructor, 'prototype')) {
      throw new DecodeError('expected no key `prototype` in `constructor`');
    }
  }
  for (const key of Object.keys(value)) {
    inspect((value as Record<string, unknown>)[key], depth + 1);
  }
}

function tooDeep(): DecodeError {
  return new DecodeError(`expected nesting no deeper than ${MAX_DEPTH}`);
}
