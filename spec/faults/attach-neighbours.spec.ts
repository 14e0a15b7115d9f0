/** A9 and A10: other listeners of the same server's upgrades, and requests that are no handshakes. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import express, { type Express } from 'express';
import {
  attachWebSockets,
  type AttachOptions,
  type OmniError,
  omniWs,
  type SocketRoutes,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawPeer } from '../drills/raw-peer.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { connect, dial } from '../support/socket-client.ts';
import { type Neighbour, neighbours } from './neighbours.ts';
import { say } from './served-socket.ts';

const echo = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });

interface Shared {
  readonly url: string;
  readonly server: Server;
  readonly errors: OmniError[];
}

/** A server of the user's, with our sockets and with whatever else is attached before or after. */
async function share(
  {
    before,
    after,
  }: {
    readonly before?: (server: Server, app: Express) => void | Promise<void>;
    readonly after?: (server: Server, app: Express) => void | Promise<void>;
  },
  options: AttachOptions = {},
  routes: (app: Express & SocketRoutes) => void = (app) => app.ws('/omni', echo),
): Promise<Shared> {
  const errors: OmniError[] = [];
  const app = express();
  app.set('env', 'test');
  const server = createServer(app);
  await before?.(server, app);
  const attached = attachWebSockets(app, {
    server,
    onError: (error) => {
      errors.push(error);
    },
    ...options,
  });
  routes(attached.app);
  await after?.(server, app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => attached.close({ timeout: 0 }));
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, server, errors };
}

/** The status of the answer to a handshake; 0 when the connection ended without one. */
async function statusOf(url: string): Promise<number> {
  const peer = new RawPeer(url);
  onTestFinished(() => {
    peer.socket.destroy();
  });
  return peer.status;
}

async function expectOurs(url: string): Promise<void> {
  const client = await connect(`${url}/omni`);
  client.send(say('ours'));
  expect(await client.next()).toBe('{"said":"ours"}');
}

const both = neighbours.flatMap((neighbour): [string, string, Neighbour][] => [
  [neighbour.name, 'before', neighbour],
  [neighbour.name, 'after', neighbour],
]);

describe('A9: an upgrade that is not ours', () => {
  it.each(both)(
    'beside %s, attached %s us: each serves its own path',
    async (_, when, neighbour) => {
      const { url, errors } = await share({ [when]: neighbour.attach }, { openTimeout: 200 });

      await expectOurs(url);
      const answer = await neighbour.speak(url);
      expect(await statusOf(`${url}/nowhere`)).toBe(neighbour.nowhere);
      await expectOurs(url);

      expect(answer).toEqual(
        {
          vite: 'connected',
          'graphql-ws': { ping: 'pong' },
        }[neighbour.name] ?? 'theirs ping',
      );
      expect(errors).toEqual([]);
    },
  );

  it('beside all of them at once: each serves its own path', async () => {
    const { url, errors } = await share({
      before: async (server, app) => {
        for (const { name, attach } of neighbours) {
          // Those that answer every path can only be alone.
          if (name === 'socket.io' || name === 'vite') await attach(server, app);
        }
      },
      after: async (server, app) => {
        for (const { name, attach } of neighbours) {
          if (name === 'http-proxy-middleware') await attach(server, app);
        }
      },
    });

    for (const { name, speak } of neighbours) {
      if (['socket.io', 'vite', 'http-proxy-middleware'].includes(name)) await speak(url);
    }
    await expectOurs(url);
    expect(errors).toEqual([]);
  });

  it('Vite keeps its one connection while our sockets come and go: no page reloads', async () => {
    const vite = neighbours.find(({ name }) => name === 'vite');
    let upgrades = 0;
    const { url } = await share({
      before: async (server, app) => {
        await vite?.attach(server, app);
        server.on('upgrade', () => {
          upgrades += 1;
        });
      },
    });
    await vite?.speak(url);

    for (let n = 0; n < 20; n++) await expectOurs(url);

    expect(upgrades).toBe(1);
  });

  it('a client that resets while other listeners have not answered ends nothing', async () => {
    let isGiven = (): void => {};
    const given = new Promise<void>((resolve) => {
      isGiven = resolve;
    });
    let hasClosed: Promise<unknown> = Promise.resolve();
    const { url } = await share({
      after: (server) => {
        server.on('upgrade', (_request, stream) => {
          hasClosed = new Promise((resolve) => stream.once('close', resolve));
          isGiven();
        });
      },
    });
    const peer = new RawPeer(`${url}/nowhere`);
    await given;

    peer.reset();
    await hasClosed;

    const client = await connect(`${url}/omni`);
    client.send(say('alive'));
    expect(await client.next()).toBe('{"said":"alive"}');
  });

  it('none of the other listeners takes it: 404 after openTimeout', async () => {
    const { url } = await share(
      { after: (server) => void server.on('upgrade', () => {}) },
      { openTimeout: 30 },
    );

    expect(await statusOf(`${url}/nowhere`)).toBe(404);
  });

  it('a listener that takes it and answers later keeps it after openTimeout', async () => {
    const { url } = await share(
      {
        after: (server) =>
          void server.on('upgrade', (_request, stream) => {
            stream.on('data', () => {});
            setTimeout(() => {
              stream.end('HTTP/1.1 418 theirs\r\nconnection: close\r\n\r\n');
            }, 60);
          }),
      },
      { openTimeout: 20 },
    );

    expect(await statusOf(`${url}/theirs`)).toBe(418);
  });

  it('nothing else listens: 101 and 4404, which a page can read', async () => {
    const { url } = await share({});

    expect(await dial(`${url}/nowhere`).closed).toEqual({ code: 4404, reason: 'not-found' });
  });

  it.each<[string, (app: Express & SocketRoutes) => void]>([
    [
      'on a Router below a Router',
      (app) => {
        const outer = express.Router();
        const inner = express.Router();
        inner.ws('/:id', echo);
        outer.use('/b', inner);
        app.use('/a', outer);
      },
    ],
    [
      'on an application that is mounted',
      (app) => {
        const mounted = express() as Express & SocketRoutes;
        mounted.ws('/b/:id', echo);
        app.use('/a', mounted);
      },
    ],
    [
      'on a Router of an application that is mounted',
      (app) => {
        const mounted = express();
        const router = express.Router();
        router.ws('/:id', echo);
        mounted.use('/b', router);
        app.use('/a', mounted);
      },
    ],
    [
      'on an application that a Router mounts',
      (app) => {
        const mounted = express() as Express & SocketRoutes;
        mounted.ws('/:id', echo);
        const router = express.Router();
        router.use('/b', mounted);
        app.use('/a', router);
      },
    ],
    ['by a RegExp', (app) => app.ws(/^\/a\/b\/\d+$/, echo)],
    ['by one of an array', (app) => app.ws(['/other', '/a/b/:id'], echo)],
  ])('a route %s is found, and its socket is not given to the others', async (_, routes) => {
    const others: string[] = [];
    const { url } = await share(
      {
        after: (server) =>
          void server.on('upgrade', ({ url: target }, stream) => {
            others.push(target ?? '');
            stream.destroy();
          }),
      },
      {},
      routes,
    );

    const client = await connect(`${url}/a/b/7?x=/nowhere`);
    client.send(say('found'));

    expect(await client.next()).toBe('{"said":"found"}');
    expect(await statusOf(`${url}/a/b`)).toBe(0);
    expect(await statusOf(`${url}/a/b/%ff/c`)).toBe(0);
    expect(others).toEqual(['/a/b', '/a/b/%ff/c']);
  });

  it('`owns` decides where the paths cannot', async () => {
    const { url } = await share(
      {
        after: (server) =>
          void server.on('upgrade', (_request, stream) => {
            stream.end('HTTP/1.1 418 theirs\r\nconnection: close\r\n\r\n');
          }),
      },
      {
        owns: ({ url: target = '' }) => {
          if (target.startsWith('/omni?theirs')) return false;
          return target.startsWith('/hidden') ? true : undefined;
        },
      },
      (app) => {
        const hidden = express.Router();
        hidden.ws('/hidden', echo);
        app.ws('/omni', echo);
        app.use((request, response, next) => hidden(request, response, next));
      },
    );

    const client = await connect(`${url}/hidden`);
    client.send(say('hidden'));

    expect(await client.next()).toBe('{"said":"hidden"}');
    expect(await statusOf(`${url}/omni?theirs`)).toBe(418);
    expect(await statusOf(`${url}/elsewhere`)).toBe(418);
    await expectOurs(url);
  });

  it.each<[string, AttachOptions['owns']]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects', (() => Promise.reject(new Error('boom'))) as never],
    ['returns a text', (() => 'yes') as never],
  ])('`owns` that %s: 500, onError, and others are served', async (_, owns) => {
    let isBroken = true;
    const { url, errors } = await share(
      {},
      { owns: (request) => (isBroken ? owns?.(request) : undefined) },
    );

    expect(await statusOf(`${url}/omni`)).toBe(500);
    isBroken = false;
    await expectOurs(url);

    expect(errors.map(({ code }) => code)).toEqual(['authorize']);
  });

  it('a connection that something else has upgraded already: onError, and the process lives', async () => {
    // An instrumentation that repeats an event.
    const repeat = (server: Server): void => {
      const emit = server.emit.bind(server) as (...given: unknown[]) => boolean;
      server.emit = (...given: unknown[]): boolean => {
        const isHeard = emit(...given);
        return given[0] === 'upgrade' ? emit(...given) : isHeard;
      };
    };
    const { url, errors } = await share({ after: repeat });

    const client = await connect(`${url}/omni`);

    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(errors.map(({ code }) => code)).toEqual(['route']);
  });
});

describe('A10: a request that offers another protocol', () => {
  /** What a raw request gets, until the connection ends. */
  async function answerTo(url: string, text: string): Promise<string> {
    const { hostname, port } = new URL(url);
    const socket = connectTcp(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    socket.end(text);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    await once(socket, 'close');
    return received;
  }

  const h2c = [
    'Host: here',
    'Connection: close, Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  ].join('\r\n');

  const pages = (app: Express): void => {
    app.use(express.text({ type: '*/*' }));
    app.all('/page', (request, response) => {
      response.send(
        `${request.method} ${String(request.headers['x-own'])} ${String(request.body)}`,
      );
    });
  };
  const listening = (server: Server): void => {
    server.on('upgrade', (_request, stream) => {
      stream.end('HTTP/1.1 418 theirs\r\n\r\n');
    });
  };

  it.each<[string, Parameters<typeof share>[0]]>([
    ['alone', {}],
    ['beside another listener', { after: listening }],
  ])('h2c, %s: the same request as without the offer, with its body', async (_, beside) => {
    const { url } = await share(beside, {}, pages);

    const answer = await answerTo(
      url,
      `POST /page HTTP/1.1\r\n${h2c}\r\nX-Own: yes\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`,
    );

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/POST yes hello$/);
  });

  it('h2c with a body that comes later, and a second request on the connection', async () => {
    const { url } = await share({}, {}, pages);
    const { hostname, port } = new URL(url);
    const socket = connectTcp(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    let received = '';
    const until = async (text: string): Promise<void> => {
      while (!received.includes(text)) received += String((await once(socket, 'data'))[0]);
    };
    const settings = h2c.replace('close, ', '');

    socket.write(
      `POST /page HTTP/1.1\r\n${settings}\r\nExpect: 100-continue\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    await until('100 Continue');
    socket.write('5\r\nfirst\r\n0\r\n\r\n');
    await until('POST undefined first');
    socket.write(`GET /page HTTP/1.1\r\n${settings}\r\n\r\n`);
    await until('GET undefined');

    expect(received).not.toContain('HTTP/1.1 4');
  });

  it.each([
    ['alone: goes on as HTTP', {}, 200],
    ['beside another listener: theirs', { after: listening }, 418],
  ])('an unknown protocol, %s', async (_, beside, status) => {
    const { url } = await share(beside, {}, pages);

    const answer = await answerTo(
      url,
      'GET /page HTTP/1.1\r\nHost: here\r\nConnection: close, Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('a client that resets in the middle of it ends nothing', async () => {
    const { url, server } = await share({}, {}, pages);
    const { hostname, port } = new URL(url);
    const socket = connectTcp(Number(port), hostname);
    socket.on('error', () => {});
    const asked = once(server, 'request') as Promise<[{ socket: Server }]>;
    socket.write(`POST /page HTTP/1.1\r\n${h2c}\r\nContent-Length: 5\r\n\r\nhe`);
    const [{ socket: connection }] = await asked;

    socket.resetAndDestroy();
    await once(connection, 'close');

    expect(await answerTo(url, `GET /page HTTP/1.1\r\n${h2c}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
