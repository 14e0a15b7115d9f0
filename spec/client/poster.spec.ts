import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createPoster } from '../../lib/client/poster.ts';
import { type Line } from '../../lib/client/transport.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

interface Posting {
  readonly line: Line;
  /** What the line called, in order. */
  readonly called: string[];
  readonly requests: { readonly body: string; readonly accept: string | undefined }[];
}

async function posting(
  answer: (response: ServerResponse, body: string, request: IncomingMessage) => void,
): Promise<Posting> {
  const requests: Posting['requests'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      requests.push({ body, accept: request.headers.accept });
      answer(response, body, request);
    });
  });
  const url = new URL(await serve(server));
  const called: string[] = [];
  const { line } = createPoster(
    url,
    {
      url,
      codec: {},
      isReturn: false,
      fetch: (address, init) => fetch(address, init),
    },
    {
      open: () => called.push('open'),
      receive: (header, payload) => called.push(`${header} ${String(payload)}`),
      refused: (id) => called.push(`refused ${id}`),
      flush: () => called.push('flush'),
      end: (code, _reason, retryAfter) => called.push(`end ${code} ${retryAfter ?? ''}`),
    },
  );
  return { line, called, requests };
}

describe('a POST', () => {
  it('is one at a time, and answered by its reply, or acknowledged', async () => {
    const { line, called, requests } = await posting((response, body) => {
      response.end(body === 'quiet' ? '' : `re: ${body}`);
    });
    expect(line.isReady()).toBe(true);
    line.send('1', 'a');
    expect(line.isReady()).toBe(false);
    await until(() => line.isReady());
    line.send('2', 'quiet');
    await until(() => line.isReady());

    expect(called).toEqual(['=1 re: a', 'flush', '+2 ', 'flush']);
    expect(requests).toEqual(
      ['a', 'quiet'].map((body) => ({ body, accept: 'application/problem+json, */*' })),
    );
  });

  it.each<[string, (response: ServerResponse) => unknown, string[]]>([
    [
      'a failure with the mark, and what onError says of it',
      (response) => response.setHeader('omnimessage', 'failed; code=handler').end('sorry'),
      ['-1;handler sorry', 'flush'],
    ],
    [
      'a problem of its own',
      (response) =>
        response
          .writeHead(422, { 'content-type': 'application/problem+json' })
          .end('{"code":"decode"}'),
      ['-1;decode ', 'flush'],
    ],
    ['another 4xx', (response) => response.writeHead(413).end(), ['-1;http-413 ', 'flush']],
    [
      'a server that shuts down',
      (response) =>
        response
          .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '7' })
          .end('{"code":"shutting-down"}'),
      ['refused 1', 'end 503 7'],
    ],
    [
      'a connection with too many requests',
      (response) =>
        response
          .writeHead(503, { 'content-type': 'application/problem+json' })
          .end('{"code":"pipelined"}'),
      ['refused 1', 'end 503 '],
    ],
    [
      'the 503 of a proxy, whose server may have had it',
      (response) => response.writeHead(503, { 'retry-after': '7' }).end('upstream connect error'),
      ['end 503 7'],
    ],
    [
      'the 503 of a proxy that explains itself',
      (response) =>
        response
          .writeHead(503, { 'content-type': 'application/problem+json' })
          .end('{"code":"upstream-reset"}'),
      ['end 503 '],
    ],
    ['a rate limiter', (response) => response.writeHead(429).end(), ['refused 1', 'end 429 ']],
    [
      'a failure with the status of a refusal',
      (response) =>
        response.writeHead(503, { omnimessage: 'failed; code=shutting-down' }).end('sorry'),
      ['end 503 '],
    ],
    ['no login', (response) => response.writeHead(401).end(), ['refused 1', 'end 401 ']],
    ['another 404', (response) => response.writeHead(404).end(), ['refused 1', 'end 0 ']],
    ['the 502 of a proxy', (response) => response.writeHead(502).end('<html>'), ['end 502 ']],
    [
      'the page of a captive portal',
      (response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'),
      ['end 0 '],
    ],
    ['a redirect', (response) => response.writeHead(302, { location: '/login' }).end(), ['end 0 ']],
    ['an answer that breaks off', (response) => response.destroy(), ['end 0 ']],
  ])('takes %s for what it is', async (_name, answer, expected) => {
    const { line, called } = await posting(answer);
    line.send('1', 'a');
    await until(() => called.length === expected.length);

    expect(called).toEqual(expected);
  });

  it('is given up when the line is closed, and calls nothing then', async () => {
    let isGone = false;
    const { line, called, requests } = await posting((_response, _body, request) => {
      request.socket.on('close', () => {
        isGone = true;
      });
    });
    line.send('1', 'a');
    await until(() => requests.length === 1);
    line.close();
    await until(() => isGone);

    expect(called).toEqual([]);
  });
});
