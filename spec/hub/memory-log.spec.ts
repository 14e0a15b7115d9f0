import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryLog } from '../../lib/hub/memory-log.ts';

const PUBLISHER = 'publisher-000000';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const payloads = (log: MemoryLog, topic: string, after: string, limit = 1_000): unknown[] =>
  log.read(topic, after, limit).entries.map(({ payload }) => payload);

describe('the log of a hub without an engine', () => {
  it('is read on from a place, page by page, each topic by itself', () => {
    const log = new MemoryLog(PUBLISHER, {});
    const begin = log.end();
    const first = log.append('a', 1, 'one');
    log.append('b', 2, 'other');
    const second = log.append('a', 3, 'two');

    const page = log.read('a', begin, 1);
    const rest = log.read('a', first.place, 10);

    expect([page.entries.map(({ payload }) => payload), page.hasMore]).toEqual([['one'], true]);
    expect(rest).toMatchObject({ isComplete: true, hasMore: false, end: log.end() });
    expect(rest.entries.map(({ payload }) => payload)).toEqual(['two']);
    expect([second.previous, second.publisher, second.n]).toEqual([first.place, PUBLISHER, 3]);
    expect(payloads(log, 'b', second.place)).toEqual([]);
  });

  it.each(['', 'nonsense', 'epoch.1', '1', '.'])('does not know the place %j', (place) => {
    const log = new MemoryLog(PUBLISHER, {});
    log.append('a', 1, 'one');

    expect(log.read('a', place, 10)).toMatchObject({ isComplete: false, end: log.end() });
  });

  it('does not know the places of another log, nor those that are yet to come', () => {
    const [log, other] = [new MemoryLog(PUBLISHER, {}), new MemoryLog(PUBLISHER, {})];
    for (const each of [log, other]) each.append('a', 1, 'one');
    other.append('a', 2, 'two');
    const [epoch = ''] = log.end().split('.');

    expect(log.read('a', `${epoch}.1`, 10).isComplete).toBe(true);
    expect(log.read('a', `${epoch}.2`, 10).isComplete).toBe(false);
    expect(log.read('a', other.end(), 10).isComplete).toBe(false);
  });
});

describe('the bounds of the log', () => {
  it('are so many messages of each topic: one more, and the oldest is gone', () => {
    const log = new MemoryLog(PUBLISHER, { messages: 3 });
    const begin = log.end();
    for (const n of [1, 2, 3]) log.append('a', n, `a ${n}`);
    log.append('b', 4, 'b 4');
    const atLimit = log.read('a', begin, 10);
    log.append('a', 5, 'a 5');
    const onePast = log.read('a', begin, 10);

    expect([atLimit.isComplete, atLimit.entries.length]).toEqual([true, 3]);
    expect(onePast.isComplete).toBe(false);
    expect(onePast.entries.map(({ payload }) => payload)).toEqual(['a 2', 'a 3', 'a 5']);
    expect(log.read('b', begin, 10)).toMatchObject({ isComplete: true });
  });

  it('are so many bytes of all topics together: one more, and the oldest of any is gone', () => {
    const probe = new MemoryLog(PUBLISHER, {});
    const fill = (log: MemoryLog, last: string): string => {
      const begin = log.end();
      log.append('a', 1, 'x'.repeat(100));
      log.append('b', 2, 'y'.repeat(100));
      log.append('b', 3, last);
      return begin;
    };
    fill(probe, 'z');
    const bytes = probe.size;
    const [atLimit, onePast] = [
      new MemoryLog(PUBLISHER, { bytes }),
      new MemoryLog(PUBLISHER, { bytes }),
    ];
    const [begin, otherBegin] = [fill(atLimit, 'z'), fill(onePast, 'zz')];

    expect(atLimit.size).toBe(bytes);
    expect(atLimit.read('a', begin, 10)).toMatchObject({ isComplete: true });
    expect(payloads(atLimit, 'a', begin)).toEqual(['x'.repeat(100)]);
    expect(onePast.size).toBeLessThan(bytes);
    expect(onePast.read('a', otherBegin, 10)).toMatchObject({ isComplete: false, entries: [] });
    expect(payloads(onePast, 'b', otherBegin)).toEqual(['y'.repeat(100), 'zz']);
  });

  it('are so many seconds: a millisecond more, and it is gone', () => {
    const log = new MemoryLog(PUBLISHER, { seconds: 10 });
    const begin = log.end();
    const { place } = log.append('a', 1, 'old');
    vi.advanceTimersByTime(5_000);
    log.append('a', 2, 'young');
    vi.advanceTimersByTime(5_000);
    const atLimit = log.read('a', begin, 10);
    vi.advanceTimersByTime(1);
    const onePast = log.read('a', begin, 10);

    expect([atLimit.isComplete, atLimit.entries.length]).toEqual([true, 2]);
    expect([onePast.isComplete, onePast.entries.length]).toEqual([false, 1]);
    // Who has the old one misses nothing.
    expect(log.read('a', place, 10)).toMatchObject({ isComplete: true });
  });

  it('hold for topics too: one that is forgotten is not taken for one without messages', () => {
    const log = new MemoryLog(PUBLISHER, { seconds: 10 });
    const begin = log.end();
    for (let n = 1; n <= 1_000; n++) log.append(`topic ${n}`, n, 'x');
    const full = log.size;
    vi.advanceTimersByTime(3_600_001);
    log.append('last', 1_001, 'x');

    expect(log.size).toBeLessThan(full / 500);
    expect(log.read('topic 7', begin, 10)).toMatchObject({ isComplete: false, entries: [] });
    expect(log.read('topic 7', log.end(), 10)).toMatchObject({ isComplete: true });
  });

  it('are given back as a whole', () => {
    const log = new MemoryLog(PUBLISHER, {});
    const begin = log.end();
    log.append('a', 1, 'one');
    log.clear();

    expect(log.size).toBe(0);
    expect(log.read('a', begin, 10)).toMatchObject({ isComplete: false, entries: [] });
  });

  it.each([
    [{ messages: 0 }, 'Expected `log.messages` to be an integer from 1 up, got 0'],
    [{ bytes: 0.5 }, 'Expected `log.bytes` to be an integer from 1 up, got 0.5'],
    [{ seconds: 0 }, 'Expected `log.seconds` to be a number above 0, got 0'],
  ])('are checked: %j', (options, message) => {
    expect(() => new MemoryLog(PUBLISHER, options)).toThrow(new TypeError(message));
  });
});
