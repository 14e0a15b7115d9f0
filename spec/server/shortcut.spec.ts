import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import express, { type Express, type Request, type RequestHandler, Router } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AttachOptions, type SocketRoutes } from '../../lib/server/attach.ts';
import { serveAttached } from '../support/attached.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

/** Express 4 has middlewares of its own before every route. */
const hasShortcut = !('lazyrouter' in express());

type Application = Express & SocketRoutes;
const passOn: RequestHandler = (_request, _response, next) => next();

/** Whether a request came by the shortcut: nobody has asked for its response yet. */
const isShort = (request: Request): boolean =>
  Object.getOwnPropertyDescriptor(request, 'res')?.get !== undefined;

/** What a route can see of the request that brought its socket. */
const seenBy = (request: Request) => {
  const { res: response } = request;
  return {
    url: request.url,
    originalUrl: request.originalUrl,
    baseUrl: request.baseUrl,
    path: request.path,
    params: { ...request.params },
    paramsInherit: 'toString' in request.params,
    query: { ...request.query },
    hostname: request.hostname,
    protocol: request.protocol,
    agent: request.get('user-agent'),
    isApplication: request.app.get('name of the test') as unknown,
    route: (request.route as { path?: unknown }).path,
    next: typeof request.next,
    locals: response?.locals,
    isOfExpress: typeof response?.json,
    response: response?.req === request && response === request.res,
    paramsStill: { ...request.params },
  };
};

/** What the route saw, and whether it was reached by the shortcut. */
async function reach(
  path: string,
  routes: (app: Application, see: Seer) => void,
  options: AttachOptions = {},
) {
  const saw: { request: Request; isShort: boolean; seen: ReturnType<typeof seenBy> }[] = [];
  const { port } = await serveAttached((app) => {
    app.set('name of the test', 'its value');
    routes(app, (socket, request) => {
      saw.push({ request, isShort: isShort(request), seen: seenBy(request) });
      socket.close(4000);
    });
  }, options);
  const client = new RawClient({ port, path });
  await client.answer();
  const code = await client.closeCode();
  return { code, saw };
}
type Seer = Parameters<SocketRoutes['ws']>[1] & ((socket: never, request: never) => void);

describe('a socket that nothing stands before', () => {
  it.each<[path: string, route: Parameters<SocketRoutes['ws']>[0]]>([
    ['/a', '/a'],
    ['/a?b=c&b=d', '/a'],
    ['/A/', '/a'],
    ['/a/x%20y', '/a/:name'],
    ['/a/b', /^\/a\/(.*)$/],
    ['/b', ['/a', '/b']],
    ['/', '/'],
  ])('at %s sees at %s what it sees behind a middleware', async (path, route) => {
    const straight = await reach(path, (app, see) => app.ws(route, see));
    const behind = await reach(path, (app, see) => app.use(passOn).ws(route, see));
    const plain = { expressPrototypes: false };
    const onPlainServer = await reach(path, (app, see) => app.ws(route, see), plain);

    expect(straight.code).toBe(4000);
    expect(straight.saw.map((one) => one.isShort)).toEqual([hasShortcut]);
    expect(behind.saw.map((one) => one.isShort)).toEqual([false]);
    expect(straight.saw[0]?.seen).toEqual(behind.saw[0]?.seen);
    expect(onPlainServer.saw[0]?.seen).toEqual(behind.saw[0]?.seen);
  });

  it('passes by what is for other paths', async () => {
    const { saw } = await reach('/a', (app, see) => {
      app.use('/b', passOn);
      app.get('/c', passOn);
      app.ws('/d', () => {});
      app.ws('/a', see);
    });

    expect(saw.map((one) => one.isShort)).toEqual([hasShortcut]);
  });

  it('ends its request with the socket', async () => {
    let ended: Promise<unknown> | undefined;
    const { url } = await serveAttached((app) => {
      app.ws('/', (socket, request) => {
        expect(isShort(request)).toBe(hasShortcut);
        ended = once(request, 'close');
        socket.send('here');
      });
    });
    const client = await connect(url);
    await client.next();
    client.socket.terminate();

    await expect(ended).resolves.toBeDefined();
  });

  it('is closed with the status that its route answers', async () => {
    const { url } = await serveAttached((app) => {
      app.ws('/', async (...given: [unknown, Request]) => {
        await Promise.resolve();
        given[1].res?.status(401).end();
      });
      app.ws('/alone', (_socket, request) => {
        request.res?.status(429).end();
      });
    });

    expect((await (await connect(url)).closed).code).toBe(4401);
    expect((await (await connect(`${url}/alone`)).closed).code).toBe(4429);
  });
});

describe('a socket goes through Express', () => {
  const called: string[] = [];
  const note =
    (name: string): RequestHandler =>
    (_request, _response, next) => {
      called.push(name);
      next();
    };

  it.each<[name: string, path: string, routes: (app: Application, see: Seer) => void]>([
    ['behind a middleware', '/a', (app, see) => app.use(note('it')).ws('/a', see)],
    ['behind one of its path', '/a/b', (app, see) => app.use('/a', note('it')).ws('/a/b', see)],
    ['behind a page', '/a', (app, see) => app.get('/a', note('it')).ws('/a', see)],
    ['behind a router', '/a', (app, see) => app.use(Router().use(note('it'))).ws('/a', see)],
    [
      'where its parameter has a callback',
      '/a/x',
      (app, see) => {
        app.param('name', (_request, _response, next) => {
          called.push('it');
          next();
        });
        app.ws('/a/:name', see);
      },
    ],
    [
      'where its address has two meanings',
      '/a\\b#c',
      (app, see) => app.use('/a/b', note('it')).ws(/./, see),
    ],
    [
      'where its route takes `next`',
      '/a',
      (app, see) => {
        app.ws('/a', (_socket, request, next) => {
          called.push(isShort(request) ? 'without Express' : 'it');
          (next as () => void)();
        });
        app.ws('/a', see);
      },
    ],
    [
      'where its route has several functions',
      '/a',
      (app, see) => {
        app.ws(
          '/a',
          (_socket, request, next) => {
            called.push(isShort(request) ? 'without Express' : 'it');
            (next as () => void)();
          },
          see,
        );
      },
    ],
    ['in a router', '/a/b', (app, see) => app.use('/a', note('it'), routerOf('/b', see))],
  ])('%s', async (_name, path, routes) => {
    called.length = 0;
    const { saw, code } = await reach(path, routes);

    expect(called).toEqual(['it']);
    expect(code).toBe(4000);
    expect(saw.map((one) => one.isShort)).toEqual([false]);
  });

  it('where somebody listens to what Express calls', async () => {
    const channel = tracingChannel('express.router.request');
    const listener = { start: () => {} };
    channel.subscribe(listener as never);
    onTestFinished(() => channel.unsubscribe(listener as never));
    const { saw } = await reach('/a', (app, see) => app.ws('/a', see));

    expect(saw.map((one) => one.isShort)).toEqual([false]);
  });
});

function routerOf(path: string, see: Seer): Router {
  const router = Router();
  (router as Router & SocketRoutes).ws(path, see);
  return router;
}

describe('a route at the end of the shortcut that fails', () => {
  const failures: readonly [name: string, fail: () => void | Promise<void>][] = [
    [
      'throws',
      () => {
        throw new Error('a fault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a fault'))],
  ];

  it.each(failures)('is 1011 and reported once, when it %s', async (_name, fail) => {
    let calls = 0;
    const { url, errors } = await serveAttached((app) => {
      app.ws('/', (_socket) => {
        calls += 1;
        return fail();
      });
    });

    expect((await (await connect(url)).closed).code).toBe(1011);
    expect(errors.map(({ code }) => code)).toEqual(['route']);
    expect(calls).toBe(1);
  });

  it.each(failures)('is what an error handler makes of it, when it %s', async (_name, fail) => {
    let calls = 0;
    const told: unknown[] = [];
    const { url, errors } = await serveAttached((app) => {
      app.ws('/', (_socket) => {
        calls += 1;
        return fail();
      });
      app.use(((error, _request, response, _next) => {
        told.push((error as Error).message);
        response.status(403).end();
      }) as express.ErrorRequestHandler);
    });

    expect((await (await connect(url)).closed).code).toBe(4403);
    expect(told).toEqual(['a fault']);
    expect(errors).toEqual([]);
    expect(calls).toBe(1);
  });

  it('leaves the socket to the next route, where the error handler says so', async () => {
    const { url } = await serveAttached((app) => {
      app.ws('/', (_socket) => {
        throw new Error('a fault');
      });
      app.use(((_error, _request, _response, next) => next()) as express.ErrorRequestHandler);
      app.ws('/', (socket) => socket.send('the next one'));
    });

    expect(await (await connect(url)).next()).toBe('the next one');
  });
});
