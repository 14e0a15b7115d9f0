/** A message that is to be sent, and what takes its outcome. */
import { type Wire } from '../core/codec.ts';
import { type Call } from './emitter.ts';
import { type Entry } from './entry.ts';
import { type DropReason, type SendOptions, type SendResult, type Snapshot } from './options.ts';
import { type Line, type LineOptions, type Returning } from './transport.ts';

/**
 * Takes what became of a message: a code if it failed, and what the server says of it, if anything.
 * The code `left` says that it belongs to the store of the queue alone from here on.
 */
export type Settle<In> = (code: string | undefined, reply?: In) => void;

export interface Outgoing<In, Out> {
  readonly message: Out;
  readonly encoded: Wire;
  readonly size: number;
  /** True for what `onOpen` sent: it goes first, and ends with its line. */
  readonly isOfLine: boolean;
  /** For one of a store, on a line that confirms nothing: whether `forget` will be called when it is confirmed otherwise. */
  readonly isTracked: boolean | undefined;
  /** True for what is sent now or never. */
  isNow?: boolean;
  timer?: ReturnType<typeof setTimeout>;
  /** Its id on the wire: 0 until it is sent, and less when an earlier page has sent it. */
  id: number;
  /** When it was sent for the first time, by both clocks. */
  sentAt?: readonly [number, number];
  /** Takes the outcome instead of the callbacks of the options. */
  settle: Settle<In> | undefined;
  /** Where it is stored; undefined when it is not. */
  entry?: Entry | undefined;
}

/** What the outbox calls. */
export interface OutboxEvents<In, Out> {
  readonly call: Call;
  /** The number of those that wait may have changed. */
  readonly changed: (change: Partial<Pick<Snapshot, 'queued' | 'isStored'>>) => void;
  /** Decodes a message into a list of one; undefined when it cannot be decoded, which is reported. */
  readonly read: (payload: Wire) => readonly In[] | undefined;
  /** A message that no `ask` waits for. */
  readonly deliver: (message: In) => void;
  /** A message of an earlier page has come from the store. */
  readonly restored?: ((outgoing: Outgoing<In, Out>) => void) | undefined;
  /** Aborted when the link ends: what is stored stays there. */
  readonly signal: AbortSignal;
}

/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
export interface Outbox<In, Out> {
  /**
   * Sends or queues a message; with `settle` its outcome goes there alone.
   * @param isTracked - given by a store, whose messages may be stored though their outcome goes to
   * `settle`, and stay on the page when the codec refuses them
   */
  readonly post: (
    message: Out,
    options?: SendOptions,
    settle?: Settle<In>,
    isTracked?: boolean,
  ) => readonly [SendResult, Outgoing<In, Out>?];
  /** Takes a message out that has not been sent. */
  readonly withdraw: (outgoing: Outgoing<In, Out>, reason: string) => void;
  /** Forgets a message that was confirmed by other means than its line, or whose failure was handled. */
  readonly forget: (outgoing: Outgoing<In, Out>) => void;
  /** There is a line: `greet` sends first, then the queue goes. */
  readonly opened: (line: Line, options: LineOptions, greet: () => void) => void;
  /** Sends what the line takes. */
  readonly flush: () => void;
  /** The line is gone. */
  readonly closed: (code: number) => void;
  /**
   * A frame has come, with a header of `omnimessage.1`.
   * @returns true when it answers a message that was sent on this line
   */
  readonly received: (header: string, payload: Wire) => boolean;
  /** The server refused a message before it was handled. */
  readonly refused: (id: number) => void;
  /** Sends at half the pace from now on. */
  readonly slow: () => void;
  /** Nothing will be sent any more, for this reason; undefined: it will again. */
  readonly refuse: (reason?: DropReason) => void;
  readonly hasUnsent: () => boolean;
  /** What a line is told of the one before. Undefined unless the page gave `resume`. */
  readonly returning: (() => Returning) | undefined;
}
