/** Section 2e: what a client, or the user's own code, can do to a route of omniHttp. */
import { describe, expect, it } from 'vitest';
import { textCodec } from '../support/codecs.ts';
import { dialHttp, serveHttp } from './served-http.ts';

const never = (): Promise<never> => new Promise(() => {});
const boom = new Error('boom');

describe('2e: omniHttp', () => {
  it('H15 a content coding that takes an expression quadratic time to refuse: 415 at once', async () => {
    const served = await serveHttp();
    const client = dialHttp(served);
    await serveOne(client);
    const began = performance.now();

    client.post('{"text":"a"}', { 'content-encoding': `identity,${'\t'.repeat(15_000)}x` });
    const answer = await client.answer();

    expect(answer?.status).toBe(415);
    expect(answer?.headers['accept-encoding']).toBe('identity');
    expect(performance.now() - began).toBeLessThan(100);
  });

  it.each([
    ['declared', { 'content-length': '67108864' }],
    ['chunked', { 'content-length': '', 'transfer-encoding': 'chunked' }],
  ])(
    'H20 a foreign page sends 64 MB, %s: 403 before the body, of which the rest is not read',
    async (_, headers) => {
      const served = await serveHttp();
      const client = dialHttp(served);

      client.post('', { ...headers, origin: 'https://evil.example' });
      const answer = await client.answer();
      await client.ended;

      expect(answer?.status).toBe(403);
      expect(answer?.headers['connection']).toBe('close');
    },
  );

  it.each([
    [
      'a handler that throws',
      {
        handler: () => {
          throw boom;
        },
      },
      'handler',
    ],
    [
      'a context that throws',
      {
        context: () => {
          throw boom;
        },
      },
      'context',
    ],
    [
      'a body that is not a message',
      {
        codec: {
          ...textCodec,
          decode: () => {
            throw boom;
          },
        },
      },
      'decode',
    ],
    ['a handler that never ends', { handler: never }, 'handler-timeout'],
  ])('H22 onError itself never resolves, asked about %s: 504', async (_, options, code) => {
    const served = await serveHttp({ ...options, onError: never, handlerTimeout: 40 });
    const client = dialHttp(served);

    client.post('{"text":"a"}');
    const answer = await client.answer();

    expect(answer?.status).toBe(504);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'handler-timeout' });
    expect(served.told[0]?.code).toBe(code);
  });

  it('H20 origins itself throws: onError, next(error) with 500, and nothing is handled', async () => {
    const served = await serveHttp({
      origins: () => {
        throw boom;
      },
    });
    const client = dialHttp(served);

    client.post('{"text":"a"}');
    const answer = await client.answer();

    expect(answer?.status).toBe(500);
    expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['context', boom]]);
    expect(served.passed).toEqual(served.told);
    expect(served.handled).toEqual([]);
  });

  it('H21 a codec whose content-type would break every reply: TypeError when it is made', async () => {
    await expect(serveHttp({ codec: { ...textCodec, contentType: 'a\nb' } })).rejects.toThrow(
      'Expected `codec.contentType` to be the value of a header, got "a\\nb"',
    );
  });
});

/** So that what is measured is not the first of its kind. */
async function serveOne(client: ReturnType<typeof dialHttp>): Promise<void> {
  client.post('{"text":"first"}');
  expect((await client.answer())?.body).toBe('{"said":"first"}');
}
