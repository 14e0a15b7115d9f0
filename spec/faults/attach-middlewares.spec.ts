/** A11, A22, E5: what the middlewares and guards before a socket's route see, and which paths a route may have. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import express, { type Express, type RequestHandler } from 'express';
import expressWs from 'express-ws';
import { attachWebSockets, omniHttp, omniWs, type SocketRoutes } from 'express-omnimessage';
import morgan from 'morgan';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket } from 'ws';
import { serveAttached } from '../support/attached.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { connect, dial } from '../support/socket-client.ts';
import { deferred } from '../support/deferred.ts';
import { say } from './served-socket.ts';

const echo = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });
const deny: RequestHandler = (_request, response) => {
  response.status(401).end();
};
const isFour = 'lazyrouter' in express.application;
const unauthorized = { code: 4401, reason: 'unauthorized' };
const notFound = { code: 4404, reason: 'not-found' };

async function expectEcho(url: string): Promise<void> {
  const client = await connect(url);
  client.send(say('here'));
  expect(await client.next()).toBe('{"said":"here"}');
}

describe('A11: guards before the route of a socket', () => {
  it.each<[string, (app: Express & SocketRoutes) => void]>([
    ['app.all', (app) => app.all('/admin', deny)],
    ['app.get', (app) => app.get('/admin', deny)],
    ['app.use', (app) => app.use('/admin', deny)],
    ['app.route', (app) => app.route('/admin').all(deny)],
    [
      'request.path',
      (app) =>
        app.use((request, response, next) => {
          if (request.path.toLowerCase().replace(/\/$/, '') === '/admin')
            deny(request, response, next);
          else next();
        }),
    ],
    [
      'request.originalUrl, in a Router',
      (app) => {
        const router = express.Router();
        router.use((request, response, next) => {
          if (/^\/admin\/?(?:\?|$)/i.test(request.originalUrl)) deny(request, response, next);
          else next();
        });
        app.use(router);
      },
    ],
    ['app.param', (app) => void app.get('/:page', deny)],
  ])('by %s guard the socket as they guard HTTP', async (_, guard) => {
    const reached: string[] = [];
    const { url } = await serveAttached((app) => {
      guard(app);
      app.ws('/admin', (socket: WebSocket, request) => {
        reached.push(request.url);
        socket.send('secret');
      });
      app.ws('/open/here', echo);
    });

    for (const path of ['/admin', '/ADMIN', '/admin/', '/admin?x=/open']) {
      expect(await dial(url + path).closed).toEqual(unauthorized);
    }
    // The path that express-ws would have given it is no way around.
    const around = await dial(`${url}/admin/.websocket`).closed;
    expect([unauthorized, notFound]).toContainEqual(around);
    expect(reached).toEqual([]);
    await expectEcho(`${url}/open/here`);
  });

  it('see the path, the query and the parameters of the handshake', async () => {
    const seen: unknown[] = [];
    const { url } = await serveAttached((app) => {
      app.use(({ url: target, path, originalUrl, query }, _response, next) => {
        seen.push([target, path, originalUrl, query]);
        next();
      });
      app.get('/:a/:b', (_request, _response, next) => {
        seen.push('two segments');
        next();
      });
      app.ws('/ws', echo);
    });

    await expectEcho(`${url}/ws?a=b`);

    expect(seen).toEqual([['/ws?a=b', '/ws', '/ws?a=b', { a: 'b' }]]);
  });

  it('morgan logs the path of the handshake', async () => {
    const lines: string[] = [];
    const logged = deferred();
    const { url } = await serveAttached((app) => {
      const stream = {
        write: (line: string) => {
          lines.push(line.trim());
          if (lines.length === 2) logged.resolve();
        },
      };
      app.use(morgan(':method :url', { stream, immediate: true }));
      app.use(morgan('after :url :status', { stream }));
      app.get('/refused', deny);
      app.ws('/refused', echo);
    });

    await dial(`${url}/refused?x=1`).closed;
    await logged.promise;

    expect(lines).toEqual(['GET /refused?x=1', 'after /refused?x=1 401']);
  });
});

describe('A11: a page at the path of a socket', () => {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));

  it.each<[string, RequestHandler]>([
    ['at once', (_request, response) => void response.send('a page')],
    // The example of express-ws.
    ['by end', (_request, response) => void response.end()],
    [
      'later',
      (_request, response) => {
        setImmediate(() => response.json({ a: 'page' }));
      },
    ],
    [
      'as a promise',
      async (_request, response) => {
        await Promise.resolve();
        response.status(200).send('a page');
      },
    ],
    ['as a file', (_request, response) => response.sendFile(file)],
  ])('that app.get answers %s before the route: both are served', async (_, page) => {
    const { url, port, errors } = await serveAttached((app) => {
      app.get('/both', page);
      const router = express.Router();
      router.get('/both', page);
      router.ws('/both', echo);
      app.use('/below', router);
      app.ws('/both', echo);
    });

    for (const path of ['/both', '/below/both']) {
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
      await expectEcho(url + path);
    }
    expect(errors).toEqual([]);
  });

  it('a guard that refuses after the page decides', async () => {
    const { url } = await serveAttached((app) => {
      app.get('/both', (_request, response) => void response.send('a page'));
      app.use((_request, _response, next) => {
        next(Object.assign(new Error('no'), { status: 403 }));
      });
      app.ws('/both', echo);
    });

    expect(await dial(`${url}/both`).closed).toEqual({ code: 4403, reason: 'forbidden' });
  });

  it.each<[string, (app: Express) => void]>([
    ['app.get redirects to a login', (app) => app.get('/admin', (_q, s) => s.redirect('/login'))],
    ['app.use sends a login page', (app) => app.use((_q, s) => void s.send('log in'))],
    ['app.all sends a login page', (app) => app.all('/admin', (_q, s) => void s.send('log in'))],
    [
      'app.use sends a login page, after app.get has passed the socket on',
      (app) => {
        app.get('/admin', (_q, _s, next) => {
          next();
        });
        app.use((_q, s) => void s.send('log in'));
      },
    ],
  ])('is none where %s: the socket is refused', async (_, guard) => {
    const { url } = await serveAttached((app) => {
      guard(app);
      app.ws('/admin', echo);
    });

    expect(await dial(`${url}/admin`).closed).toEqual(notFound);
  });

  it('HTTP requests of any method skip the route of a socket', async () => {
    const { port } = await serveAttached((app) => {
      app.ws('/both', echo);
      app.all('/both', ({ method }, response) => void response.set('x-method', method).end());
    });

    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      const { headers } = await fetch(`http://127.0.0.1:${port}/both`, { method });
      expect(headers.get('x-method')).toBe(method);
    }
    expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
  });
});

describe('A22: the path of a route', () => {
  const params = omniWs({
    codec: textCodec,
    handler: (_message, { request }: { request: express.Request }): Says => ({
      said: JSON.stringify(request.params),
    }),
  });

  it.each<[string, string | RegExp | (string | RegExp)[], string, object]>([
    ['a RegExp', /^\/rooms\/(\d+)$/, '/rooms/7', { 0: '7' }],
    ['an array', ['/other', '/rooms/:room'], '/rooms/7', { room: '7' }],
    ['an array with a RegExp', ['/other', /^\/rooms\/(\d+)$/], '/rooms/7', { 0: '7' }],
    ...(isFour
      ? ([['an optional parameter of Express 4', '/ws/:room?', '/ws', {}]] as never[])
      : ([['an optional parameter of Express 5', '/ws{/:room}', '/ws', {}]] as never[])),
    ...(isFour ? ([['a star of Express 4', '/ws/*', '/ws/a/b', { 0: 'a/b' }]] as never[]) : []),
    ['a trailing slash', '/ws/', '/ws', {}],
  ])('may be %s', async (_, path, asked, expected) => {
    const { url } = await serveAttached((app) => app.ws(path, params));
    const client = await connect(url + asked);

    client.send(say('where'));

    const { said } = JSON.parse(String(await client.next())) as { said: string };
    expect(JSON.parse(said)).toEqual(expected);
    expect(await dial(`${url}/nowhere`).closed).toEqual(notFound);
  });

  it('may be on an application that is mounted', async () => {
    const { url } = await serveAttached((app) => {
      const mounted = express() as Express & SocketRoutes;
      mounted.ws('/rooms/:room', params);
      app.use('/api', mounted);
    });
    const client = await connect(`${url}/api/rooms/7`);

    client.send(say('where'));

    expect(await client.next()).toBe('{"said":"{\\"room\\":\\"7\\"}"}');
  });

  it('serves an application that has its sockets from express-ws alone, in the same process', async () => {
    attachWebSockets(express());
    const { app } = expressWs(express(), undefined, { leaveRouterUntouched: true });
    const router = express.Router();
    router.ws('/omni', echo);
    app.use('/api', router);
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };

    const client = await connect(`ws://127.0.0.1:${port}/api/omni`);
    client.send(say('here'));
    expect(await client.next()).toBe('{"said":"here"}');
  });

  it.each<[string, (app: Express & SocketRoutes) => unknown, string]>([
    ['no path', (app) => app.ws(echo as never), 'write app.ws(path, omniWs({ … }))'],
    ['a number', (app) => app.ws(7 as never, echo), 'got number'],
    ['no route', (app) => app.ws('/x'), 'got none: write app.ws(path, omniWs({ … }))'],
    [
      'omniHttp, which is a Router',
      (app) =>
        app.ws('/x', omniHttp({ path: '/x', codec: textCodec, handler: () => undefined }) as never),
      'write app.use(path, router)',
    ],
    ['an application', (app) => app.ws('/x', express() as never), 'write app.use(path, router)'],
    [
      'an error handler',
      (app) => app.ws('/x', ((_e: unknown, _q: unknown, _s: unknown, _n: unknown) => {}) as never),
      'an error handler is for app.use',
    ],
  ])('E5: %s is a TypeError that says what to write', (_, misuse, text) => {
    const { app } = attachWebSockets(express());

    expect(() => misuse(app)).toThrow(TypeError);
    expect(() => misuse(app)).toThrow(text);
  });
});
