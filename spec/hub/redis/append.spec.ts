/** The script that writes: logs and last ids live long enough, and none lives for ever. */
import { describe, expect, it } from 'vitest';
import { appendCommand, LOAD } from '../../../lib/hub/redis/append.ts';
import { namesOf } from '../../../lib/hub/redis/entry.ts';
import { isThere } from '../../support/engines.ts';
import { ownRedis } from '../../support/own-redis.ts';
import { type Admin, keys, withRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

/** A day and some hours: a span of it is nearly three hours, which ends during no test. */
const SECONDS = 100_000;
const LIFE = 100_000_000;
const SPAN = 10_000_000;
/** What no time to live is by itself, but what a test has set and nothing has renewed. */
const SHORT = 50_000_000;

const RENEWED = ['renewed', 'renewed'];

const command = (prefix: string, topics: readonly string[], seconds = SECONDS): string[] =>
  appendCommand(
    {
      names: namesOf(prefix),
      publisher: 'p'.repeat(16),
      messages: 1_000,
      seconds,
      push: 'publish',
    },
    topics.map((topic, n) => ({ topic, n, payload: 'hello', bytes: 5, firstTried: undefined })),
  ).map(String);

interface Written {
  readonly redis: Admin;
  readonly log: string;
  readonly last: string;
  /** The command that writes so many. */
  readonly append: (count: number) => string[];
  /** Writes one. @returns its id */
  readonly write: () => Promise<string>;
  /** Makes it seem that this was written before, and that all has a short life. */
  readonly previously: (id: string) => Promise<void>;
  /** How long log and last id have yet, and whether that was renewed. */
  readonly left: () => Promise<[log: number, last: number]>;
  readonly state: () => Promise<(string | number)[]>;
}

/** A topic in which one message has been written. */
async function written(): Promise<Written> {
  const { prefix, redis } = await keys();
  const names = namesOf(prefix);
  const [log, last] = [names.log('news'), names.last('news')];
  await redis.sendCommand(LOAD.map(String));
  const write = (): Promise<string> =>
    redis.sendCommand(command(prefix, ['news'])) as unknown as Promise<string>;
  const first = parseInt(await write(), 10);
  // What comes next is the first in its millisecond.
  await until(async () => (await millisecondsOf(redis)) > first);
  const left = (): Promise<[number, number]> => Promise.all([redis.pTTL(log), redis.pTTL(last)]);
  return {
    redis,
    log,
    last,
    append: (count) => command(prefix, Array<string>(count).fill('news')),
    write,
    previously: async (id) => {
      await redis.set(last, id, { expiration: { type: 'PX', value: SHORT } });
      await redis.pExpire(log, SHORT);
    },
    left,
    state: async () =>
      (await left()).map((time) => {
        if (time > 0 && time <= SHORT) return 'as before';
        return time > LIFE && time <= LIFE + SPAN ? 'renewed' : time;
      }),
  };
}

/** By the clock of Redis. */
async function millisecondsOf(redis: Admin): Promise<number> {
  const [seconds, microseconds] = (await redis.sendCommand(['TIME'])) as unknown as string[];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

describe('the times to live', () => {
  it.each([
    [10, '11000', '3601000', '10'],
    [99.999, '100999', '3601000', '10'],
    [100, '110000', '3610000', '9'],
    [300, '310000', '3610000', '9'],
    [1_000, '1100000', '3700000', '8'],
    [7_200, '7300000', '7300000', '8'],
    // Spans end with the digits of an id.
    [1e11, '101000000000000', '101000000000000', '1'],
  ])('of %s s are a span longer, a tenth at most', (seconds, life, lastLife, digits) => {
    // After the script's name, two keys and how many there are.
    expect(command('hub', ['news'], seconds).slice(6, 9)).toEqual([life, lastLife, digits]);
  });
});

describe.runIf(withRedis)('a log and its last id', () => {
  it('live as long as promised, and a span', async () => {
    const { state } = await written();

    expect(await state()).toEqual(RENEWED);
  });

  it('are renewed once in a span: at its first message', async () => {
    const { redis, write, previously, state } = await written();
    const now = await millisecondsOf(redis);
    const begin = now - (now % SPAN);

    await previously(`${begin}-0`);
    await write();
    expect(await state()).toEqual(['as before', 'as before']);
    await previously(`${begin - 1}-0`);
    await write();
    expect(await state()).toEqual(RENEWED);
  });

  it('live as long as promised after the last message of a span, too', async () => {
    const { redis, write, log, last, left } = await written();
    const now = await millisecondsOf(redis);
    const begin = now - (now % SPAN);
    // As if the first one had been written when the span began.
    await redis.set(last, `${begin}-0`);
    await redis.pExpireAt(log, begin + LIFE + SPAN);
    await redis.pExpireAt(last, begin + LIFE + SPAN);

    await write();

    expect((await left()).every((time) => time > LIFE)).toBe(true);
  });

  it('are renewed where the log is gone, whatever it was that removed it', async () => {
    const { redis, log, write, previously, state } = await written();
    const now = await millisecondsOf(redis);
    await previously(`${now}-0`);
    await redis.del(log);

    await write();

    expect(await state()).toEqual(RENEWED);
    expect(await redis.xLen(log)).toBe(1);
  });

  it.each<[string, (redis: Admin, last: string) => Promise<unknown>]>([
    ['is gone', (redis, last) => redis.del(last)],
    ['is overwritten', (redis, last) => redis.set(last, 'something')],
    [
      'is overwritten by what is no string',
      async (redis, last) => {
        await redis.del(last);
        await redis.sAdd(last, 'something');
      },
    ],
  ])('are renewed where the last id %s', async (_, harm) => {
    const { redis, log, last, write, state } = await written();
    await redis.pExpire(log, SHORT);
    await harm(redis, last);

    const id = await write();

    expect(await state()).toEqual(RENEWED);
    expect(await redis.get(last)).toBe(id);
  });

  it('are renewed where the clock is behind the ids', async () => {
    const { redis, log, write, previously, state } = await written();
    const ahead = `${(await millisecondsOf(redis)) + 1_000}`;
    await redis.xAdd(log, `${ahead}-0`, { m: 'from another clock' });
    await previously(`${ahead}-0`);

    const id = await write();

    expect(id).toBe(`${ahead}-1`);
    expect(await state()).toEqual(RENEWED);
  });

  it('are renewed once more when the clock has caught up', async () => {
    const { redis, write, previously, state } = await written();
    const now = await millisecondsOf(redis);

    await previously(`${now - (now % SPAN)}-1`);
    await write();

    expect(await state()).toEqual(RENEWED);
  });
});

describe('a log that begins anew', () => {
  it.each<[string, (log: string, last: string) => string[]]>([
    ['with its last id', (log, last) => [log, last]],
    ['without its last id', (log) => [log]],
  ])('has ids after those of the log before it, which was deleted %s', async (_, deleted) => {
    // Mostly all of it happens in one millisecond.
    for (let round = 0; round < 20; round++) {
      const { redis, log, last: lastId, append } = await written();
      const [before, , after] = (await redis
        .multi()
        .addCommand(append(3))
        .del(deleted(log, lastId))
        .addCommand(append(1))
        .exec()) as unknown as [string, number, string];
      const [last, first] = [before.split(' ').at(-1) ?? '', after].map((id) =>
        id.split('-').map(Number),
      ) as [number[], number[]];

      expect(first[0]).toBeGreaterThan(last[0] as number);
      expect(first[1]).toBe(0);
    }
  });

  it('has ids after a last id that is ahead of the clock', async () => {
    const { redis, log, last, write } = await written();
    const ahead = (await millisecondsOf(redis)) + 1_000;
    await redis.set(last, `${ahead}-5`);
    await redis.del(log);

    expect(await write()).toBe(`${ahead + 1}-0`);
  });
});

describe.runIf(isThere.cluster)('several messages in one call', () => {
  it('renew each log once at most', async () => {
    const redis = await ownRedis();
    const renewals = (): number =>
      Number(/cmdstat_pexpire:calls=(\d+)/.exec(redis.tell('INFO', 'commandstats'))?.[1] ?? 0);
    redis.tell(...LOAD.map(String));

    redis.tell(...command('hub', ['a', 'b', 'a', 'a', 'b']));
    expect(redis.tell('XLEN', 'hub:t{a}')).toBe('3');
    expect(renewals()).toBe(4);
    redis.tell(...command('hub', ['c', 'c', 'c']));
    expect(renewals()).toBe(6);
  });
});
