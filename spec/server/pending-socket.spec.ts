import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { omniWs, type RefusedEvent, RouteError, type SocketRoute } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket } from 'ws';
import { closeCodeOf } from '../../lib/server/pending-socket.ts';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { closeFrame, frame, RawClient } from '../support/raw-client.ts';
import { connect, dial } from '../support/socket-client.ts';

const echo = (socket: WebSocket): void => {
  socket.on('message', (data) => {
    socket.send(`echo ${(data as Buffer).toString()}`);
  });
};
const omni = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });

function failure(status: unknown): Error {
  return Object.assign(new Error('secret'), { status });
}

describe('a path without a route', () => {
  it('is closed with 4404 at once', async () => {
    const events: RefusedEvent[] = [];
    const collect = (event: unknown): void => {
      events.push(event as RefusedEvent);
    };
    channel('omnimessage:refused').subscribe(collect);
    onTestFinished(() => {
      channel('omnimessage:refused').unsubscribe(collect);
    });
    const { url, errors } = await serveAttached((app) => app.ws('/here', echo));

    await expect(dial(`${url}/nowhere`).closed).resolves.toEqual({
      code: 4404,
      reason: 'not-found',
    });
    expect(errors).toEqual([]);
    expect(events).toEqual([{ transport: 'upgrade', code: 'not-found', status: 4404 }]);
  });

  it.each(['/%', '/%ff', '/rooms/%', '/rooms/%ff', '//evil/x', '*', 'http://other/x', '/a/../b'])(
    'is closed with 4404 however odd it is: %s',
    async (path) => {
      const { port, errors } = await serveAttached((app) => app.ws('/rooms/:id', echo));
      const client = new RawClient({ port, path });

      await expect(client.answer()).resolves.toMatchObject({ status: 101 });

      await expect(client.closeCode()).resolves.toBe(4404);
      expect(errors).toEqual([]);
    },
  );

  it.each<[string, Buffer]>([
    ['bad UTF-8', frame(Buffer.from([0xff]))],
    ['a reserved bit', frame('x', { rsv: 4 })],
    ['no mask', frame('x', { masked: false })],
    ['a header of 100 MiB', frame(Buffer.alloc(104_857_601)).subarray(0, 10)],
    ['an opcode that is none', frame('x', { opcode: 3 })],
    ['a fragmented ping', frame('x', { opcode: 9, fin: false })],
    ['a close code that is none', closeFrame(1005)],
    ['rubbish', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('survives a frame with %s in the packet of the handshake', async (_name, head) => {
    const { port, url } = await serveAttached((app) => app.ws('/echo', echo));
    const client = new RawClient({ port, path: '/nowhere', head });

    await client.answer();

    await expect(client.closeCode()).resolves.toBe(4404);
    client.socket.destroy();
    const other = await connect(`${url}/echo`);
    other.send('alive');
    await expect(other.next()).resolves.toBe('echo alive');
  });

  it('is closed although the client never answers the close', async () => {
    const { port, server } = await serveAttached(() => {});
    const gone = new Promise((resolve) => {
      server.once('connection', (connection) => connection.once('close', resolve));
    });
    const client = new RawClient({ port, path: '/nowhere' });

    await client.answer();
    await expect(client.closeCode()).resolves.toBe(4404);

    await gone;
  }, 10_000);
});

describe('a middleware that answers', () => {
  it.each([
    [200, 4404],
    [204, 4404],
    [302, 4404],
    [304, 4404],
    [399, 4404],
    [400, 1011],
    [401, 4401],
    [402, 1011],
    [403, 4403],
    [404, 4404],
    [405, 1011],
    [408, 4408],
    [429, 4429],
    [500, 1011],
    [503, 1011],
    [100, 1011],
    [600, 1011],
  ])('with %i says %i to a socket', (status, code) => {
    expect(closeCodeOf(status)).toBe(code);
  });

  it.each([
    [401, 4401, 'unauthorized'],
    [403, 4403, 'forbidden'],
    [404, 4404, 'not-found'],
    [408, 4408, 'timeout'],
    [429, 4429, 'rate-limited'],
    [503, 1011, 'failed'],
  ])('%i closes with %i %s', async (status, code, reason) => {
    const { url, errors } = await serveAttached((app) => {
      app.use((_request, response) => {
        response.status(status).end();
      });
      app.ws('/', omni);
    });

    await expect(dial(`${url}/`).closed).resolves.toEqual({ code, reason });
    expect(errors).toEqual([]);
  });

  it.each<[string, RequestHandler]>([
    ['json', (_, response) => void response.json({})],
    ['send', (_, response) => void response.send('<html>')],
    [
      'sendStatus',
      (_, response) => {
        response.sendStatus(200);
      },
    ],
    [
      'redirect',
      (_, response) => {
        response.redirect('/login');
      },
    ],
    ['end', (_, response) => void response.end()],
    ['end with a text', (_, response) => void response.end('text')],
    ['write', (_, response) => void response.write('a part')],
    ['writeHead', (_, response) => void response.writeHead(200, 'Fine', { 'x-a': 'b' })],
    ['writeHead, then end', (_, response) => void response.writeHead(301, { location: '/' }).end()],
    [
      'flushHeaders',
      (_, response) => {
        response.flushHeaders();
      },
    ],
    ['pipe', (_, response) => void Readable.from(['a', 'b']).pipe(response)],
    [
      'sendFile',
      (_, response) => {
        response.sendFile(fileURLToPath(import.meta.url));
      },
    ],
    [
      'download, after a while',
      (_, response) => {
        setImmediate(() => {
          response.download(fileURLToPath(import.meta.url));
        });
      },
    ],
  ])('by %s closes with 4404', async (_name, answer) => {
    const { url } = await serveAttached((app) => {
      app.use(answer);
      app.ws('/', omni);
    });

    await expect(dial(`${url}/`).closed).resolves.toEqual({ code: 4404, reason: 'not-found' });
  });

  it('with a stream has it read to its end, and emits finish', async () => {
    const finished = deferred();
    const closed = deferred();
    const read: number[] = [];
    const { url } = await serveAttached((app) => {
      app.use((_request, response) => {
        response.once('finish', finished.resolve).once('close', closed.resolve);
        Readable.from(
          (function* megabyte() {
            for (let part = 0; part < 16; part += 1) {
              read.push(part);
              yield Buffer.alloc(65_536);
            }
          })(),
        ).pipe(response);
      });
    });

    const client = dial(`${url}/`);

    await finished.promise;
    await closed.promise;
    await client.closed;
    expect(read.length).toBe(16);
  });

  it('without end emits close, on the request and on the response', async () => {
    const gone = [deferred(), deferred()] as const;
    const { url } = await serveAttached((app) => {
      app.use((request, response) => {
        request.once('close', gone[0].resolve);
        response.once('close', gone[1].resolve);
        response.write('data: and so on\n\n');
      });
    });

    const client = dial(`${url}/`);

    await expect(client.closed).resolves.toHaveProperty('code', 4404);
    await Promise.all(gone.map(({ promise }) => promise));
  });

  it('through the error handlers of Express has their status', async () => {
    const handler: ErrorRequestHandler = (_error, _request, response, _next) => {
      response.status(429).json({});
    };
    const { url, errors } = await serveAttached((app) => {
      app.ws('/', () => {
        throw failure(500);
      });
      app.use(handler);
    });

    await expect(dial(`${url}/`).closed).resolves.toHaveProperty('code', 4429);
    expect(errors).toEqual([]);
  });

  it('later than a route has taken the socket changes nothing', async () => {
    const answered = deferred();
    const { url } = await serveAttached((app) => {
      app.use((_request, response, next) => {
        setImmediate(() => {
          response.status(503).end();
          answered.resolve();
        });
        next();
      });
      app.ws('/', omni);
    });
    const client = await connect(`${url}/`);
    await answered.promise;

    client.send('{"text":"still here"}');

    await expect(client.next()).resolves.toBe('{"said":"still here"}');
  });
});

describe('an error on the way to a route', () => {
  it.each<[string, unknown, number]>([
    ['a 401', failure(401), 4401],
    ['a 403', failure(403), 4403],
    ['a 404', failure(404), 4404],
    ['a 408', failure(408), 4408],
    ['a 429', failure(429), 4429],
  ])('that is %s refuses', async (_name, error, code) => {
    const { url, errors } = await serveAttached((app) => {
      app.use((_request, _response, next) => {
        next(error);
      });
      app.ws('/', omni);
    });

    await expect(dial(`${url}/`).closed).resolves.toHaveProperty('code', code);
    expect(errors).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['without a status', failure(undefined)],
    ['with a 503', failure(503)],
    ['that is no error at all', 'secret'],
  ])('%s closes with 1011, and onError is told with the own address', async (_name, error) => {
    const urls: unknown[] = [];
    const errors: unknown[] = [];
    const { url } = await serveAttached(
      (app) => {
        app.use('/api', (_request, _response, next) => {
          next(error);
        });
      },
      {
        onError: (fault, { request }) => {
          errors.push(fault);
          urls.push(request.url);
        },
      },
    );

    await expect(dial(`${url}/api/chat?a=b`).closed).resolves.toEqual({
      code: 1011,
      reason: 'failed',
    });
    expect(errors).toEqual([expect.any(RouteError)]);
    expect(errors[0]).toMatchObject({ code: 'route', cause: error });
    expect(urls).toEqual(['/api/chat?a=b']);
  });

  it('that onError itself cannot bear takes nothing down', async () => {
    const { url } = await serveAttached(
      (app) => {
        app.use((_request, _response, next) => {
          next(failure(undefined));
        });
      },
      {
        onError: () => {
          throw new Error('again');
        },
      },
    );

    await expect(dial(`${url}/`).closed).resolves.toHaveProperty('code', 1011);
  });

  it.each(['route', 'router'])('does not follow from next(%j)', async (word) => {
    const { url, errors } = await serveAttached((app) => {
      app.use((_request, _response, next) => {
        next(word);
      });
    });

    await expect(dial(`${url}/`).closed).resolves.toHaveProperty('code', 4404);
    expect(errors).toEqual([]);
  });
});

describe('a route', () => {
  it.each<[string, SocketRoute, number]>([
    ['throws', () => rethrow(failure(undefined)), 1011],
    ['throws a 403', () => rethrow(failure(403)), 4403],
    ['throws undefined', () => rethrow(undefined), 1011],
    ['rejects', async () => Promise.reject(failure(undefined)), 1011],
    ['rejects with a 401', async () => Promise.reject(failure(401)), 4401],
    [
      'rejects after it began to listen',
      async (socket) => {
        echo(socket);
        await Promise.resolve();
        throw failure(undefined);
      },
      1011,
    ],
    [
      'throws a 403 after it began to listen',
      (socket) => {
        echo(socket);
        throw failure(403);
      },
      4403,
    ],
  ])('that %s closes with the code of its error', async (_name, route, code) => {
    const { url, errors } = await serveAttached((app) => app.ws('/', route));

    const closed = await dial(`${url}/`).closed;

    expect(closed.code).toBe(code);
    expect(errors.length).toBe(code === 1011 ? 1 : 0);
  });

  it('on a router that rejects closes with 1011 too', async () => {
    const { url, errors } = await serveAttached((app) => {
      const router = Router();
      // oxlint-disable-next-line typescript/no-misused-promises -- the types of express-ws know no asynchronous routes
      router.ws('/x', async () => Promise.reject(failure(undefined)));
      app.use('/api', router);
    });

    await expect(dial(`${url}/api/x`).closed).resolves.toHaveProperty('code', 1011);
    expect(errors).toEqual([expect.any(RouteError)]);
  });

  it('that has the socket sees the address of the handshake', async () => {
    const { url } = await serveAttached((app) => {
      const router = Router();
      router.ws('/:room', (socket, request) => {
        socket.send([request.url, request.originalUrl, request.params['room']].join(' '));
      });
      app.use('/rooms', router);
    });

    const client = await connect(`${url}/rooms/7?a=b`);

    await expect(client.next()).resolves.toBe('/7?a=b /rooms/7?a=b 7');
  });
});

describe('openTimeout', () => {
  it('closes with 4404 when no route takes a socket, and leaves a socket that a route has taken', async () => {
    const { url } = await serveAttached(
      (app) => {
        app.ws('/lost', (_socket, _request, _next) => {});
        app.ws('/listens', (socket, _request, _next) => {
          echo(socket);
        });
        app.ws('/only-speaks', (socket) => {
          socket.send('first');
        });
        app.ws('/omni', omni);
        app.ws('/slow', async (socket) => {
          await once(socket, 'never');
        });
        app.ws('/slow-but-listens', async (socket) => {
          echo(socket);
          await once(socket, 'never');
        });
        app.use((_request, _response, _next) => {});
      },
      { openTimeout: 100 },
    );
    const taken = await Promise.all(
      ['/listens', '/only-speaks', '/omni', '/slow-but-listens'].map((path) => connect(url + path)),
    );

    // Opened later, so their time is up later.
    const codes = await Promise.all(
      ['/lost', '/slow', '/elsewhere'].map((path) => dial(url + path).closed),
    );

    expect(codes).toEqual([
      { code: 4404, reason: 'not-found' },
      { code: 4404, reason: 'not-found' },
      { code: 4404, reason: 'not-found' },
    ]);
    await expect(Promise.all(taken.map((client) => client.settled()))).resolves.toEqual([
      [],
      ['first'],
      [],
      [],
    ]);
  });
});

describe('messages before a route listens', () => {
  const early = Buffer.concat([1, 2, 3].map((number) => frame(`{"text":"${number}"}`)));
  const answers = async (client: RawClient): Promise<string[]> => {
    await client.answer();
    const frames = [await client.frame(), await client.frame(), await client.frame()];
    return frames.map(({ payload }) => payload.toString());
  };

  it.each<[string, RequestHandler]>([
    [
      'at once',
      (_request, _response, next) => {
        next();
      },
    ],
    ['in the next turn', (_request, _response, next) => void setImmediate(next)],
    ['after 50 ms', (_request, _response, next) => void setTimeout(next, 50)],
  ])(
    'in the packet of the handshake is answered when the middleware goes on %s',
    async (_, wait) => {
      const { port } = await serveAttached((app) => {
        app.use(wait);
        app.ws('/', omni);
      });

      const client = new RawClient({ port, head: early });

      await expect(answers(client)).resolves.toEqual([
        '{"said":"1"}',
        '{"said":"2"}',
        '{"said":"3"}',
      ]);
    },
  );

  it('in packets of its own is answered behind 150 layers', async () => {
    const { port } = await serveAttached((app) => {
      for (let layer = 0; layer < 150; layer += 1) {
        app.use((_request, _response, next) => {
          next();
        });
      }
      app.ws('/', omni);
    });
    const client = new RawClient({ port });
    client.socket.write(early);

    await expect(answers(client)).resolves.toEqual([
      '{"said":"1"}',
      '{"said":"2"}',
      '{"said":"3"}',
    ]);
  });

  it('reaches a route that is asynchronous itself and begins to listen late', async () => {
    const { port } = await serveAttached((app) =>
      app.ws('/', async (socket) => {
        await new Promise(setImmediate);
        echo(socket);
      }),
    );

    const client = new RawClient({ port, head: early });

    await expect(answers(client)).resolves.toEqual([
      'echo {"text":"1"}',
      'echo {"text":"2"}',
      'echo {"text":"3"}',
    ]);
  });

  it('and its going is noticed when a route has come', async () => {
    const said: string[] = [];
    const closed = deferred();
    const { port } = await serveAttached((app) => {
      app.use((_request, _response, next) => void setTimeout(next, 20));
      app.ws(
        '/',
        omniWs({
          codec: textCodec,
          handler: ({ text }): Says | undefined => {
            said.push(text);
            return undefined;
          },
          onClose: () => {
            closed.resolve();
          },
        }),
      );
    });

    const client = new RawClient({ port, head: Buffer.concat([early, closeFrame(1000)]) });
    await client.answer();

    await closed.promise;
    expect(said).toEqual(['1', '2', '3']);
  });
});

function rethrow(error: unknown): never {
  throw error;
}
