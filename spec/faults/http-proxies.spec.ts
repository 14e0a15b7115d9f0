/**
 * Fault A7 and goal G28: refused bodies behind Debian's nginx and HAProxy, configured as
 * docs/production.md shows, with two servers behind them. A refusal that resets the connection takes
 * the server out of the proxy's list, and soon everybody gets 502.
 */
import { omniHttp } from 'express-omnimessage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { textCodec } from '../support/codecs.ts';
import { type Proxy, startHaproxy, startNginx } from '../support/proxies.ts';
import { until } from '../support/until.ts';
import { isLong, scaled } from './drilled.ts';
import { randomOf } from './random.ts';
import { dialHttp } from './served-http.ts';

const random = randomOf('proxies');
const FOREIGN = 'https://evil.example';

/** What is refused, and with which status. */
const kinds: readonly (readonly [string, Record<string, string>, number])[] = [
  ['too large, declared', {}, 413],
  ['too large, chunked', { 'content-length': '', 'transfer-encoding': 'chunked' }, 413],
  ['a foreign Origin', { origin: FOREIGN }, 403],
  [
    'a foreign Origin, chunked',
    { origin: FOREIGN, 'content-length': '', 'transfer-encoding': 'chunked' },
    403,
  ],
  ['content-encoding gzip', { 'content-encoding': 'gzip' }, 415],
  ['charset latin1', { 'content-type': 'text/plain; charset=latin1' }, 415],
];

interface Site {
  readonly proxy: Proxy;
  readonly close: (which: 0 | 1) => Promise<void>;
}

async function openSite(start: typeof startNginx): Promise<Site> {
  const options = { openTimeout: 5_000, keepAliveTimeout: 75_000 };
  const routes = { codec: textCodec, handler: ({ text }: { text: string }) => ({ said: text }) };
  const servers = await Promise.all(
    [0, 1].map(() =>
      serveAttached((app) => app.post('/omni', omniHttp({ ...routes, bodyTimeout: 500 })), options),
    ),
  );
  const [one, two] = servers.map(({ port }) => port) as [number, number];
  const proxy = await start([one, two]);
  return { proxy, close: async (which) => servers[which]?.close({ timeout: 5_000 }) };
}

/** The status that the sender of a body sees; undefined when it saw none. */
async function statusOf(
  proxy: Proxy,
  headers: Record<string, string>,
  size: number,
): Promise<number | undefined> {
  const client = dialHttp(proxy);
  const isChunked = 'transfer-encoding' in headers;
  const body = 'x'.repeat(size);
  if (isChunked) {
    client.post('', headers);
    for (let at = 0; at < size; at += 16_384) {
      const piece = body.slice(at, at + 16_384);
      client.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    }
    client.write('0\r\n\r\n');
  } else client.post(body, headers);
  const answer = await client.answer();
  client.socket.destroy();
  return answer?.status;
}

/** A message of everybody else's. */
async function said(proxy: Proxy): Promise<number | undefined> {
  const client = dialHttp(proxy);
  client.post('{"text":"a"}', { connection: 'close' });
  const answer = await client.answer();
  client.socket.destroy();
  return answer?.status;
}

describe.each([
  ['nginx', startNginx],
  ['HAProxy', startHaproxy],
] as const)('A7: refusals behind %s', (name, start) => {
  let site: Site;
  beforeEach(async () => {
    site = await openSite(start);
  });
  afterEach(() => site.proxy.stop());

  const rounds = scaled(8, 170);
  it(`A7 ${rounds * kinds.length} refused bodies of up to 900 kB, of every kind: each sees its status, others no error`, async () => {
    const wrong: unknown[] = [];
    const others: (number | undefined)[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(
        kinds.map(async ([kind, headers, status]) => {
          const size = 100_000 + Math.floor(random() * 800_000);
          const seen = await statusOf(site.proxy, headers, size);
          if (seen !== status) wrong.push([kind, size, seen]);
        }),
      );
      others.push(await said(site.proxy), await said(site.proxy));
    }
    if (isLong) {
      process.stdout.write(
        `G28 ${name}: ${wrong.length} of ${rounds * kinds.length} saw another status\n`,
      );
    }

    expect(wrong.length).toBeLessThanOrEqual(0.01 * rounds * kinds.length);
    expect(others.filter((status) => status !== 200)).toEqual([]);
    expect(site.proxy.log()).not.toMatch(/disabled|no live|broken pipe|reset by peer|is DOWN/i);
  });

  it('A7 a body of 900,000 zeros, three times: 413 each, and the next message is answered', async () => {
    const seen: (number | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) seen.push(await statusOf(site.proxy, {}, 900_000));

    expect(seen).toEqual([413, 413, 413]);
    expect([await said(site.proxy), await said(site.proxy)]).toEqual([200, 200]);
  });

  it('A7 a body that stalls: 408 or the proxy waits for all of it; others are answered', async () => {
    const client = dialHttp(site.proxy);
    client.post('{"text"', { 'content-length': '60000' });
    // nginx waits for the whole body before it asks a server.
    const status = name === 'nginx' ? 408 : (await client.answer())?.status;
    expect(status).toBe(408);

    expect([await said(site.proxy), await said(site.proxy)]).toEqual([200, 200]);
  });

  it('A7 one of the servers shuts down while bodies arrive: few errors, then none', async () => {
    const statuses: (number | undefined)[] = [];
    const work = { isOver: false };
    const sending = deferred();
    const senders = Array.from({ length: 4 }, async () => {
      while (!work.isOver) {
        statuses.push(
          await statusOf(site.proxy, { origin: FOREIGN }, 300_000),
          await said(site.proxy),
        );
        if (statuses.length >= 20) sending.resolve();
      }
    });
    await sending.promise;

    const closed = site.close(0);
    const enough = statuses.length + 40;
    await until(() => statuses.length >= enough);
    work.isOver = true;
    await Promise.all(senders);
    await closed;

    // 503 is what the ending server says to who was on the way to it, 502 what the proxy says where
    // the connection that it had kept was closed under its hands. Then it knows, and goes elsewhere.
    const errors = statuses.filter((status) => status !== 200 && status !== 403);
    expect(errors.filter((status) => status !== 502 && status !== 503)).toEqual([]);
    expect(errors.length).toBeLessThanOrEqual(8);
    expect(await said(site.proxy)).toBe(200);
  });
});
