import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { createHub, omniSse, type OmniSseOptions } from 'express-omnimessage';
import express, { type Express } from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { bytesCodec, type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

/** Reads a stream event by event. */
async function open(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ response: Response; next: () => Promise<string>; leave: () => void }> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(url, { headers, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let read = '';
  return {
    response,
    leave: () => abort.abort(),
    next: async () => {
      for (;;) {
        const end = read.indexOf('\n\n');
        if (end >= 0) {
          const event = read.slice(0, end);
          read = read.slice(end + 2);
          if (!event.startsWith(':')) return event;
          continue;
        }
        const chunk = await reader?.read();
        if (chunk?.value === undefined) throw new Error('the stream has ended');
        read += chunk.value;
      }
    },
  };
}

async function served(
  options: Partial<OmniSseOptions<Says>> = {},
  prepare: (app: Express) => void = () => {},
): Promise<string> {
  const app = express();
  app.set('env', 'test');
  prepare(app);
  app.get('/events', omniSse<Says>({ codec: textCodec, ...options }));
  return `${await serve(app)}/events`;
}

describe('omniSse', () => {
  it('begins with a hello, then sends what onOpen and the hub send', async () => {
    const hub = createHub<Says>({
      codec: { decode: JSON.parse, encode: textCodec.encode },
    });
    const url = await served({
      heartbeat: { interval: 5_000 },
      onOpen: (connection) => {
        connection.send({ said: 'welcome' });
        hub.join('news', connection);
      },
    });
    const stream = await open(url);

    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await stream.next()).toBe('event: hello\ndata: {"version":1,"interval":5000}');
    expect(await stream.next()).toBe('data: {"said":"welcome"}');
    await until(async () => (await hub.count('news')) === 1);
    hub.publish('news', { said: 'pushed' });

    expect(await stream.next()).toBe('data: {"said":"pushed"}');

    stream.leave();
    await until(async () => (await hub.count('news')) === 0);
  });

  it('is mounted by app.get, with the parameters of its path', async () => {
    const roomOf = ({ params }: express.Request): string => String(params['room']);
    const app = express();
    const route = omniSse<Says, string, express.Request>({
      codec: textCodec,
      context: roomOf,
      onOpen: ({ send, context, request }) => {
        send({ said: `${context} and ${roomOf(request)}` });
      },
    });
    app.get('/rooms/:room', route);
    const stream = await open(`${await serve(app)}/rooms/blue`);

    expect(await stream.next()).toContain('hello');
    expect(await stream.next()).toBe('data: {"said":"blue and blue"}');
  });

  it('sends a beat when there was nothing else to send', async () => {
    const stream = await open(await served({ heartbeat: { interval: 50, timeout: 50 } }));
    await stream.next();

    for (let count = 0; count < 5; count++) expect(await stream.next()).toBe('event: beat\ndata: ');
  });

  it('ends with the close code and its reason', async () => {
    const closes: number[] = [];
    const url = await served({
      onOpen: (connection) => connection.close(4_000, 'enough'),
      onClose: (_, code) => {
        closes.push(code);
      },
    });
    const stream = await open(url);
    await stream.next();

    expect(await stream.next()).toBe('event: close\ndata: {"code":4000,"reason":"enough"}');
    await expect(stream.next()).rejects.toThrow('the stream has ended');
    await until(() => closes.length === 1);

    expect(closes).toEqual([4_000]);
  });

  it('ends when the credentials do', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const end = Date.now() + 60_000;
    const stream = await open(
      await served({ expires: () => end, heartbeat: { interval: 100, timeout: 100 } }),
    );
    await stream.next();
    vi.setSystemTime(end);
    let event = await stream.next();
    while (event.startsWith('event: beat')) event = await stream.next();

    expect(event).toBe('event: close\ndata: {"code":4401,"reason":"unauthorized"}');
  });

  it.each([
    ['401', 401],
    ['403', 403],
    ['404', 403],
  ])('a client that context refused with %s gets a problem', async (_, status) => {
    const sent: boolean[] = [];
    const stream = await open(
      await served({
        context: async (): Promise<never> => {
          await Promise.resolve();
          throw Object.assign(new Error('secret'), { status: _ === '404' ? 404 : status });
        },
        onOpen: (connection) => {
          sent.push(connection.send({ said: 'secret' }));
        },
      }),
    );

    expect(stream.response.status).toBe(status);
    expect(stream.response.headers.get('content-type')).toBe('application/problem+json');
    expect(sent).toEqual([]);
  });

  it('a page of another origin is refused', async () => {
    const stream = await open(await served(), { origin: 'https://evil.example' });

    expect(stream.response.status).toBe(403);
  });

  it('a context that fails is a fault: onError, and 500', async () => {
    const codes: string[] = [];
    const stream = await open(
      await served({
        context: () => {
          throw new Error('secret');
        },
        onError: ({ code }) => {
          codes.push(code);
        },
      }),
    );

    expect(stream.response.status).toBe(500);
    expect(codes).toEqual(['context']);
  });

  it('a message of several lines, a carriage return and bytes arrive as they are', async () => {
    const said: string[] = ['one\ntwo', 'with a \r carriage return'];
    const plain = { encode: (message: Says) => ('said' in message ? message.said : undefined) };
    const stream = await open(
      await served({
        codec: plain,
        onOpen: (connection) => {
          for (const each of said) connection.send({ said: each });
        },
      }),
    );
    await stream.next();

    expect(await stream.next()).toBe('data: one\ndata: two');
    expect(await stream.next()).toBe('event: quoted\ndata: "with a \\r carriage return"');

    const app = express();
    app.use(
      omniSse({
        path: '/bytes',
        codec: bytesCodec,
        onOpen: (connection) => void connection.send({ said: 'é' }),
      }),
    );
    const bytes = await open(`${await serve(app)}/bytes`);

    expect(await bytes.next()).toMatch(/^event: hello\ndata: \{/);
    expect(await bytes.next()).toBe('event: bytes\ndata: 6Q==');
  });

  it('starts nothing for a client that left before', async () => {
    let isLate = false;
    const opened: unknown[] = [];
    const url = await served(
      {
        context: () => void opened.push('context'),
        onOpen: () => void opened.push('open'),
      },
      (app) => {
        app.use((request, _response, next) => {
          request.socket.once('close', () => {
            setImmediate(() => {
              isLate = true;
              next();
            });
          });
        });
      },
    );
    const { hostname, port, pathname } = new URL(url);
    const client = connectTcp(Number(port), hostname);
    client.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    await once(client, 'connect');
    setImmediate(() => client.resetAndDestroy());
    await until(() => isLate);

    expect(opened).toEqual([]);
  });

  it('a client that reads nothing is let go: at maxBuffered, and 5 s later at the latest', async () => {
    const closes: number[] = [];
    const sockets: Socket[] = [];
    const url = await served({
      maxBuffered: 100_000,
      onOpen: async (connection) => {
        sockets.push(connection.request.socket);
        while (connection.send({ said: 'x'.repeat(50_000) })) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
      onClose: (_, code) => {
        closes.push(code);
      },
    });
    const { hostname, port, pathname } = new URL(url);
    const client = connectTcp(Number(port), hostname);
    onTestFinished(() => void client.destroy());
    client.pause();
    client.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    await until(() => closes.length === 1);

    expect(closes).toEqual([1013]);
    await until(() => sockets[0]?.destroyed === true);
  });

  it('counts toward maxConnections, and ends with the server', async () => {
    const { url, close } = await serveAttached(
      (app) => {
        app.get('/events', omniSse({ codec: textCodec }));
      },
      { maxConnections: 1 },
    );
    const address = `${url.replace(/^ws/, 'http')}/events`;
    const first = await open(address);
    await first.next();
    const second = await open(address);

    expect(second.response.status).toBe(503);

    const closed = close();

    expect(await first.next()).toBe('event: close\ndata: {"code":1001,"reason":"going-away"}');
    await closed;
  });

  it('answers GET alone, and its own path', async () => {
    const url = await served();
    const app = express();
    app.use(omniSse({ path: '/events', codec: textCodec }));
    const other = await serve(app);

    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${other}/other`)).status).toBe(404);
    expect(() => omniSse({ codec: textCodec, limit: 5 } as never)).toThrow('no option `limit`');
  });
});
