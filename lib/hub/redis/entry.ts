/**
 * What an entry of the stream looks like: messages of one publisher, as many as were waiting.
 *
 * | field | value |
 * | --- | --- |
 * | `v` | the version of this shape: `1` |
 * | `p` | the publisher: 16 characters, made at random when its process begins |
 * | `s` | the publisher's number of the first message in here, counted from 1; without messages (a hello, a sign of life) that of the next one |
 * | `m` and a topic | a message, as the codec encoded it |
 * | `g` | a gap, which has a number too: a JSON array of the topics that miss something, or `*` for all |
 *
 * The last two come in any number and order. An entry has 1 MiB at most, of topics and messages.
 */

/** The most that an entry holds, and so a message, topic included: in bytes. */
export const SIZE_LIMIT = 1_048_576;

const VERSION = '1';
const MESSAGE = 'm'.charCodeAt(0);
const GAP = 'g'.charCodeAt(0);

/** What Redis takes as an argument. */
export type Argument = string | Buffer;

/** A message or a gap, as it is written. */
export interface Item {
  /** The topic of a message; undefined for a gap. */
  readonly topic: string | undefined;
  readonly payload: string | Uint8Array;
}

/** An entry as it is read. What its items hold is still nobody's word. */
export interface Entry {
  readonly publisher: string;
  /** The number of its first item, or of the next one to come. */
  readonly first: number;
  readonly items: readonly { readonly topic: Buffer | undefined; readonly payload: Buffer }[];
}

/** The fields and values of an entry, as arguments of XADD. */
export function fieldsOf(publisher: string, first: number, items: readonly Item[]): Argument[] {
  const fields: Argument[] = ['v', VERSION, 'p', publisher, 's', String(first)];
  for (const { topic, payload } of items) {
    fields.push(topic === undefined ? 'g' : `m${topic}`);
    fields.push(typeof payload === 'string' ? payload : bufferOf(payload));
  }
  return fields;
}

/**
 * Reads what Redis gave as the fields of an entry. Anybody may have written it.
 * @returns undefined when it is no entry of this version, or over {@link SIZE_LIMIT}
 */
export function parseEntry(fields: unknown): Entry | undefined {
  if (
    !Array.isArray(fields) ||
    fields.length < 6 ||
    !fields.every((field) => Buffer.isBuffer(field))
  ) {
    return undefined;
  }
  const bytes: readonly Buffer[] = fields;
  const [version, publisher, first] = ['v', 'p', 's'].map((name, index) =>
    bytes[index * 2]?.toString('latin1') === name ? bytes[index * 2 + 1]?.toString('latin1') : '',
  );
  if (version !== VERSION || !/^[\w-]{16}$/.test(publisher ?? '')) return undefined;
  if (!/^\d{1,15}$/.test(first ?? '')) return undefined;
  const items = itemsOf(bytes.slice(6));
  return items && { publisher: publisher as string, first: Number(first), items };
}

function itemsOf(bytes: readonly Buffer[]): Entry['items'] | undefined {
  const items: { topic: Buffer | undefined; payload: Buffer }[] = [];
  let size = 0;
  for (let index = 0; index < bytes.length; index += 2) {
    const [name, payload] = [bytes[index], bytes[index + 1]];
    if (name === undefined || payload === undefined) return undefined;
    const isGap = name[0] === GAP && name.length === 1;
    if (!isGap && name[0] !== MESSAGE) return undefined;
    size += name.length - 1 + payload.length;
    items.push({ topic: isGap ? undefined : name.subarray(1), payload });
  }
  return size > SIZE_LIMIT ? undefined : items;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes are; undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The topics that a gap names; undefined for all of them, and for what cannot be read. */
export function topicsOf(payload: Buffer): string[] | undefined {
  try {
    const topics: unknown = JSON.parse(payload.toString());
    return Array.isArray(topics) ? topics.filter((topic) => typeof topic === 'string') : undefined;
  } catch {
    return undefined;
  }
}

/** The same bytes as a Buffer, which is what the client of Redis takes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
