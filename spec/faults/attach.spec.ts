/** Sections 2a to 2c where the server is one of attachWebSockets: what comes before a route has the socket, and the end. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import {
  application,
  attachWebSockets,
  effect,
  omniWs,
  omniWsApplication,
  type SocketRoute,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeFrame, frame } from '../drills/wire.ts';
import { RawPeer } from '../drills/raw-peer.ts';
import { serveAttached } from '../support/attached.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { connect, dial } from '../support/socket-client.ts';
import { deferred } from '../support/deferred.ts';
import { openRaw, say, sayFrame, watched } from './served-socket.ts';

const boom = new Error('boom');
const echo = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });
const wait =
  (ms: number): RequestHandler =>
  (_request, _response, next) => {
    setTimeout(next, ms);
  };

/** An application with an echo at /omni, whatever else it has. */
const withEcho: Parameters<typeof serveAttached>[0] = (app) => app.ws('/omni', echo);

/** The status of the answer to a handshake. */
async function statusOf(url: string, headers: Record<string, string | undefined>): Promise<number> {
  const peer = new RawPeer(url, { headers });
  onTestFinished(() => {
    peer.socket.destroy();
  });
  return peer.status;
}

describe('2a: attachWebSockets', () => {
  it.each<[string, SocketRoute]>([
    ['W3 a route whose promise rejects', () => Promise.reject(boom)],
    [
      'W3 a route that rejects after it began to listen',
      async (socket) => {
        socket.on('message', () => {});
        await Promise.resolve();
        throw boom;
      },
    ],
    [
      'W4 a route that throws',
      () => {
        throw boom;
      },
    ],
  ])('%s: onError, 1011, and others are served', async (_, route) => {
    const { url, errors } = await serveAttached((app) => {
      app.ws('/omni', echo);
      app.ws('/boom', route);
    });
    const other = await connect(`${url}/omni`);

    expect(await dial(`${url}/boom`).closed).toEqual({ code: 1011, reason: 'failed' });
    other.send(say('alive'));

    expect(await other.next()).toBe('{"said":"alive"}');
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual([['route', boom]]);
  });

  it.each<[string, Buffer]>([
    ['text that is not UTF-8', frame(Buffer.from([0xc3, 0x28]))],
    ['a reserved bit', frame('x', { rsv: 4 })],
    ['no mask', frame('x', { masked: false })],
    ['a header of 100 MiB', frame('', { claims: 104_857_601 })],
  ])('W6 on an unknown path, in the packet of the handshake, %s: 4404', async (_, early) => {
    const { url } = await serveAttached(withEcho);

    const hostile = await openRaw({ url: `${url}/nowhere` }, { early });

    expect(await hostile.ended).toEqual({ code: 4404, reason: 'not-found' });
    const other = await connect(`${url}/omni`);
    other.send(say('alive'));
    expect(await other.next()).toBe('{"said":"alive"}');
  });

  it.each<[string, Buffer, number]>([
    ['text that is not UTF-8', frame(Buffer.from([0xc3, 0x28])), 1007],
    ['a reserved bit', frame('x', { rsv: 4 }), 1002],
    ['no mask', frame('x', { masked: false }), 1002],
    ['a header of 100 MiB', frame('', { claims: 104_857_601 }), 1009],
  ])(
    'W6 on a route of the own without an error listener, %s: its close code',
    async (_, bytes, code) => {
      const { url } = await serveAttached((app) => {
        app.ws('/own', (socket) => {
          socket.on('message', () => {});
        });
        app.ws('/omni', echo);
      });
      const other = await connect(`${url}/omni`);
      const hostile = await openRaw({ url: `${url}/own` });

      hostile.write(bytes);

      expect((await hostile.ended).code).toBe(code);
      other.send(say('alive'));
      expect(await other.next()).toBe('{"said":"alive"}');
    },
  );

  it('W10 a port that is taken: reported once, to the listener of the server only', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => {
      taken.close();
    });
    const told: unknown[] = [];
    const { server } = attachWebSockets(express());
    server.on('error', (error) => told.push(error));

    server.listen((taken.address() as AddressInfo).port, '127.0.0.1');
    await once(server, 'error');

    expect(told).toEqual([expect.objectContaining({ code: 'EADDRINUSE' })]);
  });

  it.each(['/%', '/%ff', '//evil/x', '*', 'http://other/x', '/omni/%', '/.websocket/.websocket'])(
    'W14 the odd path %s: 4404',
    async (path) => {
      const { url, errors, port } = await serveAttached((app) => app.ws('/omni/:id', echo));
      const odd = await openRawPath(port, path);

      expect(await odd.ended).toEqual({ code: 4404, reason: 'not-found' });
      expect(errors).toEqual([]);
      const other = await connect(`${url}/omni/7`);
      other.send(say('alive'));
      expect(await other.next()).toBe('{"said":"alive"}');
    },
  );
});

/** A handshake whose path no URL could hold. */
async function openRawPath(port: number, path: string): Promise<RawPeer> {
  const peer = await openRaw({ url: `ws://127.0.0.1:${port}/` }, { path });
  return peer;
}

describe('2b: attachWebSockets', () => {
  it('W20 three messages in the packet of the handshake, 200 ms of middleware: all answered in order', async () => {
    const { url } = await serveAttached((app) => {
      app.use(wait(200));
      app.ws('/omni', echo);
    });

    const early = Buffer.concat(['1', '2', '3'].map(sayFrame));
    const client = await openRaw({ url: `${url}/omni` }, { early });

    for (const n of [1, 2, 3]) expect(await client.next()).toBe(`{"said":"${n}"}`);
  });

  it('W20 megabytes before the route listens: they wait in the kernel, and all are answered', async () => {
    const { url } = await serveAttached((app) => {
      app.use(wait(100));
      app.ws('/omni', echo);
    });
    const client = await openRaw({ url: `${url}/omni` });

    const count = 3_000;
    for (let n = 0; n < count; n++) client.write(sayFrame(`${n} ${'x'.repeat(1_000)}`));

    for (let n = 0; n < count; n++) expect(await client.next()).toMatch(`{"said":"${n} `);
  });

  it('W31 close with open sockets, one of them frozen: 1001, running handlers reply, over at the timeout', async () => {
    const begun = deferred();
    const release = deferred();
    const { url, close, server } = await serveAttached((app) =>
      app.ws(
        '/omni',
        omniWs({
          codec: textCodec,
          handler: async ({ text }): Promise<Says> => {
            begun.resolve();
            await release.promise;
            return { said: text };
          },
        }),
      ),
    );
    const busy = await connect(`${url}/omni`);
    const idle = await connect(`${url}/omni`);
    const frozen = await openRaw({ url: `${url}/omni` }, { isStubborn: true });
    busy.send(say('running'));
    await begun.promise;

    const began = performance.now();
    const closed = close({ timeout: 300 });
    release.resolve();

    expect(await busy.next()).toBe('{"said":"running"}');
    expect(await busy.closed).toEqual({ code: 1001, reason: 'going-away' });
    expect(await idle.closed).toEqual({ code: 1001, reason: 'going-away' });
    await closed;
    // Sooner than the 5 s after which the frozen one is cut in any case.
    expect(performance.now() - began).toBeLessThan(4_000);
    expect((await frozen.ended).code).toBe(1001);
    expect(server.listening).toBe(false);
  });

  it('W32 no client sees 1006 at a shutdown', async () => {
    const { url, close } = await serveAttached(withEcho);
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(`${url}/omni`)));

    await close();

    const endings = await Promise.all(clients.map(({ closed }) => closed));
    expect(new Set(endings.map(({ code }) => code))).toEqual(new Set([1001]));
  });

  it('W36 a deploy under load: 1001 to all clients, which reconnect to new programs', async () => {
    // A program says how often its own client has spoken: what a connection holds is gone with it.
    type Count = { from: 'client' } | { from: 'server'; said: string };
    const counting = application<undefined, number, Count>({
      init: () => [0, effect.from((dispatch) => dispatch({ from: 'server', said: '0' }))],
      update: (count, { from }) =>
        from === 'server'
          ? [count, effect.none()]
          : [
              count + 1,
              effect.from((dispatch) => dispatch({ from: 'server', said: String(count + 1) })),
            ],
      codec: {
        decode: () => ({ from: 'client' }),
        encode: (message) => (message.from === 'server' ? message.said : undefined),
      },
    });
    const routes: Parameters<typeof serveAttached>[0] = (app) => {
      app.ws('/omni', omniWsApplication({ application: counting, start: () => undefined }));
    };
    const before = await serveAttached(routes);
    const clients = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const client = await connect(`${before.url}/omni`);
        expect(await client.next()).toBe('0');
        client.send('x');
        expect(await client.next()).toBe('1');
        return client;
      }),
    );

    // All of them speak while it ends.
    for (const client of clients) client.send('x');
    await before.close();
    const endings = await Promise.all(clients.map(({ closed }) => closed));
    const after = await serveAttached(routes, {}, before.port);
    const back = await Promise.all(clients.map(() => connect(`${after.url}/omni`)));

    expect(after.port).toBe(before.port);
    expect(endings).toEqual(clients.map(() => ({ code: 1001, reason: 'going-away' })));
    expect(await Promise.all(back.map((client) => client.next()))).toEqual(back.map(() => '0'));
    expect(before.errors).toEqual([]);
  });

  it('W33 an unknown path: 4404 at once, and closed although its client never answers', async () => {
    const { url, server } = await serveAttached(withEcho);
    const gone = new Promise((resolve) => {
      server.once('connection', (connection) => connection.once('close', resolve));
    });
    const client = await openRaw({ url: `${url}/nowhere` }, { isStubborn: true });

    const began = performance.now();
    await gone;

    // ws itself cuts it after 30 s.
    expect(performance.now() - began).toBeLessThan(15_000);
    expect((await client.ended).code).toBe(4404);
  });

  it.each<[string, RequestHandler]>([
    [
      'a page for whatever path (SPA fallback)',
      (_request, response) => {
        response.send('<html></html>');
      },
    ],
    [
      'a redirect',
      (_request, response) => {
        response.redirect('/login');
      },
    ],
  ])('W34 %s answers the upgrade: 4404, and nothing stays open', async (_, fallback) => {
    const { url } = await serveAttached((app) => app.use(fallback));

    expect(await dial(`${url}/omni`).closed).toEqual({ code: 4404, reason: 'not-found' });
  });

  it('W34 a middleware that never answers: 4404 after openTimeout', async () => {
    const { url } = await serveAttached((app) => app.use(() => {}), { openTimeout: 50 });

    expect(await dial(`${url}/omni`).closed).toEqual({ code: 4404, reason: 'not-found' });
  });

  it.each([
    [401, 4401, 'unauthorized'],
    [403, 4403, 'forbidden'],
    [404, 4404, 'not-found'],
    [408, 4408, 'timeout'],
    [429, 4429, 'rate-limited'],
    [500, 1011, 'failed'],
  ])('W35 a middleware that answers %s: %s %s', async (status, code, reason) => {
    const refuse: RequestHandler = (_request, response) => {
      response.status(status).send('no');
    };
    const viaNext: RequestHandler = (_request, _response, next) => {
      next(Object.assign(new Error('no'), { status }));
    };
    const handled: ErrorRequestHandler = (error: { status: number }, _request, response, _next) => {
      response.status(error.status).end();
    };
    const { url } = await serveAttached((app) => {
      app.use('/answers', refuse);
      app.use('/next', viaNext);
      app.use('/handled', viaNext, handled);
    });

    for (const path of ['/answers', '/next', '/handled']) {
      expect(await dial(url + path).closed).toEqual({ code, reason });
    }
  });

  it.each([
    ['throws 401', () => fail(401), 401],
    ['rejects with 403', () => Promise.reject(failure(403)), 403],
    ['says false', () => false, 401],
    ['throws', () => fail(undefined), 500],
    ['rejects with 503', () => Promise.reject(failure(503)), 503],
  ])(
    'W35 authorize %s: the status before 101, and no route is asked',
    async (_, authorize, status) => {
      const asked: string[] = [];
      const { url } = await serveAttached(
        (app) => {
          app.use((request, _response, next) => {
            asked.push(request.url);
            next();
          });
          app.ws('/omni', echo);
        },
        { authorize },
      );

      expect(await statusOf(`${url}/omni`, {})).toBe(status);
      expect(asked).toEqual([]);
    },
  );

  it('W35 authorize that never decides: 504 after openTimeout', async () => {
    const { url, errors } = await serveAttached(withEcho, {
      authorize: () => new Promise(() => {}),
      openTimeout: 50,
    });

    expect(await statusOf(`${url}/omni`, {})).toBe(504);
    expect(errors.map(({ code }) => code)).toEqual(['authorize-timeout']);
  });
});

describe('2c: attachWebSockets', () => {
  it.each<[string, Buffer[], number]>([
    ['W42 a header of one byte over the limit', [frame('', { claims: 65_537 })], 1009],
    ['W42 a header of 100 MiB', [frame('', { claims: 104_857_600 })], 1009],
    [
      'W42 fragments that add up to more than the limit',
      [frame('x'.repeat(65_000), { fin: false }), frame('x'.repeat(600), { opcode: 0 })],
      1009,
    ],
    [
      'W44 65 fragments of one byte',
      [
        frame('x', { fin: false }),
        ...Array.from({ length: 64 }, () => frame('x', { opcode: 0, fin: false })),
      ],
      1008,
    ],
    ['W45 a compressed frame, when no compression was agreed upon', [frame('x', { rsv: 4 })], 1002],
  ])('%s: its close code, on a route of ours and on one of the own', async (_, frames, code) => {
    const { url } = await serveAttached((app) => {
      app.ws('/omni', echo);
      app.ws('/own', (socket) => {
        socket.on('message', () => {});
      });
    });

    for (const path of ['/omni', '/own']) {
      const hostile = await openRaw({ url: url + path });
      hostile.write(Buffer.concat(frames));
      expect((await hostile.ended).code).toBe(code);
    }
  });

  it('W42 a message of the limit is answered', async () => {
    const { url } = await serveAttached(withEcho);
    const client = await openRaw({ url: `${url}/omni` });
    const text = 'x'.repeat(65_536 - say('').length);

    client.write(sayFrame(text));

    expect(await client.next()).toBe(`{"said":"${text}"}`);
  });

  it('W45 a client that offers permessage-deflate gets none', async () => {
    const { url } = await serveAttached(withEcho);
    const client = await connect(`${url}/omni`, { perMessageDeflate: true });

    expect(client.socket.extensions).toBe('');
  });

  it.each<[string, string | undefined, number]>([
    ['none (a program, no page)', undefined, 101],
    ['its own', 'http://OWN', 101],
    ['another host', 'http://evil.example', 403],
    ['null', 'null', 403],
    ['its own host on another port', 'http://127.0.0.1:1', 403],
    ['its own name as a part of another', 'http://OWN.evil.example', 403],
    ['its own in the user part', 'http://OWN@evil.example', 403],
    ['its own with a path', 'http://OWN/', 403],
    ['another scheme', 'file://OWN', 403],
    ['nothing', '', 403],
  ])('W51 a handshake with a cookie and as Origin %s: %s, %s', async (_, origin, status) => {
    const asked: string[] = [];
    const { url, port } = await serveAttached((app) => {
      app.use((request, _response, next) => {
        asked.push(request.url);
        next();
      });
      app.ws('/omni', echo);
    });
    const host = `127.0.0.1:${port}`;

    const headers = { host, cookie: 'session=1', origin: origin?.replace('OWN', host) };

    expect(await statusOf(`${url}/omni`, headers)).toBe(status);
    expect(asked.length).toBe(status === 101 ? 1 : 0);
  });

  it('W53 a subprotocol that was offered, say a token: none is selected', async () => {
    const { url } = await serveAttached(withEcho);
    const client = new RawPeer(`${url}/omni`, {
      headers: { 'sec-websocket-protocol': 'bearer.secret, other' },
    });
    onTestFinished(() => {
      client.socket.destroy();
    });
    const [bytes] = (await once(client.socket, 'data')) as [Buffer];

    expect(await client.status).toBe(101);
    expect(bytes.toString().toLowerCase()).not.toContain('sec-websocket-protocol');
    expect(bytes.toString()).not.toContain('secret');
  });

  it('W54 one socket more than maxConnections: 503 before 101, and admitted when one has closed', async () => {
    const refused = watched('refused');
    const gone = deferred();
    const { url } = await serveAttached(
      (app) =>
        app.ws(
          '/omni',
          omniWs({
            codec: textCodec,
            handler: (): Says => ({ private: true }),
            onClose: () => {
              gone.resolve();
            },
          }),
        ),
      { maxConnections: 2 },
    );
    const first = await openRaw({ url: `${url}/omni` });
    await openRaw({ url: `${url}/omni` });

    expect(await statusOf(`${url}/omni`, {})).toBe(503);
    expect(refused).toEqual([{ transport: 'upgrade', code: 'max-connections', status: 503 }]);
    first.write(closeFrame(1000));
    await gone.promise;
    expect(await statusOf(`${url}/omni`, {})).toBe(101);
  });
});

function failure(status: number | undefined): Error {
  return Object.assign(new Error('secret'), { status });
}
function fail(status: number | undefined): never {
  throw failure(status);
}
