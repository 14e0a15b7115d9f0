/**
 * The frames of the subprotocol `omnimessage.1`: one ASCII line before the encoded message, text
 * and bytes alike, so that codecs know nothing of it. PROTOCOL.md has every frame. The page's half
 * uses this file too, so it imports nothing of Node.
 *
 *     client   17\n…    a message                   ?\n    a probe
 *     server   !\n{…}   the hello                   .\n    a beat, also the answer to a probe
 *              \n…      a push
 *              =17\n…   a reply                     +17\n  acknowledged without a reply
 *              -17;handler\n…  failed, with its code; the message of onError may follow
 *
 * After the first field come `;name=value` for extensions, which an older side ignores. Those of a
 * client that can resume: `17;again` a message that is sent once more, `17;done=16` none up to 16 will
 * be, `;place=<topic>,<place>` where the topic of a push stands now, or of a reply that was published,
 * `;push=5` the number of a push outside of topics, `.;gap=<topic>` something is missing; and `@\n{…}`,
 * with which both sides go on from an earlier line.
 */
import { type Wire } from './codec.ts';

/** The name of the subprotocol, as it is offered and chosen in `Sec-WebSocket-Protocol`. */
export const PROTOCOL = 'omnimessage.1';

/** The longest header, in characters, without its line feed. A frame with a longer one is refused. */
export const HEADER_LIMIT = 256;

/** The longest introduction, in characters of base64url. */
export const TOKEN_LIMIT = 1_024;

/** How much larger than its message a frame may be, in bytes. */
export const FRAME_HEADER: number = HEADER_LIMIT + 1;

/** The server's first frame: `!\n` and this, as JSON. */
export interface Hello {
  /** The version of the protocol. */
  readonly version: 1;
  /** After so many milliseconds in which it sent nothing, the server sends a beat. */
  readonly interval: number;
  /**
   * The largest encoded message that the server reads, in bytes, its header not counted. Absent over
   * server-sent events, where the client sends nothing.
   */
  readonly limit?: number | undefined;
  /** How many messages a second the server takes in the long run. Absent when it does not count. */
  readonly rate?: number | undefined;
  /** For so many milliseconds after it was sent a message may be repeated. Absent: it may not. */
  readonly window?: number | undefined;
  /** Over server-sent events, for a client that sent its places: see {@link ResumedFrame}. */
  readonly resumed?: boolean | undefined;
}

/** What the client says of itself in the handshake: `omnimessage.1.` and this, as base64url of JSON. */
export interface Introduction {
  /** Its secret: 22 to 64 characters of base64url, made at random by each link. */
  readonly client: string;
  /** True when an earlier line broke. */
  readonly resumes?: boolean | undefined;
  /** What it goes on from. Where that does not fit, it is the first frame. */
  readonly from?: ResumeFrame | undefined;
  /** The hash of the definition that the page was built with. */
  readonly definition?: string | undefined;
}

/** What the client goes on from: in its introduction, or `@\n` and this, as JSON. */
export interface ResumeFrame {
  /** What the server called the client and its user on the line before. */
  readonly owner?: string | undefined;
  /** The largest id that it has given to a message. */
  readonly sent: number;
  /** The number of the last push outside of topics. */
  readonly pushes: number;
  /** Where it has got to: a place for each topic, by the topic's hash. */
  readonly places: Readonly<Record<string, string>>;
}

/** The server's answer to it, and what a client that does not resume gets too: `@\n` and this, as JSON. */
export interface ResumedFrame {
  /** What to send as `owner` on the next line. */
  readonly owner: string;
  /** True when nothing is missing but what a gap says. */
  readonly resumed: boolean;
  /** The number of the last push outside of topics that the client has. */
  readonly pushes: number;
}

/** The code of a message that cannot be repeated: it may have been handled or not. */
export const FORGOTTEN = 'forgotten';

/**
 * The largest frame in which a client says what it goes on from, in bytes, where the limit of messages is
 * lower: a client with many places would never come back otherwise.
 */
export const RESUME_LIMIT = 65_536;

/** How many places a client may send; those of the oldest messages are left out. */
export const PLACES_LIMIT = 256;

/** A frame in its two parts. */
export interface Split<Encoded> {
  /** The line before the payload, without its line feed. */
  readonly header: string;
  /** What follows: an encoded message, or nothing. */
  readonly payload: Encoded;
}

/**
 * Splits a frame at its first line feed. The payload of a binary frame is a view, not a copy.
 * @returns undefined when there is no line feed within {@link HEADER_LIMIT}
 */
export function splitFrame(frame: Wire): Split<Wire> | undefined {
  const isText = typeof frame === 'string';
  const end = isText ? frame.indexOf('\n') : frame.indexOf(10);
  if (end < 0 || end > HEADER_LIMIT) return undefined;
  return isText
    ? { header: frame.slice(0, end), payload: frame.slice(end + 1) }
    : {
        header: String.fromCharCode(...frame.subarray(0, end)),
        payload: frame.subarray(end + 1),
      };
}

/**
 * Puts a header before a payload.
 * @param header - ASCII, without its line feed
 */
export function joinFrame<Encoded extends Wire>(header: string, payload: Encoded): Encoded;
export function joinFrame(header: string, payload: Wire): Wire {
  if (typeof payload === 'string') return `${header}\n${payload}`;
  const frame = new Uint8Array(header.length + 1 + payload.length);
  for (let at = 0; at < header.length; at++) frame[at] = header.charCodeAt(at);
  frame[header.length] = 10;
  frame.set(payload, header.length + 1);
  return frame;
}
