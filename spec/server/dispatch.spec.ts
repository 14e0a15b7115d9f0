import { type RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

const throws = (error: unknown) => (): never => {
  throw error;
};

describe('a socket that goes through an application', () => {
  it('reaches the route at the path of the handshake, after the middlewares', async () => {
    const seen: unknown[] = [];
    const { url } = await serveAttached((app) => {
      app.use('/a', (request, _response, next) => {
        seen.push([request.method, request.originalUrl, request.url]);
        next();
      });
      app.ws('/a/:name', (socket, request) => {
        seen.push([request.params['name'], request.originalUrl, request.url]);
        socket.send('here');
      });
    });

    const client = await connect(`${url}/a/b?c=d`);

    expect(await client.next()).toBe('here');
    const [middleware, route] = seen as [string[], string[]];
    expect(middleware.slice(1)).toEqual(['/a/b?c=d', '/b?c=d']);
    expect(route).toEqual(['b', '/a/b?c=d', '/a/b?c=d']);
  });

  it.each<[string, RequestHandler, number, number]>([
    ['takes nothing', (_request, _response, next) => next(), 4404, 0],
    ["says next('router')", (_request, _response, next) => next('router'), 4404, 0],
    ["says next('route')", (_request, _response, next) => next('route'), 4404, 0],
    ['answers with a page', (_request, response) => void response.send('page'), 4404, 0],
    ['answers with 401', (_request, response) => void response.status(401).end(), 4401, 0],
    ['fails with 403', throws(Object.assign(new Error('no'), { status: 403 })), 4403, 0],
    ['fails with 500', throws(new Error('a fault')), 1011, 1],
    ['gives next something odd', (_request, _response, next) => next('odd'), 1011, 1],
    ['throws null', throws(null), 4404, 0],
  ])('that %s is closed', async (_name, middleware, code, reports) => {
    const { port, errors } = await serveAttached((app) => {
      app.use(middleware);
    });
    const client = new RawClient({ port, path: '/nowhere' });

    expect((await client.answer()).status).toBe(101);
    expect(await client.closeCode()).toBe(code);
    expect(errors.map((error) => error.code)).toEqual(
      Array.from({ length: reports }, () => 'route'),
    );
  });

  it('at a path with a broken escape finds nothing', async () => {
    const { port, errors } = await serveAttached((app) => {
      app.ws('/:name', () => {});
    });
    const client = new RawClient({ port, path: '/%ff' });

    expect((await client.answer()).status).toBe(101);
    expect(await client.closeCode()).toBe(4404);
    expect(errors).toEqual([]);
  });
});
