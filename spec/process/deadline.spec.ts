import { describe, expect, it } from 'vitest';
import { Deadline } from '../../lib/process/deadline.ts';
import { standStill } from '../support/clock.ts';
import { until } from '../support/until.ts';

describe('a deadline', () => {
  it('passes once, not before its time', async () => {
    const began = performance.now();
    const passed: number[] = [];
    void new Deadline(100, () => passed.push(performance.now() - began));
    // It is over when a second one, begun later, has passed too.
    await until(() => passed.length > 0);
    let isOver = false;
    void new Deadline(150, () => {
      isOver = true;
    });
    await until(() => isOver);

    expect(passed).toHaveLength(1);
    expect(passed[0]).toBeGreaterThanOrEqual(98);
  });

  it('does not count the time in which the process stood still', async () => {
    let isPassed = false;
    const deadline = new Deadline(200, () => {
      isPassed = true;
    });

    standStill(1_000);
    // Timers fire by their time: that of the deadline first.
    await new Promise((resolve) => {
      setTimeout(resolve);
    });

    expect(isPassed).toBe(false);
    await until(() => isPassed);
    deadline.end();
  });

  it('passes no more once it was ended, or when it is for ever', async () => {
    const passed: string[] = [];
    const ended = new Deadline(20, () => passed.push('ended'));
    ended.end();
    ended.end();
    const forever = new Deadline(Infinity, () => passed.push('for ever'));
    void new Deadline(80, () => passed.push('later'));

    await until(() => passed.length > 0);

    expect(passed).toEqual(['later']);
    forever.end();
  });
});
