/** Where windows are kept for the processes of a server together. */
import { type Wire } from './codec.ts';

/** How a message was answered. */
export interface Answered {
  /** The header of the answer, as in `omnimessage.1`. */
  readonly header: string;
  readonly encoded: Wire;
}

/**
 * What a store knows of a message: `new`, and noted now as being handled; `begun` by a process that
 * has not answered it yet, or died over it; `forgotten`, because too many came after it; or its
 * answer.
 */
export type Known = 'new' | 'begun' | 'forgotten' | Answered;

/** What a store is to keep of each client. */
export interface StoreLimits {
  readonly messages: number;
  readonly bytes: number;
  /** For how long after it was noted. */
  readonly milliseconds: number;
}

/** A store of windows, as an option: `redisWindows` of `express-omnimessage/redis` makes one. */
export interface WindowStore {
  readonly open: (limits: StoreLimits) => OpenStore;
}

/** A store that is used by one route. */
export interface OpenStore {
  /**
   * Notes that a message is about to be handled, unless it is known.
   * @param client - what the client and its user are called here, without being either's secret
   * @param claimer - the connection that it came on, whichever process has that
   * @returns rejects when the store does not answer within 2 s
   */
  readonly claim: (client: string, id: number, claimer: string) => Promise<Known>;
  /**
   * Notes the answer of a message that this connection claimed, also where the claim was not
   * answered or was lost, and nothing where another one has claimed it since. Neither waits nor throws.
   */
  readonly settle: (client: string, id: number, answered: Answered, claimer: string) => void;
  /**
   * A message that this connection claimed, or may have claimed, will not be handled after all. Neither
   * waits nor throws.
   */
  readonly release: (client: string, id: number, claimer: string) => void;
}
