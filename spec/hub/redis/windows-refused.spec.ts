/** The store of windows where Redis refuses what it is told: nothing of it is lost, and it is reported. */
import {
  redisWindows,
  type RedisWindows,
  type RedisWindowsOptions,
} from 'express-omnimessage/redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Answered, type Known } from '../../../lib/core/window-store.ts';
import { isThere } from '../../support/engines.ts';
import { gate } from '../../support/gate.ts';
import { ownRedis, ownSentinel } from '../../support/own-redis.ts';
import { until } from '../../support/until.ts';

interface Store {
  readonly made: RedisWindows;
  /** The causes of what `onError` got. */
  readonly errors: string[];
  readonly claim: (id: number) => Promise<Known>;
  readonly settle: (id: number, answered: Answered) => void;
}

let claimers = 0;

function storeOf(options: RedisWindowsOptions): Store {
  const errors: string[] = [];
  const made = redisWindows({
    ...options,
    onError: ({ cause }) => errors.push(String(cause)),
  });
  onTestFinished(() => made.close());
  const open = made.open({ messages: 256, bytes: 1_000, milliseconds: 60_000 });
  const name = `claimer${++claimers}`;
  return {
    made,
    errors,
    claim: (id) => open.claim('a', id, name),
    settle: (id, answered) => open.settle('a', id, answered, name),
  };
}

const urlOf = (port: number): string => `redis://127.0.0.1:${port}`;
const done = (id: number): Answered => ({ header: `=${id}`, encoded: 'done' });
const refused = (id: number): Answered => ({ header: `-${id};unavailable`, encoded: '' });

describe.skipIf(!isThere.cluster)('a store of windows', () => {
  it('goes on where the scripts of Redis were flushed', async () => {
    const { port, tell } = await ownRedis();
    const [one, other] = [storeOf({ url: urlOf(port) }), storeOf({ url: urlOf(port) })];
    await one.claim(1);
    tell('SCRIPT', 'FLUSH');

    expect(await Promise.all([one.claim(2), one.claim(3)])).toEqual(['new', 'new']);

    tell('SCRIPT', 'FLUSH');
    one.settle(2, done(2));
    await until(async () => (await other.claim(2)) !== 'begun');

    expect(await other.claim(2)).toEqual(done(2));
    expect([...one.errors, ...other.errors]).toEqual([]);
  });

  it('writes later what Redis refused, and reports once that it did', async () => {
    const { port, tell } = await ownRedis();
    const [one, other] = [storeOf({ url: urlOf(port) }), storeOf({ url: urlOf(port) })];
    await one.claim(1);
    tell('CONFIG', 'SET', 'maxmemory', '1');

    await expect(one.claim(2)).rejects.toThrow('OOM');
    await expect(one.claim(3)).rejects.toThrow('OOM');

    one.settle(1, done(1));
    one.settle(2, refused(2));

    // Its own claim comes after what it has written.
    await expect(one.claim(4)).rejects.toThrow('OOM');

    tell('CONFIG', 'SET', 'maxmemory', '0');

    expect(await other.claim(1)).toBe('begun');

    await until(async () => (await other.claim(1)) !== 'begun');

    expect(await other.claim(1)).toEqual(done(1));
    expect(await other.claim(2)).toEqual(refused(2));
    expect(one.errors).toEqual([expect.stringContaining('OOM')]);
  });

  it('leaves a master that has become a replica', async () => {
    const [before, after] = [await ownRedis(), await ownRedis()];
    const { port, tell } = await ownSentinel('one', before.port);
    const sentinelRootNodes = [{ host: '127.0.0.1', port }];
    const store = storeOf({ sentinel: { name: 'one', sentinelRootNodes } });
    await store.claim(1);
    before.tell('REPLICAOF', '127.0.0.1', String(after.port));

    // The Sentinel has not heard of it yet.
    await expect(store.claim(2)).rejects.toThrow('away');

    expect(store.errors).toEqual([expect.stringContaining('READONLY')]);

    tell('SENTINEL', 'REMOVE', 'one');
    tell('SENTINEL', 'MONITOR', 'one', '127.0.0.1', String(after.port), '1');

    expect(await store.claim(3)).toBe('new');
    expect(after.tell('HEXISTS', 'omnimessage:windows:a', '3')).toBe('1');
    expect(store.errors).toHaveLength(1);
  });

  it('writes the last answers before it closes', async () => {
    const { port } = await ownRedis();
    const [one, other] = [storeOf({ url: urlOf(port) }), storeOf({ url: urlOf(port) })];
    await one.claim(1);
    one.settle(1, done(1));
    await one.made.close();

    expect(await other.claim(1)).toEqual(done(1));
    expect(one.errors).toEqual([]);
  });

  it('reports what it could not write when it closes', async () => {
    const { port } = await ownRedis();
    const door = await gate('127.0.0.1', port);
    const store = storeOf({ url: urlOf(door.port) });
    await store.claim(1);
    door.freeze();
    store.settle(1, done(1));
    await store.made.close();

    expect(store.errors).toEqual(['undefined']);
  });

  it('keeps 16 MiB of what waits for Redis', async () => {
    const { port } = await ownRedis();
    const door = await gate('127.0.0.1', port);
    const store = storeOf({ url: urlOf(door.port) });
    await store.claim(1);
    await door.shut();
    await until(() => store.errors.length === 1);
    const large: Answered = { header: '=1', encoded: 'x'.repeat(1_048_576) };
    const ids = Array.from({ length: 17 }, (_, n) => n + 2);
    for (const id of ids) store.settle(id, large);
    await door.open();
    await until(() => store.claim(1).then(Boolean, () => false));

    // What is larger than is kept of a client is forgotten; the last ones are not even known.
    expect(await Promise.all(ids.map(store.claim))).toEqual([
      ...ids.slice(0, 15).map(() => 'forgotten'),
      'new',
      'new',
    ]);
  });
});
