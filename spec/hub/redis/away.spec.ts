/** What the hubs of many processes promise while Redis is away, and when it is back. */
import { BackplaneError, type OmniError } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  cut,
  hears,
  keys,
  named,
  node,
  type Node,
  readyNode,
  redisGate,
  redisUrl,
  withRedis,
} from '../../support/redis.ts';
import { isThere } from '../../support/engines.ts';
import { freePort } from '../../support/free-port.ts';
import { ownRedis } from '../../support/own-redis.ts';
import { until } from '../../support/until.ts';

const url = redisUrl;

const series = (name: string, length: number): string[] =>
  Array.from({ length }, (_, n) => `${name} ${n}`);

const said = (errors: readonly OmniError[]): string[] => errors.map(({ message }) => message);
const causeOf = ({ errors }: Node): string =>
  (errors[0]?.cause as Error | undefined)?.message ?? '';
const AWAY = 'Redis is away: messages wait';

describe.runIf(withRedis)('a connection that is cut', () => {
  it('costs nothing: neither what is published nor what is read is lost, doubled or out of order', async () => {
    const { prefix, redis } = await keys();
    const a = await readyNode({ client: named(`${prefix}-a`), prefix });
    const b = await readyNode({ client: named(`${prefix}-b`), prefix });
    const published = series('a', 1_000);

    let cuts = 0;
    for (const [n, headline] of published.entries()) {
      a.hub.publish('news', [headline]);
      if (n % 100 === 50) {
        await until(() => b.heard.length > n - 40);
        // Now the publisher's, now the reader's, right behind what was just published.
        cuts += await cut(redis, n % 200 === 50 ? `${prefix}-a` : `${prefix}-b`);
      }
    }
    await hears(b, 'a 999');

    expect(cuts).toBeGreaterThanOrEqual(16);
    expect(b.heard).toEqual(published);
    expect(new Set(said([...a.errors, ...b.errors]))).toEqual(new Set([AWAY]));
  });

  it('makes no duplicate of what Redis had accepted and could not confirm', async () => {
    const { prefix, redis, stream } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const b = await readyNode({ url, prefix });

    gate.freeze('replies');
    a.hub.publish('news', ['one']);
    await until(async () => (await redis.xLen(stream)) === 1);
    a.hub.publish('news', ['two']);
    gate.cut();
    gate.thaw();
    await hears(b, 'two');
    a.hub.publish('news', ['three']);
    await hears(b, 'three');

    expect(b.heard).toEqual(['one', 'two', 'three']);
    await hears(a, 'three');
    expect(a.heard).toEqual(b.heard);
    expect(await redis.xLen(stream)).toBe(3);
  });

  it('is told once per outage, however long that is, and again with the next', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const b = await readyNode({ url, prefix });

    for (const outage of ['first', 'second']) {
      await gate.shut();
      await until(() => a.errors.length > 0);
      expect(a.hub.publish('news', [`${outage} from a`])).toBe(true);
      expect(await a.hub.count('news')).toBe(1);
      b.hub.publish('news', [`${outage} from b`]);
      // Time for some attempts of both connections; there is nothing to wait for.
      const end = performance.now() + 700;
      await until(() => performance.now() > end);
      expect(said(a.errors)).toEqual([AWAY]);
      expect(a.errors[0]).toBeInstanceOf(BackplaneError);
      expect(causeOf(a)).toMatch(/ECONNREFUSED|ECONNRESET|closed/i);

      await gate.open();
      await hears(b, `${outage} from a`);
      await hears(a, `${outage} from a`);
      await until(async () => (await a.hub.count('news')) === 2);
      expect(said(a.errors)).toEqual([AWAY]);
      a.errors.length = 0;
    }

    expect(b.heard).toEqual(['first from b', 'first from a', 'second from b', 'second from a']);
    expect(a.heard).toEqual(b.heard);
  });
});

describe.runIf(withRedis)('a Redis that is not there at the start', () => {
  it('is waited for, and what was published arrives', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const b = await readyNode({ url, prefix });
    await gate.shut();

    const a = node({ url: throughGate, prefix });
    a.listen('news');
    a.hub.publish('news', ['early']);
    await until(() => a.errors.length > 0);
    const [heard, count] = [[...a.heard], await a.hub.count('news')];
    await gate.open();
    await a.hub.ready();
    await hears(b, 'early');
    await hears(a, 'early');

    expect([heard, count]).toEqual([[], 1]);
    expect(said(a.errors)).toEqual([AWAY]);
  });

  it('is not waited for longer than `patience`: then local delivery goes on, between two gaps', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const b = await readyNode({ url, prefix });
    const a = await readyNode({ url: throughGate, prefix }, { patience: 200 });
    a.hub.publish('news', ['before']);
    await hears(a, 'before');
    await gate.shut();

    a.hub.publish('news', ['one']);
    await hears(a, 'one');
    a.hub.publish('news', ['two']);
    const away = [...a.heard];
    b.hub.publish('news', ['of b']);
    await gate.open();
    await hears(b, 'two');
    await until(() => a.heard.includes('of b'));
    a.hub.publish('news', ['after']);
    await hears(a, 'after');
    await hears(b, 'after');

    expect(away).toEqual(['before', 'gap in news', 'one', 'two']);
    expect(a.heard).toEqual([...away, 'gap in news', 'of b', 'after']);
    expect(b.heard).toEqual(['before', 'of b', 'one', 'two', 'after']);
  });

  it('lets go of a process that closes: in 2 s where messages wait, which is told', async () => {
    const { prefix } = await keys();
    const port = await freePort();
    const idle = node({ url: `redis://127.0.0.1:${port}`, prefix });
    const a = node({ url: `redis://127.0.0.1:${port}`, prefix });
    a.hub.publish('news', ['one']);
    a.hub.publish('news', ['two']);
    const began = performance.now();

    await idle.hub.close();
    const idleTook = performance.now() - began;
    await a.hub.close();
    await a.hub.ready();
    const took = performance.now() - began;

    expect(idleTook).toBeLessThan(1_000);
    expect(took).toBeGreaterThanOrEqual(1_900);
    expect(took).toBeLessThan(3_500);
    expect(said(a.errors)).toEqual([AWAY, 'closed while 2 messages waited: they are lost']);
    expect(said(idle.errors).filter((text) => text !== AWAY)).toEqual([]);
  });
});

describe.runIf(withRedis)('a Redis that refuses', () => {
  it('who we are, is told once, without the password', async () => {
    const { prefix } = await keys();
    const wrong = new URL(url);
    Object.assign(wrong, { username: 'nobody', password: 'hunter2' });
    const a = node({ url: wrong.href, prefix });
    a.listen('news');
    await until(() => a.errors.length > 0);
    const end = performance.now() + 500;
    await until(() => performance.now() > end);

    expect(a.hub.publish('news', ['here'])).toBe(true);

    expect(said(a.errors)).toEqual([AWAY]);
    expect(causeOf(a)).toMatch(/^WRONGPASS/);
    expect(`${a.errors[0]?.stack}${String(a.errors[0]?.cause)}`).not.toContain('hunter2');
  });

  it.runIf(isThere.cluster)(
    'what we write, because it is full, is waited for: all of it arrives',
    async () => {
      const redis = await ownRedis();
      const options = { url: `redis://127.0.0.1:${redis.port}` };
      const a = await readyNode(options);
      const b = await readyNode(options);
      redis.tell('CONFIG', 'SET', 'maxmemory', '1');

      for (const headline of series('a', 600)) a.hub.publish('news', [headline]);
      await until(() => a.errors.length > 0);
      const before = [...b.heard];
      redis.tell('CONFIG', 'SET', 'maxmemory', '0');
      await hears(b, 'a 599');

      expect(before).toEqual([]);
      expect(b.heard).toEqual(series('a', 600));
      expect(said(a.errors)).toEqual([AWAY]);
      expect(causeOf(a)).toMatch(/OOM/);
    },
  );

  it('one log, is reported, and a gap there; the others go on', async () => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix });
    const b = await readyNode({ url, prefix });
    b.listen('other');
    await until(async () => (await a.hub.count('other')) === 1);
    await redis.set(stream, 'no stream');

    a.hub.publish('news', ['refused']);
    a.hub.publish('other', ['fine']);
    await hears(b, 'fine');
    await until(() => a.errors.length > 0);
    await redis.del(stream);
    a.hub.publish('news', ['again']);
    await until(() => ['gap in news', 'again'].every((each) => b.heard.includes(each)));

    expect(a.errors[0]?.message).toBe('Redis did not accept a message');
    expect(causeOf(a)).toMatch(/WRONGTYPE/);
  });
});

describe.runIf(withRedis)('a Redis that stands still', () => {
  it('is away after some seconds, and loses nothing', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const b = await readyNode({ url, prefix });

    gate.freeze();
    a.hub.publish('news', ['into the void']);
    const count = await a.hub.count('news');
    await until(() => a.errors.length > 0);
    b.hub.publish('news', ['meanwhile']);
    gate.thaw();
    await until(() => b.heard.length === 2);
    await until(() => a.heard.length === 2);

    expect(count).toBe(1);
    expect(b.heard.toSorted()).toEqual(['into the void', 'meanwhile']);
    expect(a.heard).toEqual(b.heard);
    expect(said(a.errors)).toEqual([AWAY]);
    expect(causeOf(a)).toMatch(/^Redis (did not answer within|pushed nothing for) \d+ ms$/);
  }, 30_000);

  it('does not even let in: is away all the same', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    gate.freeze();
    const a = node({ url: throughGate, prefix });

    await until(() => a.errors.length > 0);
    gate.thaw();
    await a.hub.ready();

    expect(said(a.errors)).toEqual([AWAY]);
  }, 30_000);
});

describe.runIf(withRedis)('what waits for Redis', () => {
  const ROOM = 16_777_216;
  const LARGEST = 1_048_576;

  it('is 10,000 messages; one more is refused and told, here once, there as a gap of its topic', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const b = await readyNode({ url, prefix });
    b.listen('other');
    b.listen('third');
    await gate.shut();
    await until(() => a.errors.length > 0);

    const taken = series('a', 10_000).map((headline) => a.hub.publish('news', [headline]));
    const refused = [
      a.hub.publish('other', ['too much']),
      a.hub.publish('third', ['too much']),
      a.hub.publish('other', ['too much']),
    ];
    const errors = said(a.errors);
    await gate.open();
    await until(() => b.heard.length >= 10_002);
    const again = a.hub.publish('news', ['again']);
    await hears(b, 'again');

    expect(taken.every(Boolean)).toBe(true);
    expect(refused).toEqual([false, false, false]);
    expect(again).toBe(true);
    await until(() => a.heard.length === 10_001);
    expect(errors).toEqual([
      AWAY,
      expect.stringMatching(/^messages are refused: 10000 of \d+ bytes wait already$/),
    ]);
    // Refused until half of it is gone: so the gap comes in the middle, once for each topic.
    expect(b.heard.filter((headline) => !headline.startsWith('gap'))).toEqual([
      ...series('a', 10_000),
      'again',
    ]);
    expect(b.heard.filter((headline) => headline.startsWith('gap'))).toEqual([
      'gap in other',
      'gap in third',
    ]);
    expect(b.heard.indexOf('gap in other')).toBeGreaterThan(4_999);
  });

  it('is 16 MiB, topics included, to the last byte', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const b = await readyNode({ url, prefix });
    b.listen('');
    await gate.shut();
    await until(() => a.errors.length > 0);
    const large = 'x'.repeat(LARGEST - 'news'.length - '[""]'.length);

    const taken = Array.from({ length: 16 }, () => a.hub.publish('news', [large]));
    const tooMuch = a.hub.publish('', ['']);
    const errors = said(a.errors);
    await gate.open();
    await until(() => b.heard.length === 17);

    expect(taken.every(Boolean)).toBe(true);
    expect(tooMuch).toBe(false);
    expect(errors).toEqual([AWAY, `messages are refused: 16 of ${ROOM} bytes wait already`]);
    expect(b.heard.filter((headline) => headline === large)).toHaveLength(16);
    expect(b.heard).toContain('gap in ');
  });

  it('has no message of more than 1 MiB: that one is refused, a gap where it would have been', async () => {
    const { prefix } = await keys();
    const a = await readyNode({ url, prefix });
    const b = await readyNode({ url, prefix });
    const fits = 'é'.repeat((LARGEST - 'news'.length - '[""]'.length) / 2);

    const taken = [
      a.hub.publish('news', ['before']),
      a.hub.publish('news', [fits]),
      a.hub.publish('news', [`${fits}x`]),
      a.hub.publish('news', ['after']),
    ];
    await hears(b, 'after');

    expect(taken).toEqual([true, true, false, true]);
    expect(b.heard).toEqual(['before', fits, 'gap in news', 'after']);
    expect(said(a.errors)).toEqual([
      `messages are refused: one of ${LARGEST + 1} bytes is over the limit of ${LARGEST}`,
    ]);
  });

  it('names no more than 1,000 topics that miss something: beyond that it is all of them', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    const gaps: string[] = [];
    const b = await readyNode({ url, prefix }, { onGap: (topic) => gaps.push(topic) });
    b.listen('topic 7');
    await gate.shut();
    await until(() => a.errors.length > 0);

    for (let n = 0; n < 10_000; n++) a.hub.publish('nobody', ['x']);
    for (let n = 0; n < 1_001; n++) a.hub.publish(`topic ${n}`, ['too much']);
    await gate.open();
    await until(() => gaps.length >= 2);

    expect(gaps).toEqual(['news', 'topic 7']);
  });

  it('holds the process only until it is closed', async () => {
    const { prefix } = await keys();
    const { gate, url: throughGate } = await redisGate();
    const a = await readyNode({ url: throughGate, prefix });
    gate.freeze();
    a.hub.publish('news', ['into the void']);
    onTestFinished(gate.thaw);
    const began = performance.now();

    await a.hub.close();

    expect(performance.now() - began).toBeLessThan(3_500);
    expect(said(a.errors)).toEqual(['closed while 1 messages waited: they are lost']);
  });
});
