import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { askRoute } from '../../lib/client/question.ts';
import { serve } from '../support/serve.ts';

async function answered(listener: RequestListener): Promise<ReturnType<typeof askRoute>> {
  const url = new URL(await serve(createServer(listener)));
  url.protocol = 'ws:';
  return askRoute(url, (address, init) => fetch(address, init));
}

const problem =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(body));
  };

describe('the question why a handshake was refused', () => {
  it('asks for a problem, over http, past every cache', async () => {
    const headers: (string | undefined)[] = [];
    await answered((request, response) => {
      headers.push(request.method, request.headers.accept, request.headers['cache-control']);
      response.end();
    });

    expect(headers).toEqual(['GET', 'application/problem+json', 'no-cache']);
  });

  it('takes the status and the patience of an answer with the mark', async () => {
    const body = { omnimessage: 'websocket', retryAfter: 7 };

    await expect(answered(problem(503, body))).resolves.toMatchObject({ code: 503, retryAfter: 7 });
    await expect(answered(problem(426, body))).resolves.toMatchObject({ code: 0 });
  });

  it.each<[string, RequestListener]>([
    ['a problem without the mark', problem(404, { title: 'another route' })],
    ['HTML, as of a captive portal', (_request, response) => response.end('<!doctype html>')],
    ['nothing at all', (_request, response) => response.end()],
  ])('takes %s for no answer of the route', async (_name, listener) => {
    await expect(answered(listener)).resolves.toBeUndefined();
  });

  it('fails for a redirect, and for a server that is not there', async () => {
    await expect(
      answered((_request, response) => {
        response.writeHead(302, { location: '/login' }).end();
      }),
    ).rejects.toThrow(TypeError);
    await expect(
      askRoute(new URL('ws://127.0.0.1:9'), (address, init) => fetch(address, init)),
    ).rejects.toThrow();
  });
});
