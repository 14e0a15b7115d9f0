/** What the hubs of many processes make of a stream that lost something, or holds what is not theirs. */
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { type OmniError } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import {
  hears,
  keys,
  type Node,
  readyNode,
  redisGate,
  redisUrl,
  withRedis,
  writeEntry,
} from '../../support/redis.ts';
import { type Gate } from '../../support/gate.ts';
import { until } from '../../support/until.ts';

const url = redisUrl;
const LIMIT = 1_048_576;

const series = (name: string, length: number): string[] =>
  Array.from({ length }, (_, n) => `${name} ${n}`);

const said = (errors: readonly OmniError[]): string[] => errors.map(({ message }) => message);

/** An entry as a process writes it that is called `publisher-------`. */
const entry = (
  first: number | string,
  ...items: readonly (string | Buffer)[]
): readonly (string | Buffer)[] => [
  'v',
  '1',
  'p',
  'publisher-------',
  's',
  String(first),
  ...items,
];

const news = (headline: string): [string, string] => ['mnews', JSON.stringify([headline])];

/** A node that is out: it has lost its connection and finds no other until the gate opens. */
async function outside(prefix: string): Promise<Node & { gate: Gate }> {
  const { gate, url: throughGate } = await redisGate();
  const made = await readyNode({ url: throughGate, prefix });
  await gate.shut();
  await until(() => made.errors.length > 0);
  return { ...made, gate };
}

describe.runIf(withRedis)('a node that fell behind', () => {
  it('has missed nothing while the stream still holds what it read last', async () => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix, maxLength: 1_000 });
    const b = await outside(prefix);
    const written = series('x', 900);
    await Promise.all(
      written.map((headline, n) => writeEntry(redis, stream, entry(n + 1, ...news(headline)))),
    );

    a.hub.publish('news', ['last']);
    await b.gate.open();
    await hears(b, 'last');

    expect(b.heard).toEqual([...written, 'last']);
  });

  it('is told of a gap when the stream does not, before what comes after it', async () => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix, maxLength: 1_000 });
    const b = await outside(prefix);
    b.hub.subscribe('quiet', () => {});
    const written = series('x', 1_500);
    await Promise.all(
      written.map((headline, n) => writeEntry(redis, stream, entry(n + 1, ...news(headline)))),
    );

    await hears(a, 'x 1499');
    a.hub.publish('news', ['last']);
    await until(async () => (await redis.xLen(stream)) < 1_200);
    await b.gate.open();
    await hears(b, 'last');

    const kept = (await redis.xLen(stream)) - 1;
    expect(b.heard.slice(0, 2)).toEqual(['gap in news', 'gap in quiet']);
    expect(b.heard.slice(2)).toEqual([...written.slice(-kept), 'last']);
    expect(a.heard).toEqual([...written, 'last']);
  });

  it('is told of one gap when it falls behind for good, and reads on', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await outside(prefix);
    await redis.del(stream);
    const a = await readyNode({ url, prefix });
    a.hub.publish('news', ['missed']);
    await until(async () => (await redis.xLen(stream)) === 2);
    await redis.xTrim(stream, 'MAXLEN', 0);

    await b.gate.open();
    await until(() => b.heard.length > 0);
    a.hub.publish('news', ['next']);
    await hears(b, 'next');

    expect(b.heard).toEqual(['gap in news', 'next']);
  });
});

describe.runIf(withRedis)('a stream that was deleted', () => {
  it('costs nothing who has read it all', async () => {
    const { prefix, redis, stream } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    a.hub.publish('news', ['one']);
    await hears(b, 'one');

    await redis.del(stream);
    a.hub.publish('news', ['two']);
    await hears(b, 'two');

    expect(b.heard).toEqual(['one', 'two']);
  });

  it('and begins again with lower ids, as that of another Redis, is a gap and is read on', async () => {
    const { prefix, redis, stream } = await keys();
    const [a, b] = await Promise.all([readyNode({ url, prefix }), readyNode({ url, prefix })]);
    await writeEntry(redis, stream, entry(1, ...news('from the future')), '99999999999999-0');
    await hears(a, 'from the future');
    await hears(b, 'from the future');

    await redis.del(stream);
    a.hub.publish('news', ['unseen']);
    await hears(b, 'gap in news');
    a.hub.publish('news', ['next']);
    await hears(b, 'next');

    expect(b.heard).toEqual(['from the future', 'gap in news', 'next']);
  });
});

describe.runIf(withRedis)('an entry that Redis lost after it had taken it', () => {
  it('is noticed at the next one of its publisher, as a gap before that', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });

    await writeEntry(redis, stream, entry(1, ...news('one'), ...news('two')));
    await writeEntry(redis, stream, entry(4, ...news('four')));
    await writeEntry(redis, stream, entry(5, ...news('five')));
    await hears(b, 'five');

    expect(b.heard).toEqual(['one', 'two', 'gap in news', 'four', 'five']);
  });

  it('is noticed within some seconds when it was the last', async () => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix });
    const b = await readyNode({ url, prefix });
    a.hub.publish('news', ['one']);
    await hears(b, 'one');
    const out = await outside(prefix);
    a.hub.publish('news', ['known to out']);
    await out.gate.open();
    await hears(out, 'known to out');
    await out.gate.shut();
    await until(async () => (await out.hub.count('news')) === 1);

    a.hub.publish('news', ['two']);
    await hears(b, 'two');
    const { 'last-entry': last } = await redis.xInfoStream(stream);
    await redis.xDel(stream, last?.id ?? '');
    await out.gate.open();
    await until(() => out.heard.length === 2);

    expect(out.heard).toEqual(['known to out', 'gap in news']);
    expect(b.heard.slice(0, 3)).toEqual(['one', 'known to out', 'two']);
  });

  it('is none when it is only written twice, in part or whole', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });

    await writeEntry(redis, stream, entry(1, ...news('one'), ...news('two')));
    await writeEntry(redis, stream, entry(1, ...news('one'), ...news('two'), ...news('three')));
    await writeEntry(redis, stream, entry(1, ...news('one'), ...news('two')));
    await writeEntry(redis, stream, entry(4));
    await writeEntry(redis, stream, entry(4, ...news('four')));
    await hears(b, 'four');

    expect(b.heard).toEqual(['one', 'two', 'three', 'four']);
  });

  it('may be a gap that its publisher wrote: of the topics that it names, or of all', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });
    b.hub.subscribe('other', () => {});

    await writeEntry(redis, stream, entry(1, 'g', '["other","nobody",7]', ...news('two')));
    await writeEntry(redis, stream, entry(3, 'g', '*', ...news('four')));
    await writeEntry(redis, stream, entry(5, 'g', '{"no":"list"}', ...news('six')));
    await hears(b, 'six');

    expect(b.heard).toEqual([
      'gap in other',
      'two',
      'gap in news',
      'gap in other',
      'four',
      'gap in news',
      'gap in other',
      'six',
    ]);
  });
});

describe.runIf(withRedis)('what is no entry of ours', () => {
  const passedOver = (count: number): string =>
    `passed over ${count} entries of the stream: not ours, too large, or of another version`;

  it.each<[string, readonly (string | Buffer)[]]>([
    ['of no version', ['p', 'publisher-------', 's', '1', ...news('!')]],
    ['of version 2', ['v', '2', 'p', 'publisher-------', 's', '1', ...news('!')]],
    ['in another order', ['p', 'publisher-------', 'v', '1', 's', '1', ...news('!')]],
    ['of a publisher without a name', ['v', '1', 'p', '', 's', '1', ...news('!')]],
    [
      'of a publisher with another name',
      ['v', '1', 'p', 'publisher------!', 's', '1', ...news('!')],
    ],
    ['without a number', entry('', ...news('!'))],
    ['with a negative number', entry(-1, ...news('!'))],
    ['with half a number', entry('1.5', ...news('!'))],
    ['with a number beyond all', entry('9'.repeat(16), ...news('!'))],
    ['with another number', entry('0x10', ...news('!'))],
    ['with an unknown field', entry(1, ...news('!'), 'x', 'y')],
    ['with a field without a name', entry(1, ...news('!'), '', 'y')],
    ['with a gap that is called otherwise', entry(1, ...news('!'), 'gg', '*')],
    ['of bytes', [randomBytes(16), randomBytes(16)]],
    ['one byte over the limit', entry(1, 'mnews', 'x'.repeat(LIMIT - 'news'.length + 1))],
    [
      'over the limit in pieces',
      entry(1, ...news('!'), 'mnews', 'x'.repeat(LIMIT - 'news'.length)),
    ],
  ])('is passed over and told: one %s', async (_, fields) => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix });
    const b = await readyNode({ url, prefix });

    await writeEntry(redis, stream, fields);
    a.hub.publish('news', ['good']);
    await hears(b, 'good');

    expect(b.heard).toEqual(['good']);
    expect(said(b.errors)).toEqual([passedOver(1)]);
    expect(b.errors[0]?.code).toBe('backplane');
  });

  it('is not one at the limit', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });
    const headline = 'x'.repeat(LIMIT - 'news'.length - '[""]'.length);

    await writeEntry(redis, stream, entry(1, ...news(headline)));
    await hears(b, headline);

    expect(b.heard).toEqual([headline]);
    expect(b.errors).toEqual([]);
  });

  it('is passed over where it is not UTF-8: the rest of its entry counts', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });
    const bad = Buffer.from([0xc3, 0x28]);

    await writeEntry(
      redis,
      stream,
      entry(1, 'mnews', bad, Buffer.concat([Buffer.from('m'), bad]), '["?"]', ...news('good')),
    );
    await hears(b, 'good');

    expect(b.heard).toEqual(['good']);
    expect(said(b.errors)).toEqual([passedOver(2)]);
  });

  it('may be of ours and no message: that is a DecodeError, unless nobody listens', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await readyNode({ url, prefix });

    await writeEntry(
      redis,
      stream,
      entry(1, 'mnews', '{', 'mnews', '[7]', 'mnobody', '{', ...news('good')),
    );
    await hears(b, 'good');

    expect(b.heard).toEqual(['good']);
    expect(b.errors.map(({ code }) => code)).toEqual(['decode', 'decode']);
  });

  it('is told once for each read, however much of it there is', async () => {
    const { prefix, redis, stream } = await keys();
    const b = await outside(prefix);
    b.errors.length = 0;
    await Promise.all(Array.from({ length: 640 }, () => writeEntry(redis, stream, ['x', 'y'])));
    await writeEntry(redis, stream, entry(1, ...news('good')));

    await b.gate.open();
    await hears(b, 'good');

    expect(said(b.errors)).toEqual(Array.from({ length: 20 }, () => passedOver(32)));
  });

  it('is nothing that could harm, whatever it is made of', async () => {
    const { prefix, redis, stream } = await keys();
    const a = await readyNode({ url, prefix });
    const b = await readyNode({ url, prefix });
    const bytes = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw));
    const oneOf = (...texts: string[]): fc.Arbitrary<Buffer> =>
      fc.oneof(fc.constantFrom(...texts.map((text) => Buffer.from(text))), bytes);
    const names = oneOf('v', 'p', 's', 'm', 'mnews', 'g', 'gx', '');
    const values = oneOf(
      '1',
      '2',
      '',
      '["x"]',
      '*',
      '[]',
      '{"a":1}',
      '["__proto__"]',
      '9'.repeat(15),
    );
    const pairs = fc.array(
      fc.oneof(fc.constantFrom(news('x'), ['g', '*']), fc.tuple(names, values)),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const shaped = fc
      .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.maxSafeNat(), pairs)
      .map(([name, first, items]) =>
        entry(first, ...items.flat()).with(3, Buffer.from(name).toString('base64url')),
      );
    const garbage = fc.sample(
      fc.oneof(
        pairs.map((some) => some.flat()),
        shaped,
      ),
      3_000,
    );

    const written: Promise<void>[] = [];
    for (const [n, fields] of garbage.entries()) {
      written.push(writeEntry(redis, stream, fields));
      if (n % 100 === 0) a.hub.publish('news', [`good ${n}`]);
    }
    await Promise.all(written);
    a.hub.publish('news', ['last']);
    await hears(b, 'last');

    const good = b.heard.filter((headline) => /^(good|last)/.test(headline));
    expect(good).toEqual([...series('good', 30).map((_, n) => `good ${n * 100}`), 'last']);
    // Among all that there are entries as they should be, with this one message; chance may make
    // one whose text is a hostile key's, which is a text like any other.
    const heard = b.heard.filter((headline) => headline !== '__proto__');
    expect(new Set(heard)).toEqual(new Set([...good, 'x', 'gap in news']));
    expect(new Set(b.errors.map(({ code }) => code))).toEqual(new Set(['backplane', 'decode']));
  });
});
