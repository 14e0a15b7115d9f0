/**
 * The marks of `omnimessage.1`: what a client calls its messages, and how each is answered. A line
 * without marks has no ids, and nothing here is done for it.
 */
import { type Wire } from '../core/codec.ts';
import { DecodeError } from '../core/errors.ts';
import { splitFrame } from '../core/protocol.ts';
import { withoutMark } from '../core/utf8.ts';

/** What a client calls a message: a positive integer, greater with each message on a line. */
export type MessageId = number;

/** A message with its mark taken off. */
export interface Marked {
  readonly id: MessageId;
  /** Sent on an earlier line of the client already. */
  readonly isRepeat: boolean;
  /** Up to this id the client has all answers; 0 where it says nothing of that. */
  readonly done: MessageId;
  readonly payload: Wire;
}

/** An id at the beginning of a field. At most 15 digits: every such number is exact. */
const MESSAGE = /^([1-9]\d{0,14})(?:;|$)/;

/** The frame of a client that asks whether the server is there. */
export function isProbe(frame: Wire): boolean {
  if (typeof frame === 'string') return frame.startsWith('?\n') || frame.startsWith('?;');
  return frame[0] === QUESTION && (frame[1] === LINE_FEED || frame[1] === SEMICOLON);
}

/** The frame of a client that says what it goes on from. */
export function resumePayloadOf(frame: Wire): string | undefined {
  const split = splitFrame(frame);
  if (split === undefined || !/^@(?:;|$)/.test(split.header)) return undefined;
  const { payload } = split;
  return typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
}

const AGAIN = /;again(?:;|$)/;
const DONE = ';done=';
const QUESTION = 0x3f;
const LINE_FEED = 0x0a;
const SEMICOLON = 0x3b;

/** Takes the marks off what one client sends. */
export class Marks {
  #last: MessageId = 0;
  /** The last message that was repeated; undefined on the first line of a client. */
  #lastRepeat: MessageId | undefined;

  /** The client goes on from an earlier line, where it gave ids up to this one. */
  goOn(sent: MessageId): void {
    this.#last = sent;
    this.#lastRepeat = 0;
  }

  /** @throws {@link DecodeError} for a header that is none, or an id that does not rise */
  read(frame: Wire): Marked {
    const split = splitFrame(frame);
    const header = split?.header ?? '';
    const digits = MESSAGE.exec(header)?.[1];
    const id = Number(digits);
    const isRepeat = this.#lastRepeat !== undefined && AGAIN.test(header);
    const before = isRepeat ? (this.#lastRepeat ?? 0) : this.#last;
    if (
      split === undefined ||
      // guard: ids rise → false
      !(id > before)
    ) {
      throw new DecodeError('expected a header of omnimessage.1 with an id that rises');
    }
    if (isRepeat) this.#lastRepeat = id;
    else this.#last = id;
    const { payload } = split;
    const done = header.length === digits?.length ? 0 : doneOf(header);
    return {
      id,
      isRepeat,
      done,
      payload: typeof payload === 'string' ? withoutMark(payload) : payload,
    };
  }
}

/** Up to which message the client has all answers; 0 where the header does not say. */
function doneOf(header: string): MessageId {
  const at = header.indexOf(DONE);
  return at < 0 ? 0 : Number(MESSAGE.exec(header.slice(at + DONE.length))?.[1] ?? 0);
}

/**
 * The id in the header of a message that is refused unread.
 * @returns undefined where there is none
 */
export function idOf(frame: Wire): MessageId | undefined {
  const header = splitFrame(frame)?.header;
  const digits = header === undefined ? undefined : MESSAGE.exec(header)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
