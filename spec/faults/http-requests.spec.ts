/** Faults A15, A16, A18, A21, A23, A24 and E3 to E6 over HTTP: odd requests, odd values, first mistakes. */
import { once } from 'node:events';
import { connect as connect2, createServer as createServer2 } from 'node:http2';
import { type AddressInfo } from 'node:net';
import { format, inspect } from 'node:util';
import express, { type RequestHandler } from 'express';
import { omniHttp, omniHttpHandler, omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';
import { dialHttp, serveHttp } from './served-http.ts';

const echo = ({ text }: { text: string }): Says => ({ said: text });

describe('A15: what is logged', () => {
  it('A15 an exchange prints in one short line, without headers, query, body or context', async () => {
    const exchanges: unknown[] = [];
    const served = await serveHttp({
      context: () => ({ password: 'hunter2' }) as never,
      onError: (_error, exchange) => {
        exchanges.push(exchange);
      },
    });
    const client = dialHttp(served);
    client.write(
      'POST /omni?token=secret HTTP/1.1\r\nhost: a\r\ncookie: session=secret\r\nauthorization: Bearer secret\r\ncontent-length: 8\r\n\r\n"secret"',
    );
    await client.answer();
    const [exchange] = exchanges;

    expect(inspect(exchange)).toBe('HttpExchange POST /omni');
    for (const printed of [
      format('%s %o %O %j', exchange, exchange, exchange, exchange),
      inspect({ exchange }, { depth: 9, showHidden: true }),
      JSON.stringify({ exchange }),
    ]) {
      expect(printed).not.toMatch(/secret|hunter2|cookie/);
      expect(printed.length).toBeLessThan(200);
    }
  });

  it('A15 a path of control characters and 8,000 letters prints in one line of 200', async () => {
    const printed: string[] = [];
    const served = await serveHttp({
      path: undefined,
      onError: (_error, exchange) => {
        printed.push(inspect(exchange));
      },
    });
    const client = dialHttp(served);
    client.write(`POST /${'x'.repeat(8_000)} HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n{`);
    await client.answer();

    expect(printed[0]).toMatch(/^HttpExchange POST \/x{199}$/);
  });
});

describe('A16: the target of a request', () => {
  it.each([
    ['http://omni.example/omni', 200],
    ['HTTP://omni.example/omni?a=b', 200],
    ['http://ada:secret@omni.example/omni', 200],
    ['http://omni.example/other', 404],
    ['http://omni.example', 404],
  ])('A16 POST %s: %i, as the path alone', async (target, status) => {
    const served = await serveHttp();
    const client = dialHttp(served);

    client.write(
      `POST ${target} HTTP/1.1\r\nhost: omni.example\r\ncontent-length: 12\r\n\r\n{"text":"a"}`,
    );

    expect((await client.answer())?.status).toBe(status);
  });

  it('A16 below a mount point too, with the host of the target as the host of the page', async () => {
    const seen: unknown[] = [];
    const app = express();
    app.use(
      '/below',
      omniHttp({
        path: '/omni',
        codec: textCodec,
        handler: (message, { request }) => {
          const { url, originalUrl, headers } = request as express.Request;
          seen.push([url, originalUrl, headers.host]);
          return echo(message);
        },
      }),
    );
    const client = dialHttp({ url: await serve(app) });

    client.write(
      'POST http://a.example/below/omni HTTP/1.1\r\nhost: other.example\r\norigin: http://a.example\r\ncontent-length: 12\r\n\r\n{"text":"a"}',
    );

    expect((await client.answer())?.status).toBe(200);
    expect(seen).toEqual([['/omni', '/below/omni', 'a.example']]);
  });
});

/* eslint-disable unicorn/no-thenable -- these are the hostile ones */
/** Values that are no values: each part of them that is looked at throws. */
const hostile: readonly (readonly [string, () => unknown])[] = [
  [
    'a thenable that throws',
    () => ({
      then: () => {
        throw new Error('then');
      },
    }),
  ],
  [
    'a thenable that rejects with itself',
    () => {
      const own = {
        then: (_: unknown, reject: (cause: unknown) => void) => {
          reject({ status: 'x' });
        },
      };
      return own;
    },
  ],
  [
    'a then that is a getter that throws',
    () =>
      Object.defineProperty({}, 'then', {
        get() {
          throw new Error('get');
        },
      }),
  ],
  [
    'a proxy that throws at everything',
    () =>
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap');
          },
          has: () => {
            throw new Error('trap');
          },
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      ),
  ],
  [
    'a throw of a status that throws',
    () => {
      throw Object.defineProperty(new Error('x'), 'status', {
        get() {
          throw new Error('status');
        },
      });
    },
  ],
  [
    'a rejection with a revoked proxy',
    async () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      // eslint-disable-next-line typescript/prefer-promise-reject-errors
      return Promise.reject(proxy);
    },
  ],
  [
    'a throw of nothing',
    () => {
      throw undefined;
    },
  ],
  [
    'a promise of a promise that rejects',
    async () => Promise.resolve(Promise.reject(new Error('deep'))),
  ],
];

/* eslint-enable unicorn/no-thenable */

describe('A18: odd values from every function of the user', () => {
  for (const [value, give] of hostile) {
    it.each(['context', 'handler', 'onError', 'origins', 'decode', 'encode'] as const)(
      `A18 ${value}, from %s: one answer, and the process lives`,
      async (from) => {
        const odd = give as () => never;
        const served = await serveHttp({
          ...(from === 'onError' || from === 'decode' || from === 'encode' ? {} : { [from]: odd }),
          ...(from === 'onError' && {
            onError: odd,
            handler: () => {
              throw new Error('x');
            },
          }),
          ...(from === 'decode' && { codec: { ...textCodec, decode: odd } }),
          ...(from === 'encode' && { codec: { ...textCodec, encode: odd } }),
          handlerTimeout: 1_000,
        });
        const client = dialHttp(served);

        client.post('{"text":"a"}');
        const answer = await client.answer();
        client.socket.destroy();

        expect([200, 403, 422, 500]).toContain(answer?.status);
        // The server goes on.
        const next = dialHttp(served);
        next.post('', { 'content-length': '0' });
        expect([400, 403, 500]).toContain((await next.answer())?.status);
      },
    );
  }
});

describe('A21: origins over HTTP/2', () => {
  it('A21 :authority is the host; refusals and answers are as over HTTP/1.1', async () => {
    const handler = omniHttpHandler({ path: '/omni', codec: textCodec, handler: echo });
    const server = createServer2((request, response) => {
      handler(request as never, response as never, () => response.writeHead(404).end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const session = connect2(`http://127.0.0.1:${port}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const ask = async (body: string, headers: Record<string, string>): Promise<unknown> => {
      const stream = session.request({ ':method': 'POST', ':path': '/omni', ...headers });
      stream.end(body);
      const [head] = (await once(stream, 'response')) as [{ ':status': number }];
      stream.resume();
      await once(stream, 'close');
      return head[':status'];
    };

    expect(await ask('{"text":"a"}', { origin: `http://127.0.0.1:${port}` })).toBe(200);
    expect(await ask('{"text":"a"}', { origin: 'http://evil.example' })).toBe(403);
    expect(await ask('x'.repeat(100_000), {})).toBe(413);
    expect(await ask('{', {})).toBe(422);
  });
});

describe('A23: where a message belongs', () => {
  it('A23 app.post with a pattern: the parameters reach context and handler', async () => {
    const app = express();
    const roomOf = (request: unknown): string =>
      String((request as express.Request).params['room']);
    app.post(
      '/rooms/:room/omni',
      omniHttp({
        codec: textCodec,
        context: roomOf,
        handler: ({ text }, { request, context }): Says => ({
          said: `${text} ${context} ${roomOf(request)}`,
        }),
      }),
    );
    const client = dialHttp({ url: await serve(app) });

    client.write(
      'POST /rooms/blue/omni HTTP/1.1\r\nhost: a\r\ncontent-length: 12\r\n\r\n{"text":"a"}',
    );

    expect((await client.answer())?.body).toBe('{"said":"a blue blue"}');
  });

  it('A23 a layer that is added to the router later sees what Express shows everywhere', async () => {
    const router = omniHttp({ path: '/omni', codec: textCodec, handler: echo });
    const seen: unknown[] = [];
    router.use(((request, _response, next) => {
      seen.push([request.baseUrl, request.url, request.params]);
      next();
    }) satisfies RequestHandler);
    const app = express();
    app.use('/at/:place', router);
    const url = await serve(app);

    await fetch(`${url}/at/home/other`);

    expect(seen).toEqual([['/at/home', '/other', { place: 'home' }]]);
  });
});

describe('A24: a byte order mark', () => {
  it('A24 is dropped before a text, as over WebSocket', async () => {
    const { port } = await serveAttached((app) => {
      app.post('/omni', omniHttp({ codec: textCodec, handler: echo }));
    });
    const client = dialHttp({ url: `http://127.0.0.1:${port}` });

    client.post('\ufeff{"text":"a"}');

    expect((await client.answer())?.body).toBe('{"said":"a"}');
  });
});

describe('E3 and E5: first mistakes', () => {
  it.each([
    [
      () => (omniHttp as () => unknown)(),
      /^Expected omniHttp to get an object of options, .* got undefined$/,
    ],
    [
      () => (omniHttpHandler as () => unknown)(),
      /^Expected omniHttpHandler to get an object of options/,
    ],
    [
      () => omniHttp({ codec: textCodec, handler: echo, onErorr: echo } as never),
      /^omniHttp has no option `onErorr`: did you mean `onError`\?/,
    ],
    [
      () => omniHttp({ codec: textCodec, handler: echo, heartbeat: 5 } as never),
      /^omniHttp has no option `heartbeat` \(it takes path, codec, /,
    ],
    [
      () => omniHttp({ path: /omni/, codec: textCodec, handler: echo } as never),
      /^Expected `path` to be a string that begins with \/, got a RegExp$/,
    ],
    [
      () => omniHttp({ path: '/rooms/:room', codec: textCodec, handler: echo }),
      /leave `path` out and write app\.post\(path, omniHttp\(\{ … \}\)\)$/,
    ],
  ])('E5 %s explains what to write', (make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('E5 app.ws with omniHttp explains what to write', async () => {
    let fault: unknown;
    await serveAttached((app) => {
      try {
        app.ws('/omni', omniHttp({ codec: textCodec, handler: echo }) as never);
      } catch (error) {
        fault = error;
      }
    });

    expect(fault).toBeInstanceOf(TypeError);
    expect(String(fault)).toMatch(/omniHttp.*app\.post|omniWs/);
  });

  it('E5 app.use with omniWs explains what to write', async () => {
    const app = express().set('env', 'test');
    let fault: unknown;
    try {
      app.use('/omni', omniWs({ codec: textCodec, handler: echo }) as never);
    } catch (error) {
      fault = error;
    }
    app.use(((error: unknown, _request, response, _next) => {
      fault = error;
      response.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    const url = await serve(app);
    if (fault === undefined) await fetch(`${url}/omni`);

    expect(fault).toBeInstanceOf(TypeError);
    expect(String(fault)).toMatch(/app\.ws/);
  });
});

describe('E6: a context that refuses', () => {
  it.each([401, 403, 429])(
    'E6 with %i: a problem, no page, no stack, nothing in onError',
    async (status) => {
      const served = await serveHttp({
        context: () => {
          throw Object.assign(new Error('secret reason'), { status });
        },
      });
      const client = dialHttp(served);

      client.post('{"text":"a"}');
      const answer = await client.answer();

      expect(answer?.status).toBe(status);
      expect(answer?.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(answer?.body ?? '')).toMatchObject({ status, code: 'context' });
      expect(answer?.body).not.toMatch(/secret|at /);
      expect([served.told, served.passed, served.handled]).toEqual([[], [], []]);
    },
  );
});
