import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import express, { Router } from 'express';
import express4 from 'express-4';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { type WebSocket } from 'ws';
import {
  attachWebSockets,
  type AttachOptions,
  omniWs,
  type SocketRoutes,
} from 'express-omnimessage';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { closeFrame, frame, RawClient } from '../support/raw-client.ts';
import { connect, dial } from '../support/socket-client.ts';

/** A route of the user's own, that knows nothing of us. */
const echo = (socket: WebSocket): void => {
  socket.on('message', (data) => {
    socket.send(`echo ${(data as Buffer).toString()}`);
  });
};

describe('attachWebSockets', () => {
  it('gives the application and its routers routes for sockets', async () => {
    const { url } = await serveAttached((app) => {
      const router = Router();
      router.ws('/inner', echo);
      app.ws('/outer', echo);
      app.use('/api', router);
    });

    const answers = await Promise.all(
      ['/outer', '/api/inner'].map(async (path) => {
        const client = await connect(url + path);
        client.send('hello');
        return client.next();
      }),
    );

    expect(answers).toEqual(['echo hello', 'echo hello']);
  });

  it('finds the Router of the application it was given, whichever copy of Express that is from', () => {
    attachWebSockets(express4());
    attachWebSockets(express());

    expect(express4.Router()).toHaveProperty('ws', expect.any(Function));
    expect(Router()).toHaveProperty('ws', expect.any(Function));
  });

  it('leaves the settings of the application open', async () => {
    const { url } = await serveAttached((app) => {
      app.set('case sensitive routing', true);
      app.ws('/Here', echo);
    });

    await expect(dial(`${url}/here`).closed).resolves.toEqual({
      code: 4404,
      reason: 'not-found',
    });
  });

  it('goes on serving HTTP, also on the path of a socket', async () => {
    const { port } = await serveAttached((app) => {
      app.ws('/both', echo);
      app.get('/both', (_request, response) => {
        response.send('a page');
      });
    });

    const response = await fetch(`http://127.0.0.1:${port}/both`);

    await expect(response.text()).resolves.toBe('a page');
  });

  it('leaves the request of a connection its address, its params and what middlewares left', async () => {
    const { url } = await serveAttached((app) => {
      app.use((_request, response, next) => {
        response.locals['user'] = 'Ada';
        next();
      });
      app.ws(
        '/rooms/:room',
        omniWs<Said, Says, undefined, express.Request>({
          codec: textCodec,
          handler: ({ text }, { request }) => {
            // The router has done its part: nobody goes on from here.
            request.next?.(new Error('late'));
            const { path, query, params, originalUrl, res } = request;
            return { said: JSON.stringify([text, path, query, params, originalUrl, res?.locals]) };
          },
        }),
      );
    });
    const client = await connect(`${url}/rooms/7?as=ada`);

    client.send('{"text":"where"}');
    const { said } = JSON.parse(String(await client.next())) as { said: string };

    expect(JSON.parse(said)).toEqual([
      'where',
      '/rooms/7',
      { as: 'ada' },
      { room: '7' },
      '/rooms/7?as=ada',
      { user: 'Ada' },
    ]);
  });

  it('serves on a server that it was given', async () => {
    const app = express();
    const server = createServer(app);
    const attached = attachWebSockets(app, { server });
    attached.app.ws('/echo', echo);
    server.listen(0);
    await once(server, 'listening');
    onTestFinished(() => attached.close({ timeout: 0 }));
    const { port } = server.address() as AddressInfo;
    const client = await connect(`ws://127.0.0.1:${port}/echo`);

    client.send('hello');

    await expect(client.next()).resolves.toBe('echo hello');
    expect(attached.server).toBe(server);
  });

  it('makes a server that is impatient with slow clients', () => {
    const { server } = attachWebSockets(express());
    const told = attachWebSockets(express(), { headersTimeout: 1_000, keepAliveTimeout: 70_000 });

    expect(server).toMatchObject({
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
    });
    expect(told.server).toMatchObject({ headersTimeout: 1_000, keepAliveTimeout: 70_000 });
  });

  it('answers 408 to headers that do not come', async () => {
    const { port } = await serveAttached(() => {}, {
      headersTimeout: 30,
      requestTimeout: 60,
      connectionsCheckingInterval: 10,
    });
    const slow = new RawClient({ port, isUnfinished: true });

    await expect(slow.answer()).resolves.toMatchObject({ status: 408 });
  });

  it.each<[string, AttachOptions, string]>([
    ['limit: 0', { limit: 0 }, 'Expected `limit` to be an integer from 1 up, got 0'],
    ['limit: 1.5', { limit: 1.5 }, 'Expected `limit` to be an integer from 1 up, got 1.5'],
    [
      'maxFragments: 0',
      { maxFragments: 0 },
      'Expected `maxFragments` to be an integer from 1 up, got 0',
    ],
    [
      'maxBufferedChunks: 0',
      { maxBufferedChunks: 0 },
      'Expected `maxBufferedChunks` to be an integer from 1 up, got 0',
    ],
    [
      'maxConnections: 0',
      { maxConnections: 0 },
      'Expected `maxConnections` to be an integer from 1 up, got 0',
    ],
    ['openTimeout: 0', { openTimeout: 0 }, 'Expected `openTimeout` to be a number above 0, got 0'],
    [
      'headersTimeout: -1',
      { headersTimeout: -1 },
      'Expected `headersTimeout` to be an integer from 0 up, got -1',
    ],
    [
      'a timeout for a server that is not made',
      { server: createServer(), requestTimeout: 1 },
      'Expected `requestTimeout` only without `server`: set it on your own server',
    ],
    [
      'an origin with a path',
      { origins: ['https://example.com/'] },
      'Expected every entry of `origins` to be an origin',
    ],
    [
      'authorize: true',
      { authorize: true } as unknown as AttachOptions,
      'Expected `authorize` to be a function, got boolean',
    ],
    [
      'onError: {}',
      { onError: {} } as unknown as AttachOptions,
      'Expected `onError` to be a function, got object',
    ],
  ])('refuses the option %s', (_name, options, text) => {
    expect(() => attachWebSockets(express(), options)).toThrow(TypeError);
    expect(() => attachWebSockets(express(), options)).toThrow(text);
  });

  it('takes undefined for an option that was not given', () => {
    const options = { limit: undefined, headersTimeout: undefined } as unknown as AttachOptions;

    expect(attachWebSockets(express(), options).server).toHaveProperty('headersTimeout', 15_000);
  });

  it('refuses anything but an application, and a server that has its sockets already', () => {
    const server = createServer();
    attachWebSockets(express(), { server });

    expect(() => attachWebSockets({} as never)).toThrow(
      new TypeError('Expected `app` to be an Express application, got object'),
    );
    expect(() => attachWebSockets(express(), { server })).toThrow(
      new TypeError('Expected `server` to have no sockets yet, got one that was attached'),
    );
  });

  it('refuses a route that is no function when it is made', () => {
    const { app } = attachWebSockets(express());

    expect(() => app.ws('/x', undefined as never)).toThrow(
      new TypeError('Expected a WebSocket route to be a function, got undefined'),
    );
  });

  it('keeps the type of the application and adds the method', () => {
    const { app } = attachWebSockets(express());

    expectTypeOf(app).toExtend<ReturnType<typeof express> & SocketRoutes>();
  });
});

describe('the listen of a server that was made', () => {
  it('listens on the server that has the sockets', async () => {
    const { app, server, close } = attachWebSockets(express());
    onTestFinished(() => close({ timeout: 0 }));

    const listening = await new Promise((resolve) => {
      const made = app.listen(0, () => {
        resolve(made);
      });
    });

    expect(listening).toBe(server);
  });

  it('reports a port that is taken on the server only', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    onTestFinished(() => {
      taken.close();
    });
    const { server } = attachWebSockets(express());

    server.listen((taken.address() as AddressInfo).port);

    const [error] = (await once(server, 'error')) as [Error];
    expect(error).toHaveProperty('code', 'EADDRINUSE');
  });

  it('calls the callback of app.listen once, as the version of Express does', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    onTestFinished(() => {
      taken.close();
    });
    const { port } = taken.address() as AddressInfo;
    const told: unknown[] = [];

    const made = [attachWebSockets(express()), attachWebSockets(express4())];
    const errors = made.map(({ app, server }) => {
      const error = once(server, 'error');
      app.listen(port, (failure?: unknown) => told.push(failure));
      return error;
    });
    await Promise.all(errors);

    // Express 4 leaves the error to the server alone, 5 gives it to the callback.
    const isFive = process.env['STACK'] === 'express 5, ws 7';
    expect(told.map((error) => (error as { code?: string }).code)).toEqual(
      isFive ? ['EADDRINUSE'] : [],
    );
  });
});

describe('the limits of the sockets', () => {
  it('takes a message of 65,536 bytes, and closes with 1009 from the header of one more', async () => {
    const { port } = await serveAttached((app) => app.ws('/length', measure));

    const atLimit = new RawClient({ port, path: '/length', head: frame('x'.repeat(65_536)) });
    const over = new RawClient({ port, path: '/length' });
    await over.answer();
    over.socket.write(frame('x'.repeat(65_537)).subarray(0, 10));

    await atLimit.answer();
    await expect(atLimit.frame()).resolves.toMatchObject({ payload: Buffer.from('65536') });
    await expect(over.closeCode()).resolves.toBe(1009);
  });

  it('takes 64 fragments, and closes with 1008 at one more', async () => {
    const { port } = await serveAttached((app) => app.ws('/length', measure));
    const piece = (index: number, fin: boolean): Buffer =>
      frame('x', { opcode: index === 0 ? 1 : 0, fin });
    const pieces = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, (_, index) => piece(index, index === count - 1)));

    const atLimit = new RawClient({ port, path: '/length', head: pieces(64) });
    const over = new RawClient({ port, path: '/length', head: pieces(65) });

    await atLimit.answer();
    await expect(atLimit.frame()).resolves.toMatchObject({ payload: Buffer.from('64') });
    await over.answer();
    await expect(over.closeCode()).resolves.toBe(1008);
  });

  it('closes with 1008 when an unfinished message comes in too many pieces', async () => {
    const { port } = await serveAttached((app) => app.ws('/length', measure), {
      maxBufferedChunks: 4,
    });
    const client = new RawClient({
      port,
      path: '/length',
      head: frame('x'.repeat(9_000)).subarray(0, 10),
    });
    await client.answer();
    const dripped = drip(client);

    await expect(client.closeCode()).resolves.toBe(1008);
    await dripped;
  });

  it('selects no subprotocol and no compression', async () => {
    const { port } = await serveAttached((app) => app.ws('/echo', echo));

    const { status, headers } = await new RawClient({
      port,
      path: '/echo',
      headers: {
        'sec-websocket-protocol': 'secret-token, chat',
        'sec-websocket-extensions': 'permessage-deflate',
      },
    }).answer();

    expect(status).toBe(101);
    expect(headers).not.toHaveProperty('sec-websocket-protocol');
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it('answers 503 to one socket more than maxConnections, and takes one when another has closed', async () => {
    const { port, url } = await serveAttached((app) => app.ws('/echo', echo), {
      maxConnections: 2,
    });
    const first = await connect(`${url}/echo`);
    await connect(`${url}/echo`);

    const refused = await new RawClient({ port, path: '/echo' }).answer();
    first.socket.close();
    await first.closed;
    const taken = await untilTaken(port);

    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', connection: 'close' },
      body: '{"type":"about:blank","title":"Service Unavailable","status":503,"code":"max-connections"}',
    });
    expect(taken).toBe(101);
  });

  it('counts the handshakes that authorize has not decided yet', async () => {
    const { promise: decided, resolve: decide } = deferred();
    const { promise: asked, resolve: wasAsked } = deferred();
    const { port } = await serveAttached((app) => app.ws('/echo', echo), {
      maxConnections: 1,
      authorize: () => {
        wasAsked();
        return decided;
      },
    });
    const first = new RawClient({ port, path: '/echo' });
    await asked;

    const second = await new RawClient({ port, path: '/echo' }).answer();
    decide();

    expect(second.status).toBe(503);
    await expect(first.answer()).resolves.toMatchObject({ status: 101 });
  });
});

/** A route that answers with the length of what it gets. */
function measure(socket: WebSocket): void {
  socket.on('message', (data) => {
    socket.send(String((data as Buffer).length));
  });
}

/** Writes single bytes until the server ends it, each in a packet of its own as far as a sender can see to that. */
async function drip({ socket }: RawClient): Promise<void> {
  socket.setNoDelay();
  for (let sent = 0; sent < 8_000 && socket.writable && !socket.readableEnded; sent += 1) {
    socket.write('x');
    await new Promise(setImmediate);
  }
}

/** The server notices a moment later than the client that a socket is closed. */
async function untilTaken(port: number): Promise<number> {
  for (;;) {
    const client = new RawClient({ port, path: '/echo' });
    const { status } = await client.answer();
    client.socket.write(closeFrame(1000));
    if (status !== 503) return status;
  }
}
