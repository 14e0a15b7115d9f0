/**
 * Prints the messages of the wire as JSON. A swap of two rows can take a thousand moves; a patch with
 * moves is printed here, in three quarters of the time of `JSON.stringify`. Not with nodes in it:
 * joining their long texts costs more than is saved.
 */
import { type WireChange, type WireMessage, type WirePatch } from './wire.ts';

/** A message as it is sent to the browser. */
export function encodeMessage(message: WireMessage): string {
  if (message.kind !== 1 || findIn(message.patch) !== 'moves') return JSON.stringify(message);
  return `{"kind":1,"patch":${printPatch(message.patch)}}`;
}

/** What a patch has in it. By index: there may be a patch for each of very many rows. */
function findIn({ changes = NOTHING, children = NOTHING }: WirePatch): Found {
  let found: Found = 'neither';
  for (let at = 0; at < changes.length; at++) {
    const { kind } = changes[at] as WireChange;
    if (kind === 5 || kind === 6) return 'nodes';
    if (kind === 3) found = 'moves';
  }
  for (let at = 0; at < children.length; at++) {
    const inside = findIn(children[at] as WirePatch);
    if (inside === 'nodes') return inside;
    if (inside === 'moves') found = inside;
  }
  return found;
}

type Found = 'moves' | 'nodes' | 'neither';

const NOTHING: readonly never[] = Object.freeze([]);

function printPatch({ index, path, removed, changes, children }: WirePatch): string {
  let fields = '';
  if (index !== undefined) fields += `,"index":${index}`;
  if (path !== undefined) fields += `,"path":[${path.join()}]`;
  if (removed !== undefined) fields += `,"removed":${removed}`;
  if (changes !== undefined) fields += `,"changes":${printList(changes, printChange)}`;
  if (children !== undefined) fields += `,"children":${printList(children, printPatch)}`;
  return `{${fields.slice(1)}}`;
}

function printList<Item>(items: readonly Item[], print: (item: Item) => string): string {
  let printed = '[';
  for (let at = 0; at < items.length; at++) {
    if (at > 0) printed += ',';
    printed += print(items[at] as Item);
  }
  return `${printed}]`;
}

function printChange(change: WireChange): string {
  if (change.kind !== 3) return JSON.stringify(change);
  const { key, before } = change;
  return before === undefined
    ? `{"kind":3,"key":${quote(key)}}`
    : `{"kind":3,"key":${quote(key)},"before":${before}}`;
}

/** What JSON escapes in a string; of the surrogates it escapes those that stand alone. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/; // eslint-disable-line no-control-regex

function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
