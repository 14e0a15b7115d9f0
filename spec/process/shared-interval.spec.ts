import { describe, expect, it } from 'vitest';
import { stoodStill, unwatch, watch, type Watched } from '../../lib/process/shared-interval.ts';
import { now } from '../../lib/process/timers.ts';
import { standStill } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';

/** Something that is watched until it has been called so often. */
function watchedFor(beats: number, period: number): Promise<number[]> {
  const elapsed: number[] = [];
  const done = deferred<number[]>();
  const watched: Watched = {
    beat: (ms) => {
      elapsed.push(ms);
      if (elapsed.length < beats) return;
      unwatch(watched, period);
      done.resolve(elapsed);
    },
  };
  watch(watched, period);
  return done.promise;
}

describe('a shared interval', () => {
  it('calls each with how long it was, until it is watched no more', async () => {
    const [one, three] = await Promise.all([watchedFor(1, 20), watchedFor(3, 20)]);

    expect([one.length, three.length]).toEqual([1, 3]);
    for (const ms of three) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThanOrEqual(40);
    }
  });

  it('counts no more than two periods where the process stood still', async () => {
    const beats = watchedFor(1, 20);
    standStill(200);

    expect(await beats).toEqual([40]);
  });

  it('may be left and begun again, and left twice', async () => {
    await watchedFor(1, 10);
    const watched = { beat: (): void => {} };
    unwatch(watched, 10);
    watch(watched, 10);
    unwatch(watched, 10);
    unwatch(watched, 10);

    expect(await watchedFor(2, 10)).toHaveLength(2);
  });
});

describe('the time in which the process stood still', () => {
  it('is counted from twice half a second on', () => {
    const watched = { beat: (): void => {} };
    watch(watched, 500);
    // Whole, so that a second later is a second to the last bit.
    const start = Math.ceil(now());
    const before = stoodStill(start);

    expect(stoodStill(start + 1_000)).toBe(before);
    expect(stoodStill(start + 2_001)).toBeCloseTo(before + 1_001);
    expect(stoodStill(start + 2_002)).toBeCloseTo(before + 1_001);

    unwatch(watched, 500);
  });
});
