/** A message in a store, as its page sees it. */

/** Where a message stands in a store. */
export interface Entry {
  readonly key: string;
  /** True for one that an earlier page, or another tab, had queued. */
  readonly isRestored: boolean;
  /** True once the store has it. */
  isWritten: boolean;
  /** True once the store was given it as sent. */
  isLeaving: boolean;
  /** True once the store has it as sent, or has failed. */
  mayLeave: boolean;
  /** As `Date.now` counts. */
  readonly expiresAt: number | undefined;
  /** The last change of it in the store. */
  changed: Promise<unknown>;
}

/** What sorts before what: what an earlier page had queued, then the order in which it was said. */
export const rankOf = ({ isRestored, key }: Entry): string => (isRestored ? '0' : '1') + key;

export const entryOf = (
  key: string,
  expiresAt: number | undefined,
  isLeaving: boolean,
  isRestored: boolean,
): Entry => ({
  key,
  expiresAt,
  isRestored,
  isWritten: isRestored,
  isLeaving,
  mayLeave: isRestored && isLeaving,
  changed: Promise.resolve(),
});
