import { describe, expect, it } from 'vitest';
import { isOwnClient, markFailed, markHandled } from '../../lib/request/mark.ts';
import { received } from '../support/received.ts';

describe('our own client', () => {
  it.each([
    ['application/problem+json', true],
    ['text/html, application/problem+json', true],
    ['application/problem+json;q=0', false],
    ['*/*', false],
    ['', false],
  ])('is one that accepts %s: %s', async (accept, expected) => {
    const { request } = await received({ accept });

    expect(isOwnClient(request)).toBe(expected);
  });

  it('says what it accepts', async () => {
    expect(isOwnClient((await received()).request)).toBe(false);
  });
});

describe('the mark', () => {
  it.each([
    ['a reply', (response) => markHandled(response, true), 'reply'],
    ['no reply', (response) => markHandled(response, false), 'none'],
    ['a failure', (response) => markFailed(response, 'handler'), 'failed; code=handler'],
  ] as const satisfies [string, (response: never) => void, string][])(
    'says %s',
    async (_name, mark, expected) => {
      const { response, answer } = await received();

      (mark as (given: typeof response) => void)(response);
      response.end();

      const { headers } = await answer;
      expect(headers['omnimessage']).toBe(expected);
      expect(headers['access-control-expose-headers']).toBeUndefined();
    },
  );

  it('may be read by a page of another origin that may read the answer, beside what else it may', async () => {
    const { response, answer } = await received();
    response.setHeader('access-control-allow-origin', 'https://page.example');
    response.setHeader('access-control-expose-headers', 'x-other');

    markHandled(response, true);
    response.end();

    expect((await answer).headers['access-control-expose-headers']).toBe('x-other, omnimessage');
  });

  it('comes too late where the headers have left, and throws nothing', async () => {
    const { response, answer } = await received();
    response.writeHead(200);

    markFailed(response, 'handler');
    response.end();

    expect((await answer).headers['omnimessage']).toBeUndefined();
  });
});
