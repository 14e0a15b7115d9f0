import express, { type Express, Router } from 'express';
import { describe, expect, it } from 'vitest';
import { type SocketRoutes } from '../../lib/server/attach.ts';
import { routerPrototype } from '../../lib/server/ws-method.ts';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { connect, dial } from '../support/socket-client.ts';

type App = Express & SocketRoutes;
/** A Router, whose `.ws` comes from the application. */
type SocketRouter = Router & SocketRoutes;

const says =
  (text: string) =>
  (socket: { send: (text: string) => void }): void =>
    socket.send(text);

/** What a socket at a path of an application is sent first. */
async function firstAt(path: string, routes: (app: App) => void): Promise<string> {
  const { url } = await serveAttached(routes);
  return String(await (await connect(`${url}${path}`)).next());
}

describe('.ws', () => {
  it('is on the application, its Routers, and applications that are made later', async () => {
    const routes = (app: App): void => {
      const router = Router() as SocketRouter;
      router.ws('/b', says('router') as never);
      const mounted = express() as unknown as App;
      mounted.ws('/c', says('mounted') as never);
      app.ws('/a', says('application') as never);
      app.use('/router', router);
      app.use('/mounted', mounted);
    };

    expect(await firstAt('/a', routes)).toBe('application');
    expect(await firstAt('/router/b', routes)).toBe('router');
    expect(await firstAt('/mounted/c', routes)).toBe('mounted');
  });

  it('returns what it was called on, so that calls can be chained', async () => {
    let returned: unknown;
    const { app } = await serveAttached((given) => {
      returned = given.ws('/a', says('a') as never);
    });

    expect(returned).toBe(app);
  });

  it('takes what Express takes: parameters, expressions, and lists of paths and of routes', async () => {
    const passing = (_socket: unknown, _request: unknown, next: () => void): void => next();
    const routes = (app: App): void => {
      app.ws('/room/:name', ((socket: { send: (text: string) => void }, request: never) =>
        socket.send((request as { params: { name: string } }).params.name)) as never);
      (app as { ws: (...given: unknown[]) => void }).ws(
        [['/x', /^\/y+$/]],
        [passing],
        says('listed'),
      );
    };

    expect(await firstAt('/room/ada', routes)).toBe('ada');
    expect(await firstAt('/x', routes)).toBe('listed');
    expect(await firstAt('/yyy', routes)).toBe('listed');
  });

  it.each<[name: string, given: unknown[], message: string]>([
    ['no path', [says('a')], 'Expected the path of a WebSocket route to be a string'],
    ['an empty list of paths', [[], says('a')], 'Expected the path of a WebSocket route'],
    ['no route', ['/a'], 'Expected a WebSocket route, got none'],
    ['an object', ['/a', {}], 'Expected a WebSocket route to be a function, got object'],
    ['a Router', ['/a', Router()], 'got a router of Express'],
    ['an application', ['/a', express()], 'got a router of Express'],
    [
      'an error handler',
      ['/a', (_1: unknown, _2: unknown, _3: unknown, _4: unknown) => {}],
      'got a function of 4 parameters',
    ],
  ])('refuses %s', async (_name, given, message) => {
    const { app } = await serveAttached(() => {});
    const add = (): void => (app as unknown as { ws: (...all: unknown[]) => void }).ws(...given);

    expect(add).toThrow(TypeError);
    expect(add).toThrow(message);
  });

  it.each<[name: string, fail: () => unknown]>([
    [
      'throws',
      () => {
        throw Object.assign(new Error('no'), { status: 403 });
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('no'), { status: 403 }))],
  ])('closes the socket with the status of a route that %s', async (_name, fail) => {
    const { url } = await serveAttached((app) => {
      app.ws('/a', fail as never);
    });

    expect((await dial(`${url}/a`).closed).code).toBe(4403);
  });

  it('leaves HTTP requests at its path to the routes after it', async () => {
    const { port } = await serveAttached((app) => {
      app.ws('/a', says('a') as never);
      app.get('/a', (_request, response) => void response.send('page'));
    });

    expect(await (await fetch(`http://127.0.0.1:${port}/a`)).text()).toBe('page');
  });

  it('is served where a wrapper passes on what it gets, once it listens', async () => {
    const listens = deferred();
    const { url } = await serveAttached((app) => {
      app.ws('/a', ((...given: [{ on: (...all: unknown[]) => void }]) => {
        given[0].on('message', () => {});
        listens.resolve();
      }) as never);
    });
    const client = await connect(`${url}/a`);
    await listens.promise;
    client.send('heard');

    expect(await client.settled()).toEqual([]);
  });
});

describe('the prototype of the Routers of an application', () => {
  it('is that from which its Routers inherit, and does not freeze its settings', () => {
    const app = express();
    const prototype = routerPrototype(app);
    app.set('case sensitive routing', true);
    app.get('/Page', () => {});

    expect(Object.hasOwn(prototype, 'route')).toBe(true);
    expect(Object.prototype.isPrototypeOf.call(prototype, Router())).toBe(true);
    const made = app as unknown as Record<'_router' | 'router', { caseSensitive: boolean }>;
    expect((made._router ?? made.router).caseSensitive).toBe(true);
  });
});
