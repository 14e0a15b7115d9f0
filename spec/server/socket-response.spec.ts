import { createReadStream } from 'node:fs';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import express, { type Request, type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { closeResponse, socketResponse } from '../../lib/server/socket-response.ts';
import { nextTurn } from '../support/clock.ts';
import { received } from '../support/received.ts';
import { until } from '../support/until.ts';

/** The response of a socket's request, and the statuses with which it was answered. */
async function answering(): Promise<{
  readonly request: IncomingMessage & { params?: unknown; route?: unknown; next?: unknown };
  readonly response: ServerResponse;
  readonly statuses: number[];
  readonly close: () => void;
}> {
  const { request } = await received();
  const statuses: number[] = [];
  const response = socketResponse(ServerResponse, request, {
    refuse: (status) => statuses.push(status),
  });
  return { request, response, statuses, close: () => closeResponse(response) };
}

describe('the response of a socket', () => {
  it.each<[name: string, status: number, answer: (response: ServerResponse) => void]>([
    ['end', 200, (response) => response.end('page')],
    ['write', 200, (response) => response.write('page')],
    ['flushHeaders', 200, (response) => response.flushHeaders()],
    ['writeHead', 401, (response) => response.writeHead(401, { 'x-a': 'b' })],
    [
      'a status and end',
      404,
      (response) => {
        response.statusCode = 404;
        response.end();
      },
    ],
  ])('reports the status of an answer by %s, once: %i', async (_name, status, answer) => {
    const { response, statuses } = await answering();
    answer(response);
    response.end();

    expect(statuses).toEqual([status]);
  });

  it('takes all that is written to it, and does not hold up who writes', async () => {
    const { response, statuses } = await answering();
    createReadStream(fileURLToPath(new URL('../../package-lock.json', import.meta.url))).pipe(
      response,
    );
    await until(() => response.writableFinished);

    expect(statuses).toEqual([200]);
  });

  it('ends what still writes when the client is gone', async () => {
    const { response, request, close } = await answering();
    let isClosed = false;
    response.once('close', () => (isClosed = true));
    response.write('the beginning');
    close();
    await until(() => isClosed);

    expect(request.destroyed).toBe(true);
  });
});

describe('a page at the path of a socket', () => {
  it.each<[methods: Record<string, boolean>, statuses: number[], isPassed: boolean]>([
    [{ get: true }, [], true],
    [{ get: true, head: true }, [], true],
    [{ get: true, post: true }, [200], false],
    [{ _all: true }, [200], false],
    [{}, [200], false],
  ])('of a route with %j', async (methods, expected, isPassed) => {
    const { request, response, statuses } = await answering();
    let passed = 0;
    request.params = {};
    request.route = { methods };
    request.next = () => (passed += 1);
    response.end('page');
    await nextTurn();

    expect(statuses).toEqual(expected);
    expect(passed).toBe(isPassed ? 1 : 0);
  });

  it('is a refusal where it answers with another status', async () => {
    const { request, response, statuses } = await answering();
    request.route = { methods: { get: true } };
    request.next = () => {};
    response.writeHead(403).end();

    expect(statuses).toEqual([403]);
  });

  it('is left behind where the request has gone on to something else', async () => {
    const { request, response, statuses } = await answering();
    request.params = { of: 'the route' };
    request.route = { methods: { get: true } };
    request.next = () => {};
    // Express sets the parameters for every layer, before it sets the route.
    request.params = { of: 'a middleware' };
    response.end();

    expect(request.params).toEqual({ of: 'a middleware' });
    expect(statuses).toEqual([200]);
  });

  it('is found in the routing of Express itself', async () => {
    const { request, response, statuses } = await answering();
    const app = express();
    const passed: string[] = [];
    app.get('/', (_request: Request, given: Response) => void given.send('page'));
    app.use((_request: Request, _given: Response) => {
      passed.push('on');
      response.statusCode = 404;
    });
    app(request as Request, response as Response);
    await until(() => passed.length > 0);

    expect(statuses).toEqual([]);
  });
});
