import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { integer, string } from 'superstruct';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { structCodec, variants } from '../../lib/codecs.ts';
import { attachWebSockets, omniHttp, omniWs } from '../../lib/index.ts';
import { nextTurn, withFakeClock } from '../support/clock.ts';
import { testClient, type TestClient, type TestClientOptions } from '../../lib/testing.ts';

const FromPage = variants('type', { add: { amount: integer() }, quiet: {}, fail: {} });
const FromServer = variants('type', { total: { value: integer() }, news: { text: string() } });
type Page = { type: 'add'; amount: number } | { type: 'quiet' } | { type: 'fail' };
type Server = { type: 'total'; value: number } | { type: 'news'; text: string };
const pageCodec = structCodec({ incoming: FromServer, outgoing: FromPage });
const serverCodec = structCodec({ incoming: FromPage, outgoing: FromServer });

function answer(): (message: Page) => Server | undefined {
  let value = 0;
  return (message) => {
    if (message.type === 'fail') throw new Error('secret');
    if (message.type !== 'add') return undefined;
    value += message.amount;
    return { type: 'total', value };
  };
}
const onError = (): undefined => undefined;
const socketRoute = (): ReturnType<typeof omniWs> =>
  omniWs({
    codec: serverCodec,
    onError,
    handler: answer(),
    onOpen: (connection) => {
      connection.send({ type: 'news', text: 'welcome' });
    },
  });
const httpRoute = (): ReturnType<typeof omniHttp> =>
  omniHttp({ codec: serverCodec, onError, handler: answer() });

function client(
  target: Parameters<typeof testClient>[0],
  options: Partial<TestClientOptions<Server, Page>> = {},
): TestClient<Server, Page> {
  const made = testClient<Server, Page>(target, { codec: pageCodec, ...options });
  onTestFinished(() => made.close());
  return made;
}

describe('testClient', () => {
  it('talks to a route of sockets, in memory', async () => {
    const { send, ask, next, until } = client(socketRoute());
    send({ type: 'add', amount: 2 });

    expect(await next()).toEqual({ type: 'news', text: 'welcome' });
    const total = await until('total');
    expectTypeOf(total).toEqualTypeOf<{ type: 'total'; value: number }>();
    expect(total.value).toBe(2);
    expect(await ask({ type: 'add', amount: 3 })).toEqual({ type: 'total', value: 5 });
    await expect(ask({ type: 'fail' })).rejects.toMatchObject({ code: 'handler' });
  });

  it('talks to a route of HTTP, in memory', async () => {
    const { send, ask, until } = client(httpRoute(), { transport: 'http' });
    send({ type: 'add', amount: 2 });

    expect(await until((message) => message.type === 'total')).toMatchObject({ value: 2 });
    expect(await ask({ type: 'quiet' })).toBeUndefined();
    await expect(ask({ type: 'fail' })).rejects.toMatchObject({ code: 'handler' });
  });

  it('talks to an attached application that does not listen, with headers', async () => {
    const attached = attachWebSockets(express(), {
      authorize: ({ headers }) => {
        if (headers.cookie === 'name=Ann') return 'Ann';
        throw Object.assign(new Error('no'), { status: 403 });
      },
    });
    attached.app.ws('/room', socketRoute());
    const known = client(attached, { path: '/room', headers: { cookie: 'name=Ann' } });
    expect(await known.ask({ type: 'add', amount: 1 })).toEqual({ type: 'total', value: 1 });
    const unknown = client(attached.server, { path: '/room' });

    await expect(unknown.next()).rejects.toThrow('the link has ended: Forbidden');
    await expect(unknown.until('total')).rejects.toThrow('Forbidden');
    expect(attached.server.listening).toBe(false);
  });

  it('talks to an application without sockets, and refuses one of which it cannot reach them', async () => {
    const app = express();
    app.post('/omni-http', httpRoute());
    const { ask } = client(app, { transport: 'http' });
    expect(await ask({ type: 'add', amount: 1 })).toEqual({ type: 'total', value: 1 });

    expect(() => client(attachWebSockets(express()).app)).toThrow(/what attachWebSockets returned/);
  });

  it.each(['websocket', 'http'] as const)('talks to a port over %s', async (transport) => {
    const { app, server, close } = attachWebSockets(express());
    app.ws('/omni-ws', socketRoute());
    app.post('/omni-http', httpRoute());
    server.listen(0, 'localhost');
    await once(server, 'listening');
    onTestFinished(() => close({ timeout: 0 }));
    const { port } = server.address() as AddressInfo;
    const { ask, cut, link, until } = client(port, { transport });

    expect(await ask({ type: 'add', amount: 1 })).toEqual({ type: 'total', value: 1 });
    if (transport === 'websocket') {
      await until('news');
      cut();
      await until('news');
    }
    expect(await ask({ type: 'add', amount: 1 })).toEqual({ type: 'total', value: 2 });
    expect(link.getSnapshot().state).toBe('open');
  });

  it('cuts the connection: what is unconfirmed is told, and the link comes back', async () => {
    const unconfirmed: Page[][] = [];
    const { send, ask, freeze, thaw, cut, until } = client(socketRoute(), {
      connect: { onUnconfirmed: (messages) => unconfirmed.push([...messages]) },
    });
    await until('news');
    freeze();
    send({ type: 'add', amount: 1 });
    cut();
    thaw();

    expect(await until('news')).toBeDefined();
    expect(unconfirmed).toEqual([[{ type: 'add', amount: 1 }]]);
    expect(await ask({ type: 'add', amount: 5 })).toEqual({ type: 'total', value: 5 });
  });

  it('keeps the order of what travels, whatever is done to the connection meanwhile', async () => {
    const { send, ask, next, delay, freeze, thaw, link } = client(socketRoute());
    await next();
    const deeds = [() => delay(20), () => delay(0), freeze, thaw, () => delay(5), () => delay(0)];
    for (const [index, deed] of deeds.entries()) {
      send({ type: 'add', amount: 10 ** index });
      // What is written in one turn leaves in another.
      await nextTurn();
      deed();
    }

    for (const value of [1, 11, 111, 1_111, 11_111, 111_111]) {
      expect(await next()).toEqual({ type: 'total', value });
    }
    expect(await ask({ type: 'quiet' })).toBeUndefined();
    expect(link.getSnapshot().state).toBe('open');
  });

  it('gives nothing that is waited for once it is closed', async () => {
    const { next, until, close } = client(socketRoute());
    await next();
    const waits = [next(), until('total')];
    await close();

    for (const waited of [...waits, next()]) {
      await expect(waited).rejects.toThrow('the link has ended: Closed');
    }
  });

  it('gives what the function of until throws', async () => {
    const { send, next, until } = client(socketRoute());
    await next();
    const waited = until(() => {
      throw new RangeError('wrong');
    });
    send({ type: 'add', amount: 2 });
    send({ type: 'add', amount: 3 });

    await expect(waited).rejects.toThrow(RangeError);
    expect(await next()).toEqual({ type: 'total', value: 5 });
  });

  it('talks to an omniHttp that has a path of its own', async () => {
    const route = omniHttp({ path: '/omni-http', codec: serverCodec, onError, handler: answer() });
    const { ask } = client(route, { transport: 'http' });

    expect(await ask({ type: 'add', amount: 1 })).toEqual({ type: 'total', value: 1 });
  });

  it('sends the query of its path to a route', async () => {
    const route = omniWs({
      codec: serverCodec,
      context: ({ url }) => url,
      handler: (_message, { context }) => ({ type: 'news', text: String(context) }),
    });
    const { ask } = client(route, { path: '/room?name=Ann' });

    expect(await ask({ type: 'quiet' })).toEqual({ type: 'news', text: '/room?name=Ann' });
  });

  it.each([
    ['nothing', undefined, {}, /^Expected testClient to get a port, .* got undefined$/],
    ['an address', 'http://localhost', {}, /got string$/],
    ['an object', {}, {}, /got object$/],
    ['no port', NaN, {}, /got NaN$/],
    ['a path without /', socketRoute(), { path: 'room' }, /`path` to begin with \//],
    ['another transport', socketRoute(), { transport: 'sse' }, /'websocket' or 'http'/],
    ['no codec', socketRoute(), { codec: undefined }, /Expected `codec`/],
    ['a misspelt option', socketRoute(), { pth: '/room' }, /did you mean `path`/],
  ])('refuses %s', (_name, target, options, message) => {
    expect(() => client(target as never, options as never)).toThrow(message);
    expect(() => client(target as never, options as never)).toThrow(TypeError);
  });

  it('freezes, thaws and delays by a fake clock', async () => {
    withFakeClock();
    const { send, ask, until, freeze, thaw, delay, link } = client(socketRoute());
    await until('news');
    freeze();
    send({ type: 'add', amount: 1 });
    thaw();
    expect(await until('total')).toEqual({ type: 'total', value: 1 });

    delay(1_000);
    // A second there, and a second back.
    const done = { isAnswered: false };
    const answered = ask({ type: 'add', amount: 1 }).then(() => {
      done.isAnswered = true;
    });
    let elapsed = 0;
    for (; !done.isAnswered && elapsed < 5_000; elapsed += 100) {
      await vi.advanceTimersByTimeAsync(100);
      for (let turns = 0; turns < 20; turns++) await nextTurn();
    }
    await answered;
    expect(elapsed).toBe(2_000);

    // A dead line that nobody has closed is noticed by its silence.
    freeze();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.getSnapshot().state).not.toBe('open');
  });
});
