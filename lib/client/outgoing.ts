/** A message that is to be sent, and what takes its outcome. */
import { type Wire } from '../core/codec.ts';
import { type Call } from './emitter.ts';
import { type Entry } from './keeper.ts';
import { type DropReason, type SendOptions, type SendResult, type Snapshot } from './options.ts';
import { type Resumption } from './resumption.ts';
import { type Line, type LineOptions } from './transport.ts';

/**
 * Takes what became of a message: a code if it failed, and what the server says of it, if anything.
 * The code `left` says that it belongs to the store of the queue alone from here on.
 */
export type Settle<In> = (code: string | undefined, reply?: In, isSent?: boolean) => void;

export interface Outgoing<In, Out> {
  readonly message: Out;
  readonly encoded: Wire;
  readonly size: number;
  /** True for what `onOpen` sent: it goes first, and ends with its line. */
  readonly isOfLine: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  isSent: boolean;
  /** Its id on the wire; undefined until it is sent. */
  id?: number;
  /** When it was sent for the first time, by a monotonic clock. */
  sentAt?: number;
  /** True when a line that had it ended with 1011: it may be the reason, and has one more try. */
  isSuspect?: boolean;
  readonly isTracked: boolean;
  /** Takes the outcome instead of the callbacks of the options. */
  settle: Settle<In> | undefined;
  /** Where it is stored; undefined when it is not. */
  entry?: Entry | undefined;
}

/** What a store may say of a message beside. */
export interface PostOptions extends SendOptions {
  /** True: on a line that confirms nothing, `forget` will be called when it is confirmed otherwise. */
  readonly isTracked?: boolean;
  /** True for one of a store: it may be stored though its outcome goes to `settle`, and stay on the page. */
  readonly isKept?: boolean;
}

/** What the outbox calls. */
export interface OutboxEvents<In, Out> {
  readonly call: Call;
  /** The number of those that wait may have changed. */
  readonly changed: (change: Partial<Pick<Snapshot, 'queued' | 'isStored'>>) => void;
  /** Decodes a message and gives it to a function; false when it cannot be decoded, which is reported. */
  readonly read: (payload: Wire, take: (message: In) => void) => boolean;
  /** A message that no `ask` waits for. */
  readonly deliver: (message: In) => void;
  /** A message of an earlier page has come from the store. */
  readonly restored?: ((outgoing: Outgoing<In, Out>) => void) | undefined;
}

/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
export interface Outbox<In, Out> {
  /** Sends or queues a message; with `settle` its outcome goes there alone. */
  readonly post: (
    message: Out,
    options?: PostOptions,
    settle?: Settle<In>,
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
   * The server confirmed a message, or said that it failed, with a header of `omnimessage.1`.
   * @returns false when this answers nothing that was sent on this line
   */
  readonly settled: (header: string, payload: Wire) => boolean;
  /** The server refused a message before it was handled. */
  readonly refused: (id: number) => void;
  /** Sends at half the pace from now on. */
  readonly slow: () => void;
  /** Nothing will be sent any more, for this reason; undefined: it will again. */
  readonly refuse: (reason: DropReason | undefined) => void;
  readonly hasUnsent: () => boolean;
  /** Undefined unless the page gave `resume`. */
  readonly resumption: Resumption | undefined;
  /** The link ends: what is stored stays there. */
  readonly stop: () => void;
}
