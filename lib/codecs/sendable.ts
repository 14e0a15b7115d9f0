/** What a codec must know of a message that it is offered to send. */
import { is, never } from 'superstruct';
import { isRecord } from './any-struct.ts';
import { MAX_DEPTH } from './json.ts';

/**
 * Whether one value is the other, at most with fields (or last elements) left out.
 */
export function isPart(part: unknown, whole: unknown, depth = 0): boolean {
  if (Object.is(part, whole)) return true;
  // Deeper than anybody decodes, or a cycle.
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) &&
      part.every((element, at) => at < whole.length && isPart(element, whole[at], depth + 1))
    );
  }
  return (
    isPlain(part) &&
    isRecord(whole) &&
    Object.keys(part).every(
      (key) => Object.hasOwn(whole, key) && isPart(part[key], whole[key], depth + 1),
    )
  );
}

/** A `Date` or a `Map` has no fields by which to compare it. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Whether superstruct can refuse every part of a value. It prints what it refuses, and throws at
 * what has no text: `Object.create(null)`, or `{"toString":1}`.
 */
export function isPrintable(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol';
  if (depth === MAX_DEPTH) return false;
  try {
    is(value, nothing);
    return Object.values(value).every((part) => isPrintable(part, depth + 1));
  } catch {
    return false;
  }
}

const nothing = never();
