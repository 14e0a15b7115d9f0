import { describe, expect, it } from 'vitest';
import { Backpressure } from '../../lib/connection/backpressure.ts';

/** A line of which `buffered` bytes wait, until `drain` is called. */
class SlowLine {
  buffered = 0;
  drain: () => void = () => {};

  flush(): void {}

  whenDrained(callback: () => void): void {
    this.drain = callback;
  }
}

describe('the backpressure of a client', () => {
  it('gives up a client that takes nothing, and counts anew when it takes some', () => {
    const line = new SlowLine();
    const held: string[] = [];
    const backpressure = new Backpressure(
      line,
      { hold: () => held.push('hold'), release: () => held.push('release') },
      { highWaterMark: 10, interval: 30, timeout: 20 },
    );
    const beats = (...all: [elapsed: number, buffered: number][]): boolean[] =>
      all.map(([elapsed, buffered]) => {
        line.buffered = buffered;
        return backpressure.beat(elapsed);
      });

    expect(beats([1_000, 100])).toEqual([false]);
    line.buffered = 100;
    backpressure.begin();

    expect(held).toEqual(['hold']);
    expect(beats([40, 100], [49, 100], [40, 99], [49, 99])).toEqual([false, false, false, false]);
    expect(beats([1, 99])).toEqual([true]);

    line.buffered = 0;
    line.drain();

    expect(held).toEqual(['hold', 'release']);

    line.buffered = 50;
    backpressure.begin();

    expect(beats([40, 50], [49, 50], [1, 50])).toEqual([false, false, true]);
  });

  it('begins only past the mark, and goes on while more than that waits', () => {
    const line = new SlowLine();
    const held: string[] = [];
    const backpressure = new Backpressure(
      line,
      { hold: () => held.push('hold'), release: () => held.push('release') },
      { highWaterMark: 10, interval: 30, timeout: 20 },
    );
    line.buffered = 10;
    backpressure.begin();

    expect(held).toEqual([]);

    line.buffered = 11;
    backpressure.begin();
    line.drain();

    expect(held).toEqual(['hold', 'hold']);

    line.buffered = 10;
    line.drain();

    expect(held).toEqual(['hold', 'hold', 'release']);
  });
});
