/**
 * The canonical form of a definition, and its hash: the same for two definitions exactly when the
 * same messages travel. Docs, the order of fields and of types, and `unknownFields` do not count.
 */
import { type Definition, type Shape } from './shape.ts';

/** What does not count. */
const IGNORED = new Set(['docs', 'unknownFields', 'unchecked']);
/** Lists whose order does not count, and what they are sorted by. */
const SORTED: Readonly<Record<string, string>> = { fields: 'key', variants: 'tag', values: '' };

/** The canonical form of one shape. */
export function canonicalShape(shape: Shape): string {
  return JSON.stringify(ordered(shape));
}

/** The canonical form of a definition. */
export function canonicalOf({ root, types }: Definition): string {
  return JSON.stringify({ root: ordered(root), types: ordered(types) });
}

/**
 * The hash of one or more definitions, in this order.
 * @returns 16 hexadecimal digits
 */
export function hashOf(...definitions: readonly Definition[]): string {
  return fnv(definitions.map(canonicalOf).join('\n'));
}

function ordered(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const all = value.map((item) => ordered(item));
    const by = SORTED[name];
    if (by === undefined) return all;
    const keyOf = (item: unknown): string =>
      JSON.stringify(by === '' ? item : (item as Record<string, unknown>)[by]);
    return all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, part]) => !IGNORED.has(key) && part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, ordered(part, key)]),
  );
}

/** FNV-1a of 64 bits over the UTF-8 of a string. It distinguishes versions, and need not resist an attack. */
function fnv(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
