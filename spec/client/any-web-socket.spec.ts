import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { anyWebSocket, ask } from '../../lib/client.ts';
import { type SocketConstructor } from '../../lib/client/platform.ts';
import { PROTOCOL } from '../../lib/core/protocol.ts';
import { omniWs } from '../../lib/websocket/handler.ts';
import { serveAttached } from '../support/attached.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { gate } from '../support/gate.ts';
import { type Linked, linkTo, words } from '../support/linked.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

/** Nothing is answered. */
const silent = (): void => {};

/** As where a page of another origin may not read the answer. */
const unanswered = (): Promise<Response> => Promise.reject(new TypeError('another origin'));

const echo = omniWs({ codec: words, handler: (message) => message });

/** Each further attempt is one of `retry`. */
const byHand = { minDelay: 600_000, maxDelay: 600_000 };

/** Tries until there is a line, so often at most. */
async function openedBy(link: Linked['link'], attempts: number): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await until(() => link.getSnapshot().state !== 'connecting');
    if (link.getSnapshot().state === 'open') return;
    link.retry();
  }
  throw new Error(`it is ${link.getSnapshot().reason} after ${attempts} attempts`);
}

interface Offer {
  readonly protocols: string;
  isOpen: boolean;
}

/** A class of sockets, and what each of them has offered. */
function recordedSocket(): readonly [SocketConstructor, Offer[]] {
  const offers: Offer[] = [];
  class Recorded extends WebSocket {
    constructor(url: URL, protocols: string[]) {
      super(url, protocols);
      const offer: Offer = { protocols: protocols.join(), isOpen: false };
      offers.push(offer);
      this.addEventListener('open', () => {
        offer.isOpen = true;
      });
    }
  }
  return [Recorded, offers];
}

describe('a link to any server', () => {
  const anyServer = (): Parameters<typeof linkTo>[1] => ({ transport: anyWebSocket() });

  it('a line is bare: frames are the messages alone, and nothing can be confirmed (L16)', async () => {
    const server = await serveProtocol({ choose: () => false });
    const { link, messages, unconfirmed, opened } = linkTo(server.url, anyServer());
    link.send('waited');
    await until(() => messages.length === 1);

    await expect(ask(link, 'a')).rejects.toMatchObject({ code: 'bare', isSent: false });
    link.send('b');
    await until(() => messages.length === 2);
    server.peers.at(-1)!.socket.terminate();
    await until(() => opened.length === 2);

    expect(server.received()).toEqual(['waited', 'b']);
    expect(unconfirmed).toEqual([]);
    // What worked is tried first from then on.
    expect(server.peers.map(({ offered }) => offered.length)).toEqual([1, 0, 0]);
  });

  it('a server that chooses it and does not speak it gets nothing, until it is tried bare (L16)', async () => {
    withFakeClock();
    const server = await serveProtocol({ hello: false });
    const { link } = linkTo(server.url, anyServer());
    link.send('a');
    await untilTurned(() => server.peers.length === 1);
    await untilTurned(() => vi.getTimerCount() > 0);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(server.received()).toEqual([]);
    expect(link.getSnapshot().state).toBe('connecting');

    await vi.advanceTimersByTimeAsync(2_000);
    await untilTurned(() => server.peers[0]!.closed !== undefined);
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => server.peers.length === 2);

    expect(server.peers[1]!.offered).toEqual([]);
  });

  it('a first frame that is no hello ends the attempt (L16)', async () => {
    const server = await serveProtocol({
      hello: false,
      greet: (peer) => {
        peer.socket.send('{"type":"welcome"}');
      },
    });
    const { messages } = linkTo(server.url, anyServer());
    const bare = await server.peer(1);
    await until(() => messages.length === 1);

    expect(bare.offered).toEqual([]);
    expect(messages).toEqual(['{"type":"welcome"}']);
  });

  it('ends at a path without a route, as with webSocket(), and nothing is sent there', async () => {
    withFakeClock();
    const dice = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    onTestFinished(() => dice.mockRestore());
    const waiting: (() => void)[] = [];
    const { url } = await serveAttached((app) => {
      app.use((request, _response, next) => {
        if (request.headers.upgrade === undefined) next();
        else waiting.push(next);
      });
    });
    const [Socket, offers] = recordedSocket();
    const { link, opened, dropped } = linkTo(`${url}/nowhere`, {
      ...anyServer(),
      WebSocket: Socket,
      minDelay: 20_000,
      maxDelay: 20_000,
    });
    link.send('a');
    for (let attempts = 1; attempts <= 4; attempts++) {
      await untilTurned(() => waiting.length === attempts && offers.at(-1)!.isOpen);
      waiting.at(-1)!();
      await untilTurned(() => /waiting|closed/.test(link.getSnapshot().state));
      await vi.advanceTimersByTimeAsync(20_000);
    }

    expect(link.getSnapshot()).toMatchObject({ state: 'closed', reason: 'not-found', code: 4404 });
    expect(offers.map(({ protocols }) => protocols)).toEqual(Array(4).fill('omnimessage.1'));
    expect({ opened, dropped }).toEqual({ opened: [], dropped: [[['a'], 'not-found']] });
  });

  it.each([4400, 4401, 4403, 4404, 4426, 4429])(
    'is offered again to a server that chose it and closed with %i: it is one of this package',
    async (code) => {
      const server = await serveProtocol({
        hello: false,
        greet: ({ socket }) => {
          socket.close(code);
        },
      });
      const { link } = linkTo(server.url, { ...anyServer(), ...byHand });
      link.send('a');
      for (let attempts = 1; attempts <= 3; attempts++) {
        await until(() => /waiting|closed/.test(link.getSnapshot().state));
        expect(server.peers).toHaveLength(attempts);
        link.retry();
      }
      await server.peer(3);

      expect(server.peers.map(({ offered }) => offered.join())).toEqual(
        Array(4).fill('omnimessage.1'),
      );
      expect(server.received()).toEqual([]);
    },
  );

  it.each([1000, 1001, 1011, 4242, 4408])(
    'is left out in the end where a server chose it and closed with %i, as any server may',
    async (code) => {
      const server = await serveProtocol({
        hello: false,
        greet: ({ socket, offered }) => {
          if (offered.length > 0) socket.close(code);
        },
      });
      const { link, messages } = linkTo(server.url, { ...anyServer(), ...byHand });
      await openedBy(link, 4);
      link.send('a');
      await until(() => messages.length === 1);

      expect(server.peers.at(-1)!.offered).toEqual([]);
    },
  );

  it('is left out in the end where a server chose the token beside it, and refused that', async () => {
    const server = await serveProtocol({
      choose: () => 'token',
      greet: ({ socket, offered }) => {
        if (offered.length > 1) socket.close(4401);
      },
    });
    const transport = anyWebSocket({ protocols: ['token'] });
    const { link } = linkTo(server.url, { transport, ...byHand });
    await openedBy(link, 4);

    expect(server.peers.at(-1)!.offered).toEqual(['token']);
  });

  it('is offered for ever once a server has spoken it, however often it is away', async () => {
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    const [Socket, offers] = recordedSocket();
    const { link } = linkTo(`ws://127.0.0.1:${door.port}`, {
      ...anyServer(),
      ...byHand,
      WebSocket: Socket,
      fetch: unanswered,
    });
    await ask(link, 'a');
    await door.shut();
    for (let attempts = 2; attempts <= 4; attempts++) {
      await until(() => link.getSnapshot().state === 'waiting');
      link.retry();
      await until(() => offers.length === attempts);
    }
    await until(() => link.getSnapshot().state === 'waiting');
    await door.open();
    link.retry();

    expect(await ask(link, 'b')).toBe('b');
    expect(offers.map(({ protocols }) => protocols)).toEqual(Array(5).fill('omnimessage.1'));
  });

  it('is offered again where the route says that it would accept now', async () => {
    const { port } = await serveAttached((app) => {
      app.ws('/omni-ws', echo);
    });
    const door = await gate('127.0.0.1', port);
    await door.shut();
    const { link } = linkTo(`ws://127.0.0.1:${door.port}/omni-ws`, {
      ...anyServer(),
      ...byHand,
      fetch: async (address, init) => {
        await door.open();
        return fetch(address, init);
      },
    });
    await until(() => link.getSnapshot().state === 'waiting');
    link.retry();

    expect(await ask(link, 'a')).toBe('a');
  });

  it('is offered again when a captive portal is gone, which had answered for the server', async () => {
    const { port } = await serveAttached((app) => {
      app.ws('/omni-ws', echo);
    });
    const door = await gate('127.0.0.1', port);
    await door.shut();
    const [Socket, offers] = recordedSocket();
    let isPortal = true;
    const { link } = linkTo(`ws://127.0.0.1:${door.port}/omni-ws`, {
      ...anyServer(),
      ...byHand,
      WebSocket: Socket,
      fetch: async (address, init) =>
        isPortal ? new Response('<!doctype html>') : fetch(address, init),
    });
    await until(() => link.getSnapshot().state === 'waiting');
    isPortal = false;
    await door.open();
    for (const text of ['a', 'b']) {
      link.retry();

      expect(await ask(link, text)).toBe(text);

      await door.shut();
      await until(() => link.getSnapshot().state === 'waiting');
      await door.open();
    }

    expect(new Set(offers.map(({ protocols }) => protocols))).toEqual(new Set(['omnimessage.1']));
  });

  it('is offered first to a server that was down, and is there now', async () => {
    const { port } = await serveAttached((app) => {
      app.use((_request, response) => response.sendStatus(401));
    });
    const door = await gate('127.0.0.1', port);
    await door.shut();
    const [Socket, offers] = recordedSocket();
    const { link, dropped } = linkTo(`ws://127.0.0.1:${door.port}`, {
      ...anyServer(),
      ...byHand,
      WebSocket: Socket,
    });
    link.send('a');
    await until(() => link.getSnapshot().state === 'waiting');
    await door.open();
    link.retry();
    await until(() => link.getSnapshot().state === 'closed');

    expect(offers.map(({ protocols }) => protocols)).toEqual(Array(2).fill('omnimessage.1'));
    expect(dropped).toEqual([[['a'], 'unauthorized']]);
  });

  it('is offered again after a bare line when the first attempt met a server that was down and cannot be asked', async () => {
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    await door.shut();
    const { link, opened } = linkTo(`ws://127.0.0.1:${door.port}`, {
      ...anyServer(),
      ...byHand,
      fetch: unanswered,
    });
    await until(() => link.getSnapshot().state === 'waiting');
    await door.open();
    link.retry();
    await until(() => opened.length === 1);
    expect(server.peers.map(({ offered }) => offered)).toEqual([[]]);
    server.peers[0]!.socket.terminate();
    await until(() => link.getSnapshot().state === 'waiting');
    link.retry();
    await until(() => opened.length === 2);

    expect(server.peers[1]!.offered).toContain('omnimessage.1');
    expect(await ask(link, 'a')).toBe('a');
  });

  it.each([
    [401, 'at once'],
    [503, 'at once'],
    [503, 'after it was away'],
  ])(
    'is offered again to a route that said it refuses with %i, and accepts %s',
    async (status, when) => {
      let isAdmitted = false;
      const { port } = await serveAttached(
        (app) => {
          app.ws('/omni-ws', echo);
        },
        {
          authorize: () => {
            if (!isAdmitted) throw Object.assign(new Error('refused'), { status });
          },
        },
      );
      const door = await gate('127.0.0.1', port);
      const url = `ws://127.0.0.1:${door.port}/omni-ws`;
      const [Socket, offers] = recordedSocket();
      const { link } = linkTo(url, { ...anyServer(), ...byHand, WebSocket: Socket });
      await until(() => link.getSnapshot().code === status);
      link.retry();
      await until(() => offers.length === 2 && /waiting|closed/.test(link.getSnapshot().state));
      if (when !== 'at once') {
        await door.shut();
        link.retry();
        await until(() => link.getSnapshot().state === 'waiting');
        await door.open();
      }
      isAdmitted = true;
      link.retry();

      expect(await ask(link, 'a')).toBe('a');
      expect(new Set(offers.map(({ protocols }) => protocols))).toEqual(new Set(['omnimessage.1']));
    },
  );

  it('is offered again when bare does not work either, in turn', async () => {
    const server = await serveProtocol();
    server.server.removeAllListeners('upgrade');
    const offered: (string | undefined)[] = [];
    server.server.on('upgrade', (request, socket) => {
      offered.push(request.headers['sec-websocket-protocol']?.split(',')[0]);
      socket.on('error', silent).end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    linkTo(server.url, anyServer());
    // A question may hang until the link gives it up, after ten seconds.
    await until(() => offered.length === 4, 40_000);

    expect(offered).toEqual(['omnimessage.1', undefined, 'omnimessage.1', undefined]);
  }, 60_000);
});

describe('a bare line', () => {
  it('gives way to one with ids when it comes back, where the route says that it speaks them', async () => {
    let speaks = false;
    const server = await serveProtocol({ choose: () => speaks && PROTOCOL });
    server.server.removeAllListeners('request').on('request', (_request, response) => {
      response.statusCode = speaks ? 426 : 404;
      response.end(JSON.stringify(speaks ? { omnimessage: 'websocket' } : {}));
    });
    const { link } = linkTo(server.url, { transport: anyWebSocket(), ...byHand });
    await openedBy(link, 2);
    await expect(ask(link, 'a')).rejects.toMatchObject({ code: 'bare' });
    speaks = true;
    server.peers.at(-1)!.socket.terminate();
    await until(() => link.getSnapshot().state === 'waiting');
    link.retry();

    expect(await ask(link, 'a')).toBe('a');
  });

  it('confirms nothing, also where it is all that is asked for', async () => {
    const server = await serveProtocol();
    const { link } = linkTo(server.url, { transport: anyWebSocket({ protocol: 'bare' }) });
    await until(() => link.getSnapshot().state === 'open');

    await expect(ask(link, 'a')).rejects.toMatchObject({ code: 'bare', isSent: false });
    expect(server.peers.map(({ offered }) => offered)).toEqual([[]]);
  });

  it.each([
    [60_000, 1],
    [60_100, 2],
  ])('is replaced after more than a minute out of sight: %i ms, %i lines', async (ms, lines) => {
    withFakeClock();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const show = (visibilityState: string): void => {
      Object.assign(page, { visibilityState });
      page.dispatchEvent(new Event('visibilitychange'));
    };
    const server = await serveProtocol({ choose: () => false });
    const { link } = linkTo(server.url, { transport: anyWebSocket({ protocol: 'bare' }) });
    await untilTurned(() => link.getSnapshot().state === 'open');
    show('hidden');
    await vi.advanceTimersByTimeAsync(ms);
    show('visible');
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => link.getSnapshot().state === 'open' && server.peers.length >= lines);

    expect(server.peers).toHaveLength(lines);
  });
});
