import { describe, expect, it } from 'vitest';
import { KeepAlive, type Verdict } from '../../lib/connection/keep-alive.ts';

const patience = { interval: 30, timeout: 20 };

/** What follows from beats of these lengths. */
const after = (liveness: KeepAlive, ...beats: number[]): Verdict[] =>
  beats.map((elapsed) => liveness.beat(elapsed));

describe('the judgement of a silent client', () => {
  it('asks after the interval, and gives up after the timeout', () => {
    const liveness = new KeepAlive(patience);

    expect(after(liveness, 10, 10, 10, 10, 10, 9, 1)).toEqual([
      'present',
      'present',
      'present',
      'ask',
      'present',
      'present',
      'gone',
    ]);
  });

  it('does not count the beat in which a client came, however long it was', () => {
    expect(after(new KeepAlive(patience), 20, 29, 1)).toEqual(['present', 'present', 'ask']);
  });

  it('does not count the beat in which something was heard, however long it was', () => {
    const liveness = new KeepAlive(patience);
    expect(after(liveness, 10, 30, 19)).toEqual(['present', 'ask', 'present']);

    liveness.heard();

    expect(after(liveness, 20, 29, 1, 19, 1)).toEqual([
      'present',
      'present',
      'ask',
      'present',
      'gone',
    ]);
  });

  it('takes its own pause for no silence', () => {
    const liveness = new KeepAlive(patience);
    after(liveness, 10, 30);

    expect([liveness.beatWhilePaused(), liveness.beatWhilePaused()]).toEqual([
      'present',
      'present',
    ]);
    expect(after(liveness, 10, 29, 1)).toEqual(['present', 'present', 'ask']);
  });
});
