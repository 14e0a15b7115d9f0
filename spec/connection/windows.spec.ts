/** What a route keeps for clients that come back: its bounds, at each and one past it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClientWindow } from '../../lib/connection/client-window.ts';
import { lastEventIdOf, resumeFrameOf } from '../../lib/connection/introduction.ts';
import { Windows } from '../../lib/connection/windows.ts';

const limits = {
  messages: 100,
  bytes: 10_000,
  ring: 100,
  milliseconds: 1_000,
  totalBytes: 100_000,
};
/** What an entry costs beside its text. */
const OVERHEAD = 64;
const EMPTY = 300;

describe('what is kept of a client', () => {
  it('holds so many bytes, of answers and of pushes', () => {
    const windows = new Windows({ ...limits, bytes: 3 * (OVERHEAD + 10) }, undefined);
    const window = windows.make('a', 0);
    window.push('0123456789');
    for (const id of [1, 2]) {
      window.begin(id);
      window.settle(id, `=${id}`, '0123456789');
    }

    expect(window.look(1)).toEqual({ header: '=1', encoded: '0123456789' });

    window.begin(3);
    window.settle(3, '=3', '');

    expect(window.look(1)).toBe('unknown');
    expect(window.look(2)).toEqual({ header: '=2', encoded: '0123456789' });
    expect(window.look(4)).toBe('new');
    expect(window.pushesAfter(0)).toHaveLength(1);

    window.push('x'.repeat(2 * (OVERHEAD + 10)));

    expect(window.look(3)).toBe('unknown');
    expect(window.pushesAfter(0)).toBeUndefined();
  });

  it('says whether a message is answered for the client, or may be', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const window = new Windows({ ...limits, messages: 4 }, undefined).make('a', 0);
    const all = (): unknown[] => [1, 2, 3, 4].map((id) => window.isAnswered(id, 500));
    for (const id of [1, 2, 3, 4]) window.begin(id);
    window.settle(1, '=1', 'a');
    window.confirmed(1);

    expect(all()).toEqual([true, true, true, true]);

    now.mockReturnValue(1_499);
    window.settle(2, '=2', 'b');
    void window.look(2);

    expect(all()).toEqual([true, true, true, true]);

    now.mockReturnValue(1_500);

    expect(all()).toEqual([true, undefined, false, false]);

    window.begin(5);
    window.begin(6);

    expect(all()).toEqual([true, undefined, false, false]);
    expect(window.isAnswered(5, 500)).toBe(true);
  });

  it('is bounded for all clients together', () => {
    const answer = (window: ClientWindow): void => {
      window.begin(1);
      window.settle(1, '=1', '0123456789');
    };
    const budget = { bytes: 0, limit: Infinity };
    answer(new ClientWindow(limits, budget, 0));
    const windows = new Windows({ ...limits, totalBytes: 2 * (EMPTY + budget.bytes) }, undefined);
    const [a, b] = [windows.make('a', 0), windows.make('b', 0)];
    for (const window of [a, b]) answer(window);

    expect(a.look(1)).toEqual({ header: '=1', encoded: '0123456789' });
    expect(b.look(1)).toEqual({ header: '=1', encoded: '0123456789' });

    b.push('');

    expect([a.look(1), b.look(1)]).toEqual([{ header: '=1', encoded: '0123456789' }, 'unknown']);
    // What was let go is room for it.
    expect(b.pushesAfter(0)).toHaveLength(1);

    a.push('');
    b.push('x'.repeat(10_000));

    expect([a.pushesAfter(0)?.length, b.pushesAfter(0)]).toEqual([1, undefined]);
  });

  it('counts for all clients together about what it takes in memory', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const taken = (): number => {
      // Buffers that are gone are counted out by the collection after the one that found them.
      for (let n = 0; n < 3; n++) collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const usual = { messages: 256, bytes: 65_536, ring: 64, milliseconds: 1_000 };
    for (const [messages, pushes] of [
      [1, 0],
      [3, 1],
      [100, 0],
    ] as const) {
      const budget = { bytes: 0, limit: Infinity };
      const windows = Array.from({ length: 2_000 }, () => new ClientWindow(usual, budget, 0));
      const before = taken();
      for (const window of windows) {
        for (let id = 1; id <= messages; id++) {
          window.begin(id);
          window.settle(id, `=${id}`, `an answer of the usual kind, ${id}`);
        }
        for (let n = 0; n < pushes; n++) window.push('a push');
      }
      const truth = taken() - before;

      // A buffer has parts that neither of the two numbers knows.
      expect(budget.bytes / truth).toBeGreaterThan(0.9);
      expect(budget.bytes / truth).toBeLessThan(1.5);
      expect(windows).toHaveLength(2_000);
    }
  });

  it('takes nothing once it is empty', () => {
    const budget = { bytes: 0, limit: Infinity };
    const window = new ClientWindow(limits, budget, 0);
    for (let id = 1; id <= 100; id++) {
      window.begin(id);
      window.settle(id, `=${id}`, 'x'.repeat(90));
    }
    window.confirmed(99);
    window.expire(performance.now());

    expect(budget.bytes).toBeGreaterThan(90);

    window.confirmed(100);
    window.expire(performance.now());

    expect(budget.bytes).toBe(0);

    window.begin(101);
    window.push('a');
    window.clear();

    expect(budget.bytes).toBe(0);
    expect(window.look(100)).toBe('unknown');
  });

  it('make room when they were left, and not otherwise', () => {
    const windows = new Windows({ ...limits, totalBytes: 2 * EMPTY }, undefined);
    const holder = { replaced: () => {} };
    const held = windows.make('held', 0);
    windows.hold(held, holder);
    windows.make('left', 0);

    expect(windows.size).toBe(2);

    windows.make('new', 0);

    expect(windows.find('left')).toBeUndefined();
    expect(windows.find('held')).toBe(held);
  });

  it('is forgotten when its connection has been gone for too long', () => {
    const windows = new Windows({ ...limits, milliseconds: 0 }, undefined);
    const holder = { replaced: () => {} };
    const window = windows.make('a', 0);
    windows.hold(window, holder);
    windows.beat();

    expect(windows.size).toBe(1);

    windows.leave('a', window, holder);
    window.leftAt -= 1;
    windows.beat();

    expect(windows.size).toBe(0);
  });

  it('is held by one line, and the end of the one before it changes nothing', () => {
    const windows = new Windows({ ...limits, milliseconds: 0 }, undefined);
    const told: string[] = [];
    const before = { replaced: () => told.push('before') };
    const after = { replaced: () => told.push('after') };
    const window = windows.make('a', 0);
    windows.hold(window, before);
    windows.hold(window, after);

    expect(told).toEqual(['before']);

    windows.leave('a', window, before);
    window.leftAt -= 1;
    windows.beat();

    expect(window.holder).toBe(after);
    expect(windows.find('a')).toBe(window);
  });

  it('is held by one line, also where a client begins anew', () => {
    const windows = new Windows(limits, undefined);
    const told: string[] = [];
    const before = { replaced: () => told.push('before') };
    windows.hold(windows.make('a', 0), before);
    windows.make('b', 0);

    expect(told).toEqual([]);

    windows.make('a', 0);

    expect(told).toEqual(['before']);
    expect(windows.size).toBe(2);
  });

  it('is kept for so long, message by message', () => {
    const windows = new Windows(limits, undefined);
    const window = windows.make('a', 0);
    window.begin(1);
    window.settle(1, '=1', 'a');
    window.expire(performance.now() + limits.milliseconds - 500);

    expect(window.look(1)).toMatchObject({ encoded: 'a' });

    window.expire(performance.now() + limits.milliseconds + 1);

    expect(window.look(1)).toBe('unknown');
    expect(window.bytes).toBe(0);
  });

  it('has the first answer of a message, and a program that ended owes none', () => {
    const windows = new Windows(limits, undefined);
    const window = windows.make('a', 0);
    const holder = { replaced: () => {} };
    windows.hold(window, holder);
    window.begin(1);
    window.begin(2);

    expect(window.settle(1, '=1', 'a')).toBe(true);
    expect(window.settle(1, '=1', 'b')).toBe(false);

    window.abandon(holder);

    expect(window.look(1)).toEqual({ header: '=1', encoded: 'a' });
    expect(window.look(2)).toEqual({ header: '-2;forgotten', encoded: '' });
  });

  it('drops the answers that the client has, and nothing that is not answered yet', () => {
    const windows = new Windows(limits, undefined);
    const window = windows.make('a', 0);
    window.confirmed(9);
    for (const id of [1, 2, 3, 4]) window.begin(id);
    for (const id of [1, 2, 4]) window.settle(id, `=${id}`, 'a');
    const before = window.bytes;
    window.confirmed(1);

    expect([1, 2].map((id) => window.look(id))).toEqual([
      'unknown',
      { header: '=2', encoded: 'a' },
    ]);
    expect(before - window.bytes).toBe(65);

    window.confirmed(9);

    expect(window.look(2)).toBe('unknown');
    expect(window.settle(3, '=3', 'a')).toBe(true);
    expect([3, 4].map((id) => window.look(id))).toEqual([
      { header: '=3', encoded: 'a' },
      { header: '=4', encoded: 'a' },
    ]);

    window.confirmed(9);

    expect(window.bytes).toBe(0);
    expect([window.look(4), window.look(5)]).toEqual(['unknown', 'new']);
  });

  it('tells those who wait for an answer that is dropped', async () => {
    const windows = new Windows({ ...limits, messages: 1 }, undefined);
    const window = windows.make('a', 0);
    window.begin(1);
    const waiting = window.look(1);
    window.begin(2);

    expect(await waiting).toEqual({ header: '-1;forgotten', encoded: '' });
  });

  it('tells those who wait for an answer of a message that is withdrawn', async () => {
    const window = new Windows(limits, undefined).make('a', 0);
    window.begin(1);
    const waiting = window.look(1);
    window.withdraw(1);

    expect(await waiting).toBeUndefined();
    expect(window.look(1)).toBe('new');
  });
});

describe('what a client says that it goes on from', () => {
  it('has so many places, and only what may be one', () => {
    const places = Object.fromEntries(
      Array.from({ length: 257 }, (_, index) => [`topic${index}`, `${index}-0`]),
    );
    const frame = resumeFrameOf(JSON.stringify({ sent: 1, pushes: 0, places }));

    expect(frame?.places.size).toBe(256);
    expect(frame?.places.get('topic255')).toBe('255-0');
    expect(
      resumeFrameOf(JSON.stringify({ sent: 1, pushes: 0, places: { a: 'x;y', b: 'é', c: '' } }))
        ?.places.size,
    ).toBe(0);
  });

  it('is in the last event id of server-sent events', () => {
    const idOf = (id: string): unknown =>
      lastEventIdOf({ headers: { 'last-event-id': id } } as never)?.places;

    expect(idOf('a,1-0 b,2-0')).toEqual(
      new Map([
        ['a', '1-0'],
        ['b', '2-0'],
      ]),
    );
    expect(idOf('a')).toEqual(new Map());
    expect(idOf('')).toBeUndefined();
  });
});
