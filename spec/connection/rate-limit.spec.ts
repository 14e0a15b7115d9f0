import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bucket, expectRateLimit, type RateLimit } from '../../lib/connection/rate-limit.ts';
import { unwatch, watch } from '../../lib/process/shared-interval.ts';
import { standStill } from '../support/clock.ts';

/** How many messages a bucket allows at once, and for how long it was asked, in seconds. */
function takeAll(bucket: Bucket): { readonly taken: number; readonly seconds: number } {
  const began = performance.now();
  let taken = 0;
  while (bucket.take()) taken += 1;
  return { taken, seconds: (performance.now() - began) / 1_000 };
}

describe('the rate limit of a client', () => {
  // As a connection is, whose time is counted.
  const watched = { beat: (): void => {} };
  beforeEach(() => watch(watched, 500));
  afterEach(() => unwatch(watched, 500));

  it('allows a burst, and not one message more', () => {
    const bucket = new Bucket({ perSecond: 0.001, burst: 5 });

    expect([takeAll(bucket).taken, takeAll(bucket).taken]).toEqual([5, 0]);
  });

  it('allows so many a second after that', () => {
    const bucket = new Bucket({ perSecond: 20, burst: 2 });
    takeAll(bucket);

    standStill(60);

    expect(takeAll(bucket).taken).toBeGreaterThanOrEqual(1);
  });

  it('saves up no more than a burst', () => {
    const bucket = new Bucket({ perSecond: 100, burst: 3 });

    standStill(100);
    const { taken, seconds } = takeAll(bucket);

    expect(taken).toBeGreaterThanOrEqual(3);
    expect(taken).toBeLessThanOrEqual(3 + 100 * seconds);
  });

  it('allows what came while the process stood still, beside the burst', () => {
    const bucket = new Bucket({ perSecond: 20, burst: 3 });

    standStill(1_200);

    expect(takeAll(bucket).taken).toBeGreaterThanOrEqual(3 + 20);
  });

  it('is counted for each client', () => {
    const limit = { perSecond: 0.001, burst: 1 };
    takeAll(new Bucket(limit));

    expect(new Bucket(limit).take()).toBe(true);
  });
});

describe('the option', () => {
  it.each<RateLimit | undefined>([
    undefined,
    { perSecond: 0.5, burst: 1 },
    { perSecond: 1_000, burst: 5_000 },
  ])('may be %j', (limit) => {
    expect(() => expectRateLimit(limit)).not.toThrow();
  });

  it.each<[limit: RateLimit, name: string]>([
    [{ perSecond: 0, burst: 1 }, 'rateLimit.perSecond'],
    [{ perSecond: NaN, burst: 1 }, 'rateLimit.perSecond'],
    [{ perSecond: 1, burst: 0.9 }, 'rateLimit.burst'],
    [{ perSecond: 1 } as RateLimit, 'rateLimit.burst'],
  ])('is refused as %j: %s', (limit, name) => {
    expect(() => expectRateLimit(limit)).toThrow(name);
  });
});
