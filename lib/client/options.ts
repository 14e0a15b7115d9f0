/** The options of `connect`, and what it returns. */
import { type Codec } from '../core/codec.ts';
import { type Reason } from './ends.ts';
import { type Keep } from './keeper.ts';
import { type Fetch, type SocketConstructor } from './platform.ts';
import { type Resume } from './resumption.ts';
import { type AddressSource, type Transport } from './transport.ts';

/** What {@link ConnectOptions.onOpen} is given. */
export interface Opened {
  /** True for the first line of this link. */
  readonly isFirst: boolean;
  /**
   * True when the server goes on where the last line ended: what was missed comes now, and where it
   * cannot, `onGap` is called. Otherwise fetch anew.
   */
  readonly isResumed: boolean;
}

/** Why a message will not be sent: one of these, or the reason of a final end. */
export type DropReason = 'full' | 'too-large' | 'expired' | 'encode' | 'other-owner' | Reason;

/** What `connect` needs to know. */
export interface ConnectOptions<In, Out, Encoded = string> {
  /**
   * Where the server is: relative to the page (http becomes ws), absolute, or a function that is
   * asked at every attempt. A transport with an address of its own does not use it.
   */
  readonly url?: AddressSource | undefined;
  /** The mirror image of the server's. */
  readonly codec: Codec<In, Out, Encoded>;
  /**
   * How messages travel. Of a list the next one is tried after two attempts that never opened.
   * @defaultValue `webSocket()`
   */
  readonly transport?: Transport | readonly Transport[] | undefined;
  /** Gets every message of the server, save the reply to an `ask`. */
  readonly onMessage?: ((message: In) => void) | undefined;
  /** Called when a line may be used. What it sends goes before the queue, and belongs to this line. */
  readonly onOpen?: ((opened: Opened) => void) | undefined;
  /**
   * Called when the server does not know who the page is (401, 4401): log in, and return true to
   * connect again. Anything else, a rejection, or no such function is a final end.
   */
  readonly onUnauthorized?: (() => unknown) | undefined;
  /**
   * Gets the messages that were sent and not confirmed: they may have been handled or not. With
   * `resume` they are sent again, and only those come here of which the server has no record any more.
   */
  readonly onUnconfirmed?: ((messages: readonly Out[]) => void) | undefined;
  /** Gets the messages that will not be sent. */
  readonly onDropped?: ((messages: readonly Out[], reason: DropReason) => void) | undefined;
  /** Gets a message that the server could not handle, with the code of the failure. */
  readonly onFailed?: ((message: Out, code: string) => void) | undefined;
  /** Messages of the server are missing, after the page was too slow or the line broke: fetch anew. */
  readonly onGap?: (() => void) | undefined;
  /**
   * Gets what the codec could not decode (a newer server may say what this page does not know), and
   * what a function given here threw.
   * @defaultValue the first is ignored, the second is thrown outside of the link
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Decides about the application's own close codes, 3000 to 4999.
   * @defaultValue all of them are final
   */
  readonly shouldReconnect?: ((code: number, reason: string) => boolean) | undefined;
  /**
   * Made by `resume`, for routes that have `resume`: what was not confirmed when the line broke is sent
   * again and handled once, and what the server said meanwhile comes.
   * @defaultValue nothing is sent twice, and what was missed is missed
   */
  readonly resume?: Resume | undefined;
  /** The pause before attempt n is random between 0 and this times 2ⁿ, in ms. @defaultValue 500 */
  readonly minDelay?: number | undefined;
  /** The longest pause, in ms. @defaultValue 15000 */
  readonly maxDelay?: number | undefined;
  /** How much waits while the line is away; with `storedQueue` it survives a reload. */
  readonly queue?: QueueOptions | undefined;
  /** The class to use where there is no global one, as in Node 20: that of `ws`. */
  readonly WebSocket?: SocketConstructor | undefined;
  /** The function to use instead of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
}

/** The queue: its bounds, and what `storedQueue` makes of it. */
export interface QueueOptions {
  /** @defaultValue 1000 */
  readonly messages?: number | undefined;
  /** In bytes, with what the socket has buffered. @defaultValue 1048576 */
  readonly bytes?: number | undefined;
  /** Made by `storedQueue`, for one that survives a reload. */
  readonly keep?: Keep | undefined;
}

/** What may be said of one message. */
export interface SendOptions {
  /** False: now or never, as for cursors and typing. @defaultValue true */
  readonly queue?: boolean | undefined;
  /** How long it may wait, in ms; then it is dropped. @defaultValue for ever */
  readonly expires?: number | undefined;
}

/** What may be said of one question. */
export interface AskOptions extends SendOptions {
  /** How long to wait for the answer, in ms. @defaultValue 10000 */
  readonly timeout?: number | undefined;
}

/**
 * `sent`: handed to the line. `queued`: waits for a line. `skipped`: the codec does not send this
 * message. `dropped`: there is no room, it is too large, or the link has ended; see `onDropped`.
 */
export type SendResult = 'sent' | 'queued' | 'skipped' | 'dropped';

/** What is to be known of a link, and shown. The same object until something changed. */
export interface Snapshot {
  /** `waiting` for the next attempt, or for `onUnauthorized`; `closed` for good, unless `retry`. */
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed';
  /** Why, as a code to translate. */
  readonly reason: Reason;
  /** Why, in English words. */
  readonly text: string;
  /** When the next attempt begins, as `Date.now` counts; undefined when none is planned. */
  readonly retryAt: number | undefined;
  /** How many messages wait. */
  readonly queued: number;
  /** True while what waits is stored, and survives a reload. */
  readonly isStored: boolean;
  /** The close code or HTTP status of the last end; undefined when there was none. */
  readonly code: number | undefined;
  readonly transport: Transport['name'];
}

/** The page's end of a connection, over as many lines as it takes. Questions: `ask`. */
export interface Link<In, Out> {
  /** Sends a message, now or when there is a line. Never throws, save what the codec throws. */
  readonly send: (message: Out, options?: SendOptions) => SendResult;
  /** Gives a message to `onMessage` as if the server had said it: `ask` does so with a late reply. */
  readonly deliver: (message: In) => void;
  /** @returns the function that ends the subscription */
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;
  /**
   * True while a message waits or is unconfirmed that no store has: reason enough to ask before the
   * page is left.
   */
  readonly hasUnsent: () => boolean;
  /** Tries at once, also after a final end. */
  readonly retry: () => void;
  /** Ends the link for good. Nothing is called any more. */
  readonly close: () => void;
}
