/** What is published in one turn is written in few commands, and each message fares by itself. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { isThere } from '../../support/engines.ts';
import { nextTurn } from '../../support/clock.ts';
import { ownRedis, type OwnRedis } from '../../support/own-redis.ts';
import { node, type Node } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const TOPICS = Array.from({ length: 10 }, (_, n) => `topic ${n}`);

/** A hub that hears all topics: what it hears has its topic before it. */
async function hearing({ port }: OwnRedis, more: object = {}): Promise<Node> {
  const made = node({ url: `redis://127.0.0.1:${port}`, prefix: 'hub', ...more });
  await made.hub.ready();
  for (const topic of TOPICS) {
    made.hub.subscribe(topic, ([headline]) => made.heard.push(`${topic}: ${headline}`));
  }
  // What was followed before this is heard from now on.
  let isFollowed = false;
  made.hub.subscribe('last', () => (isFollowed = true));
  made.hub.publish('last', ['probe']);
  await until(() => isFollowed);
  return made;
}

/** What all topics heard, in the order in which it was published by a loop over them. */
const rounds = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) =>
    TOPICS.map((topic) => `${topic}: ${from + n}`),
  ).flat();

function publishRounds({ hub }: Node, from: number, to: number): void {
  for (let n = from; n < to; n++) for (const topic of TOPICS) hub.publish(topic, [String(n)]);
}

const commands = ({ tell }: OwnRedis): number =>
  Number(/cmdstat_evalsha:calls=(\d+)/.exec(tell('INFO', 'commandstats'))?.[1] ?? 0);

describe.runIf(isThere.cluster)('what is published in one turn', () => {
  it('is written in one command for 64 messages, in order', async () => {
    const redis = await ownRedis();
    const [a, b] = [await hearing(redis), await hearing(redis)];
    const before = commands(redis);

    publishRounds(a, 0, 64);
    await until(() => a.heard.length === 640 && b.heard.length === 640);

    expect(a.heard).toEqual(rounds(0, 64));
    expect(b.heard).toEqual(rounds(0, 64));
    expect(commands(redis) - before).toBe(10);
    expect([a.errors, b.errors]).toEqual([[], []]);
  });

  it('is written in two commands where it comes from many connections', async () => {
    const redis = await ownRedis();
    const a = await hearing(redis);
    const before = commands(redis);

    // Each in a callback of its own, as what sockets bring.
    for (const topic of TOPICS) setImmediate(() => a.hub.publish(topic, ['0']));
    await until(() => a.heard.length === 10);

    expect(a.heard).toEqual(rounds(0, 1));
    expect(commands(redis) - before).toBe(2);
  });

  it('is no more than 64 KiB in one command', async () => {
    const redis = await ownRedis();
    const a = await hearing(redis);
    const before = commands(redis);

    for (let n = 0; n < 20; n++) a.hub.publish('topic 0', [`${n} ${'x'.repeat(20_000)}`]);
    await until(() => a.heard.length === 20);

    expect(a.heard.map((each) => parseInt(each.slice(9), 10))).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    expect(commands(redis) - before).toBe(7);
  });

  it('says that something is missing before what comes next, however late it can', async () => {
    const redis = await ownRedis();
    const [a, b] = [await hearing(redis), await hearing(redis)];
    redis.tell('SET', 'hub:t{topic 3}', 'no log');

    const before = commands(redis);

    a.hub.publish('topic 3', ['refused']);
    // The message, and the note in its place, which then waits for something to be accepted. What
    // Redis has answered is read in one of the next turns.
    await until(() => commands(redis) - before === 2);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    redis.tell('DEL', 'hub:t{topic 3}');
    a.hub.publish('topic 3', ['next']);
    await until(() => [a, b].every(({ heard }) => heard.includes('topic 3: next')));

    for (const { heard } of [a, b]) expect(heard).toEqual(['gap in topic 3', 'topic 3: next']);
  });

  it('fares each by itself: where Redis refuses one, those beside it arrive', async () => {
    const redis = await ownRedis();
    const [a, b] = [await hearing(redis), await hearing(redis)];
    redis.tell('SET', 'hub:t{topic 3}', 'no log');

    publishRounds(a, 0, 2);
    await until(() => a.errors.length > 0 && b.heard.includes('topic 9: 1'));
    redis.tell('DEL', 'hub:t{topic 3}');
    publishRounds(a, 2, 3);
    await until(() =>
      [a, b].every(({ heard }) => heard.includes('topic 9: 2') && heard.includes('gap in topic 3')),
    );

    const others = rounds(0, 3).filter((each) => !each.startsWith('topic 3'));
    for (const { heard } of [a, b]) {
      expect(heard.filter((each) => !each.includes('topic 3'))).toEqual(others);
      // A note that is on its way when the log is mended comes behind what was published meanwhile.
      expect(new Set(heard.filter((each) => each.includes('topic 3')))).toEqual(
        new Set(['gap in topic 3', 'topic 3: 2']),
      );
    }
    expect(a.errors[0]?.message).toBe('Redis did not accept a message');
    expect(b.errors).toEqual([]);
  });

  it('is written topic by topic where several at once are refused for one of them', async () => {
    const redis = await ownRedis();
    const rights = '~hub:t{topic?[01]}* ~hub:[nma]* &hub:* +@all';
    redis.tell('ACL', 'SETUSER', 'few', 'on', '>secret', ...rights.split(' '));
    const b = await hearing(redis);
    const a = node({ url: `redis://few:secret@127.0.0.1:${redis.port}`, prefix: 'hub' });
    await a.hub.ready();

    publishRounds(a, 0, 30);
    await until(() => b.heard.length === 60);
    const before = commands(redis);
    for (let n = 30; n < 60; n++) a.hub.publish('topic 0', [String(n)]);
    await until(() => b.heard.length === 90);

    for (const [topic, count] of [
      ['topic 0', 60],
      ['topic 1', 30],
    ] as const) {
      expect(b.heard.filter((each) => each.startsWith(topic))).toEqual(
        Array.from({ length: count }, (_, n) => `${topic}: ${n}`),
      );
    }
    // The note of what was refused is tried before each.
    expect(commands(redis) - before).toBeLessThan(30);
    expect(a.errors.slice(0, 2).map(({ message }) => message)).toEqual([
      'Redis is away: messages wait',
      'Redis did not accept a message',
    ]);
    expect(String(a.errors[0]?.cause)).toMatch(/NOPERM/);
  });

  it('waits where Redis is full, and none of it is lost or doubled', async () => {
    const redis = await ownRedis();
    const [a, b] = [await hearing(redis), await hearing(redis)];
    redis.tell('CONFIG', 'SET', 'maxmemory', '1');
    onTestFinished(() => void redis.tell('CONFIG', 'SET', 'maxmemory', '0'));

    publishRounds(a, 0, 20);
    await until(() => a.errors.length > 0);
    redis.tell('CONFIG', 'SET', 'maxmemory', '0');
    await until(() => a.heard.length === 200 && b.heard.length === 200);

    // What was refused may have been tried topic by topic: each has its own order.
    const published = rounds(0, 20);
    for (const { heard } of [a, b]) {
      for (const topic of TOPICS) {
        const of = (all: readonly string[]): string[] =>
          all.filter((each) => each.startsWith(`${topic}:`));
        expect(of(heard)).toEqual(of(published));
      }
    }
    expect(String(a.errors[0]?.cause)).toMatch(/OOM/);
  });
});
