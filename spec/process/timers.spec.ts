import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  afterThisCallback,
  Alarm,
  LONGEST,
  startShared,
  startTimer,
} from '../../lib/process/timers.ts';
import { standStill } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';

describe('a timer', () => {
  it('fires once, with what it was given', async () => {
    const fired = deferred<string>();

    const timer = startTimer(fired.resolve, 1, 'the argument');

    expect(await fired.promise).toBe('the argument');
    expect(timer?.hasRef()).toBe(false);
  });

  it('never fires when it is longer than a timer can wait', () => {
    expect(startTimer(() => {}, LONGEST + 1, undefined)).toBeUndefined();
    const longest = startTimer(() => {}, LONGEST, undefined);
    expect(longest).toBeDefined();
    clearTimeout(longest);
  });

  it('that is late because the process stood still has its time again', async () => {
    const events: string[] = [];
    const fired = deferred();
    startTimer(
      () => {
        events.push('the timer');
        fired.resolve();
      },
      40,
      undefined,
    );
    const { port1, port2 } = new MessageChannel();

    // What was waited for is in the queue already, behind the timer.
    standStill(600);
    port1.postMessage('');
    setTimeout(() => events.push('what came meanwhile'), 1);
    await once(port2, 'message');
    port1.close();
    await fired.promise;

    expect(events).toEqual(['what came meanwhile', 'the timer']);
  });

  it('is given its time again three times at most', async () => {
    let stops = 0;
    const fired = deferred<number>();
    startTimer(() => fired.resolve(stops), 1, undefined);
    const stop = (): void => {
      standStill(510);
      stops += 1;
      if (stops < 8) setImmediate(stop);
    };
    stop();

    // The last one may come before the timer is looked at.
    expect([4, 5]).toContain(await fired.promise);
  });
});

describe('an alarm', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('rings once, at its time', () => {
    const rings: number[] = [];
    const start = Date.now();
    const alarm = new Alarm(100, false, () => rings.push(Date.now() - start));

    vi.advanceTimersByTime(99);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1_000);
    alarm.end();

    expect(rings).toEqual([100]);
  });

  it('rings again and again, until it is ended, also by its own ring', () => {
    const rings: number[] = [];
    const start = Date.now();
    const alarm = new Alarm(100, true, () => {
      rings.push(Date.now() - start);
      if (rings.length === 3) alarm.end();
    });

    vi.advanceTimersByTime(1_000);
    alarm.end();

    expect(rings).toEqual([100, 200, 300]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([LONGEST, LONGEST + 1, 3 * LONGEST + 7])('waits %i ms, to the last', (ms) => {
    let rings = 0;
    const alarm = new Alarm(ms, true, () => (rings += 1));

    vi.advanceTimersByTime(ms - 1);
    expect(rings).toBe(0);
    vi.advanceTimersByTime(1);
    expect(rings).toBe(1);
    vi.advanceTimersByTime(ms);
    expect(rings).toBe(2);
    alarm.end();
  });
});

describe('what the whole process shares', () => {
  it('runs in no context of a request', async () => {
    const store = new AsyncLocalStorage<string>();
    const seen = deferred<string | undefined>();

    const stop = store.run('ada', () => startShared(() => seen.resolve(store.getStore()), 1));

    expect(await seen.promise).toBeUndefined();
    stop();
  });

  it('goes on where a test has replaced the clock', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const beat = deferred<string>();
    const tick = deferred<string>();
    const stop = startShared(() => beat.resolve('beat'), 1);
    afterThisCallback(() => tick.resolve('tick'));

    expect(await Promise.all([beat.promise, tick.promise])).toEqual(['beat', 'tick']);

    stop();
  });

  it('ends when it is stopped', async () => {
    let beats = 0;
    const stop = startShared(() => (beats += 1), 1);
    stop();
    const later = deferred();
    const end = startShared(later.resolve, 2);

    await later.promise;

    end();
    expect(beats).toBe(0);
  });

  it('keeps no process alive, nor does a timer', async () => {
    const timers = new URL('../../lib/process/timers.ts', import.meta.url).href;
    const script = `import { startShared, startTimer } from '${timers}';
      startShared(() => {}, 1_000);
      startTimer(() => {}, 1_000_000, undefined);
      console.log('done');`;

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { timeout: 15_000 },
    );

    expect(stdout).toBe('done\n');
  });
});

it('comes after this callback, before anything else of the event loop', async () => {
  const order: string[] = [];
  const done = deferred();
  setImmediate(() => {
    afterThisCallback(() => order.push('after'));
    setImmediate(() => {
      order.push('the next');
      done.resolve();
    });
    order.push('this');
  });

  await done.promise;

  expect(order).toEqual(['this', 'after', 'the next']);
});
