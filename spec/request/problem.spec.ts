import { describe, expect, it } from 'vitest';
import {
  namesProblems,
  Problem,
  problemOf,
  refusalOf,
  sendProblem,
} from '../../lib/request/problem.ts';
import { received } from '../support/received.ts';

describe('a problem', () => {
  it('is RFC 9457, with its length in bytes', () => {
    const { headers, body } = problemOf({ status: 422, code: 'decode', detail: 'at é: a text' });

    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'decode',
      detail: 'at é: a text',
    });
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
    });
  });

  it('has further headers and members, and a title of its own', () => {
    const { headers, body } = problemOf({
      status: 799,
      code: 'odd',
      members: { limit: 3 },
      headers: { 'retry-after': '5', 'cache-control': 'private' },
    });

    expect(JSON.parse(body)).toMatchObject({ title: 'Error', limit: 3 });
    expect(headers).toMatchObject({ 'retry-after': '5', 'cache-control': 'private' });
    expect(problemOf({ status: 400, code: 'a', title: 'Mine' }).body).toContain('"Mine"');
  });

  it('of a compressed body says what is read', () => {
    expect(new Problem('encoding').headers).toEqual({ 'accept-encoding': 'identity' });
    expect(new Problem('charset').headers).toBeUndefined();
  });
});

describe('what is taken over of an error of context', () => {
  it('is the headers that help the client, and no others', () => {
    const headers = { 'WWW-Authenticate': 'Bearer', 'Retry-After': 5, 'Set-Cookie': 'secret' };

    expect(refusalOf(401, Object.assign(new Error('secret'), { headers }))).toEqual({
      status: 401,
      code: 'context',
      headers: { 'www-authenticate': 'Bearer', 'retry-after': '5' },
    });
  });

  it.each<[string, unknown]>([
    ['a header that cannot be sent', { headers: { 'retry-after': '5\r\nset-cookie: a' } }],
    [
      'headers that throw',
      {
        get headers(): never {
          throw new Error('mine');
        },
      },
    ],
    ['no headers', {}],
    ['null', { headers: null }],
  ])('is nothing of %s', (_name, thrown) => {
    expect(refusalOf(403, thrown)).toEqual({ status: 403, code: 'context', headers: {} });
  });
});

describe('a client that accepts problems', () => {
  it.each([
    ['application/problem+json', true],
    ['APPLICATION/PROBLEM+JSON', true],
    ['text/html, application/problem+json;q=0.5', true],
    ['application/problem+json;q=0.0', false],
    ['application/problem+json; q=0, */*', false],
    ['application/problem+jsonx', false],
    ['*/*', false],
  ])('names them: %s is %s', (accept, expected) => {
    expect(namesProblems(accept)).toBe(expected);
  });
});

describe('the answer with a problem', () => {
  it.each([
    ['empty', 'keep-alive'],
    ['too-large', 'close'],
    ['body-timeout', 'close'],
  ] as const)('of the code %s leaves the connection to %s', async (code, connection) => {
    const { response, answer } = await received({ connection: 'keep-alive' });

    sendProblem(response, new Problem(code));

    const { statusCode, headers } = await answer;
    expect([statusCode, headers.connection]).toEqual([new Problem(code).status, connection]);
  });

  it('is nothing where there was an answer', async () => {
    const { response, answer } = await received();
    response.writeHead(200);

    sendProblem(response, new Problem('empty'));
    response.end('mine');

    expect((await answer).statusCode).toBe(200);
  });
});
