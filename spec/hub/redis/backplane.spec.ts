/** What the hubs of many processes promise over Redis, as long as nothing breaks. */
import { createHub } from 'express-omnimessage';
import { redisBackplane, type RedisBackplaneOptions } from 'express-omnimessage/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  admin,
  connectionsOf,
  hears,
  keys,
  keysOf,
  named,
  type News,
  node,
  readyNode,
  redisUrl,
  withRedis,
} from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const url = redisUrl;

/** What docs/scaling.md advises to grant. */
const RIGHTS =
  '-@all +ping +info +time +evalsha +script|load +xadd +xlen +xrange +xrevrange +get +set +pexpire ' +
  '+publish +subscribe +unsubscribe +multi +exec +exists +del +hset +hdel +hmget +sadd +srem +smembers';

/** Headlines of a publisher. */
const series = (name: string, length: number): string[] =>
  Array.from({ length }, (_, n) => `${name} ${n}`);

describe('redisBackplane', () => {
  it.each<[string, RedisBackplaneOptions, string]>([
    ['no address', {}, 'Expected `url`, `client`, `cluster` or `sentinel`, one of them, got none'],
    [
      'two addresses',
      { url, client: createClient() },
      'Expected `url`, `client`, `cluster` or `sentinel`, one of them, got url and client',
    ],
    ['another protocol', { url: 'http://x' }, 'Expected `url` to begin with redis:// or rediss://'],
    [
      'what is no address',
      { url: 'redis://[' },
      'Expected `url` to begin with redis:// or rediss://',
    ],
    [
      'a number for an address',
      { url: 7 as never },
      'Expected `url` to begin with redis:// or rediss://',
    ],
    [
      'a cluster',
      { client: createCluster({ rootNodes: [] }) },
      'Expected `client` to be a client made by createClient of the `redis` package',
    ],
    [
      'a sentinel',
      { client: createSentinel({ name: 'one', sentinelRootNodes: [] }) },
      'Expected `client` to be a client made by createClient of the `redis` package',
    ],
    [
      'a pool',
      { client: createClientPool() as never },
      'Expected `client` to be a client made by createClient of the `redis` package',
    ],
    [
      'what is no client',
      { client: {} as never },
      'Expected `client` to be a client made by createClient of the `redis` package',
    ],
    ['no prefix', { url, prefix: '' }, 'Expected `prefix` to be a string, got ""'],
    [
      'a log of less than 10 messages',
      { url, log: { messages: 9 } },
      'Expected `log.messages` to be an integer from 10 up, got 9',
    ],
    [
      'half an entry',
      { url, log: { messages: 1_000.5 } },
      'Expected `log.messages` to be an integer from 10 up, got 1000.5',
    ],
    [
      'a log of less than 10 seconds',
      { url, log: { seconds: 9 } },
      'Expected `log.seconds` to be a number from 10 up, got 9',
    ],
    [
      'another word for durable',
      { url, durable: 'yes' as never },
      'Expected `durable` to be true or false, got string',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => redisBackplane(options)).toThrow(new TypeError(message));
  });

  it('takes an address or a client, and the shortest log', () => {
    expect(() => redisBackplane({ url, log: { messages: 10, seconds: 10 } })).not.toThrow();
    expect(() =>
      redisBackplane({ url: 'rediss://user:secret@redis.example:6380/2' }),
    ).not.toThrow();
    expect(() => redisBackplane({ client: createClient({ url }), prefix: 'chat' })).not.toThrow();
  });
});

describe.runIf(withRedis)('hubs on one Redis', () => {
  it('carry a message to all of them, once', async () => {
    const { prefix } = await keys();
    const [a, b, c] = await Promise.all([
      readyNode({ url, prefix }),
      readyNode({ url, prefix }),
      readyNode({ url, prefix }),
    ]);
    const news: News = ['from a'];
    const own: News[] = [];
    const copies: News[] = [];
    a.hub.subscribe('news', (message) => own.push(message));
    b.hub.subscribe('news', (message) => copies.push(message));

    expect(a.hub.publish('news', news)).toBe(true);
    await hears(b, 'from a');
    await hears(c, 'from a');
    c.hub.publish('news', ['from c']);
    await hears(a, 'from c');
    await hears(b, 'from c');

    expect([a.heard, b.heard, c.heard]).toEqual(
      Array.from({ length: 3 }, () => ['from a', 'from c']),
    );
    expect(own[0]).toBe(news);
    expect(copies[0]).toEqual(news);
    expect(copies[0]).not.toBe(news);
    expect([a.errors, b.errors, c.errors]).toEqual([[], [], []]);
  });

  it('have one order for all, in which each publisher has its own', async () => {
    const { prefix } = await keys();
    const [a, b, c] = await Promise.all([
      readyNode({ url, prefix }),
      readyNode({ url, prefix }),
      readyNode({ url, prefix }),
    ]);
    const [fromA, fromB] = [series('a', 3_000), series('b', 3_000)];

    for (const [n, headline] of fromA.entries()) {
      a.hub.publish('news', [headline]);
      b.hub.publish('news', [fromB[n] as string]);
      if (n % 100 === 0) await until(() => c.heard.includes(`b ${n}`));
    }
    await until(() => [a, b, c].every(({ heard }) => heard.length === 6_000));

    expect(a.heard.filter((headline) => headline.startsWith('a'))).toEqual(fromA);
    expect(a.heard.filter((headline) => headline.startsWith('b'))).toEqual(fromB);
    expect(b.heard).toEqual(a.heard);
    expect(c.heard).toEqual(a.heard);
  });

  it('keep to their topics, whatever these are called', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    const topics = [
      '',
      '*',
      '%',
      '{',
      '}',
      'a{b}c%7D',
      '__proto__',
      'Grüße 🎈',
      'a\r\n*1',
      'x'.repeat(5_000),
    ];
    for (const topic of topics) {
      b.hub.subscribe(topic, ([headline]) => b.heard.push(`${topic}: ${headline}`));
    }

    for (const [n, topic] of topics.entries()) a.hub.publish(topic, [`number ${n}`]);
    a.hub.publish('nobody', ['?']);
    await until(() => b.heard.length === topics.length);
    a.hub.publish('news', ['last']);
    await hears(b, 'last');

    expect([...b.heard].sort()).toEqual(
      [...topics.map((topic, n) => `${topic}: number ${n}`), 'last'].sort(),
    );
  });

  it('carry bytes as bytes', async () => {
    const { prefix } = await keys();
    const codec = {
      binary: true,
      decode: (encoded: Uint8Array): Uint8Array => encoded,
      encode: (bytes: Uint8Array): Uint8Array => bytes,
    };
    const [a, b] = [1, 2].map(() =>
      createHub<Uint8Array, Uint8Array>({ codec, backplane: redisBackplane({ url, prefix }) }),
    ) as [ReturnType<typeof createHub<Uint8Array>>, ReturnType<typeof createHub<Uint8Array>>];
    onTestFinished(async () => {
      await Promise.all([a.close(), b.close()]);
    });
    await Promise.all([a.ready(), b.ready()]);
    const every = Uint8Array.from({ length: 256 }, (_, n) => n);
    const heard: Uint8Array[] = [];
    b.subscribe('bytes', (bytes) => heard.push(bytes));
    b.publish('bytes', new Uint8Array(1));
    await until(() => heard.length === 1);
    heard.length = 0;

    // The middle of a larger one, as it comes out of a pool.
    a.publish('bytes', new Uint8Array(every.buffer, 100, 60));
    a.publish('bytes', new Uint8Array(0));
    a.publish('bytes', every);
    await until(() => heard.length === 3);

    expect(heard).toEqual([every.slice(100, 160), new Uint8Array(0), every]);
    expect(heard.every((bytes) => bytes.constructor === Uint8Array)).toBe(true);
  });

  it('keep what is local, and what the codec skips, to themselves', async () => {
    const { prefix } = await keys();
    const more = {
      codec: {
        decode: (encoded: string): News => [encoded],
        encode: ([headline]: News) => (headline === 'hush' ? undefined : headline),
      },
    };
    const a = await readyNode({ url, prefix }, more);
    const b = await readyNode({ url, prefix }, more);

    a.hub.publish('news', ['here'], { local: true });
    a.hub.publish('news', ['hush']);
    a.hub.publish('news', ['everywhere']);
    await hears(b, 'everywhere');
    await hears(a, 'everywhere');

    expect(a.heard).toEqual(['here', 'everywhere']);
    expect(b.heard).toEqual(['everywhere']);
  });

  it('are deaf to those with another prefix', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([
      readyNode({ url, prefix: `${prefix}:1` }),
      readyNode({ url, prefix: `${prefix}:2` }),
    ]);
    const c = await readyNode({ url, prefix: `${prefix}:2` });
    a.hub.subscribe('other', () => {});

    a.hub.publish('news', ['on 1']);
    b.hub.publish('news', ['on 2']);
    await hears(c, 'on 2');

    expect(c.heard).toEqual(['on 2']);
    expect(b.heard).toEqual(['on 2']);
    expect(await c.hub.count('other')).toBe(0);
  });

  it('are joined by those that start later, from then on', async () => {
    const { prefix } = await keys();
    const a = await readyNode({ url, prefix });
    a.hub.publish('news', ['early']);
    const early = await readyNode({ url, prefix });
    a.hub.publish('news', ['late']);
    await hears(early, 'late');

    // A start is no loss, also for one who listens before it is ready.
    const hasty = node({ url, prefix });
    hasty.listen('news');
    await hasty.hub.ready();
    await until(async () => (await a.hub.count('news')) === 3);
    a.hub.publish('news', ['later']);
    await hears(hasty, 'later');

    expect(early.heard.slice(0, 1)).toEqual(['late']);
    expect(hasty.heard).toEqual(['later']);
    expect(hasty.errors).toEqual([]);
  });

  it('hear what they publish right after they began to listen', async () => {
    const { prefix } = await keys();
    const a = await readyNode({ url, prefix });
    const topics = series('topic', 50);

    for (const topic of topics) {
      a.listen(topic);
      a.hub.publish(topic, [topic]);
    }
    await until(() => a.heard.length === 50);

    expect([...a.heard].sort()).toEqual([...topics].sort());
  });

  it('need no more rights than on their own keys', async () => {
    const { prefix, redis } = await keys();
    const [user, password] = [prefix.replaceAll(/\W/g, ''), 'secret'];
    await redis.sendCommand([
      'ACL',
      'SETUSER',
      user,
      'on',
      `>${password}`,
      `~${prefix}:*`,
      `&${prefix}:*`,
      ...RIGHTS.split(' '),
    ]);
    onTestFinished(async () => {
      const other = await admin();
      await other.sendCommand(['ACL', 'DELUSER', user]);
      other.destroy();
    });
    const own = new URL(url);
    Object.assign(own, { username: user, password });
    const a = await readyNode({ url: own.href, prefix });
    const b = await readyNode({ url: own.href, prefix });

    a.hub.publish('news', ['news']);
    await hears(b, 'news');

    await until(async () => (await a.hub.count('news')) === 2);
    await a.hub.close();
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  it('take a client as a pattern, and leave itself alone', async () => {
    const { prefix, redis } = await keys();
    const client = named(prefix);
    const a = await readyNode({ client, prefix });
    const b = await readyNode({ url, prefix });

    a.hub.publish('news', ['news']);
    await hears(b, 'news');

    expect(client.isOpen).toBe(false);
    expect(await connectionsOf(redis, prefix)).toHaveLength(2);
    await a.hub.close();
    await until(async () => (await connectionsOf(redis, prefix)).length === 0);
  });
});

describe.runIf(withRedis)('count', () => {
  it('adds up what all of them have, and follows', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    a.hub.subscribe('more', () => {});
    const ends = [1, 2, 3].map(() => b.hub.subscribe('more', () => {}));

    await until(async () => (await a.hub.count('more')) === 4);
    await until(async () => (await b.hub.count('more')) === 4);
    ends[0]?.();
    await until(async () => (await a.hub.count('more')) === 3);
    for (const end of ends) end();
    await until(async () => (await a.hub.count('more')) === 1);

    expect(await b.hub.count('more')).toBe(1);
    expect(await a.hub.count('news')).toBe(2);
    expect(await a.hub.count('nothing')).toBe(0);
  });

  it('holds for many topics that were joined before Redis was there', async () => {
    const { prefix, redis } = await keys();
    const a = node({ url, prefix });
    for (let n = 0; n < 2_500; n++) a.hub.subscribe(`topic ${n}`, () => {});
    await a.hub.ready();
    const b = await readyNode({ url, prefix });

    await until(async () => (await b.hub.count('topic 2499')) === 1);
    const hashes = await keysOf(redis, `${prefix}:node:`);
    const left = await Promise.all(hashes.map((name) => redis.pTTL(name)));

    expect(await Promise.all([0, 999, 1_000, 2_000].map((n) => b.hub.count(`topic ${n}`)))).toEqual(
      [1, 1, 1, 1],
    );
    // Also of one that has changed nothing since: should it die now, it would be counted for ever.
    expect(left.map((time) => time > 0)).toEqual([true, true]);
  });

  it('forgets a process that closed at once', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    await until(async () => (await a.hub.count('news')) === 2);

    await b.hub.close();

    expect(await a.hub.count('news')).toBe(1);
    expect(await b.hub.count('news')).toBe(0);
  });

  it('forgets a process that died within 20 s, and knows one again that only stood still', async () => {
    const { prefix, redis } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    await until(async () => (await a.hub.count('news')) === 2);
    const hashes = await keysOf(redis, `${prefix}:node:`);
    const left = await Promise.all(hashes.map((name) => redis.pTTL(name)));

    // What Redis does when nobody has renewed them for so long.
    await redis.del(hashes);
    const forgotten = await a.hub.count('news');
    b.hub.subscribe('more', () => {});
    await until(async () => (await a.hub.count('more')) === 1);

    expect(hashes).toHaveLength(2);
    expect(left.every((ms) => ms > 0 && ms <= 20_000)).toBe(true);
    expect(forgotten).toBe(1);
    expect(await a.hub.count('news')).toBe(2);
    // Without any change, the next sign of life brings it back.
    await until(async () => (await b.hub.count('news')) === 2);
  });

  it('takes nothing for a number that is none', async () => {
    const { prefix, redis } = await keys();
    const a = await readyNode({ url, prefix });
    for (const [n, value] of ['-5', 'many', '1e3', '1.5', '99999999999999999999', ''].entries()) {
      await redis.sAdd(`${prefix}:nodes`, `forged ${n}`);
      await redis.hSet(`${prefix}:node:forged ${n}`, { n: '1', 't:news': value });
    }
    await redis.sAdd(`${prefix}:nodes`, 'liar');
    await redis.set(`${prefix}:node:liar`, 'no hash');

    await redis.sAdd(`${prefix}:nodes`, 'honest');
    await redis.hSet(`${prefix}:node:honest`, { n: '1', 't:news': '40' });

    expect(await a.hub.count('news')).toBe(41);
    expect(a.errors).toEqual([]);
  });
});

describe.runIf(withRedis)('close', () => {
  it('hands over what was published before, in a script that has not even connected', async () => {
    const { prefix } = await keys();
    const b = await readyNode({ url, prefix });
    const script = node({ url, prefix });

    for (const headline of series('job', 1_000)) script.hub.publish('news', [headline]);
    await script.hub.close();
    await hears(b, 'job 999');

    expect(b.heard).toEqual(series('job', 1_000));
    expect(script.errors).toEqual([]);
  });

  it('leaves no connection, no name, and nothing that lasts', async () => {
    const { prefix, redis } = await keys();
    const a = await readyNode({ client: named(prefix), prefix });
    a.hub.publish('news', ['news']);
    await hears(a, 'news');
    const before = await keysOf(redis, prefix);
    const began = performance.now();

    await a.hub.close();
    const took = performance.now() - began;
    await until(async () => (await connectionsOf(redis, prefix)).length === 0);
    const after = await keysOf(redis, prefix);
    const left = await Promise.all(after.map((name) => redis.pTTL(name)));

    const tail = (names: string[]): string[] =>
      names
        .map((name) => name.slice(prefix.length).replace(/[\w-]{16}$/, '…'))
        .filter((name) => !name.includes('probe'));
    expect(tail(before)).toEqual([':mark', ':node:…', ':nodes', ':t{news}', ':t{news}:last']);
    expect(tail(after)).toEqual([':mark', ':t{news}', ':t{news}:last']);
    // Not as long as until the next sign of life.
    expect(took).toBeLessThan(2_000);
    expect(left.every((ms) => ms > 0 && ms <= 3_610_000)).toBe(true);
    expect(a.hub.publish('news', ['late'])).toBe(false);
    expect(await a.hub.count('news')).toBe(0);
  });
});
