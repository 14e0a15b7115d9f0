/** The store of windows: a message that is repeated to another process is not handled again there. */
import { randomUUID } from 'node:crypto';
import { omniWs, type WindowStore } from 'express-omnimessage';
import { redisWindows } from 'express-omnimessage/redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveAttached } from '../../support/attached.ts';
import { deferred } from '../../support/deferred.ts';
import { gate } from '../../support/gate.ts';
import { isThere, startCluster } from '../../support/engines.ts';
import { ask, resume } from '../../../lib/client.ts';
import { type Answered, type Known } from '../../../lib/core/window-store.ts';
import { linkTo, words } from '../../support/linked.ts';
import { admin, redisUrl } from '../../support/redis-admin.ts';
import { until } from '../../support/until.ts';

interface Process {
  readonly url: string;
  readonly handled: string[];
  /** Ends it as a kill would: nothing is answered any more. */
  readonly kill: () => Promise<void>;
}

const limits = { messages: 3, bytes: 100, milliseconds: 60_000 };
const clients = Array.from({ length: 30 }, (_, n) => `client${n}`);
const text = (header: string, encoded: string) => ({ header, encoded });

/** A store of its own connection, as each process has one. */
function store(prefix: string, url: string = redisUrl): WindowStore {
  const made = redisWindows({ url, prefix });
  onTestFinished(() => made.close());
  return made;
}

/** A store, as a connection has it. */
interface Claimer {
  readonly claim: (client: string, id: number) => Promise<Known>;
  readonly settle: (client: string, id: number, answered: Answered) => void;
  readonly release: (client: string, id: number) => void;
}

let claimers = 0;

function claimerOf(given: WindowStore): Claimer {
  const open = given.open(limits);
  const name = `claimer${++claimers}`;
  return {
    claim: (client, id) => open.claim(client, id, name),
    settle: (client, id, answered) => open.settle(client, id, answered, name),
    release: (client, id) => open.release(client, id, name),
  };
}

async function startProcess(
  prefix: string,
  handler: (message: string) => string | Promise<string>,
): Promise<Process> {
  const handled: string[] = [];
  const route = omniWs({
    codec: words,
    resume: { store: store(prefix), ring: false },
    handler: (message) => {
      handled.push(message);
      return handler(message);
    },
    onError: () => undefined,
  });
  const { url, close } = await serveAttached((app) => {
    app.ws('/omni', route);
  });
  return { url: `${url}/omni`, handled, kill: () => close({ timeout: 0 }) };
}

describe.skipIf(!isThere.redis)('windows in Redis', () => {
  it('handle each message once, whichever process it is repeated to', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const stuck = deferred<string>();
    const first = await startProcess(prefix, (message) =>
      message === 'slow' ? stuck.promise : `${message}!`,
    );
    const second = await startProcess(prefix, (message) => `${message}?`);
    let { url } = first;
    const linked = linkTo(() => url, { resume: resume() });

    expect(await ask(linked.link, 'a')).toBe('a!');

    const slow = ask(linked.link, 'slow');
    const never = ask(linked.link, 'never came');
    await until(() => first.handled.includes('slow'));
    ({ url } = second);
    // The line breaks, the first process goes on with what it is doing.
    void first.kill();
    await until(() => linked.opened.length === 2);
    stuck.resolve('late');

    expect(await slow).toBe('late');
    expect(await never).toBe('never came?');
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: true });
    expect(linked.unconfirmed).toEqual([]);
    expect(first.handled).toEqual(['a', 'slow']);
    expect(second.handled).toEqual(['never came']);
  });

  it('say what is known of a message, and forget the oldest', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const [one, other] = [claimerOf(store(prefix)), claimerOf(store(prefix))];

    expect(await one.claim('a', 1)).toBe('new');
    expect(await other.claim('a', 1)).toBe('begun');
    expect(await other.claim('b', 1)).toBe('new');

    one.settle('a', 1, text('=1', 'done\nand more'));
    one.settle('a', 1, text('=1', 'twice'));
    await until(async () => (await other.claim('a', 1)) !== 'begun');

    expect(await other.claim('a', 1)).toEqual(text('=1', 'done\nand more'));

    await one.claim('a', 2);
    one.release('a', 2);

    expect(await one.claim('a', 2)).toBe('new');

    // Twice as many as are kept, and more: the last three are left of those.
    for (const id of [3, 4, 5, 6, 999_999_999_999_999]) await one.claim('a', id);

    expect(await other.claim('a', 1)).toBe('forgotten');
    expect(await other.claim('a', 3)).toBe('forgotten');
    expect(await other.claim('a', 4)).toBe('begun');
    expect(await other.claim('a', 999_999_999_999_999)).toBe('begun');
  });

  it('leave the claim of another as it is', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const [one, other] = [claimerOf(store(prefix)), claimerOf(store(prefix))];
    await one.claim('a', 1);
    one.release('a', 1);

    expect(await one.claim('a', 2)).toBe('new');
    expect(await other.claim('a', 1)).toBe('new');

    one.release('a', 1);
    one.settle('a', 1, text('=1', 'late'));

    expect(await one.claim('a', 1)).toBe('begun');

    other.settle('a', 1, text('=1', 'done'));
    one.release('a', 1);
    one.settle('a', 1, text('=1', 'late'));

    expect(await one.claim('a', 3)).toBe('new');
    expect(await other.claim('a', 1)).toEqual(text('=1', 'done'));
  });

  it('give back once, also where Redis is told twice', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const { hostname, port } = new URL(redisUrl);
    const before = await gate(hostname, Number(port));
    const one = claimerOf(store(prefix, `redis://127.0.0.1:${before.port}`));
    const other = claimerOf(store(prefix));

    expect(await one.claim('a', 1)).toBe('new');

    // Redis carries it out, and the connection breaks before it has said so.
    before.freeze('replies');
    one.release('a', 1);
    await until(async () => (await other.claim('a', 1)) === 'new');
    before.cut();
    before.thaw();

    // On the next connection what was not confirmed is written again first.
    await until(() =>
      one.claim('a', 2).then(
        () => true,
        () => false,
      ),
    );

    expect(await one.claim('a', 1)).toBe('begun');
  });

  it('keep an answer whose claim did not come, unless it is past', async () => {
    const open = claimerOf(store(`omnimessage-spec-${randomUUID()}`));
    open.settle('a', 1, text('-1;unavailable', ''));
    open.settle('b', 1, text('=1', 'x'.repeat(200)));

    expect(await open.claim('a', 1)).toEqual(text('-1;unavailable', ''));
    expect(await open.claim('b', 1)).toBe('forgotten');

    for (const id of [2, 3, 4, 5, 6, 7]) await open.claim('a', id);
    open.settle('a', 1, text('=1', 'late'));

    expect(await open.claim('a', 1)).toBe('forgotten');
  });

  it('have the answer of a message that was refused while Redis said nothing', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const { hostname, port } = new URL(redisUrl);
    const before = await gate(hostname, Number(port));
    const one = claimerOf(store(prefix, `redis://127.0.0.1:${before.port}`));
    await one.claim('a', 1);
    before.freeze('replies');

    await expect(one.claim('a', 2)).rejects.toThrow();

    one.settle('a', 2, text('-2;unavailable', ''));
    before.cut();
    before.thaw();
    const other = claimerOf(store(prefix));

    // It was noted as begun in truth.
    expect(await other.claim('a', 2)).toBe('begun');

    await until(async () => (await other.claim('a', 2)) !== 'begun');

    expect(await other.claim('a', 2)).toEqual(text('-2;unavailable', ''));
  });

  it('take a claim of an earlier version for one, and leave it to that', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const redis = await admin();
    onTestFinished(() => redis.destroy());
    await redis.hSet(`${prefix}:a`, { 1: 'b' });
    const open = claimerOf(store(prefix));

    expect(await open.claim('a', 1)).toBe('begun');

    open.release('a', 1);
    open.settle('a', 1, text('=1', 'done'));

    expect(await open.claim('a', 1)).toBe('begun');

    await redis.hSet(`${prefix}:a`, { 1: 'a=1\ndone' });

    expect(await open.claim('a', 1)).toEqual(text('=1', 'done'));
  });

  it('keep so many bytes of answers, and bytes as bytes', async () => {
    const prefix = `omnimessage-spec-${randomUUID()}`;
    const open = claimerOf(store(prefix));
    const answer = 'x'.repeat(45);
    for (const id of [1, 2]) {
      await open.claim('a', id);
      open.settle('a', id, text(`=${id}`, answer));
    }

    expect(await open.claim('a', 1)).toEqual(text('=1', answer));

    await open.claim('a', 3);
    open.settle('a', 3, { header: '=3', encoded: new Uint8Array([1, 10, 255]) });

    expect(await open.claim('a', 1)).toBe('forgotten');
    expect(await open.claim('a', 2)).toEqual(text('=2', answer));
    expect(await open.claim('a', 3)).toEqual({
      header: '=3',
      encoded: new Uint8Array([1, 10, 255]),
    });

    await open.claim('a', 4);
    open.settle('a', 4, text('=4', 'x'.repeat(200)));

    expect(await open.claim('a', 4)).toBe('forgotten');
    expect(await open.claim('a', 3)).toMatchObject({ header: '=3' });
  });

  it('fail a message that they cannot note, which is not handled', async () => {
    const errors: unknown[] = [];
    const away = redisWindows({
      url: 'redis://127.0.0.1:1',
      onError: (error) => errors.push(error),
    });
    onTestFinished(() => away.close());
    const handled: string[] = [];
    const { url } = await serveAttached((app) => {
      app.ws(
        '/omni',
        omniWs({
          codec: words,
          resume: { store: away },
          handler: (message) => {
            handled.push(message);
            return message;
          },
        }),
      );
    });
    const linked = linkTo(`${url}/omni`, { resume: resume() });

    await expect(ask(linked.link, 'a')).rejects.toMatchObject({ code: 'unavailable' });

    expect(handled).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it(
    'say so when they are given a node of a cluster as if it were all',
    { timeout: 60_000 },
    async (context) => {
      if (!isThere.cluster) context.skip();
      const { ports, stop } = await startCluster();
      onTestFinished(stop);
      const errors: Error[] = [];
      const made = redisWindows({
        url: `redis://127.0.0.1:${ports[0]}`,
        onError: (error) => errors.push(error),
      });
      onTestFinished(() => made.close());
      const open = claimerOf(made);
      const claims = await Promise.allSettled(clients.map((client) => open.claim(client, 1)));

      expect(claims.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
      expect(errors).toMatchObject([{ code: 'backplane' }]);
      expect(String(errors[0]?.cause)).toContain('give `cluster`');
    },
  );

  it(
    'are on the nodes of a cluster, and move with their slots',
    { timeout: 60_000 },
    async (context) => {
      if (!isThere.cluster) context.skip();
      const { ports, tell, stop } = await startCluster();
      onTestFinished(stop);
      const [first = 0] = ports;
      const stores = [0, 1].map(() => {
        const rootNodes = [{ url: `redis://127.0.0.1:${first}` }];
        const made = redisWindows({ cluster: { rootNodes }, prefix: 'windows' });
        onTestFinished(() => made.close());
        return claimerOf(made);
      }) as [Claimer, Claimer];
      const claimAll = (by: Claimer, id: number): Promise<Known[]> =>
        Promise.all(clients.map((client) => by.claim(client, id)));
      const all = <Value>(value: Value): Value[] => clients.map(() => value);

      expect(await claimAll(stores[0], 1)).toEqual(all('new'));
      expect(await claimAll(stores[1], 1)).toEqual(all('begun'));

      for (const client of clients) stores[0].settle(client, 1, text('=1', 'done'));
      await until(async () => (await claimAll(stores[1], 1)).every((known) => known !== 'begun'));

      expect(await claimAll(stores[1], 1)).toEqual(all(text('=1', 'done')));
      expect(ports.map((port) => Number(tell('-p', String(port), 'DBSIZE')) > 0)).toEqual([
        true,
        true,
        true,
      ]);

      // One slot goes to another node, step by step.
      const key = `windows:${clients[0]}`;
      const slot = tell('-p', String(first), 'CLUSTER', 'KEYSLOT', key);
      const owner = ports.find((port) => tell('-p', String(port), 'EXISTS', key) === '1') ?? 0;
      const target = ports.find((port) => port !== owner) ?? 0;
      const idOf = (port: number): string => tell('-p', String(port), 'CLUSTER', 'MYID');
      const setSlot = (port: number, ...how: string[]): string =>
        tell('-p', String(port), 'CLUSTER', 'SETSLOT', slot, ...how);
      const known = (): Promise<Known[]> =>
        Promise.all(stores.map((by) => by.claim(clients[0]!, 1)));
      const both = [text('=1', 'done'), text('=1', 'done')];
      setSlot(target, 'IMPORTING', idOf(owner));
      setSlot(owner, 'MIGRATING', idOf(target));

      expect(await known()).toEqual(both);

      tell('-p', String(owner), 'MIGRATE', '127.0.0.1', String(target), key, '0', '5000');

      expect(await known()).toEqual(both);

      for (const port of [target, owner, ...ports]) setSlot(port, 'NODE', idOf(target));

      expect(await known()).toEqual(both);

      stores[0].settle(clients[0]!, 2, text('=2', 'never claimed'));

      // A claim of the same connection comes after what it has written.
      expect(await stores[0].claim(clients[0]!, 3)).toBe('new');
      expect(await stores[1].claim(clients[0]!, 2)).toEqual(text('=2', 'never claimed'));
      expect(tell('-p', String(target), 'EXISTS', key)).toBe('1');
    },
  );

  it.each([
    ['no address', {}],
    ['a cluster without nodes', { cluster: { rootNodes: [] } }],
    ['two', { url: 'redis://a', client: {} }],
    ['a name that is none', { url: 'redis://a', uri: '' }],
  ])('want to know where Redis is: %s is a TypeError', (_, options) => {
    expect(() => redisWindows(options as never)).toThrow(TypeError);
  });
});
