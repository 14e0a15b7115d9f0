import { describe, expect, it } from 'vitest';
import { ConnectionEnd, delayOfFailure } from '../../lib/connection/end.ts';

describe('the code of an end', () => {
  it('is that of its first cause, whatever the line says', () => {
    const end = new ConnectionEnd();
    end.recordCause(4400);
    end.recordCause(1013);

    expect(end.codeOf(1006)).toBe(4400);
  });

  it('is that of the line where there is no cause, and stays it', () => {
    const end = new ConnectionEnd();

    expect([end.codeOf(1001), end.codeOf(1006)]).toEqual([1001, 1001]);
  });
});

describe('what follows a connection', () => {
  it.each([1, 2, 3])('is called at its end, once each: %i of them', (count) => {
    const end = new ConnectionEnd();
    const calls: number[] = [];
    for (let at = 0; at < count; at += 1) end.follow({ ended: () => calls.push(at) });

    end.ended();
    end.ended();

    expect(calls).toEqual(Array.from({ length: count }, (_, at) => at));
  });

  it.each([1, 2, 3])('is not called when it has left: the first of %i', (count) => {
    const end = new ConnectionEnd();
    const calls: number[] = [];
    const followers = Array.from({ length: count }, (_, at) => ({ ended: () => calls.push(at) }));
    for (const follower of followers) end.follow(follower);

    end.unfollow(followers[0]!);
    end.unfollow({ ended: () => {} });
    end.ended();

    expect(calls).toEqual(Array.from({ length: count - 1 }, (_, at) => at + 1));
  });
});

describe('the close of a connection that failed', () => {
  it('is delayed by half to one and a half of what is asked, within its first 10 s', () => {
    const delays = Array.from({ length: 500 }, () => delayOfFailure(100, 10_000));

    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delays)).toBeLessThan(150);
    expect(new Set(delays).size).toBeGreaterThan(100);
  });

  it('is not delayed later, or where nothing is asked', () => {
    expect([delayOfFailure(100, 10_001), delayOfFailure(undefined, 0)]).toEqual([0, 0]);
  });
});
