import { type RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { runMiddleware } from '../../lib/server/run-middleware.ts';
import { received } from '../support/received.ts';

describe('middlewares on a bare request', () => {
  it('run one after the other, and give the same request with their properties', async () => {
    const { request } = await received();
    const order: string[] = [];
    const later: RequestHandler = (given, _response, next) => {
      order.push('a');
      setImmediate(() => {
        (given as unknown as { user: string }).user = 'Ada';
        order.push('a is done');
        next();
      });
    };
    const then: RequestHandler = (given, _response, next) => {
      order.push(`b sees ${(given as unknown as { user: string }).user}`);
      next();
    };

    expect(await runMiddleware(request, later, then)).toBe(request);
    expect(order).toEqual(['a', 'a is done', 'b sees Ada']);
  });

  it('have the methods of Express, on request and response', async () => {
    const { request } = await received({ 'x-user': 'Ada' });
    let seen: unknown[] = [];

    await runMiddleware(request, (given, response, next) => {
      response.cookie('a', 'b').status(200);
      seen = [given.get('X-User'), given.hostname, response.getHeader('set-cookie')];
      next();
    });

    expect(seen).toEqual(['Ada', '127.0.0.1', 'a=b; Path=/']);
  });

  it.each<[string, RequestHandler]>([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['gives it to next', (_request, _response, next) => next(new Error('mine'))],
    ['rejects', async () => Promise.reject(new Error('mine'))],
  ])('fail with what one %s, and the others do not run', async (_name, failing) => {
    const { request } = await received();
    let hasRun = false;

    await expect(
      runMiddleware(request, failing, (_request, _response, next) => {
        hasRun = true;
        next();
      }),
    ).rejects.toThrow('mine');
    expect(hasRun).toBe(false);
  });

  it('fail with an error that has a cause where next is given something else', async () => {
    const { request } = await received();

    await expect(
      runMiddleware(request, (_request, _response, next) => next('a string')),
    ).rejects.toMatchObject({ message: 'a middleware failed', cause: 'a string' });
  });

  it.each<[string, RequestHandler, number]>([
    ['403', (_request, response) => void response.status(403).end(), 403],
    ['499 and a body', (_request, response) => void response.status(499).json({}), 499],
    ['503 by writeHead', (_request, response) => void response.writeHead(503), 503],
    ['a page, which is 401', (_request, response) => void response.send('log in'), 401],
    ['a redirect, which is 401', (_request, response) => response.redirect('/login'), 401],
  ])('refuse where one answers with %s', async (_name, answering, status) => {
    const { request } = await received();

    await expect(runMiddleware(request, answering)).rejects.toMatchObject({ status });
  });

  it('are done without any', async () => {
    const { request } = await received();

    expect(await runMiddleware(request)).toBe(request);
  });
});
