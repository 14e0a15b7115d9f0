/** The link against the server of this package. */
import { once } from 'node:events';
import express from 'express';
import expressWs from 'express-ws';
import { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyWebSocket, ask, http, sse, webSocket } from '../../lib/client.ts';
import { type Connection } from '../../lib/core/exchange.ts';
import { omniHttp } from '../../lib/http/route.ts';
import { application } from '../../lib/application/application.ts';
import { effect } from '../../lib/index.ts';
import { type Effect } from '../../lib/application/effect.ts';
import { omniWsApplication } from '../../lib/websocket/application.ts';
import { omniWs } from '../../lib/websocket/handler.ts';
import { serveAttached, type Served } from '../support/attached.ts';
import { gate } from '../support/gate.ts';
import { linkTo, words } from '../support/linked.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';
import { WebSocket } from 'ws';

const onError = (): undefined => undefined;
const handled: string[] = [];
const connections = new Set<Connection<string>>();
const options = {
  codec: words,
  onError,
  onOpen: (connection: Connection<string>): void => {
    connections.add(connection);
  },
  onClose: (connection: Connection<string>): void => {
    connections.delete(connection);
  },
  handler: (message: string): string | undefined | Promise<string> => {
    handled.push(message);
    if (message.startsWith('fail')) throw new Error('secret');
    if (message.startsWith('never')) return new Promise<string>(() => {});
    return message.startsWith('quiet') ? undefined : `re: ${message}`;
  },
};

async function attached(
  settings: Parameters<typeof serveAttached>[1] = {},
  more: Partial<Parameters<typeof omniWs<string, string>>[0]> = {},
): Promise<Served> {
  handled.length = 0;
  return serveAttached((app) => {
    app.ws('/omni-ws', omniWs({ ...options, ...more }));
    app.use(omniHttp({ codec: words, onError, handler: options.handler, path: '/omni-http' }));
  }, settings);
}

/** The same route under express-ws, whose ws takes the first subprotocol that is offered. */
async function underExpressWs(): Promise<string> {
  handled.length = 0;
  const { app } = expressWs(express());
  app.ws('/omni-ws', omniWs(options) as never);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a route that says that it speaks omnimessage.1, and does not', () => {
  it('is tried bare in the end', async () => {
    handled.length = 0;
    const { url } = await serveAttached((app) => {
      app.ws('/omni-ws', (socket) => {
        socket.on('message', (data: Buffer) => {
          socket.send(data.toString());
        });
        socket.send('welcome');
      });
    });
    const { messages } = linkTo(`${url}/omni-ws`, { transport: anyWebSocket() });
    await until(() => messages.length === 1);

    expect(messages).toEqual(['welcome']);
  });
});

describe('a first attempt on a server that is down', () => {
  it('does not make its first line a bare one', async () => {
    const { url } = await attached();
    const { hostname, port } = new URL(url);
    const door = await gate(hostname, Number(port));
    await door.shut();
    const { link, opened } = linkTo(`ws://127.0.0.1:${door.port}/omni-ws`, {
      minDelay: 500,
      transport: anyWebSocket(),
    });
    await until(() => link.getSnapshot().state === 'waiting');
    await door.open();
    await until(() => opened.length === 1);

    expect(await ask(link, 'a')).toBe('re: a');
  });
});

describe.each([
  ['attachWebSockets', async (): Promise<string> => (await attached()).url],
  ['express-ws', underExpressWs],
])('a link to omniWs under %s', (_name, start) => {
  it('has each message confirmed by its reply, an acknowledgement or a failure', async () => {
    const { link, messages, failed, errors } = linkTo(`${await start()}/omni-ws`);
    for (const message of ['a', 'quiet', 'fail', 'garbage', 'b']) link.send(message);

    expect(await ask(link, 'asked')).toBe('re: asked');
    expect(await ask(link, 'quiet one')).toBeUndefined();
    await expect(ask(link, 'fail too')).rejects.toMatchObject({ code: 'handler', isSent: true });
    await expect(ask(link, 'garbage')).rejects.toMatchObject({ code: 'decode', isSent: true });
    expect(messages).toEqual(['re: a', 're: b']);
    expect(failed).toEqual([
      ['fail', 'handler'],
      ['garbage', 'decode'],
    ]);
    expect(errors).toEqual([]);
    expect(link.hasUnsent()).toBe(false);
  });

  it('hears what the server says unasked, and is told what was unconfirmed when it is cut', async () => {
    const { hostname, port } = new URL(await start());
    const door = await gate(hostname, Number(port));
    const { link, messages, unconfirmed, opened } = linkTo(`ws://127.0.0.1:${door.port}/omni-ws`);
    await ask(link, 'a');
    for (const connection of connections) connection.send('a push');
    await until(() => messages.length === 1);
    link.send('never answered');
    await until(() => handled.includes('never answered'));
    door.cut();
    await until(() => opened.length === 2);

    expect(messages).toEqual(['a push']);
    expect(unconfirmed).toEqual([['never answered']]);
    expect(await ask(link, 'b')).toBe('re: b');
    expect(handled.filter((message) => message.startsWith('never'))).toHaveLength(1);
  });
});

describe('a link to omniWsApplication', () => {
  /** Counts, answers some messages at once, some later, some not at all. */
  const counting = application({
    init: (): [number, Effect<string>] => [0, effect.none()],
    update: (count: number, message: string): [number, Effect<string>] => {
      if (message === 'fail') throw new Error('secret');
      if (message === 'quiet' || message.startsWith('re: ')) return [count, effect.none()];
      const said = effect.dispatch<string>(`re: ${message} ${count + 1}`);
      return [count + 1, message === 'later' ? effect.after(1, `re: ${message}`) : said];
    },
    codec: {
      decode: (text: string) => text,
      encode: (message: string) => (message.startsWith('re: ') ? message : undefined),
    },
  });

  it('has the first message that its own brings as the reply, or an acknowledgement', async () => {
    const { url } = await serveAttached((app) => {
      app.ws(
        '/omni-ws',
        omniWsApplication({ application: counting, start: () => undefined, onError }),
      );
    });
    const { link, messages, failed, unconfirmed, opened } = linkTo(`${url}/omni-ws`);

    expect(await ask(link, 'a')).toBe('re: a 1');
    expect(await ask(link, 'quiet')).toBeUndefined();
    // What an effect dispatches later answers nothing: it is a push.
    expect(await ask(link, 'later')).toBeUndefined();
    await until(() => messages.length === 1);
    expect(messages).toEqual(['re: later']);
    link.send('fail');
    await until(() => failed.length === 1 && opened.length === 2);
    expect(failed).toEqual([['fail', 'update']]);
    expect(unconfirmed).toEqual([]);
    // A program of its own for each line.
    expect(await ask(link, 'b')).toBe('re: b 1');
  });
});

describe('a link to a server that is restarted', () => {
  it('loses nothing without a word, and sends nothing twice', async () => {
    const first = await attached();
    const seen = linkTo(`${first.url}/omni-ws`);
    const { link, messages, unconfirmed } = seen;
    await ask(link, 'before');
    const said = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    const all: string[] = [];
    for (const [index, message] of said.entries()) {
      if (index === 100) {
        all.push(...handled.splice(0));
        await first.close({ timeout: 0 });
        await until(() => link.getSnapshot().state !== 'open');
      }
      link.send(message);
      if (index % 10 === 0) await new Promise(setImmediate);
    }
    all.push(...handled.splice(0));
    await serveAttached(
      (app) => {
        app.ws('/omni-ws', omniWs(options));
      },
      {},
      first.port,
    );
    link.retry();
    await until(() => link.getSnapshot().queued === 0 && !link.hasUnsent());
    all.push(...handled);

    const times = new Map<string, number>();
    for (const message of all) times.set(message, (times.get(message) ?? 0) + 1);
    expect([...times.values()].every((count) => count === 1)).toBe(true);
    const told = new Set(unconfirmed.flat());
    for (const message of said) {
      // Answered, or told as unconfirmed: never neither.
      expect(messages.includes(`re: ${message}`) || told.has(message)).toBe(true);
      expect(times.has(message) || told.has(message)).toBe(true);
    }
  }, 60_000);
});

describe('what a browser would hide', () => {
  it.each([
    [401, 'waiting', 'unauthorized'],
    [403, 'closed', 'forbidden'],
  ])('a handshake refused with %i is known by the question', async (status, _state, reason) => {
    const { url } = await attached({
      authorize: () => {
        throw Object.assign(new Error('no'), { status });
      },
    });
    const { link, dropped } = linkTo(`${url}/omni-ws`);
    link.send('a');
    await until(() => link.getSnapshot().state === 'closed');

    expect(link.getSnapshot()).toMatchObject({ reason, code: status });
    expect(dropped).toEqual([[['a'], reason]]);
  });

  it('a server that is full says when to come back', async () => {
    const { url } = await attached({ maxConnections: 1 });
    const first = linkTo(`${url}/omni-ws`);
    await ask(first.link, 'a');
    const second = linkTo(`${url}/omni-ws`);
    await until(() => second.link.getSnapshot().state === 'waiting');

    const { reason, code, retryAt = 0 } = second.link.getSnapshot();
    expect([reason, code]).toEqual(['server-busy', 503]);
    expect(retryAt - Date.now()).toBeGreaterThan(4_000);
  });

  it('a path that answers no sockets is taken for a deploy at first', async () => {
    const { url } = await attached();
    const { link } = linkTo(`${url}/nothing-here`);
    await until(() => link.getSnapshot().state === 'waiting');

    expect(link.getSnapshot()).toMatchObject({ reason: 'not-found' });
  });
});

describe('a list of transports', () => {
  it('falls back to HTTP where sockets do not get through, and stays there', async () => {
    const served = await attached();
    const attempts: string[] = [];
    class Blocked extends WebSocket {
      constructor(url: URL, protocols: string[]) {
        attempts.push(url.pathname);
        super(new URL('ws://127.0.0.1:9'), protocols);
      }
    }
    const base = served.url.replace('ws', 'http');
    const { link } = linkTo(undefined, {
      WebSocket: Blocked,
      transport: [webSocket({ url: `${base}/omni-ws` }), http({ url: `${base}/omni-http` })],
    });

    expect(await ask(link, 'a')).toBe('re: a');
    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'http' });
    expect(attempts).toHaveLength(2);
    expect(await ask(link, 'b')).toBe('re: b');
    expect(attempts).toHaveLength(2);
  });

  it('goes back to the one that has worked when the server was away for long', async () => {
    const served = await attached();
    const { hostname, port } = new URL(served.url);
    const door = await gate(hostname, Number(port));
    const tried = new Set<string>();
    const { link, opened } = linkTo(undefined, {
      transport: [webSocket, http].map((make) =>
        make({ url: `http://127.0.0.1:${door.port}/omni-${make === http ? 'http' : 'ws'}` }),
      ),
    });
    link.subscribe(() => tried.add(link.getSnapshot().transport));
    expect(await ask(link, 'a')).toBe('re: a');

    await door.shut();
    await until(() => tried.has('http'));
    link.send('waits');
    await door.open();
    await until(() => handled.length === 2);

    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'websocket' });
    expect(opened).toHaveLength(2);
    expect(handled).toEqual(['a', 'waits']);
  });

  it('falls back where sockets, which have worked, do not get through any more', async () => {
    const served = await attached();
    const { hostname, port } = new URL(served.url);
    const door = await gate(hostname, Number(port));
    const base = served.url.replace('ws', 'http');
    let attempts = 0;
    class Counted extends WebSocket {
      constructor(url: URL, protocols: string[]) {
        attempts += 1;
        super(url, protocols);
      }
    }
    const { link, opened } = linkTo(undefined, {
      WebSocket: Counted,
      transport: [
        webSocket({ url: `http://127.0.0.1:${door.port}/omni-ws` }),
        http({ url: `${base}/omni-http` }),
      ],
    });
    expect(await ask(link, 'a')).toBe('re: a');
    await door.shut();
    await until(() => link.getSnapshot().state !== 'open');

    expect(await ask(link, 'b')).toBe('re: b');
    // One that opened, two that did not, and two more after HTTP got through.
    expect(attempts).toBe(5);
    expect(opened).toHaveLength(2);
    expect(await ask(link, 'c')).toBe('re: c');
    expect(attempts).toBe(5);
    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'http' });
  });

  it('falls back where a proxy answers 502 for one of them', async () => {
    const served = await attached();
    let refused = 0;
    const proxy = await serve((_request, response) => {
      refused += 1;
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    });
    const { link } = linkTo(undefined, {
      transport: [
        sse({ url: `${proxy}/omni-sse`, post: '/omni-http' }),
        http({ url: `${served.url.replace('ws', 'http')}/omni-http` }),
      ],
    });

    expect(await ask(link, 'a')).toBe('re: a');
    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'http' });
    expect(refused).toBe(2);
  });
});
