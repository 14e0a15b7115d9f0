/**
 * What a hub and the engine behind it need of each other, so that many processes act as one hub.
 * An engine is one implementation of {@link Backplane}; `express-omnimessage/redis` is one, on
 * Redis Streams. It carries encoded messages and knows neither codecs nor connections.
 *
 * What every implementation promises to its hub:
 * - what one process publishes reaches every other process in the order of publishing, once, and
 *   never comes back to the process that published it;
 * - where that was not possible, `missed` is told, in the processes that missed something;
 * - `publish` neither waits nor throws; trouble is told to `failed`, once per outage.
 */
import { type Wire } from '../core/codec.ts';
import { type BackplaneError } from './errors.ts';

/** An engine that carries what is published from process to process. */
export interface Backplane {
  /**
   * Called by `createHub`, once per hub. It begins to connect and returns at once; whatever goes
   * wrong is told to `hub.failed`.
   */
  readonly open: (hub: BackplaneHub) => BackplaneLink;
}

/** What a backplane may ask of its hub and tell it. None of these throws. */
export interface BackplaneHub {
  /** True when the codec's messages are bytes: `received` is given a Uint8Array then, else a string. */
  readonly binary: boolean;
  /** Takes what another process published. Whether it is a message is the hub's to find out. */
  readonly received: (topic: string, encoded: Wire) => void;
  /**
   * Takes note that something of other processes may not have arrived: of these topics, or of any
   * topic when none are named. Told where the gap is: between what was received before and after.
   */
  readonly missed: (topics?: readonly string[]) => void;
  /** Takes note of trouble, once per outage. */
  readonly failed: (error: BackplaneError) => void;
}

/** A hub's own end of its backplane. */
export interface BackplaneLink {
  /**
   * Queues a message for the other processes. Neither waits nor throws.
   * @returns false when it was refused: because too much waits already, because it is too large, or
   * after `close`. That is told to `failed` as well, and the other processes' hubs to `missed`
   */
  readonly publish: (topic: string, encoded: Wire) => boolean;
  /** Takes note of how many receivers a topic has in this process now; 0 when the last one left. */
  readonly counted: (topic: string, receivers: number) => void;
  /**
   * How many receivers a topic has in the other processes. Those of a process that died vanish
   * within 30 s. 0 while the engine is away; never rejects.
   */
  readonly count: (topic: string) => Promise<number>;
  /** Settles when messages of other processes are received for the first time, or at `close`. */
  readonly ready: () => Promise<void>;
  /** Hands over what waits, as long as that takes no more than 2 s, and lets the engine go. */
  readonly close: () => Promise<void>;
}
