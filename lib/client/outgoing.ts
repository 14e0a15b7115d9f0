/** A message on its way, and who hears what became of it. */
import { type Wire } from '../core/codec.ts';
import { type Call } from './emitter.ts';
import { type Entry } from './keeper.ts';
import { type SendOptions, type Snapshot } from './options.ts';

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
  /** True: it may be stored, although its outcome goes to `settle`. */
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
