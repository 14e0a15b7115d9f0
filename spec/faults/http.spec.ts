/** Section 2e: what a client, or the user's own code, can do to a route of omniHttp. */
import { once } from 'node:events';
import { type Socket } from 'node:net';
import express, { type RequestHandler } from 'express';
import { omniHttp } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { type RawHttp } from '../drills/raw-http.ts';
import { serveAttached } from '../support/attached.ts';
import { cpuTimeOf } from '../support/clock.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { deferred } from '../support/deferred.ts';
import { dialHttp, type HttpOptions, serveHttp } from './served-http.ts';
import { watched } from './served-socket.ts';

const never = (): Promise<never> => new Promise(() => {});
const boom = new Error('boom');

describe('2e: omniHttp', () => {
  it('H15 a content coding that takes an expression quadratic time to refuse: 415 at once', async () => {
    const served = await serveHttp();
    const client = dialHttp(served);
    await serveOne(client);

    client.post('{"text":"a"}', { 'content-encoding': `identity,${'\t'.repeat(15_000)}x` });
    const answering = client.answer();
    const computed = await cpuTimeOf(() => answering);

    expect((await answering)?.status).toBe(415);
    expect((await answering)?.headers['accept-encoding']).toBe('identity');
    expect(computed).toBeLessThan(100);
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

  describe.each([
    [
      'throws',
      (): never => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])('H1 a handler that %s', (_, failing) => {
    it('onError, next(error) with 500, and the next request is answered', async () => {
      const served = await serveHttp({
        handler: ({ text }) => (text === 'boom' ? failing() : { said: text }),
      });
      const client = dialHttp(served);

      client.post('{"text":"boom"}');
      const failed = await client.answer();
      client.post('{"text":"good"}');
      const good = await client.answer();

      expect(failed?.status).toBe(500);
      expect(JSON.stringify(failed)).not.toContain('boom');
      expect(good?.body).toBe('{"said":"good"}');
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['handler', boom]]);
      expect(served.passed).toEqual(served.told);
    });

    it('what onError answers is the reply', async () => {
      const served = await serveHttp({ handler: failing, onError: () => ({ said: 'sorry' }) });
      const client = dialHttp(served);

      client.post('{"text":"boom"}');

      expect(await client.answer()).toMatchObject({ status: 200, body: '{"said":"sorry"}' });
      expect(served.passed).toEqual([]);
    });
  });

  it.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['H2 no JSON', '{', {}, 422, 'decode'],
    ['H2 no body', '', {}, 400, 'empty'],
    ['H3 JSON that is no message', '{"other":1}', {}, 422, 'decode'],
    ['H14 gzip', '{"text":"a"}', { 'content-encoding': 'gzip' }, 415, 'encoding'],
    ['H15 an unknown coding', '{"text":"a"}', { 'content-encoding': 'x' }, 415, 'encoding'],
    ['H15 two codings', '{"text":"a"}', { 'content-encoding': 'identity, br' }, 415, 'encoding'],
    ...['utf-16', 'latin1', 'utf-7'].map(
      (charset): [string, string, Record<string, string>, number, string] => [
        `H16 the charset ${charset}`,
        '{"text":"a"}',
        { 'content-type': `text/plain; charset=${charset}` },
        415,
        'charset',
      ],
    ),
    ['H17 bytes that are no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), {}, 400, 'utf8'],
    [
      'H9 a body that is declared to be too large',
      '',
      { 'content-length': '65537' },
      413,
      'too-large',
    ],
    [
      'H20 a page of another site',
      '{"text":"a"}',
      { origin: 'https://evil.example' },
      403,
      'origin',
    ],
    ['H20 a page without an origin (null)', '{"text":"a"}', { origin: 'null' }, 403, 'origin'],
  ])('%s: the problem, and no handler', async (_, body, headers, status, code) => {
    const refused = watched('refused');
    const served = await serveHttp();
    const client = dialHttp(served);

    client.post(body, headers);
    const answer = await client.answer();

    expect(answer?.status).toBe(status);
    expect(answer?.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ type: 'about:blank', status, code });
    expect(served.handled).toEqual([]);
    expect(served.told.map((error) => error.code)).toEqual(code === 'decode' ? ['decode'] : []);
    expect(refused).toEqual([{ transport: 'http', code, status }]);
  });

  it.each<[string, string | Buffer, Record<string, string>]>([
    ['H2 no content-type', '{"text":"a"}', {}],
    [
      'H14 the coding that the Gleam client names',
      '{"text":"a"}',
      { 'content-encoding': 'application/json' },
    ],
    ['H16 utf-8', '{"text":"a"}', { 'content-type': 'text/plain;charset=UTF-8' }],
    ['H18 a byte order mark', Buffer.from('\ufeff{"text":"a"}'), {}],
    ['H20 a page of the own host', '{"text":"a"}', { origin: 'http://omni.example' }],
    ['H20 a program without an Origin', '{"text":"a"}', {}],
  ])('%s: 200', async (_, body, headers) => {
    const served = await serveHttp();
    const client = dialHttp(served);

    client.post(body, headers);

    expect(await client.answer()).toMatchObject({ status: 200, body: '{"said":"a"}' });
  });

  it.each<[string, RequestHandler, string]>([
    ['express.json()', express.json({ type: '*/*' }), 'a'],
    ['express.text()', express.text({ type: '*/*' }), 'a'],
    ['express.raw()', express.raw({ type: '*/*' }), 'a'],
  ])('H4 a body that a global %s has read: taken from there', async (_, parser, said) => {
    const served = await serveHttp({}, parser);
    const client = dialHttp(served);

    client.post(`{"text":"${said}"}`);

    expect(await client.answer()).toMatchObject({ status: 200, body: `{"said":"${said}"}` });
  });

  it.each<[string, RequestHandler]>([
    [
      'to its end',
      (request, _response, next) => {
        request.resume();
        request.once('end', next);
      },
    ],
    [
      'as text',
      (request, _response, next) => {
        request.setEncoding('utf8');
        request.once('readable', () => {
          next();
        });
      },
    ],
  ])(
    'H5 a stream that somebody has read %s: 500 body-consumed, onError, never hangs',
    async (_, thief) => {
      const served = await serveHttp({}, thief);
      const client = dialHttp(served);

      client.post('{"text":"a"}');
      const answer = await client.answer();

      expect(answer?.status).toBe(500);
      expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'body-consumed' });
      expect(served.told.map(({ code }) => code)).toEqual(['body-consumed']);
      expect(served.handled).toEqual([]);
    },
  );

  it.each<[string, (client: RawHttp) => void]>([
    ['H6 a body cut short by FIN', (client) => client.socket.end()],
    ['H7 a body cut short by RST', (client) => client.socket.resetAndDestroy()],
  ])('%s: no handler, nobody is told, and others are served', async (_, leave) => {
    const served = await serveHttp();
    const client = dialHttp(served);

    client.post('{"text":', { 'content-length': '12' });
    await new Promise((resolve) => client.socket.once('connect', () => setImmediate(resolve)));
    leave(client);
    await client.ended;
    const other = dialHttp(served);
    other.post('{"text":"alive"}');

    expect(await other.answer()).toMatchObject({ status: 200, body: '{"said":"alive"}' });
    expect(served.handled).toEqual([{ text: 'alive' }]);
    expect(served.told).toEqual([]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['H8 a body that stalls', '{"text":', { 'content-length': '12' }],
    ['H8 a body that never begins', '', { 'content-length': '12' }],
    ['H13 a content-length too large', '{"text":"a"}', { 'content-length': '100' }],
    [
      'H8 a chunked body without an end',
      'c\r\n{"text":"a"}\r\n',
      { 'content-length': '', 'transfer-encoding': 'chunked' },
    ],
  ])('%s: 408 after bodyTimeout, and the connection ends', async (_, body, headers) => {
    const served = await serveHttp({ bodyTimeout: 60 });
    const client = dialHttp(served);

    client.post(body, headers);
    const answer = await client.answer();
    await client.ended;

    expect(answer?.status).toBe(408);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'body-timeout' });
    expect(answer?.headers['connection']).toBe('close');
    expect(served.handled).toEqual([]);
  });

  it('H8 a body that drips: 408, though it never stalls', async () => {
    const served = await serveHttp({ bodyTimeout: 100 });
    const client = dialHttp(served);

    client.post('', { 'content-length': '60000' });
    const timer = setInterval(() => {
      client.write('x');
    }, 10);
    const answer = await client.answer();
    clearInterval(timer);

    expect(answer?.status).toBe(408);
  });

  it('H9 too large, only declared: 413 at once, connection: close', async () => {
    const served = await serveHttp();
    const client = dialHttp(served);
    const began = performance.now();

    client.post('', { 'content-length': '1000000000' });
    const answer = await client.answer();
    await client.ended;

    expect(answer?.status).toBe(413);
    expect(answer?.headers['connection']).toBe('close');
    // The body is never waited for.
    expect(performance.now() - began).toBeLessThan(9_000);
  });

  it.each([
    ['chunked', { 'content-length': '', 'transfer-encoding': 'chunked' }],
    ['declared', { 'content-length': '67108864' }],
  ])('H10 too large, %s, 64 MB sent: 413, and the rest is not read', async (_, headers) => {
    let connection: Socket | undefined;
    const served = await serveHttp({}, (request, _response, next) => {
      connection = request.socket;
      next();
    });
    const client = dialHttp(served);
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;

    client.post('', headers);
    for (let n = 0; n < 1_024; n++) client.write(chunk);
    const answer = await client.answer();
    await client.ended;

    expect(answer?.status).toBe(413);
    expect(connection?.bytesRead).toBeLessThan(1_048_576);
    expect(served.handled).toEqual([]);
  });

  it('H11 there is a limit where none was told: 65,536 bytes are answered, one more is not', async () => {
    const served = await serveHttp({});
    const client = dialHttp(served);
    const text = 'x'.repeat(65_536 - '{"text":""}'.length);

    client.post(`{"text":"${text}"}`);
    expect((await client.answer())?.status).toBe(200);
    client.post(`{"text":"${text}y"}`);

    expect((await client.answer())?.status).toBe(413);
    expect(served.handled.length).toBe(1);
  });

  it('H10 a body of the limit is answered, chunked too; one byte more is not', async () => {
    const served = await serveHttp({ limit: 100 });
    const client = dialHttp(served);
    const chunked = { 'content-length': '', 'transfer-encoding': 'chunked' };
    const text = 'x'.repeat(100 - '{"text":""}'.length);
    const body = (more: string): string => `{"text":"${text}${more}"}`;

    client.post(body(''));
    expect((await client.answer())?.status).toBe(200);
    client.post(`64\r\n${body('')}\r\n0\r\n\r\n`, chunked);
    expect((await client.answer())?.status).toBe(200);
    client.post(`65\r\n${body('y')}\r\n0\r\n\r\n`, chunked);

    expect((await client.answer())?.status).toBe(413);
    expect(served.handled.length).toBe(2);
  });

  it.each<[string, string]>([
    [
      'H12 a content-length too small',
      'content-length: 5\r\n\r\n{"text":"a"}GET / HTTP/1.1\r\n\r\n',
    ],
    ['H12 a negative content-length', 'content-length: -1\r\n\r\n{"text":"a"}'],
    ['H12 two content-lengths', 'content-length: 12, 12\r\n\r\n{"text":"a"}'],
    [
      'H12 a content-length and chunks',
      'content-length: 12\r\ntransfer-encoding: chunked\r\n\r\n{"text":"a"}',
    ],
    ['H12 a chunk whose size is no number', 'transfer-encoding: chunked\r\n\r\nzz\r\n{"text":"a"}'],
  ])('%s: no handler sees a part of it, and others are served', async (_, rest) => {
    const served = await serveHttp();
    const client = dialHttp(served);
    const other = dialHttp(served);

    client.write(`POST /omni HTTP/1.1\r\nhost: omni.example\r\n${rest}`);
    const answer = await client.answer();
    await client.ended;
    await serveOne(other);

    expect([400, 422, undefined]).toContain(answer?.status);
    expect(served.handled).toEqual([{ text: 'first' }]);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'H19 %s: next(), so the app answers it',
    async (method) => {
      const served = await serveHttp();
      const client = dialHttp(served);

      client.write(`${method} /omni HTTP/1.1\r\nhost: omni.example\r\n\r\n`);

      expect((await client.answer())?.status).toBe(404);
      expect(served.handled).toEqual([]);
    },
  );

  it('H20 a foreign page with a cookie: 403, and neither context nor handler is asked', async () => {
    const asked: unknown[] = [];
    const served = await serveHttp({
      context: (request) => {
        asked.push(request);
        return undefined;
      },
    });
    const client = dialHttp(served);

    client.post('{"text":"a"}', { origin: 'https://evil.example', cookie: 'session=1' });

    expect((await client.answer())?.status).toBe(403);
    expect(asked).toEqual([]);
  });

  it('H21 a reply that looks like a page: application/json, nosniff, no-store', async () => {
    const served = await serveHttp();
    const client = dialHttp(served);

    client.post('{"text":"<script>"}');
    const answer = await client.answer();

    expect(answer?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  it.each<[string, Partial<HttpOptions>]>([
    ['a handler', { handler: never }],
    [
      'a handler that has asked for the signal',
      { handler: (_message, { signal }) => once(signal, 'abort').then(never) },
    ],
    ['a context', { context: never }],
  ])('H22 %s that never resolves: 504, onError, signal', async (_, options) => {
    const signals: boolean[] = [];
    const served = await serveHttp({
      ...options,
      handlerTimeout: 40,
      onError: (__, { signal }) => {
        signals.push(signal.aborted);
        return undefined;
      },
    });
    const client = dialHttp(served);

    client.post('{"text":"a"}');
    const answer = await client.answer();

    expect(answer?.status).toBe(504);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'handler-timeout' });
    expect(served.told.map(({ code }) => code)).toEqual(['handler-timeout']);
    expect(signals).toEqual([true]);
    expect(served.passed).toEqual([]);
  });

  it('H22 a handler that replies after its 504: nothing is written, and nothing is told', async () => {
    const release = deferred();
    const replied = deferred();
    const served = await serveHttp({
      handlerTimeout: 40,
      handler: async ({ text }) => {
        if (text === 'first') return { said: text };
        await release.promise;
        setImmediate(replied.resolve);
        return { said: 'late' };
      },
    });
    const client = dialHttp(served);

    client.post('{"text":"a"}');
    const answer = await client.answer();
    release.resolve();
    await replied.promise;
    await serveOne(client);

    expect(answer?.status).toBe(504);
    expect(served.told.map(({ code }) => code)).toEqual(['handler-timeout']);
    expect(served.passed).toEqual([]);
  });

  it.each<[string, (client: RawHttp) => void]>([
    ['RST', (client) => client.socket.resetAndDestroy()],
    ['FIN and gone', (client) => client.socket.destroy()],
  ])(
    'H23 a client that goes while the handler runs (%s): signal aborts, nothing is written',
    async (_, leave) => {
      const begun = deferred();
      const aborted = deferred<boolean>();
      const served = await serveHttp({
        handler: async (__, { signal }) => {
          begun.resolve();
          if (!signal.aborted) await once(signal, 'abort');
          aborted.resolve(signal.aborted);
          return { said: 'to nobody' };
        },
      });
      const client = dialHttp(served);

      client.post('{"text":"a"}');
      await begun.promise;
      leave(client);

      expect(await aborted.promise).toBe(true);
      const other = dialHttp(served);
      other.post('{');
      expect((await other.answer())?.status).toBe(422);
      expect(served.told.map(({ code }) => code)).toEqual(['decode']);
      expect(served.passed).toEqual([]);
    },
  );

  it.each<[string, () => unknown]>([
    ['throws', () => fail()],
    ['gives no text', () => null],
    ['meets a BigInt', () => JSON.stringify({ a: 10n })],
  ])('H24 an encode that %s: onError, next(error) with 500', async (_, encode) => {
    const served = await serveHttp({ codec: { ...textCodec, encode: encode as () => string } });
    const client = dialHttp(served);

    client.post('{"text":"a"}');

    expect((await client.answer())?.status).toBe(500);
    expect(served.told.map(({ code }) => code)).toEqual(['encode']);
    expect(served.passed).toEqual(served.told);
  });

  it.each<[string, Partial<HttpOptions>, string]>([
    ['no reply', { handler: () => undefined }, ''],
    ['a reply that the codec skips', { handler: () => ({ private: true }) }, ''],
    [
      'no reply, and emptyReply',
      { handler: () => undefined, emptyReply: { said: 'nothing' } },
      '{"said":"nothing"}',
    ],
  ])('H25 %s: 200', async (_, options, body) => {
    const served = await serveHttp(options);
    const client = dialHttp(served);

    client.post('{"text":"a"}');

    expect(await client.answer()).toMatchObject({ status: 200, body });
  });

  it('H26 headers that never come: 408 by the server that attachWebSockets makes', async () => {
    const { port } = await serveAttached(() => {}, {
      headersTimeout: 50,
      requestTimeout: 50,
      connectionsCheckingInterval: 20,
    });
    const client = dialHttp({ url: `http://127.0.0.1:${port}` });

    client.write('POST /omni HTTP/1.1\r\nhost: omni.example\r\n');
    const answer = await client.answer();
    await client.ended;

    expect(answer?.status).toBe(408);
  });

  it('H27 a request on an open connection during a shutdown: 503, retry-after, connection: close', async () => {
    const begun = deferred();
    const release = deferred();
    const { port, close } = await serveAttached((app) => {
      app.use(
        omniHttp({
          path: '/omni',
          codec: textCodec,
          handler: async ({ text }): Promise<Says> => {
            begun.resolve();
            await release.promise;
            return { said: text };
          },
        }),
      );
    });
    const url = `http://127.0.0.1:${port}`;
    const late = dialHttp({ url });
    // Half of it, so that the connection is not idle when the others are ended; before the other one, so that it
    // was read when that one has begun.
    late.write('POST /omni HTTP/1.1\r\nhost: omni.example\r\n');
    const running = dialHttp({ url });
    running.post('{"text":"running"}');
    await begun.promise;

    const closed = close({ timeout: 2_000 });
    late.write('content-length: 0\r\n\r\n');
    const refused = await late.answer();
    release.resolve();
    const answered = await running.answer();
    await closed;

    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', connection: 'close' },
    });
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({ code: 'shutting-down' });
    expect(answered).toMatchObject({ status: 200, body: '{"said":"running"}' });
  });

  it('H28 a header of 20 KB: 431 by Node, and no handler', async () => {
    const served = await serveHttp();
    const client = dialHttp(served);

    client.post('{"text":"a"}', { 'x-large': 'x'.repeat(20_000) });

    expect((await client.answer())?.status).toBe(431);
    expect(served.handled).toEqual([]);
  });
});

function fail(): never {
  throw boom;
}

/** So that what is measured is not the first of its kind. */
async function serveOne(client: ReturnType<typeof dialHttp>): Promise<void> {
  client.post('{"text":"first"}');
  expect((await client.answer())?.body).toBe('{"said":"first"}');
}
