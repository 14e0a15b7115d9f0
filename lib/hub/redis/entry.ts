/**
 * What the logs and channels of Redis hold.
 *
 * A log is a stream. Its entries have the fields `p` (the publisher: 16 characters of base64url),
 * `n` (the publisher's number), and either `m` (a message as the codec encoded it) or `g` (a note
 * that messages were refused here, empty).
 *
 * What is pushed is one line of ASCII and the payload:
 *
 *     1 <id> <id of the one before, or -> <publisher> <n> <m or g>\n<payload>
 *
 * A place is the id of the entry in its stream, and after a dot the identity of the Redis that has
 * it: six characters.
 */
import { type Wire } from '../../core/codec.ts';
import { ALL_TOPICS } from '../all-topics.ts';
import { type BackplaneHub, type LogEntry, type Place, START } from '../backplane.ts';
import { SIZE_LIMIT } from '../outgoing.ts';

/** What Redis takes as an argument. */
export type Argument = string | Buffer;

/** What is pushed before the payload. One expression costs half of what fields cost one by one. */
const HEADER = /^1 (\d{1,15}-\d{1,15}) (-|\d{1,15}-\d{1,15}) ([\w-]{16}) (\d{1,15}) ([mg])\n/;
const HEADER_LIMIT = 200;
const PUBLISHER = /^[\w-]{16}$/;
const NUMBER = /^\d{1,15}$/;
const ID = /^\d{1,15}-\d{1,15}$/;
const PLACE = /^\d{1,15}-\d{1,15}\.[\w-]{6}$/;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The payload as the hub takes it; undefined when it is not UTF-8, and should be. */
function wireOf(payload: Buffer, binary: boolean): Wire | undefined {
  if (binary) return new Uint8Array(payload);
  try {
    return decoder.decode(payload);
  } catch {
    return undefined;
  }
}

/** What cannot be a message is given to the hub all the same: it reports it as undecodable. */
const UNREADABLE = '\u0000';

/**
 * Reads what was pushed. Untrusted: it may have been written by anything.
 * What the hub itself has published is not decoded again.
 * @returns undefined when it is no entry of this version, or over {@link SIZE_LIMIT}
 */
export function parsePushed(
  pushed: Buffer,
  topic: string,
  identity: string,
  hub: Pick<BackplaneHub, 'binary' | 'publisher' | 'own'>,
): LogEntry | undefined {
  const found = HEADER.exec(pushed.toString('latin1', 0, HEADER_LIMIT));
  if (found === null) return undefined;
  const [header, id = '', previous = '', publisher = '', digits, kind] = found;
  if (pushed.length - header.length > SIZE_LIMIT) return undefined;
  const n = Number(digits);
  const own = publisher === hub.publisher ? hub.own(topic, n) : undefined;
  return {
    place: `${id}.${identity}`,
    previous: previous === '-' ? START : `${previous}.${identity}`,
    publisher,
    n,
    payload:
      kind === 'g'
        ? undefined
        : (own ?? wireOf(pushed.subarray(header.length), hub.binary) ?? UNREADABLE),
  };
}

/**
 * Reads one entry of a stream, as XRANGE gives it. Untrusted as well.
 * @returns undefined when it is no entry of this version
 */
export function parseLogged(
  logged: unknown,
  previous: Place,
  identity: string,
  binary: boolean,
): LogEntry | undefined {
  const [id, fields] = logged as [unknown, unknown];
  if (!Buffer.isBuffer(id) || !Array.isArray(fields) || fields.length < 6) return undefined;
  if (!fields.every((field) => Buffer.isBuffer(field))) return undefined;
  const [p, publisher, n, number, kind, payload] = fields.map((field: Buffer, index) =>
    index === 5 ? '' : field.toString('latin1', 0, 32),
  );
  const isNote = kind === 'g';
  if (p !== 'p' || n !== 'n' || (kind !== 'm' && !isNote) || payload === undefined)
    return undefined;
  if (!PUBLISHER.test(publisher ?? '') || !NUMBER.test(number ?? '')) return undefined;
  const bytes = fields[5] as Buffer;
  if (bytes.length > SIZE_LIMIT) return undefined;
  return {
    place: `${id.toString('latin1')}.${identity}`,
    previous,
    publisher: publisher as string,
    n: Number(number),
    payload: isNote ? undefined : (wireOf(bytes, binary) ?? UNREADABLE),
  };
}

/** The id that a reply is; undefined when it is none. Untrusted, like all that is read. */
export function idOf(reply: unknown): string | undefined {
  const id = Buffer.isBuffer(reply) ? reply.toString('latin1', 0, 40) : '';
  return ID.test(id) ? id : undefined;
}

/** The two parts of a place; undefined when it is none of Redis. */
export function partsOf(
  place: Place,
): { id: string; milliseconds: number; identity: string } | undefined {
  if (!PLACE.test(place)) return undefined;
  const dot = place.indexOf('.');
  const id = place.slice(0, dot);
  return { id, milliseconds: Number(id.slice(0, id.indexOf('-'))), identity: place.slice(dot + 1) };
}

/** The names of the keys of one hub. */
export interface Names {
  /** Its channel has the same name. */
  readonly log: (topic: string) => string;
  /** Holds the id of the last entry of a topic, also when the log is gone. */
  readonly last: (topic: string) => string;
}

/**
 * The names begin with the prefix and then have the topic in braces, so that on a cluster both keys
 * of a topic are in one slot. What braces would end is escaped.
 */
export function namesOf(prefix: string): Names {
  const user = `${prefix}:t{`;
  const own = `${prefix}:all{all}`;
  const tagged = (topic: string): string =>
    topic === ALL_TOPICS
      ? own
      : `${user}${topic === '' ? '%' : topic.replace(/[%{}]/g, encodeURIComponent)}}`;
  return {
    log: tagged,
    last: (topic) => `${tagged(topic)}:last`,
  };
}
