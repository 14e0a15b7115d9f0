import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UndecodableCount } from '../../lib/connection/undecodable.ts';
import { unwatch, watch } from '../../lib/process/shared-interval.ts';

/** How many of so many messages that cannot be decoded are within what is allowed. */
function within(count: UndecodableCount, messages: number, isReset = false): number {
  let allowed = 0;
  for (let taken = 0; taken < messages; taken += 1) {
    if (count.take()) allowed += 1;
    if (isReset) count.reset();
  }
  return allowed;
}

describe('the count of messages that cannot be decoded', () => {
  // As a connection is, whose time is counted.
  const watched = { beat: (): void => {} };
  beforeEach(() => watch(watched, 500));
  afterEach(() => unwatch(watched, 500));

  it('allows 19 in a row, and not the 20th', () => {
    const count = new UndecodableCount();

    expect(within(count, 19)).toBe(19);
    expect(count.take()).toBe(false);
  });

  it('begins anew with one that can be decoded', () => {
    const count = new UndecodableCount();
    within(count, 19);

    count.reset();

    expect(within(count, 19)).toBe(19);
    expect(count.take()).toBe(false);
  });

  it('allows 60 at once, whatever comes between, and not the 61st', () => {
    const count = new UndecodableCount();

    expect(within(count, 60, true)).toBe(60);
    expect(count.take()).toBe(false);
  });

  it('is kept for each client', () => {
    within(new UndecodableCount(), 60);

    expect(new UndecodableCount().take()).toBe(true);
  });
});
