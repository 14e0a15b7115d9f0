/** A link that comes back to this package's server, over each transport that can. */
import { createServer, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import express, { type Request } from 'express';
import {
  attachWebSockets,
  type Connection,
  createHub,
  type Hub,
  type LogOptions,
  omniHttp,
  omniSse,
  omniWs,
  type ResumeOptions,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ask,
  type ConnectOptions,
  resume as resumption,
  sse,
  webSocket,
} from '../../lib/client.ts';
import { type Introduction } from '../../lib/core/protocol.ts';
import { deferred } from '../support/deferred.ts';
import { linkTo, words } from '../support/linked.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { serve } from '../support/serve.ts';
import { stacksOfThisRun } from '../support/stacks.ts';
import { until } from '../support/until.ts';

interface Chat {
  readonly url: string;
  readonly hub: Hub<string>;
  readonly handled: string[];
  readonly connections: Connection<string, never>[];
  /** Breaks all lines without a word. */
  readonly cut: () => void;
  /** What the handler waits for. */
  wait: (message: string) => Promise<void> | undefined;
}

interface ChatOptions {
  readonly resume?: ResumeOptions | boolean;
  readonly log?: LogOptions;
}

async function chat({ resume = true, log = {} }: ChatOptions = {}): Promise<Chat> {
  const hub = createHub({ codec: words, log });
  const sockets = new Set<Socket>();
  const { app, server, close } = attachWebSockets(express());
  app.set('env', 'test');
  const handler = async (message: string): Promise<string | undefined> => {
    served.handled.push(message);
    await served.wait(message);
    if (!message.startsWith('say ')) return `${message}!`;
    hub.publish('room', message.slice(4));
    return undefined;
  };
  const onOpen = (connection: Connection<string>): void => {
    served.connections.push(connection as never);
    hub.join('room', connection);
  };
  app.ws('/ws', omniWs({ codec: words, handler, onOpen, resume }));
  app.get('/sse', omniSse<string>({ codec: words, onOpen, resume }) as never);
  app.use(omniHttp({ path: '/post', codec: words, handler }));
  app.get('/nothing', (_request: Request, response: ServerResponse) => response.end());
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => close({ timeout: 0 }));
  const served: Chat = {
    url: await serve(server),
    hub,
    handled: [],
    connections: [],
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    wait: () => undefined,
  };
  return served;
}

const transports = [
  ['WebSocket', () => webSocket({ url: '/ws' })],
  ['server-sent events', () => sse({ url: '/sse', post: '/post' })],
] as const;

it('comes back over server-sent events with more places than a proxy takes in a header', async () => {
  const topics = Array.from({ length: 256 }, (_, n) => `topic ${n}`);
  const hub = createHub({ codec: words, log: {} });
  const app = express();
  const server = createServer({ maxHeaderSize: 7_500 }, app);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const onOpen = (connection: Connection<string>): void => {
    for (const topic of topics) hub.join(topic, connection);
  };
  app.get('/sse', omniSse<string>({ codec: words, resume: { ring: false }, onOpen }) as never);
  app.use(omniHttp({ path: '/post', codec: words, handler: (message) => message }));
  const base = await serve(server);
  const transport = sse({ url: `${base}/sse`, post: `${base}/post` });
  const linked = linkTo(undefined, { resume: resumption(), transport });
  await until(() => linked.opened.length === 1);
  for (const topic of topics) hub.publish(topic, topic);
  await until(() => linked.messages.length === 256);
  for (const socket of sockets) socket.destroy();
  hub.publish('topic 255', 'missed');
  await until(() => linked.messages.length === 257);

  expect(linked.messages.at(-1)).toBe('missed');
  expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: true });

  await until(() => linked.gaps === 1);
});

describe.each(transports)('a link over %s that comes back', (_, transport) => {
  const connectTo = (served: Chat, onOpen?: ConnectOptions<string, string>['onOpen']) => {
    const { pathname } = new URL(String(transport().url), served.url);
    const found = transport();
    return linkTo(undefined, {
      resume: resumption(),
      transport: { ...found, url: `${served.url}${pathname}` },
      onOpen,
    });
  };

  it('gets what the topic had meanwhile, in order and nothing twice', async () => {
    const served = await chat({ resume: { ring: false } });
    const linked = connectTo(served);
    await until(() => served.connections.length === 1);
    served.hub.publish('room', 'one');
    await until(() => linked.messages.length === 1);
    served.cut();
    served.hub.publish('room', 'two');
    served.hub.publish('room', 'three');
    await until(() => linked.messages.length === 3);
    served.hub.publish('room', 'four');
    await until(() => linked.messages.length === 4);

    expect(linked.messages).toEqual(['one', 'two', 'three', 'four']);
    expect(linked.opened).toEqual([
      { isFirst: true, isResumed: false },
      { isFirst: false, isResumed: true },
    ]);
    expect(linked.gaps).toBe(0);
  });

  it('misses nothing of a topic in which nothing had been said', async () => {
    const served = await chat({ resume: { ring: false } });
    const linked = connectTo(served);
    await until(() => linked.opened.length === 1 && served.connections.length === 1);
    served.hub.publish('elsewhere', 'not heard');
    await ask(linked.link, 'sign of life');
    served.cut();
    served.hub.publish('room', 'missed');
    await until(() => linked.messages.length === 1);

    expect(linked.messages).toEqual(['missed']);
    expect(linked.gaps).toBe(0);
  });

  it('hears of a gap, once, where the log no longer reaches back', async () => {
    const served = await chat({ resume: { ring: false }, log: { messages: 1 } });
    const linked = connectTo(served);
    await until(() => served.connections.length === 1);
    served.hub.publish('room', 'one');
    await until(() => linked.messages.length === 1);
    served.cut();
    for (const word of ['two', 'three', 'four']) served.hub.publish('room', word);
    await until(() => linked.gaps === 1);
    served.hub.publish('room', 'five');
    await until(() => linked.messages.includes('five'));

    expect(linked.messages).toEqual(['one', 'five']);
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: true });

    served.cut();
    served.hub.publish('room', 'six');
    await until(() => linked.messages.includes('six'));

    expect(linked.gaps).toBe(1);
  });

  it('hears of a gap where it was cut before what onOpen asked for had come', async () => {
    const served = await chat({ resume: { ring: false } });
    served.wait = (message) => (message === 'fetch' ? new Promise(() => {}) : undefined);
    const linked = connectTo(served, ({ isResumed }) => {
      if (!isResumed) linked.link.send('fetch');
    });
    await until(() => served.handled.includes('fetch'));
    served.hub.publish('room', 'one');
    await until(() => linked.messages.length === 1);
    served.cut();
    await until(() => linked.gaps === 1);
    served.cut();
    await until(() => linked.opened.length === 3);
    served.hub.publish('room', 'two');
    await until(() => linked.messages.length === 2);

    expect(linked.opened.map(({ isResumed }) => isResumed)).toEqual([false, true, true]);
    expect(linked.gaps).toBe(1);
  });

  it('is not resumed by a route that keeps nothing', async () => {
    const served = await chat({ resume: false });
    const linked = connectTo(served);
    await until(() => served.connections.length === 1);
    served.hub.publish('room', 'one');
    await until(() => linked.messages.length === 1);
    served.cut();
    await until(() => linked.opened.length === 2);

    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: false });
  });
});

describe.each(stacksOfThisRun)('what was on its way when the line broke, on %s', (_, stack) => {
  it('is sent again, after what onOpen sends, and handled once', async () => {
    const began = deferred<boolean>();
    const slow = deferred<string>();
    const handled: string[] = [];
    const connections: Connection<string, unknown>[] = [];
    const url = await stack(
      omniWs({
        codec: words,
        resume: true,
        onOpen: (connection) => {
          connections.push(connection);
        },
        handler: (message, { request }) => {
          handled.push(message);
          if (message === 'cut') request.socket.destroy();
          if (message !== 'slow') return `${message}!`;
          began.resolve(true);
          return slow.promise;
        },
      }),
    );
    const linked = linkTo(url, {
      resume: resumption(),
      onOpen: ({ isFirst }) => {
        linked.link.send(isFirst ? 'hello' : 'hello again');
      },
    });
    const slowly = ask(linked.link, 'slow');
    linked.link.send('waits');
    await began.promise;
    connections[0]!.request.socket.destroy();
    await until(() => handled.includes('hello again'));

    expect(linked.unconfirmed).toEqual([]);
    expect(linked.link.hasUnsent()).toBe(true);

    slow.resolve('done');

    expect(await slowly).toBe('done');

    // Handled, and its answer is lost with the line.
    linked.link.send('cut');
    linked.link.send('last');
    await until(() => linked.messages.includes('last!') && linked.messages.includes('cut!'));

    expect(handled.slice(0, 5)).toEqual(['hello', 'slow', 'hello again', 'waits', 'cut']);
    expect(handled.slice(5).sort()).toEqual(['hello again', 'last']);
    expect(linked.messages.filter((message) => message === 'cut!')).toHaveLength(1);
    expect(linked.unconfirmed).toEqual([]);
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: true });
  });
});

describe('what was on its way when the line broke', () => {
  it('is told where the server knows nothing of it any more, exactly that', async () => {
    const before = await chat();
    const blocked = deferred<boolean>();
    before.wait = (message) => (message === 'one' ? blocked.promise.then(() => {}) : undefined);
    const after = await chat();
    let { url } = before;
    const linked = linkTo(() => `${url}/ws`, { resume: resumption() });
    linked.link.send('one');
    linked.link.send('two');
    const asked = ask(linked.link, 'three');
    await until(() => before.handled.length === 1);
    ({ url } = after);
    before.cut();

    await expect(asked).rejects.toMatchObject({ code: 'unconfirmed', isSent: true });

    await until(() => linked.unconfirmed.length === 2);
    linked.link.send('four');
    await until(() => linked.messages.length === 1);

    expect(linked.unconfirmed.flat()).toEqual(['one', 'two']);
    expect(after.handled).toEqual(['four']);
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: false });
    blocked.resolve(true);
  });

  it('is told at once to a page that does not resume, and not sent again', async () => {
    const served = await chat();
    served.wait = () => new Promise(() => {});
    const linked = linkTo(`${served.url}/ws`);
    linked.link.send('one');
    await until(() => served.handled.length === 1);
    served.wait = () => undefined;
    served.cut();
    await until(() => linked.opened.length === 2);
    linked.link.send('two');
    await until(() => linked.messages.length === 1);

    expect(linked.unconfirmed).toEqual([['one']]);
    expect(linked.messages).toEqual(['two!']);
    expect(served.handled).toEqual(['one', 'two']);
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: false });
  });

  it('is told when it has been too long, and when the link ends', async () => {
    const served = await chat({ resume: { seconds: 0.05 } });
    served.wait = () => new Promise(() => {});
    let isAway = false;
    const linked = linkTo(
      () => {
        if (isAway) throw new Error('away');
        return `${served.url}/ws`;
      },
      { resume: resumption() },
    );
    linked.link.send('one');
    await until(() => served.handled.length === 1);
    isAway = true;
    served.cut();
    await until(() => linked.unconfirmed.length === 1);

    expect(linked.unconfirmed).toEqual([['one']]);
    expect(linked.link.hasUnsent()).toBe(false);
  });

  it('is not sent a third time when the server failed twice', async () => {
    let runs = 0;
    const handled: string[] = [];
    const { app, server, close } = attachWebSockets(express());
    app.ws(
      '/ws',
      omniWs({
        codec: words,
        resume: true,
        onOpen: () => {
          runs += 1;
          if (runs < 3) throw new Error('secret');
        },
        handler: (message) => {
          handled.push(message);
          return message;
        },
        onError: () => undefined,
      }),
    );
    onTestFinished(() => close({ timeout: 0 }));
    const linked = linkTo(`${await serve(server)}/ws`, { resume: resumption() });
    linked.link.send('one');
    linked.link.send('two');
    await until(() => linked.unconfirmed.length === 1);

    expect(linked.unconfirmed).toEqual([['one', 'two']]);
    expect(await ask(linked.link, 'three')).toBe('three');
    expect(handled).toEqual(['three']);
    expect(runs).toBe(3);
  });

  it('gets what was sent outside of topics meanwhile', async () => {
    const served = await chat();
    const linked = linkTo(`${served.url}/ws`, { resume: resumption() });
    await until(() => served.connections.length === 1);
    served.connections[0]!.send('first');
    await until(() => linked.messages.length === 1);
    // It leaves the server, and the line is broken before it arrives.
    served.connections[0]!.send('second');
    served.cut();
    await until(() => linked.messages.length === 2);

    expect(linked.messages).toEqual(['first', 'second']);
    expect(linked.opened.at(-1)).toEqual({ isFirst: false, isResumed: true });
    expect(linked.gaps).toBe(0);
  });

  // 1,024 characters are 768 bytes of JSON.
  it.each([
    ['in its handshake where that fits', 768, true],
    ['in its first frame where it is a byte too long', 769, false],
  ])('says from where %s', async (_name, bytes, isInHandshake) => {
    const server = await serveProtocol({ hello: { window: 60_000 } });
    const linked = linkTo(server.url, { resume: resumption() });
    const first = await server.peer(0);
    const { client } = first.introduction as Introduction;
    const owner = 'o'.repeat(22);
    const told = { client, resumes: true, from: { owner, sent: 0, pushes: 0, places: {} } };
    // A topic and its place add their own length, five quotes and a comma to the first.
    const places: Record<string, string> = {};
    const length = (): number => JSON.stringify({ ...told, from: { ...told.from, places } }).length;
    for (let n = 0; n < 3; n++) places[`topic${n}`] = 'p'.repeat(150);
    places['last'] = 'p';
    places['last'] = 'p'.repeat(1 + bytes - length());
    for (const [topic, place] of Object.entries(places)) first.send(`.;place=${topic},${place}`);
    first.send('@', JSON.stringify({ owner, resumed: false, pushes: 0 }));
    first.send('', 'heard');
    await until(() => linked.messages.length === 1);
    first.socket.terminate();
    const second = await server.peer(1);
    const from = { ...told.from, places };
    second.send('', 'no answer yet');
    if (!isInHandshake) await until(() => second.received.length === 1);

    expect(second.introduction?.resumes).toBe(true);
    expect(second.introduction?.from).toEqual(isInHandshake ? from : undefined);
    expect(second.received.map((frame) => JSON.parse(frame) as unknown)).toEqual(
      isInHandshake ? [] : [from],
    );

    second.send('@', JSON.stringify({ owner, resumed: true, pushes: 0 }));
    await until(() => linked.opened.length === 2);

    expect(linked.opened[1]).toEqual({ isFirst: false, isResumed: true });
    expect(await ask(linked.link, 'go on')).toBe('go on');
  });

  it.each([
    ['is not repeated after a sleep in which the monotonic clock stood still', Date, 60_000, false],
    ['is not repeated after a sleep in which that went on', performance, 60_000, false],
    ['is repeated when the clock of the day was set back', Date, -3_600_000, true],
  ] as const)('what was sent %s', async (_name, clock, ms, isRepeated) => {
    const server = await serveProtocol({ hello: { window: 60_000 }, answer: () => {} });
    const { link, opened, unconfirmed } = linkTo(server.url, { resume: resumption() });
    link.send('a');
    const first = await server.peer(0);
    await until(() => first.received.length === 1);
    const before = clock.now.bind(clock);
    const shifted = vi.spyOn(clock, 'now').mockImplementation(() => before() + ms);
    onTestFinished(() => shifted.mockRestore());
    first.socket.terminate();
    const second = await server.peer(1);
    second.send('@', JSON.stringify({ owner: 'o', resumed: true, pushes: 0 }));
    await until(() => opened.length === 2);
    link.send('b');
    await until(() => second.received.includes('b'));

    expect(second.received).toEqual(isRepeated ? ['a', 'b'] : ['b']);
    expect(unconfirmed).toEqual(isRepeated ? [] : [['a']]);
  });

  it('does not send again what is sent now or never', async () => {
    const server = await serveProtocol({ hello: { window: 60_000 }, answer: () => {} });
    const { link, opened, unconfirmed } = linkTo(server.url, { resume: resumption() });
    await until(() => opened.length === 1);
    link.send('a');
    link.send('typing', { queue: false });
    const first = await server.peer(0);
    await until(() => first.received.length === 2);
    first.socket.terminate();
    const second = await server.peer(1);
    second.send('@', JSON.stringify({ owner: 'o', resumed: true, pushes: 0 }));
    await until(() => opened.length === 2);
    link.send('b');
    await until(() => second.received.includes('b'));

    expect(second.received).toEqual(['a', 'b']);
    expect(unconfirmed).toEqual([['typing']]);
  });

  it('does not name the owner of an earlier line where the last one was told none', async () => {
    const hellos = [{ window: 60_000 }, {}, { window: 60_000 }, { window: 60_000 }];
    const server = await serveProtocol({
      hello: false,
      greet: (peer) =>
        peer.send('!', JSON.stringify({ version: 1, interval: 25_000, ...hellos.shift() })),
      answer: () => {},
    });
    const { link, opened } = linkTo(server.url, { resume: resumption() });
    const first = await server.peer(0);
    first.send('@', JSON.stringify({ owner: 'ann', resumed: false, pushes: 0 }));
    first.send('', 'heard');
    await until(() => opened.length === 1);
    first.socket.terminate();
    // A process without `resume`, and one that says too late whom it takes the page for.
    (await server.peer(1)).socket.terminate();
    await until(() => opened.length === 2);
    const third = await server.peer(2);
    link.send('for whom?');
    await until(() => third.received.length === 1);
    third.socket.terminate();
    const { introduction } = await server.peer(3);

    expect(third.introduction?.resumes).toBe(false);
    expect(introduction).toMatchObject({ resumes: true, from: { sent: 1 } });
    expect(introduction?.from?.owner).toBeUndefined();
  });

  it('tells the server which answers it need not keep, of eight messages at once', async () => {
    const server = await serveProtocol({
      hello: { window: 60_000 },
      answer: (message, id, peer) => {
        if (message !== 'open') peer.send(`=${id}`, message);
      },
    });
    const { link } = linkTo(server.url, { resume: resumption() });
    const first = await server.peer(0);
    first.send('@', JSON.stringify({ owner: 'o'.repeat(22), resumed: false, pushes: 0 }));
    const say = (times: number): Promise<unknown> =>
      Promise.all(Array.from({ length: times }, () => ask(link, 'said')));
    await say(7);
    await say(1);
    await say(1);
    const open = ask(link, 'open');
    await say(9);
    await say(1);

    // Up to the one that has no answer, and not again until there are eight more.
    expect(first.headers.map((header, at) => header.slice(String(at + 1).length))).toEqual([
      ...Array<string>(8).fill(''),
      ';done=8',
      ...Array<string>(11).fill(''),
    ]);

    first.socket.terminate();
    const second = await server.peer(1);
    second.send('@', JSON.stringify({ owner: 'o'.repeat(22), resumed: true, pushes: 0 }));
    await until(() => second.headers.length === 1);
    second.send('=10', 'late');
    await open;
    await say(1);

    expect(second.headers).toEqual(['10;again', '21;done=20']);
  });

  it('says nothing of answers where the server keeps none', async () => {
    const server = await serveProtocol();
    const { link } = linkTo(server.url, { resume: resumption() });
    for (let n = 0; n < 20; n++) await ask(link, 'said');

    expect(server.peers[0]?.headers.filter((header) => header.includes(';'))).toEqual([]);
  });

  it.each([
    ['with resume', resumption()],
    ['without', undefined],
  ])('does not mind extensions that it does not know, %s', async (_, resume) => {
    const server = await serveProtocol({ hello: false, answer: () => {} });
    const { link, messages, opened } = linkTo(server.url, { resume });
    const answer = ask(link, 'asked');
    const peer = await server.peer(0);
    peer.send(
      '!;new=1',
      JSON.stringify({ version: 1, interval: 25_000, limit: 65_536, window: 1 }),
    );
    peer.send('.;new=1');
    peer.send('@;new=1', JSON.stringify({ owner: 'o', resumed: false, pushes: 0 }));
    await until(() => peer.ids.length === 1);
    peer.send(';new=1', 'pushed');
    peer.send(`=${peer.ids[0]};new=1`, 'answered');

    expect(await answer).toBe('answered');
    expect(messages).toEqual(['pushed']);
    expect(opened).toHaveLength(1);
  });

  it('ends as outdated where the page is too old', async () => {
    const { app, server, close } = attachWebSockets(express());
    app.ws(
      '/ws',
      omniWs({
        codec: words,
        handler: (message) => message,
        onVersion: (definition) => definition === 'new',
      }),
    );
    onTestFinished(() => close({ timeout: 0 }));
    const url = `${await serve(server)}/ws`;
    const old = linkTo(url, { resume: resumption({ definition: 'old' }) });
    const now = linkTo(url, { resume: resumption({ definition: 'new' }) });

    expect(await ask(now.link, 'a')).toBe('a');

    await until(() => old.link.getSnapshot().state === 'closed');

    expect(old.link.getSnapshot()).toMatchObject({
      reason: 'outdated',
      text: 'Outdated',
      code: 4426,
    });
  });
});
