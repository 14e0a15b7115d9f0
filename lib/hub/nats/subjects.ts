/**
 * What the stream and the subjects of NATS hold.
 *
 * One stream has the entries of all topics, each on a subject of its own, `<prefix>.t.<topic>`, and
 * republishes each on `<prefix>.r.<topic>` with the sequence of the entry and of the one before it
 * in its subject. An entry has one header, `Nats-Msg-Id`: the publisher, its number, and `m` or `g`
 * for a message or a note, with dots between. The stream knows a repeated one by it.
 *
 * A place is the sequence in the stream, and after a dot the identity of the stream: six characters.
 */
import { createHash } from 'node:crypto';
import { ALL_TOPICS } from '../all-topics.ts';
import { type LogEntry, type Place, START } from '../backplane.ts';
import { SIZE_LIMIT } from '../outgoing.ts';

/** What is read of a message of NATS. */
export interface Message {
  readonly data: Uint8Array;
  readonly headers?: { get(name: string): string } | undefined;
}

export const MESSAGE_ID = 'Nats-Msg-Id';
const SEQUENCE = 'Nats-Sequence';
const PREVIOUS = 'Nats-Last-Sequence';

/** Longer ones are hashed: a subject has to fit into a line of the protocol. */
const LONGEST = 600;

/** The last part of a topic's subjects: base64url, or a hash. */
export function tokenOf(topic: string): string {
  if (topic === ALL_TOPICS) return '_all';
  const token = Buffer.from(topic).toString('base64url');
  if (token.length <= LONGEST) return `t${token}`;
  return `h${createHash('sha256').update(topic).digest('base64url')}`;
}

/** Six characters for the stream: others when it has been made anew. */
export function identityOf(created: string): string {
  return createHash('sha1').update(created).digest('base64url').slice(0, 6);
}

export function placeOf(sequence: number, identity: string): Place {
  return sequence === 0 ? START : `${sequence}.${identity}`;
}

/** The two parts of a place; undefined when it is none of NATS. */
export function partsOf(place: Place): { sequence: number; identity: string } | undefined {
  const [, sequence, identity] = /^(\d{1,15})\.([\w-]{6})$/.exec(place) ?? [];
  if (sequence === undefined || identity === undefined) return undefined;
  return { sequence: Number(sequence), identity };
}

const ID = /^([\w-]{16})\.(\d{1,15})\.([mg])$/;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What cannot be a message is given to the hub all the same: it reports it as undecodable. */
const UNREADABLE = '\u0000';

/**
 * Makes an entry of a message. Untrusted: it may have been published by anything.
 * @returns undefined when it is no entry, or over {@link SIZE_LIMIT}
 */
export function entryOf(
  { data, headers }: Message,
  place: Place,
  previous: Place,
  binary: boolean,
): LogEntry | undefined {
  const [, publisher, n, kind] = ID.exec(headers?.get(MESSAGE_ID) ?? '') ?? [];
  if (publisher === undefined || data.length > SIZE_LIMIT) return undefined;
  let payload: string | Uint8Array | undefined;
  if (kind === 'm') payload = binary ? new Uint8Array(data) : (textOf(data) ?? UNREADABLE);
  return { place, previous, publisher, n: Number(n), payload };
}

/** The same of what was republished, which says where it stands. */
export function pushedEntryOf(
  message: Message,
  identity: string,
  binary: boolean,
): LogEntry | undefined {
  const [sequence, previous] = [SEQUENCE, PREVIOUS].map((name) => message.headers?.get(name) ?? '');
  if (!/^\d{1,15}$/.test(sequence ?? '') || !/^\d{1,15}$/.test(previous ?? '')) return undefined;
  const at = placeOf(Number(sequence), identity);
  return entryOf(message, at, placeOf(Number(previous), identity), binary);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
