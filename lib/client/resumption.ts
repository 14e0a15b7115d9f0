/** What the link needs of `resume`, which only pages with a route that resumes pay for. */
import { type Wire } from '../core/codec.ts';
import { type LineOptions, type Returning } from './transport.ts';

/** What a link that resumes has besides. */
export interface Resumption {
  /** What an attempt says of the link. */
  readonly returning: () => Returning;
  /**
   * There is a line.
   * @returns whether a message of an earlier one is too old to be repeated on it
   */
  readonly opened: (options: LineOptions) => (outgoing: Sent) => boolean;
  /** A frame has come. */
  readonly heard: (header: string, payload: Wire) => void;
  /** What the header of a new message says of those before it that the server need not keep. */
  readonly done: () => string;
  /**
   * The line is gone: what may not be repeated is given up.
   * @param unsent - a message that waited, and that `onOpen` had sent on it
   */
  readonly closed: (code: number, unsent?: unknown) => void;
}

/** A message that was sent, as it sees it. */
export interface Sent {
  readonly id?: number;
  readonly sentAt?: readonly [number, number];
  readonly isOfLine: boolean;
  /** True for what is sent now or never: not later, so not again. */
  readonly isNow?: boolean;
  /** True when a line that had it ended with 1011: it may be the reason, and has one more try. */
  isSuspect?: boolean;
}

/** What it uses of the link. */
export interface Resumable {
  /** What was sent and is not confirmed, by its id. */
  readonly sent: ReadonlyMap<number, unknown>;
  /** The largest id that was given to a message. */
  readonly lastId: () => number;
  /** Gives up the chosen messages, or all: what became of them is unknown. */
  readonly giveUp: (isChosen?: (outgoing: Sent) => boolean | undefined) => void;
  /** Something is missing in a topic. */
  readonly missed: () => void;
}

/** Begins to resume one link. Made by `resume`. */
export type Resume = (link: Resumable) => Resumption;
