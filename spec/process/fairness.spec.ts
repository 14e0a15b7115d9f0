import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import { AsyncContext } from '../../lib/process/async-context.ts';
import { resumeNextTurn, Turn } from '../../lib/process/fairness.ts';
import { nextTurn, withFakeClock } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';

/** How many messages a turn takes, up to so many. */
function taken(turn: Turn, most = 100): number {
  let count = 0;
  while (count < most && turn.take()) count += 1;
  return count;
}

describe('a turn', () => {
  it('takes 16 messages, unless it is told another number', () => {
    withFakeClock();

    expect(taken(new Turn())).toBe(16);
    expect(taken(new Turn(64))).toBe(64);
  });

  it('takes no more after 8 ms, but always one', () => {
    withFakeClock();
    const turn = new Turn();

    expect(turn.take()).toBe(true);
    vi.advanceTimersByTime(7);
    expect(turn.take()).toBe(true);
    vi.advanceTimersByTime(1);
    expect(turn.take()).toBe(false);

    turn.renew();
    vi.advanceTimersByTime(1_000);
    expect(turn.take()).toBe(true);
    expect(turn.take()).toBe(false);
  });

  it('is over when the event loop has gone round, and not before, whatever promises do', async () => {
    withFakeClock();
    const turn = new Turn();
    taken(turn);

    for (let count = 0; count < 100; count += 1) await Promise.resolve();
    expect([turn.isOver, turn.take()]).toEqual([false, false]);
    await nextTurn();
    await nextTurn();

    expect(turn.isOver).toBe(true);
    expect(taken(turn)).toBe(16);
  });

  it('begins anew when it is renewed', () => {
    withFakeClock();
    const turn = new Turn();
    taken(turn);

    turn.renew();

    expect(taken(turn)).toBe(16);
  });

  it('is for each its own', () => {
    withFakeClock();
    taken(new Turn());

    expect(taken(new Turn())).toBe(16);
  });
});

describe('what goes on in the next turn', () => {
  it('goes on once, in order, and what it adds in the turn after', async () => {
    // What came before has had its turn.
    await nextTurn();
    const order: string[] = [];
    const last = deferred();
    let turns = 0;
    const counting = (): void => {
      turns += 1;
      if (turns < 5) setImmediate(counting);
    };
    setImmediate(counting);
    const note = (name: string) => (): void => void order.push(`${name} in ${turns}`);
    resumeNextTurn({ resume: note('a') });
    resumeNextTurn({
      resume: () => {
        note('b')();
        resumeNextTurn({
          resume: () => {
            note('d')();
            last.resolve();
          },
        });
      },
    });
    resumeNextTurn({ resume: note('c') });
    expect(order).toEqual([]);

    await last.promise;

    expect(order).toEqual(['a in 1', 'b in 1', 'c in 1', 'd in 2']);
  });

  it('goes on in its own asynchronous context', async () => {
    const store = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const done = deferred();
    const resume = (): void => void seen.push(store.getStore());
    for (const name of ['ada', 'bob']) {
      store.run(name, () => {
        resumeNextTurn({ asyncContext: new AsyncContext(), resume });
      });
    }
    resumeNextTurn({ resume: done.resolve });

    await done.promise;

    expect(seen).toEqual(['ada', 'bob']);
  });
});
