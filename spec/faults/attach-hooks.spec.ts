/** A13, A16, A18, A27, E7: what the user's functions see of a handshake, and what they may do. */
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import session from 'express-session';
import {
  type AttachOptions,
  attachWebSockets,
  omniWs,
  runMiddleware,
  type SocketRoutes,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { RawPeer } from '../drills/raw-peer.ts';
import { serveAttached } from '../support/attached.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { say } from './served-socket.ts';

const echo = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });
const withEcho = (app: Express & SocketRoutes): unknown => app.ws('/omni', echo);
const boom = new Error('boom');

async function statusOf(
  url: string,
  headers: Record<string, string> = {},
  path?: string,
): Promise<number> {
  const peer = new RawPeer(url, { headers, ...(path !== undefined && { path }) });
  onTestFinished(() => {
    peer.socket.destroy();
  });
  return peer.status;
}

/** The subprotocol that a browser would see, or the status of the refusal. */
async function subprotocolOf(url: string, offered: string[]): Promise<unknown> {
  const socket = new WebSocket(url, offered);
  onTestFinished(() => {
    socket.terminate();
  });
  return new Promise((resolve) => {
    socket.on('open', () => {
      resolve(socket.protocol);
    });
    socket.on('unexpected-response', (_request, { statusCode }) => {
      resolve(statusCode);
    });
    socket.on('error', ({ message }) => {
      resolve(message);
    });
  });
}

describe('A13: subprotocols', () => {
  const chat: AttachOptions['subprotocols'] = (offered) =>
    offered.includes('chat') ? 'chat' : undefined;
  const none = 'Server sent no subprotocol';

  it.each<[string, AttachOptions['subprotocols'], string[], unknown]>([
    ['the chosen one of several, never the token', chat, ['token.abc', 'chat'], 'chat'],
    ['a token alone', chat, ['token.abc'], none],
    ['omnimessage.1 whenever it is offered', chat, ['chat', 'omnimessage.1'], 'omnimessage.1'],
    ['omnimessage.1 without an option', undefined, ['omnimessage.1'], 'omnimessage.1'],
    [
      'omnimessage.1 with what the client says of itself',
      undefined,
      ['omnimessage.1.eyJhIjoxfQ', 'omnimessage.1'],
      'omnimessage.1',
    ],
    ['what the client says of itself alone', (offered) => offered[0], ['omnimessage.1.e30'], none],
    ['no option', undefined, ['chat'], none],
  ])('%s', async (_, subprotocols, offered, expected) => {
    const { url, errors } = await serveAttached(withEcho, {
      ...(subprotocols !== undefined && { subprotocols }),
    });

    expect(await subprotocolOf(`${url}/omni`, offered)).toBe(expected);
    expect(errors).toEqual([]);
  });

  it.each<[string, () => unknown, number, number]>([
    ['chooses what was not offered', () => 'other', 500, 1],
    ['returns a promise that rejects', async () => Promise.reject(boom), 500, 1],
    [
      'throws',
      () => {
        throw boom;
      },
      500,
      1,
    ],
    [
      'throws a refusal',
      () => {
        throw Object.assign(new Error('no'), { status: 403 });
      },
      403,
      0,
    ],
  ])('that %s: refused before 101, and others are served', async (_, choose, status, told) => {
    const { url, errors } = await serveAttached(withEcho, { subprotocols: choose as never });

    expect(await subprotocolOf(`${url}/omni`, ['chat'])).toBe(status);
    expect(errors).toHaveLength(told);
    const other = await connect(`${url}/omni`);
    other.send(say('alive'));
    expect(await other.next()).toBe('{"said":"alive"}');
  });
});

describe('A16: authorize', () => {
  it('gets the route that the path leads to, as it was written', async () => {
    const seen: unknown[] = [];
    const { url, port } = await serveAttached(
      (app) => {
        const router = express.Router();
        router.ws('/rooms/:room', echo);
        app.use('/api', router);
        app.ws('/admin', echo);
        app.ws('/open', echo);
      },
      {
        authorize: (request, target) => {
          seen.push([request.url, target?.route, target?.baseUrl, target?.params]);
          return target?.route === '/open';
        },
      },
    );

    for (const path of ['/admin', '/ADMIN', '/admin/', '/Api/rooms/7?x', '/nowhere']) {
      expect(await statusOf(url + path)).toBe(401);
    }
    expect(await statusOf(`${url}/`, {}, `http://127.0.0.1:${port}/admin`)).toBe(401);
    expect(await statusOf(`${url}/OPEN/`)).toBe(101);

    expect(seen.slice(0, 6)).toEqual([
      ['/admin', '/admin', '', {}],
      ['/ADMIN', '/admin', '', {}],
      ['/admin/', '/admin', '', {}],
      ['/Api/rooms/7?x', '/rooms/:room', '/Api', { room: '7' }],
      ['/nowhere', undefined, undefined, undefined],
      ['/admin', '/admin', '', {}],
    ]);
  });

  it.each<[string, unknown, number]>([
    ['undefined, as where it throws to refuse', undefined, 101],
    ['true', true, 101],
    ['an object', {}, 101],
    ['false', false, 401],
    ['null, as for a user who is not known', null, 401],
    ['0', 0, 401],
    ['an empty string', '', 401],
    ['not a number', Number.NaN, 401],
  ])('that returns %s', async (_, answer, status) => {
    const atOnce = await serveAttached(withEcho, { authorize: () => answer });
    const later = await serveAttached(withEcho, { authorize: async () => Promise.resolve(answer) });

    expect(await statusOf(`${atOnce.url}/omni`)).toBe(status);
    expect(await statusOf(`${later.url}/omni`)).toBe(status);
  });
});

describe('A18: a hook that misbehaves', () => {
  const throwing = (name: string): object =>
    Object.defineProperty({}, name, {
      get: () => {
        throw boom;
      },
    });

  it.each<[string, AttachOptions, number]>([
    ['authorize gives a thenable that throws', { authorize: () => thenable(fail) }, 500],
    ['authorize gives an object whose `then` throws', { authorize: () => throwing('then') }, 500],
    ['authorize throws what has a `status` that throws', { authorize: () => raise('status') }, 500],
    ['authorize throws null', { authorize: () => raiseNull() }, 500],
    ['origins rejects', { origins: (async () => Promise.reject(boom)) as never }, 403],
    ['origins throws', { origins: fail }, 403],
    [
      'authorize resolves twice and then throws',
      {
        authorize: () =>
          thenable((resolve) => {
            resolve(false);
            resolve(true);
            fail();
          }),
      },
      401,
    ],
  ])('%s: refused, and others are served', async (_, options, status) => {
    const { url } = await serveAttached(withEcho, options);

    const { host } = new URL(url);
    for (let n = 0; n < 3; n++) {
      expect(await statusOf(`${url}/omni`, { origin: `http://${host}` })).toBe(status);
    }
  });

  function thenable(then: (resolve: (value: unknown) => void) => void): object {
    return withMember('then', then);
  }
  function withMember(name: string, value: unknown): object {
    return Object.defineProperty({}, name, { value });
  }
  function fail(): never {
    throw boom;
  }
  function raise(name: string): never {
    throw throwing(name) as Error;
  }
  function raiseNull(): never {
    throw null as unknown as Error;
  }
});

describe('E7: runMiddleware', () => {
  it('gives authorize the session of express-session, which the routes then have too', async () => {
    const sessions = session({ secret: 'x', resave: false, saveUninitialized: false });
    const { url, port } = await serveAttached(
      (app) => {
        app.use(sessions);
        app.post('/login', (request, response) => {
          (request.session as { user?: string }).user = 'ada';
          response.end();
        });
        app.ws(
          '/omni',
          omniWs({
            codec: textCodec,
            context: (request: express.Request, user) => [request.sessionID, user],
            handler: (_message, { context, request }): Says => ({
              said: `${String(context[1])} ${(request.session as { user?: string }).user ?? ''}`,
            }),
          }),
        );
      },
      {
        authorize: async (request) =>
          ((await runMiddleware(request, sessions)).session as { user?: string }).user ?? false,
      },
    );
    const login = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST' });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';

    expect(await statusOf(`${url}/omni`)).toBe(401);
    expect(await statusOf(`${url}/omni`, { cookie: `${cookie}x` })).toBe(401);
    const socket = new WebSocket(`${url}/omni`, { headers: { cookie } });
    onTestFinished(() => {
      socket.terminate();
    });
    await once(socket, 'open');
    socket.send(say('who'));

    expect(String((await once(socket, 'message'))[0])).toBe('{"said":"ada ada"}');
  });

  it.each<[string, RequestHandler, number]>([
    ['answers 403', (_q, response) => void response.status(403).send('no'), 403],
    [
      'redirects',
      (_q, response) => void response.writeHead(302, { location: '/login' }).end(),
      401,
    ],
    ['gives an error to next', (_q, _s, next) => next(refusal(403)), 403],
    ['gives a text to next', (_q, _s, next) => next('no'), 500],
    ['throws', () => raise403(), 403],
    ['rejects', async () => Promise.reject(refusal(403)), 403],
    ['rejects with nothing', async () => Promise.reject(undefined), 500],
  ])('a middleware that %s', async (_, middleware, status) => {
    const { url } = await serveAttached(withEcho, {
      authorize: async (request) => {
        await runMiddleware(request, middleware);
        return true;
      },
    });

    expect(await statusOf(`${url}/omni`)).toBe(status);
  });

  it('runs them one after the other, and gives the same request', async () => {
    const order: string[] = [];
    const { url } = await serveAttached(withEcho, {
      authorize: async (request: IncomingMessage) =>
        (await runMiddleware(
          request,
          (_q, _s, next) => {
            setTimeout(() => {
              order.push('first');
              next();
            }, 5);
          },
          (_q, _s, next) => {
            order.push('second');
            next();
          },
        )) === request,
    });

    expect(await statusOf(`${url}/omni`)).toBe(101);
    expect(order).toEqual(['first', 'second']);
  });

  function refusal(status: number): Error {
    return Object.assign(new Error('no'), { status });
  }
  function raise403(): never {
    throw refusal(403);
  }
});

it('an application whose server the user made keeps its own prototypes', async () => {
  const app = express();
  const { request, response } = app;
  const server = (await import('node:http')).createServer(app);
  const { close } = attachWebSockets(app, { server });
  const made = express();
  const own = made.request;
  attachWebSockets(made, { expressPrototypes: false });
  onTestFinished(() => close({ timeout: 0 }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  app.get('/', (asked, answer) => {
    answer.send(String(Object.getPrototypeOf(asked) === app.request));
  });
  const { port } = server.address() as AddressInfo;

  expect(app.request).toBe(request);
  expect(app.response).toBe(response);
  expect(made.request).toBe(own);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('true');
});
