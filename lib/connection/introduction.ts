/** What a client says of itself, and of where it goes on. All of it is untrusted input. */
import { hash } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { PLACES_LIMIT, PROTOCOL, type ResumeFrame, TOKEN_LIMIT } from '../core/protocol.ts';

const PARAMETER = `${PROTOCOL}.`;

/** 128 bits at the least. */
const CLIENT = /^[\w-]{22,64}$/;
// guard: an introduction has a limit → const TOKEN = /^[\w-]+/;
const TOKEN = new RegExp(`^[\\w-]{1,${TOKEN_LIMIT}}(?![\\w-])`);
const DEFINITION = /^[\w-]{1,64}$/;
const TOPIC = /^[\w-]{1,32}$/;
/** A place travels in a header: see `topic-hash.ts` of the hub. */
const PLACE = /^[\x21-\x3a\x3c-\x7e]{1,180}$/;
/** What client and user are called, the name of the window, and what no store may know. */
const OWNER = /^([\w-]{22})(?:\.([\w-]{1,32})(?:\.(\d{1,16}))?)?$/;

/** What a client says of itself. */
export interface Introduced {
  readonly client: string;
  readonly resumes: boolean;
  readonly definition: string | undefined;
  /** Undefined where it does not resume, or says in its first frame from where. */
  readonly from: Resume | undefined;
}

/** What a client goes on from. */
export interface Resume extends Omit<ResumeFrame, 'places' | 'owner'> {
  /** What the client and its user were called on the line before: {@link ownerTag}. */
  readonly tag: string | undefined;
  /** The window that it had there. */
  readonly window: string | undefined;
  /** Messages up to this one may have been sent as another user, or to a process without a store. */
  readonly foreign: number;
  readonly places: Map<string, string>;
}

/** The introduction in a handshake; undefined when there is none, or it is not one. */
export function introductionOf({ headers }: IncomingMessage): Introduced | undefined {
  const header = headers['sec-websocket-protocol'];
  const at = header?.indexOf(PARAMETER) ?? -1;
  if (header === undefined || at < 0) return undefined;
  const token = TOKEN.exec(header.slice(at + PARAMETER.length))?.[0] ?? '';
  const given = objectIn(Buffer.from(token, 'base64url').toString());
  const { client, resumes, definition, from } = given ?? {};
  // guard: the secret of a client has 128 bits → if (typeof client !== 'string') return undefined;
  if (typeof client !== 'string' || !CLIENT.test(client)) return undefined;
  return {
    client,
    resumes: resumes === true,
    definition:
      typeof definition === 'string' && DEFINITION.test(definition) ? definition : undefined,
    from: resumes === true ? resumeIn(from) : undefined,
  };
}

/**
 * Takes the introduction out of a handshake that is through. The request stays for as long as the
 * connection does, and what logs it must not have the secret of the client.
 */
export function forgetIntroduction({ headers, rawHeaders }: IncomingMessage): void {
  // guard: the secret of a client is in no header → const header = undefined as string | undefined;
  const header = withoutIntroduction(headers['sec-websocket-protocol']);
  if (header === undefined) return;
  headers['sec-websocket-protocol'] = header;
  for (let at = 1; at < rawHeaders.length; at += 2) {
    rawHeaders[at] = withoutIntroduction(rawHeaders[at]) ?? (rawHeaders[at] as string);
  }
}

/** The subprotocols that a client offers, in its order. */
export function offersIn(header: string): string[] {
  return header.split(',').map((offer) => offer.trim());
}

/** Whether an offer is what a client of omnimessage says of itself, and never chosen. */
export function isIntroduction(offer: string): boolean {
  return offer.startsWith(PARAMETER);
}

/** @returns undefined where there is none: then nothing has to be replaced */
function withoutIntroduction(header: string | undefined): string | undefined {
  if (header?.includes(PARAMETER) !== true) return undefined;
  const others = offersIn(header)
    .filter((offer) => !isIntroduction(offer))
    .join(', ');
  // Mostly this is all that is left. A part of the header would keep all of it in memory.
  return others === PROTOCOL ? PROTOCOL : others;
}

/** What a client says in its first frame that it goes on from; undefined when it is not that. */
export function resumeFrameOf(payload: string): Resume | undefined {
  return resumeIn(objectIn(payload));
}

function resumeIn(given: unknown): Resume | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { owner, sent, pushes, places } = given as Readonly<Record<string, unknown>>;
  const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(sent) || !isCount(pushes) || typeof places !== 'object' || places === null) {
    return undefined;
  }
  const [, tag, window, foreign = 0] = (typeof owner === 'string' && OWNER.exec(owner)) || [];
  return {
    tag,
    window,
    foreign: Number(foreign),
    sent,
    pushes,
    places: placesIn(Object.entries(places)),
  };
}

/** The places that a client of server-sent events sends: `<topic>,<place>` each, between spaces. */
export function lastEventIdOf({ headers }: IncomingMessage): Resume | undefined {
  const header = headers['last-event-id'];
  if (typeof header !== 'string' || header === '') return undefined;
  const pairs = header.split(' ').map((pair): [string, string] => {
    const comma = pair.indexOf(',');
    return [pair.slice(0, comma), pair.slice(comma + 1)];
  });
  const places = placesIn(pairs);
  return { tag: undefined, window: undefined, foreign: 0, sent: 0, pushes: 0, places };
}

/** Those that may be places, the first so many. */
function placesIn(pairs: readonly (readonly [string, unknown])[]): Map<string, string> {
  const places = new Map<string, string>();
  // guard: a client tells so many places → const told = pairs;
  const told = pairs.slice(0, PLACES_LIMIT);
  for (const [topic, place] of told) {
    if (TOPIC.test(topic) && typeof place === 'string' && PLACE.test(place)) {
      places.set(topic, place);
    }
  }
  return places;
}

function objectIn(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What a client is told to send as `owner` on its next line. */
export function ownerOf(tag: string, window: string, foreign: number): string {
  // Without the last part where it says nothing: processes of an earlier version know two.
  return foreign === 0 ? `${tag}.${window}` : `${tag}.${window}.${foreign}`;
}

/**
 * What a client and its user are called together: under this their window is kept, so that neither
 * the secret alone nor the login alone finds it.
 */
export function ownerTag(client: string, owner: string): string {
  const whole = hash('sha256', `${client}\n${owner}`, 'base64url');
  // Half of it is enough. Written anew: a slice of a string would keep all of it.
  return Buffer.from(whole, 'base64url').toString('base64url', 0, 16);
}
