/**
 * Names of elements, attributes and events. A browser refuses a name that is none with an
 * exception, and then shows nothing of the whole view: so they are looked at here.
 */

const MORE = String.raw`\w.\-\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff`;

type NameKind = 'attribute' | 'property' | 'tag' | 'event';

/** What every browser takes: a part of what XML takes. */
const PATTERNS: Readonly<Record<NameKind, RegExp>> = {
  attribute: new RegExp(`^[a-zA-Z_:][:${MORE}]*$`),
  property: /^[^\s"'<>/=]+$/,
  tag: new RegExp(`^[a-zA-Z][${MORE}]*$`),
  event: /^[^\n\r\t]+$/,
};

/** Views say the same names again and again: those that passed are known, up to this many. */
const MAX_KNOWN = 1000;
const known: Readonly<Record<NameKind, Set<string>>> = {
  attribute: new Set<string>(),
  property: new Set<string>(),
  tag: new Set<string>(),
  event: new Set<string>(),
};

/** @throws TypeError unless it is a name of that kind */
export function expectName(kind: NameKind, name: string): void {
  if (known[kind].has(name)) return;
  if (typeof name !== 'string' || !PATTERNS[kind].test(name)) {
    throw new TypeError(`Expected a name for the ${kind}, got ${JSON.stringify(name)}`);
  }
  if (known[kind].size < MAX_KNOWN) known[kind].add(name);
}
