import express, { type Express, Router } from 'express';
import { describe, expect, it } from 'vitest';
import { attachWebSockets, type SocketRoutes } from 'express-omnimessage';
import { findRoute } from '../../lib/server/find-route.ts';

/** Finds what a path leads to in an attached application. */
function find(routes: (app: Express & SocketRoutes) => void, url: string): unknown {
  const { app } = attachWebSockets(express());
  routes(app);
  return findRoute(app as never, url);
}

const serve = (): void => {};

describe('findRoute', () => {
  it.each([
    ['/chat', { route: '/chat', baseUrl: '', params: {} }],
    ['/CHAT/?q=/other', { route: '/chat', baseUrl: '', params: {} }],
    ['/chat#x', { route: '/chat', baseUrl: '', params: {} }],
    ['/rooms/a%20b', { route: '/rooms/:room', baseUrl: '', params: { room: 'a b' } }],
    ['/rooms/%', undefined],
    ['/rooms/%ff', undefined],
    ['/page', undefined],
    ['/chat/.websocket', undefined],
    ['/', undefined],
    ['*', undefined],
  ])('at %s finds %o', (url, found) => {
    const routes = (app: Express & SocketRoutes): void => {
      app.get('/page', serve);
      app.ws('/chat', serve);
      app.ws('/rooms/:room', serve);
    };

    expect(find(routes, url)).toEqual(found);
  });

  it.each([
    ['/api/v1/rooms/7', { route: '/:room', baseUrl: '/api/v1/rooms', params: { room: '7' } }],
    ['/api/v1/rooms', undefined],
    ['/apiv1/rooms/7', undefined],
  ])('below Routers and mounted applications, at %s finds %o', (url, found) => {
    const routes = (app: Express & SocketRoutes): void => {
      const inner = Router();
      inner.ws('/:room', serve);
      const mounted = express();
      mounted.use('/rooms', inner);
      const outer = Router();
      outer.use('/v1', mounted);
      app.use('/api', outer);
    };

    expect(find(routes, url)).toEqual(found);
  });

  it('follows the settings of the application', () => {
    const { app } = attachWebSockets(express());

    expect(findRoute(app as never, '/chat')).toBeUndefined();
    const strict = attachWebSockets(express()).app;
    strict.set('case sensitive routing', true);
    strict.ws('/Chat', serve);

    expect(findRoute(strict as never, '/chat')).toBeUndefined();
    expect(findRoute(strict as never, '/Chat')).toMatchObject({ route: '/Chat' });
  });

  it('does not see a Router that a middleware calls by itself', () => {
    const routes = (app: Express & SocketRoutes): void => {
      const hidden = Router();
      hidden.ws('/chat', serve);
      app.use((request, response, next) => {
        hidden(request, response, next);
      });
    };

    expect(find(routes, '/chat')).toBeUndefined();
  });
});
