import { type IncomingMessage } from 'node:http';
import { channel } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket } from 'ws';
import { AuthorizeError, omniWs, type RefusedEvent, TimeoutError } from 'express-omnimessage';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { frame, RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

/** A route that must not be reached. */
function reached(paths: string[]): (socket: WebSocket, request: IncomingMessage) => void {
  return (_socket, request) => {
    paths.push(request.url ?? '');
  };
}

function refusals(): RefusedEvent[] {
  const events: RefusedEvent[] = [];
  const collect = (event: unknown): void => {
    events.push(event as RefusedEvent);
  };
  channel('omnimessage:refused').subscribe(collect);
  onTestFinished(() => {
    channel('omnimessage:refused').unsubscribe(collect);
  });
  return events;
}

describe('a handshake', () => {
  it.each<[string, Partial<ConstructorParameters<typeof RawClient>[0]>, number, object]>([
    ['by POST', { method: 'POST' }, 405, { allow: 'GET' }],
    ['by POST with a body', { method: 'POST', headers: { 'content-length': '2' } }, 405, {}],
    ['with a body', { headers: { 'content-length': '2' } }, 400, {}],
    ['with a body in chunks', { headers: { 'transfer-encoding': 'chunked' } }, 400, {}],
    ['without a key', { headers: { 'sec-websocket-key': undefined } }, 400, {}],
    ['with a key that is too short', { headers: { 'sec-websocket-key': 'c2hvcnQ=' } }, 400, {}],
    [
      'of a version whose origin stands elsewhere',
      { headers: { 'sec-websocket-version': '8', 'sec-websocket-origin': 'https://evil.example' } },
      426,
      { 'sec-websocket-version': '13', upgrade: 'websocket' },
    ],
    ['without a version', { headers: { 'sec-websocket-version': undefined } }, 426, {}],
  ])('%s is refused', async (_name, told, status, headers) => {
    const { port } = await serveAttached(() => {});

    const client = new RawClient({ port, ...told });

    const answer = await client.answer();
    expect(answer).toMatchObject({ status, headers: { ...headers, connection: 'close' } });
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'about:blank',
      status,
      code: 'handshake',
    });
    await client.ended();
  });

  it.each([
    ['omnimessage.1, omnimessage.1', 'omnimessage.1'],
    ['omnimessage.1, a b', 'omnimessage.1'],
    ['omnimessage.1,,', 'omnimessage.1'],
    ['own, (x)', 'own'],
    ['(x)', undefined],
    ['', undefined],
  ])('that offers %j gets %s, whatever the release of ws', async (offered, chosen) => {
    const seen: unknown[] = [];
    const { port } = await serveAttached(
      (app) => {
        app.ws('/own', (_socket, { headers }) => {
          seen.push(headers['sec-websocket-protocol']);
        });
      },
      { subprotocols: (all) => all.find((one) => one === 'own') },
    );

    const headers = { 'sec-websocket-protocol': offered };
    const answer = await new RawClient({ port, path: '/own', headers }).answer();

    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBe(chosen);
    expect(seen).toEqual([offered]);
  });

  it('spelt in capitals, with a content-length of 0, is accepted', async () => {
    const { port } = await serveAttached((app) => app.ws('/', reached([])));
    const client = new RawClient({
      port,
      headers: { upgrade: 'WebSocket', 'content-length': '0' },
    });

    await expect(client.answer()).resolves.toMatchObject({ status: 101 });
  });
});

describe('a refusal', () => {
  it('is a problem with every header that it needs, and ends the connection', async () => {
    const events = refusals();
    const { port } = await serveAttached(() => {}, { origins: [] });

    const client = new RawClient({ port, headers: { origin: 'https://evil.example' } });

    await expect(client.answer()).resolves.toEqual({
      status: 403,
      headers: {
        'content-type': 'application/problem+json',
        'content-length': '71',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        connection: 'close',
      },
      body: '{"type":"about:blank","title":"Forbidden","status":403,"code":"origin"}',
    });
    await client.ended();
    expect(events).toEqual([{ transport: 'upgrade', code: 'origin', status: 403 }]);
  });

  it('reaches a client that has already sent more than is read', async () => {
    const { port } = await serveAttached(() => {}, { origins: [] });

    const client = new RawClient({
      port,
      headers: { origin: 'https://evil.example' },
      head: Buffer.alloc(1_000_000),
    });

    await expect(client.answer()).resolves.toMatchObject({ status: 403 });
  });

  it('ends the connection of a client that does not close its side', async () => {
    const { port } = await serveAttached(() => {}, { origins: [] });
    const client = new RawClient({ port, headers: { origin: 'https://evil.example' } });
    client.socket.allowHalfOpen = true;
    await client.answer();

    // Whoever goes on talking to a connection that is gone is reset.
    while (client.socket.writable) {
      client.socket.write('x');
      await new Promise(setImmediate);
    }

    await client.ended();
    expect(client.socket.errored).toHaveProperty('code', expect.stringMatching(/ECONNRESET|EPIPE/));
  });
});

describe('origins', () => {
  const own = (port: number): string[] => [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`];
  const foreign = (port: number): string[] => [
    'null',
    'https://evil.example',
    'http://127.0.0.1',
    `http://127.0.0.1:${port + 1}`,
    `http://127.0.0.1:${port}0`,
    `http://localhost:${port}`,
    `http://127.0.0.1:${port}.evil.example`,
    `http://evil.example:${port}`,
    `http://127.0.0.1:${port}@evil.example`,
    `http://evil.example/127.0.0.1:${port}`,
    `http://evil.example#127.0.0.1:${port}`,
    `ws://127.0.0.1:${port}`,
    `file://127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}, http://evil.example`,
    `127.0.0.1:${port}`,
    `//127.0.0.1:${port}`,
    'about:blank',
    'chrome-extension://abcdefgh',
    'x',
  ];

  it('lets in the pages of the own host and clients without a page, and refuses any other before the upgrade', async () => {
    const paths: string[] = [];
    let asked = 0;
    const { port } = await serveAttached((app) => app.ws('/', reached(paths)), {
      authorize: () => {
        asked += 1;
      },
    });
    const knock = async (origin: string | undefined): Promise<[string | undefined, number]> => {
      const headers = { origin, cookie: 'session=1' };
      return [origin, (await new RawClient({ port, headers }).answer()).status];
    };

    const welcome = await Promise.all([undefined, ...own(port)].map(knock));
    const refused = await Promise.all(foreign(port).map(knock));

    expect(welcome.map(([, status]) => status)).toEqual([101, 101, 101]);
    expect(refused.filter(([, status]) => status !== 403)).toEqual([]);
    expect(asked).toBe(3);
    expect(paths).toEqual(['/', '/', '/']);
  });

  it('lets in the pages that are listed, and no other', async () => {
    const { port } = await serveAttached((app) => app.ws('/', reached([])), {
      origins: ['https://app.example'],
    });
    const status = async (origin: string): Promise<number> =>
      (await new RawClient({ port, headers: { origin } }).answer()).status;

    await expect(status('https://app.example')).resolves.toBe(101);
    await expect(status('https://app.example.evil')).resolves.toBe(403);
    await expect(status(`http://127.0.0.1:${port}`)).resolves.toBe(403);
  });

  it('refuses when the function that decides throws, and reports it to onError', async () => {
    const fault = new Error('no database');
    const { port, errors } = await serveAttached(() => {}, {
      origins: () => {
        throw fault;
      },
    });

    await expect(new RawClient({ port }).answer()).resolves.toMatchObject({ status: 403 });
    expect(errors).toEqual([expect.any(AuthorizeError)]);
    expect(errors[0]).toHaveProperty('cause', fault);
  });

  it('are not checked again by a route without origins of its own', async () => {
    const { port } = await serveAttached(
      (app) =>
        app.ws('/', omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) })),
      { origins: ['https://app.example'] },
    );
    const client = new RawClient({
      port,
      headers: { origin: 'https://app.example' },
      head: frame('{"text":"hello"}'),
    });

    await client.answer();

    const { payload } = await client.frame();
    expect(payload.toString()).toBe('{"said":"hello"}');
  });
});

describe('authorize', () => {
  it.each([
    ['returns', () => 'Ada'],
    ['resolves to', () => Promise.resolve('Ada')],
  ])('hands what it %s to context', async (_name, authorize) => {
    const { url } = await serveAttached(
      (app) =>
        app.ws(
          '/',
          omniWs({
            codec: textCodec,
            context: (_request: IncomingMessage, authorized) => String(authorized),
            handler: (_message, { context }): Says => ({ said: context }),
          }),
        ),
      { authorize },
    );
    const client = await connect(`${url}/`);

    client.send('{"text":"who am I?"}');

    await expect(client.next()).resolves.toBe('{"said":"Ada"}');
  });

  it('sees the address of the handshake', async () => {
    const seen: (string | undefined)[] = [];
    const { port } = await serveAttached((app) => app.ws('/rooms/:id', reached([])), {
      authorize: ({ url }) => {
        seen.push(url);
      },
    });

    await new RawClient({ port, path: '/rooms/7?as=a?b' }).answer();

    expect(seen).toEqual(['/rooms/7?as=a?b']);
  });

  it.each<[string, () => unknown, number]>([
    ['throws a 401', () => fail(401), 401],
    ['throws a 403', () => fail(403), 403],
    ['throws a 429', () => fail(429), 429],
    ['rejects with a 401', async () => Promise.reject(refusal(401)), 401],
    ['returns false', () => false, 401],
    ['resolves to false', async () => Promise.resolve(false), 401],
  ])(
    'refuses before the upgrade when it %s, and onError is not told',
    async (_, authorize, status) => {
      const paths: string[] = [];
      const { port, errors } = await serveAttached((app) => app.ws('/', reached(paths)), {
        authorize,
      });

      const answer = await new RawClient({ port }).answer();

      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({ status, code: 'authorize' });
      expect(paths).toEqual([]);
      expect(errors).toEqual([]);
    },
  );

  it.each<[string, () => unknown, number]>([
    ['throws', () => fail(undefined), 500],
    ['rejects', async () => Promise.reject(refusal(undefined)), 500],
    ['throws a 503', () => fail(503), 503],
    ['throws a status that is none', () => fail(200), 500],
  ])('answers with a fault when it %s, and onError is told why', async (_, authorize, status) => {
    const { port, errors } = await serveAttached(() => {}, { authorize });

    const answer = await new RawClient({ port }).answer();

    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('secret');
    expect(errors).toEqual([expect.any(AuthorizeError)]);
    expect(errors[0]).toMatchObject({ code: 'authorize', status, cause: { message: 'secret' } });
  });

  it('is refused after openTimeout with 504, and its later answer is ignored', async () => {
    const { promise, resolve } = deferred();
    const { port, errors } = await serveAttached(() => {}, {
      openTimeout: 20,
      authorize: () => promise,
    });
    const client = new RawClient({ port });

    const answer = await client.answer();
    resolve();

    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'authorize-timeout' });
    expect(errors).toEqual([expect.any(TimeoutError)]);
    expect(errors[0]).toMatchObject({ code: 'authorize-timeout', limit: 20 });
    await client.ended();
  });

  it('survives clients that reset while it decides, and gives their places back', async () => {
    const { promise: decided, resolve: decide } = deferred();
    let asked = 0;
    const { promise: allAsked, resolve: wereAsked } = deferred();
    const paths: string[] = [];
    const { port, server } = await serveAttached((app) => app.ws('/', reached(paths)), {
      maxConnections: 20,
      authorize: async () => {
        asked += 1;
        if (asked === 20) wereAsked();
        if (asked <= 20) await decided;
      },
    });
    const noticed: Promise<unknown>[] = [];
    server.on('connection', (connection) => {
      noticed.push(new Promise((resolve) => connection.once('close', resolve)));
    });
    const clients = Array.from({ length: 20 }, () => new RawClient({ port }));
    await allAsked;

    for (const { socket } of clients) socket.resetAndDestroy();
    await Promise.all(noticed);
    decide();
    await new Promise(setImmediate);

    await expect(new RawClient({ port }).answer()).resolves.toMatchObject({ status: 101 });
    expect(paths).toEqual(['/']);
  });

  it('loses nothing that the client sent while it decided', async () => {
    const { promise: decided, resolve: decide } = deferred();
    const { promise: asked, resolve: wasAsked } = deferred();
    const { port } = await serveAttached(
      (app) =>
        app.ws('/', omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) })),
      {
        authorize: () => {
          wasAsked();
          return decided;
        },
      },
    );
    const client = new RawClient({ port, head: frame('{"text":"1"}') });
    await asked;
    await new Promise((resolve) => {
      client.socket.write(frame('{"text":"2"}'), resolve);
    });
    decide();
    await client.answer();

    const answers = [await client.frame(), await client.frame()];

    expect(answers.map(({ payload }) => payload.toString())).toEqual([
      '{"said":"1"}',
      '{"said":"2"}',
    ]);
  });
});

function refusal(status: number | undefined): Error {
  return Object.assign(new Error('secret'), { status });
}

function fail(status: number | undefined): never {
  throw refusal(status);
}
