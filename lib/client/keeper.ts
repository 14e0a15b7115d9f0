/** The interface between the outbox of a link and a queue that survives a reload. */
import { type Wire } from '../core/codec.ts';
import { type ConnectOptions } from './options.ts';
import { type OutboxEvents, type Outgoing } from './outgoing.ts';

export interface Keeper<In, Out> {
  /**
   * Stores a message, unless nothing is stored now.
   * @param isLeaving - there is a line for it
   * @param expires - how long it may wait, in ms
   */
  readonly add: (outgoing: Outgoing<In, Out>, isLeaving: boolean, expires?: number) => void;
  /**
   * Whether the first of those that wait may leave; if not, `flush` is called when it may.
   * @param turns - how many more may leave now at the server's pace; below 0 when none may, and NaN without a pace
   */
  readonly mayLeave: (turns: number) => boolean;
  /** What became of a message is known: the store need not have it. */
  readonly remove: (outgoing: Outgoing<In, Out>) => void;
  /**
   * Looks whether the page has another user now. Then what is stored stays there, and of the rest it is said.
   * @returns which of these may be given to the user that the page has
   */
  readonly look: (all: readonly Outgoing<In, Out>[]) => readonly Outgoing<In, Out>[];
}

/** The outbox, as a keeper sees it. */
export interface Kept<In, Out> extends OutboxEvents<In, Out> {
  readonly options: ConnectOptions<In, Out, Wire>;
  /** What waits: may be changed in its place. */
  readonly waiting: () => Outgoing<In, Out>[];
  /** What is to wait again later: counted with the others, and not sent. May be changed. */
  readonly aside: Set<Outgoing<In, Out>>;
  /** What was sent and is not confirmed, by its id. */
  readonly unconfirmed: ReadonlyMap<number, Outgoing<In, Out>>;
  readonly prepare: (message: Out) => Outgoing<In, Out> | undefined;
  readonly isFull: (size: number) => boolean;
  readonly expire: (outgoing: Outgoing<In, Out>, ms: number | undefined) => void;
  /** Takes those out that are of the user of the page, and says of each what became of it. */
  readonly give: <Reason>(
    all: readonly Outgoing<In, Out>[],
    reason: Reason & string,
    to: ((messages: readonly Out[], reason: Reason) => void) | undefined,
  ) => void;
  /** It neither waits nor is unconfirmed any more. */
  readonly takeOut: (outgoing: Outgoing<In, Out>) => void;
  readonly flush: () => void;
}

/** Begins to keep the queue of a link. */
export type Keep = <In, Out>(kept: Kept<In, Out>) => Keeper<In, Out>;
