import { createServer } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import express from 'express';
import { attachWebSockets, omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { anyWebSocket, ask, AskError, connect, webSocket } from '../../lib/client.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { gate } from '../support/gate.ts';
import { linkTo, words } from '../support/linked.ts';
import { type Peer, serveProtocol } from '../support/protocol-server.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

const refuse = (): never => {
  throw new DOMException('insecure', 'SecurityError');
};
/** Nothing is answered. */
const silent = (): void => {};

describe('a link over omnimessage.1', () => {
  it('sends what was said before there was a line, in order, once there is one', async () => {
    const server = await serveProtocol();
    const { link, messages, states } = linkTo(server.url);

    expect(link.getSnapshot().state).toBe('connecting');
    expect(['a', 'b', 'c'].map((message) => link.send(message))).toEqual(Array(3).fill('queued'));
    expect(link.getSnapshot().queued).toBe(3);
    await until(() => messages.length === 3);

    expect(link.send('d')).toBe('sent');
    await until(() => messages.length === 4);
    expect(messages).toEqual(['a', 'b', 'c', 'd']);
    expect(server.received()).toEqual(['a', 'b', 'c', 'd']);
    expect(server.peers[0]!.ids).toEqual([1, 2, 3, 4]);
    expect(states()).toEqual(['connecting', 'open: connected']);
    expect(link.getSnapshot()).toMatchObject({ state: 'open', queued: 0, transport: 'websocket' });
    expect(link.hasUnsent()).toBe(false);
  });

  it('sends what onOpen sends first, on each line, and not again on another one', async () => {
    const server = await serveProtocol({ answer: silent });
    const { link, opened, unconfirmed } = linkTo(server.url, {
      onOpen: ({ isFirst }) => {
        for (const word of ['hello', 'again']) link.send(`${word} ${String(isFirst)}`);
      },
    });
    link.send('waiting');
    const first = await server.peer(0);
    await until(() => first.received.length === 3);
    first.socket.terminate();
    const second = await server.peer(1);
    await until(() => second.received.length === 2);

    expect(first.received).toEqual(['hello true', 'again true', 'waiting']);
    expect(second.received).toEqual(['hello false', 'again false']);
    expect(unconfirmed).toEqual([['waiting']]);
    expect(opened).toEqual([
      { isFirst: true, isResumed: false },
      { isFirst: false, isResumed: false },
    ]);
  });

  it('does not let what is sent live overtake the queue', async () => {
    const server = await serveProtocol({ hello: { rate: 200 } });
    const { link, messages } = linkTo(server.url);
    for (let count = 0; count < 20; count++) link.send(`queued ${count}`);
    await until(() => link.getSnapshot().state === 'open');

    expect(link.send('live')).toBe('queued');
    await until(() => messages.length === 21);

    expect(server.received().at(-1)).toBe('live');
    expect(new Set(messages).size).toBe(21);
  });

  it('leaves to the page what the codec skips', async () => {
    const server = await serveProtocol();
    const { link, messages } = linkTo(server.url);

    expect(link.send('local')).toBe('skipped');
    await expect(ask(link, 'local')).rejects.toMatchObject({ code: 'skipped', isSent: false });
    link.send('not');
    await until(() => messages.length === 1);

    expect(server.received()).toEqual(['not']);
  });

  it('calls a codec whose functions are methods', async () => {
    class Shout {
      readonly #mark = '?';
      decode(encoded: string): string {
        return encoded + this.#mark;
      }
      encode(message: string): string {
        return message + this.#mark;
      }
    }
    const { app, server, close } = attachWebSockets(express());
    app.ws('/ws', omniWs({ codec: words, handler: (message) => message }));
    onTestFinished(() => close({ timeout: 0 }));
    const { link } = linkTo(`${await serve(server)}/ws`, { codec: new Shout() });

    expect(await ask(link, 'hello')).toBe('hello??');
  });

  it('reports what it cannot decode, and goes on', async () => {
    const server = await serveProtocol();
    const { link, messages, errors } = linkTo(server.url);
    const peer = await server.peer(0);

    peer.send('', 'garbage');
    peer.socket.send('no line feed at all');
    peer.send('~7;what=ever', 'of a newer version');
    peer.send('=999', 'an answer to nothing');
    peer.send(';place=x', 'with an extension');
    await expect(ask(link, 'garbage')).rejects.toMatchObject({ code: 'decode', isSent: true });
    await until(() => messages.length === 1);

    expect(messages).toEqual(['with an extension']);
    expect(errors.map(String)).toEqual(['TypeError: garbage', 'TypeError: garbage']);
    expect(link.getSnapshot().state).toBe('open');
  });

  it('says what has failed on the server, and gives what the server says of it to onMessage', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        if (message === 'bare failure') peer.send(`-${id};handler`);
        else if (message === 'explained') peer.send(`-${id};decode`, 'at name: a string');
        else peer.send(`+${id}`);
      },
    });
    const { link, messages, failed } = linkTo(server.url);

    link.send('bare failure');
    link.send('explained');
    await expect(ask(link, 'bare failure')).rejects.toMatchObject({
      code: 'handler',
      isSent: true,
    });
    await expect(ask(link, 'explained')).rejects.toMatchObject({ code: 'decode' });

    expect(await ask(link, 'handled')).toBeUndefined();
    expect(failed).toEqual([
      ['bare failure', 'handler'],
      ['explained', 'decode'],
    ]);
    expect(messages).toEqual(['at name: a string', 'at name: a string']);
  });
});

describe('ask', () => {
  it('gets its own reply, which onMessage does not get', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        peer.send('', 'a push');
        // The later one first: replies are found by their ids.
        if (message === 'second') {
          peer.send(`=${id}`, 'to the second');
          peer.send(`=${id - 1}`, 'to the first');
        }
      },
    });
    const { link, messages } = linkTo(server.url);

    const replies = await Promise.all([ask(link, 'first'), ask(link, 'second')]);

    expect(replies).toEqual(['to the first', 'to the second']);
    expect(messages).toEqual(['a push', 'a push']);
  });

  it('leaves the queue when its time is over before it was sent (Q1)', async () => {
    withFakeClock();
    const server = await serveProtocol();
    const { link, dropped } = linkTo(server.url, { url: () => new Promise<string>(silent) });

    const asked = ask(link, 'late', { timeout: 1_000 }).catch((error: unknown) => error);
    expect(link.getSnapshot().queued).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);

    expect(await asked).toMatchObject({ code: 'timeout', isSent: false });
    expect(await asked).toBeInstanceOf(AskError);
    expect(link.getSnapshot().queued).toBe(0);
    expect(dropped).toEqual([]);
  });

  it('is never sent twice: sent and timed out, its late reply is a message like any other (Q1)', async () => {
    withFakeClock();
    const server = await serveProtocol({ answer: silent });
    const { link, messages, unconfirmed } = linkTo(server.url);
    await untilTurned(() => link.getSnapshot().state === 'open');

    const asked = ask(link, 'slow', { timeout: 1_000 }).catch((error: unknown) => error);
    const other = ask(link, 'cut', { timeout: 9_000 }).catch((error: unknown) => error);
    await untilTurned(() => server.received().length === 2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await asked).toMatchObject({ code: 'timeout', isSent: true });
    server.peers[0]!.send('=1', 'better late');
    await untilTurned(() => messages.length === 1);
    server.peers[0]!.socket.terminate();
    expect(await other).toMatchObject({ code: 'unconfirmed', isSent: true });
    await untilTurned(() => link.getSnapshot().state === 'waiting');
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => link.getSnapshot().state === 'open');
    link.send('new');
    await untilTurned(() => server.received().length === 3);

    expect(messages).toEqual(['better late']);
    expect(server.received()).toEqual(['slow', 'cut', 'new']);
    // Their promises have said it already.
    expect(unconfirmed).toEqual([]);
  });
});

describe('what cannot be sent', () => {
  const nowhere = (): Promise<string> => new Promise(silent);

  it.each([
    ['messages', { messages: 3 }, ['a', 'b', 'c']],
    ['bytes', { bytes: 7 }, ['ü', 'ü', 'abc']],
  ])('is refused at the bound of the queue, in %s', (_name, queue, filling) => {
    const { link, dropped } = linkTo(nowhere, { queue });

    expect(filling.map((message) => link.send(message))).toEqual(['queued', 'queued', 'queued']);
    expect(link.send('x')).toBe('dropped');

    expect(dropped).toEqual([[['x'], 'full']]);
    expect(link.getSnapshot().queued).toBe(3);
  });

  it('is refused where the server would not read it, at one byte more than its limit', async () => {
    const server = await serveProtocol({ hello: { limit: 4 } });
    const { link, dropped, messages } = linkTo(server.url);
    link.send('fiver');
    link.send('four');
    await until(() => messages.length === 1);

    expect(link.send('üü')).toBe('sent');
    expect(link.send('üüx')).toBe('dropped');
    await until(() => messages.length === 2);

    expect(server.received()).toEqual(['four', 'üü']);
    expect(dropped).toEqual([
      [['fiver'], 'too-large'],
      [['üüx'], 'too-large'],
    ]);
    await expect(ask(link, 'fiver')).rejects.toMatchObject({ code: 'too-large', isSent: false });
  });

  it('counts what the socket has not passed on yet (the line is stuck)', async () => {
    const server = await serveProtocol({ hello: { limit: 1_048_576 }, answer: silent });
    const { port, freeze } = await gate('127.0.0.1', server.port);
    const { link, dropped } = linkTo(`ws://127.0.0.1:${port}`, { queue: { bytes: 1_048_576 } });
    await until(() => link.getSnapshot().state === 'open');
    freeze();

    const results: string[] = [];
    // What the operating system's own buffers take is not ours to count.
    while (results.at(-1) !== 'dropped' && results.length < 1_000) {
      results.push(link.send('x'.repeat(100_000)));
      await new Promise(setImmediate);
    }

    expect(results.at(-1)).toBe('dropped');
    expect(dropped.length).toBe(1);
  });

  it('is now or never where that is said (Q2)', async () => {
    const server = await serveProtocol();
    const { link, messages, dropped } = linkTo(server.url);

    expect(link.send('typing', { queue: false })).toBe('dropped');
    await expect(ask(link, 'typing', { queue: false })).rejects.toBeInstanceOf(AskError);
    await until(() => link.getSnapshot().state === 'open');
    expect(link.send('typing now', { queue: false })).toBe('sent');
    await until(() => messages.length === 1);

    expect(server.received()).toEqual(['typing now']);
    expect(dropped).toEqual([]);
  });

  it('expires when it was too long in the queue (Q2)', async () => {
    withFakeClock();
    const server = await serveProtocol();
    let go = (_url: string): void => {};
    const { link, dropped } = linkTo(
      () =>
        new Promise<string>((resolve) => {
          go = resolve;
        }),
    );
    link.send('short', { expires: 1_000 });
    link.send('long', { expires: 1_001 });
    await untilTurned(() => go.name !== '_url' && link.getSnapshot().queued === 2);
    await vi.advanceTimersByTimeAsync(1_000);

    expect(dropped).toEqual([[['short'], 'expired']]);
    go(server.url);
    await untilTurned(() => server.received().length === 1);
    expect(server.received()).toEqual(['long']);
    await vi.advanceTimersByTimeAsync(10);
    expect(dropped).toHaveLength(1);
  });
});

describe('the queue after a pause', () => {
  it('is sent at the rate that the server has named (Q3)', async () => {
    withFakeClock();
    const server = await serveProtocol({ hello: { rate: 10 } });
    const { link } = linkTo(server.url);
    for (let count = 0; count < 25; count++) link.send(String(count));
    await untilTurned(() => link.getSnapshot().state === 'open');

    for (const [ms, most] of [
      [0, 0],
      [100, 1],
      [900, 10],
      [1_000, 20],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms);
      await untilTurned(() => server.received().length >= most);
      expect(server.received().length).toBe(most);
    }
    await vi.advanceTimersByTimeAsync(500);
    await untilTurned(() => server.received().length === 25);
    expect(link.getSnapshot().queued).toBe(0);
  });

  it('is sent at a hundred a second on a line that confirms nothing', async () => {
    withFakeClock();
    const server = await serveProtocol({ choose: () => false, answer: silent });
    const { link } = linkTo(server.url, { transport: anyWebSocket({ protocol: 'bare' }) });
    for (let count = 0; count < 150; count++) link.send(String(count));
    await untilTurned(() => link.getSnapshot().state === 'open');
    await vi.advanceTimersByTimeAsync(1_000);

    await untilTurned(() => server.received().length >= 100);
    expect(server.received().length).toBe(100);
  });

  it('is sent at half the pace after the server closed with 4429 (Q3)', async () => {
    withFakeClock();
    const server = await serveProtocol({ hello: { rate: 10 } });
    const { link } = linkTo(server.url);
    await untilTurned(() => link.getSnapshot().state === 'open');
    server.peers[0]!.socket.close(4429, 'rate-limited');
    await untilTurned(() => link.getSnapshot().state === 'waiting');
    for (let count = 0; count < 10; count++) link.send(String(count));
    const { retryAt = 0 } = link.getSnapshot();
    expect(retryAt - Date.now()).toBeGreaterThanOrEqual(5_000);
    await vi.advanceTimersByTimeAsync(retryAt - Date.now());
    await untilTurned(() => server.peers.length === 2 && link.getSnapshot().state === 'open');
    await vi.advanceTimersByTimeAsync(1_000);

    await untilTurned(() => server.received().length >= 5);
    expect(server.received().length).toBe(5);
  });
});

describe('a line that breaks', () => {
  it('comes back, and tells exactly what was sent and not confirmed', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        if (!message.startsWith('lost')) peer.send(`+${id}`);
      },
    });
    const { port, cut } = await gate('127.0.0.1', server.port);
    const { link, unconfirmed, opened } = linkTo(`ws://127.0.0.1:${port}`);
    for (const message of ['lost 1', 'kept', 'lost 2']) link.send(message);
    await until(() => server.received().length === 3);
    await ask(link, 'all that came before is confirmed');

    cut();
    await until(() => opened.length === 2);

    expect(unconfirmed).toEqual([['lost 1', 'lost 2']]);
    await ask(link, 'on the new line');
    expect(server.received()).toEqual([
      'lost 1',
      'kept',
      'lost 2',
      'all that came before is confirmed',
      'on the new line',
    ]);
  });

  it('may break in the middle of a frame', async () => {
    const server = await serveProtocol({
      answer: (_message, id, peer) => {
        // A frame of 100 bytes, of which ten come.
        const { _socket } = peer.socket as unknown as { _socket: Socket };
        _socket.write(Buffer.from(`\x81\x64=${id}\nhalf a`, 'latin1'));
        _socket.destroySoon();
      },
    });
    const { link, unconfirmed, messages, opened } = linkTo(server.url);

    link.send('a');
    await until(() => opened.length === 2);

    expect(unconfirmed).toEqual([['a']]);
    expect(messages).toEqual([]);
  });

  it('is not waited for when the browser does not say that it closed', async () => {
    withFakeClock();
    const server = await serveProtocol({ ignoresProbes: true });
    const { port, freeze } = await gate('127.0.0.1', server.port);
    const { link, opened } = linkTo(`ws://127.0.0.1:${port}`);
    await untilTurned(() => link.getSnapshot().state === 'open');
    freeze();

    await vi.advanceTimersByTimeAsync(34_000);
    expect(link.getSnapshot().state).toBe('open');
    await vi.advanceTimersByTimeAsync(1_000);

    expect(link.getSnapshot()).toMatchObject({ state: 'waiting', reason: 'connection-lost' });
    expect(opened).toHaveLength(1);
  });

  it('lives as long as something comes, be it a beat', async () => {
    withFakeClock();
    const server = await serveProtocol();
    const { link, opened } = linkTo(server.url);
    await untilTurned(() => link.getSnapshot().state === 'open');
    const watched = server.peers[0]!;

    for (let beats = 0; beats < 10; beats++) {
      await vi.advanceTimersByTimeAsync(25_000);
      const heard = ask(link, 'a sign of life').catch(() => {});
      if (beats % 2 === 0) watched.send('.');
      await heard;
    }

    expect(opened).toHaveLength(1);
    expect(link.getSnapshot().state).toBe('open');
  });
});

describe('a server that does not speak omnimessage.1', () => {
  it.each([
    [
      'says something else first',
      { greet: (peer: Peer): unknown => peer.socket.send('{"type":"welcome"}') },
    ],
    ['does not choose it', { choose: () => false }],
  ])(
    'gets nothing, and what waits stays: %s',
    async (_name, options) => {
      const server = await serveProtocol({ hello: false, ...options } as never);
      const { link, opened, messages } = linkTo(server.url, { minDelay: 0 });
      link.send('a');
      await until(() => link.getSnapshot().state === 'waiting', 20_000);
      link.retry();
      await server.peer(1);

      expect(server.received()).toEqual([]);
      expect(new Set(server.peers.flatMap(({ offered }) => offered))).toEqual(
        new Set(['omnimessage.1']),
      );
      expect(server.peers.every(({ offered }) => offered.length === 1)).toBe(true);
      expect({ opened, messages }).toEqual({ opened: [], messages: [] });
      expect(link.getSnapshot().queued).toBe(1);
    },
    40_000,
  );
});

describe('an attempt', () => {
  it('that never opens is given up after ten seconds, and closed (L6)', async () => {
    withFakeClock();
    const sockets: Duplex[] = [];
    const mute = createServer((_request, response) => response.end());
    mute.on('upgrade', (_request, socket) => {
      sockets.push(socket.on('error', silent).resume());
    });
    const url = (await serve(mute)).replace('http', 'ws');
    const { link, opened } = linkTo(url);
    await untilTurned(() => sockets.length === 1);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(link.getSnapshot().state).toBe('connecting');
    await vi.advanceTimersByTimeAsync(200);

    await untilTurned(() => sockets[0]!.readableEnded);
    await untilTurned(() => link.getSnapshot().state === 'waiting');
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => sockets.length === 2);
    expect(opened).toEqual([]);
  });

  it('is one at a time, however many things ask for it (L3)', async () => {
    const server = await serveProtocol();
    const { link, opened } = linkTo(server.url);
    for (let times = 0; times < 10; times++) link.retry();
    await until(() => opened.length === 1);
    await ask(link, 'a');
    for (let times = 0; times < 10; times++) link.retry();
    await until(() => opened.length === 2);
    await ask(link, 'b');

    expect(server.peers).toHaveLength(2);
    expect(server.peers[0]!.closed).toBeDefined();
  });

  it('calls nothing any more after close(), whatever it was doing (L7)', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        if (message === 'a') peer.send(`=${id}`, message);
      },
    });
    const seen = linkTo(server.url);
    seen.link.send('a');
    await until(() => seen.messages.length === 1);
    const mute = await serveProtocol({ hello: false });
    const late = linkTo(mute.url);
    late.link.send('never');
    const asked = ask(seen.link, 'b').catch((error: unknown) => error);
    await until(() => mute.peers.length === 1);
    const before = [seen.snapshots.length, late.snapshots.length];

    seen.link.close();
    late.link.close();
    expect(await asked).toBeInstanceOf(AskError);
    await until(() => [...server.peers, ...mute.peers].every(({ closed }) => closed !== undefined));

    expect([seen.snapshots.length, late.snapshots.length]).toEqual(before);
    expect(late.opened).toEqual([]);
    expect([...seen.dropped, ...late.dropped]).toEqual([]);
    expect(seen.link.getSnapshot()).toMatchObject({ state: 'closed', reason: 'closed' });
    expect(seen.link.send('c')).toBe('dropped');
    seen.link.retry();
    expect(seen.link.getSnapshot().state).toBe('closed');
  });

  it('leaves no line behind when a page connects, closes and connects in one tick (L14)', async () => {
    const server = await serveProtocol();
    const first = linkTo(server.url);
    first.link.close();
    const second = linkTo(server.url);
    await ask(second.link, 'a');

    expect(server.peers).toHaveLength(1);
  });

  it('is made also where the browser says that there is no network (L9)', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    const { link, snapshots } = linkTo(`ws://127.0.0.1:${door.port}`);
    expect(await ask(link, 'a')).toBe('a');
    await door.shut();
    // It is shown, and believed in nothing.
    await until(() => snapshots.some(({ reason }) => reason === 'offline'));
    await door.open();

    expect(await ask(link, 'b')).toBe('b');
  });

  it('is not made where there is no page, unless a class is given (L15)', async () => {
    const server = await serveProtocol();
    const link = connect({ url: server.url, codec: words });
    const server2 = linkTo(server.url);
    await ask(server2.link, 'a');

    expect(link.getSnapshot()).toMatchObject({ state: 'connecting', queued: 0 });
    expect(server.peers).toHaveLength(1);
    link.close();
  });

  it.each([
    ['an address that is none', 'ws://[', {}, 'invalid-address'],
    ['a relative one where there is no page', '/omni-ws', {}, 'invalid-address'],
    [
      'a subprotocol that is none',
      'ws://127.0.0.1:9',
      { transport: webSocket({ protocols: ['no token'] }) },
      'invalid-address',
    ],
    [
      'a class that refuses',
      'ws://127.0.0.1:9',
      {
        WebSocket: class {
          readonly refused: never = refuse();
        },
      },
      'blocked-by-this-page',
    ],
  ])(
    'is final with %s, with a sentence that says which (L12)',
    async (_name, url, options, why) => {
      const { link, dropped, errors } = linkTo(url, options);
      link.send('a');
      await until(() => link.getSnapshot().state === 'closed');

      expect(link.getSnapshot().reason).toBe(why);
      expect(link.getSnapshot().text).toMatch(/^(Invalid address|Blocked by this page)$/);
      expect(dropped).toEqual([[['a'], why]]);
      expect(errors).toHaveLength(1);
    },
  );

  it('fails with its cause when the function for the address does (L13)', async () => {
    const server = await serveProtocol();
    let times = 0;
    const { link, errors, states } = linkTo(() => {
      times += 1;
      if (times === 1) throw new Error('the token endpoint is down');
      if (times === 2) return Promise.reject(new Error('still'));
      return server.url;
    });
    await ask(link, 'a');

    expect(errors.map(String)).toEqual(['Error: the token endpoint is down', 'Error: still']);
    expect(states()).toEqual([
      'connecting',
      'waiting: connection-lost',
      'connecting',
      'waiting: connection-lost',
      'connecting',
      'open: connected',
    ]);
  });

  it('asks for a login when the function for the address says so (L13)', async () => {
    const server = await serveProtocol();
    let isLoggedIn = false;
    const { link } = linkTo(
      () => {
        if (isLoggedIn) return server.url;
        throw Object.assign(new Error('no token'), { status: 401 });
      },
      {
        onUnauthorized: () => {
          isLoggedIn = true;
          return true;
        },
      },
    );
    await ask(link, 'a');

    expect(server.peers).toHaveLength(1);
  });

  it('asks for the address each time', async () => {
    const server = await serveProtocol();
    let times = 0;
    const { opened } = linkTo(() => `${server.url}/?token=${++times}`);
    const first = await server.peer(0);
    await until(() => opened.length === 1);
    first.socket.terminate();
    await until(() => opened.length === 2);

    expect(times).toBe(2);
  });

  it('uses the class it is given', async () => {
    const server = await serveProtocol();
    const made: string[] = [];
    class Own extends WebSocket {
      constructor(url: URL, protocols: string[]) {
        super(url, protocols);
        made.push(url.href);
      }
    }
    const { link } = linkTo(`${server.url.replace('ws', 'http')}/room?a=1`, { WebSocket: Own });
    await ask(link, 'a');

    expect(made).toEqual([`${server.url}/room?a=1`]);
  });
});

describe('what the page does wrong', () => {
  it.each(['onMessage', 'onOpen', 'onUnconfirmed', 'onFailed', 'onDropped'] as const)(
    'in %s is reported, and the link goes on',
    async (name) => {
      const server = await serveProtocol({
        hello: { limit: 50 },
        answer: (message, id, peer) => {
          if (message === 'fail') peer.send(`-${id};handler`);
          else if (message === 'answer') peer.send(`=${id}`, 'a');
          else if (message === 'cut') peer.socket.terminate();
          else peer.send(`+${id}`);
        },
      });
      const errors: unknown[] = [];
      const { link } = linkTo(server.url, {
        [name]: () => {
          throw new Error(`thrown by ${name}`);
        },
        onError: (error) => errors.push(error),
      });
      await until(() => link.getSnapshot().state === 'open');
      link.send('x'.repeat(51));
      for (const message of ['fail', 'answer', 'cut']) link.send(message);

      await until(() => errors.length >= 1);
      await until(() => server.peers.length === 2);
      await ask(link, 'still there');
      expect(String(errors[0])).toBe(`Error: thrown by ${name}`);
    },
  );

  it('in a listener keeps nothing from the others, nor does one that leaves or sends (S5)', async () => {
    const server = await serveProtocol();
    const errors: unknown[] = [];
    const { link } = linkTo(server.url, { onError: (error) => errors.push(error) });
    const called = { leaver: 0, sender: 0, last: 0 };
    link.subscribe(() => {
      throw new Error('mine');
    });
    const leave = link.subscribe(() => {
      called.leaver += 1;
      leave();
    });
    link.subscribe(() => {
      called.sender += 1;
      if (called.sender === 1) link.send('from a listener');
    });
    link.subscribe(() => {
      called.last += 1;
    });
    link.send('a');
    await until(() => server.received().length === 2);

    expect(called.leaver).toBe(1);
    expect(called.last).toBe(called.sender);
    await until(() => errors.length >= called.last);
    expect(server.received()).toEqual(['a', 'from a listener']);
  });
});

describe('the snapshot of a link', () => {
  it('is the same object until something changed (S4)', async () => {
    const server = await serveProtocol();
    const { link, snapshots } = linkTo(server.url);
    expect(link.getSnapshot()).toBe(link.getSnapshot());
    await ask(link, 'a');
    const open = link.getSnapshot();
    await ask(link, 'b');
    link.send('c');

    expect(link.getSnapshot()).toBe(open);
    expect(new Set(snapshots).size).toBe(snapshots.length);
    let isStable = false;
    link.subscribe(() => {
      const { state, retryAt } = link.getSnapshot();
      if (state !== 'waiting') return;
      isStable = retryAt === link.getSnapshot().retryAt && typeof retryAt === 'number';
    });
    server.peers[0]!.socket.terminate();
    await until(() => isStable);
  });
});
