import { describe, expect, it } from 'vitest';
import { Standstill } from '../../lib/connection/standstill.ts';

describe('the judgement of a client that has to catch up', () => {
  it('gives up who takes nothing of what is sent, and counts anew when it takes some', () => {
    const standstill = new Standstill({ interval: 30, timeout: 20 });
    const beats = (...all: [elapsed: number, buffered: number][]): boolean[] =>
      all.map(([elapsed, buffered]) => standstill.beat(elapsed, buffered));

    expect(beats([40, 100], [49, 100], [40, 99], [49, 99])).toEqual([false, false, false, false]);
    expect(beats([1, 99])).toEqual([true]);

    standstill.caughtUp();

    expect(beats([40, 50], [49, 50], [1, 50])).toEqual([false, false, true]);
  });
});
