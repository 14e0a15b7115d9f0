/** FAULTS.md A1, A3, A4 and A17: what breaks a stream that goes on while its client does not read. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachWebSockets } from '../../lib/index.ts';
import {
  omniServerComponentSse,
  type ServerComponent,
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { counter, type CounterMessage } from '../support/components.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

type Board = ServerComponent<CounterMessage>;

/** A component for many whose view has about this many bytes. */
function board(bytes: number): { readonly shared: Board; readonly views: () => number } {
  let views = 0;
  const shared = startServerComponent(
    {
      ...counter(),
      view: (count: number) => {
        views += 1;
        return text(`${count}:${'x'.repeat(bytes)}`);
      },
    },
    0,
  );
  onTestFinished(shared.stop);
  return { shared, views: () => views };
}

/** Sends requests for the view on one connection, and reads nothing. */
function ask(url: string, times: number): Socket {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write('GET /live HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(times));
  return socket;
}

async function serveBoard(
  shared: Board,
  options: object = {},
): Promise<{ readonly url: string; readonly responses: ServerResponse[] }> {
  const responses: ServerResponse[] = [];
  const app = express();
  app.use((_request, response, next) => {
    responses.push(response);
    next();
  });
  app.use(omniServerComponentSse({ path: '/live', shared: () => shared, ...options }));
  return { url: await serve(app), responses };
}

describe('a stream that has ended and is not read to its end', () => {
  it.each(['stop', 'update throws'])('is not written to, after %s', async (how) => {
    const { shared } = board(50_000);
    const { url, responses } = await serveBoard(shared, { heartbeat: 20 });
    const socket = ask(url, 1);
    await until(() => shared.viewers === 1);
    while ((responses[0]?.writableLength ?? 0) < 10_000) {
      shared.dispatch('more');
      await new Promise(setImmediate);
    }

    if (how === 'stop') shared.stop();
    else shared.dispatch('boom');
    shared.dispatch('more');

    expect(responses[0]?.writableEnded).toBe(true);
    // Two heartbeats pass while the end waits to be read: each would be a write after the end.
    const beats = setInterval(() => {}, 5);
    onTestFinished(() => clearInterval(beats));
    const start = performance.now();
    await until(() => performance.now() - start > 80);
    socket.resume();
    await once(socket, 'end');
  });

  it('is one of several that were pipelined, and the server is closed', async () => {
    const { shared } = board(50_000);
    const { app, server, close } = attachWebSockets(express());
    app.use(omniServerComponentSse({ path: '/live', shared: () => shared, heartbeat: 20 }));
    const socket = ask(await serve(server), 2);
    await until(() => shared.viewers === 2);

    const closed = close({ timeout: 200 });
    shared.dispatch('more');
    shared.stop();

    await closed;
    await until(() => shared.viewers === 0);
    expect(socket.destroyed || socket.readableLength >= 0).toBe(true);
  });

  it('is forgotten when the connection of pipelined requests breaks', async () => {
    const { shared } = board(10);
    const { url } = await serveBoard(shared);
    const socket = ask(url, 3);
    await until(() => shared.viewers === 3);

    socket.destroy();

    await until(() => shared.viewers === 0);
    expect(shared.signal.aborted).toBe(false);
  });
});

describe('a view larger than what may wait', () => {
  it.each([65_000, 66_000, 400_000])('of %i bytes is mounted once', async (bytes) => {
    const { shared, views } = board(bytes);
    const { url } = await serveBoard(shared);
    const [stream] = (await once(get(`${url}/live`), 'response')) as [IncomingMessage];
    onTestFinished(() => void stream.destroy());
    let received = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    await until(() => received.endsWith('\n\n'));

    shared.dispatch('more');
    await until(() => received.includes('"1:'));

    expect(received.split('{"kind":0,"open_shadow_root"')).toHaveLength(2);
    expect(views()).toBe(2);
  });

  it('that is read slowly, but read, is not cut off', async () => {
    const { shared } = board(30_000_000);
    const { url } = await serveBoard(shared, { heartbeat: 500 });
    const socket = ask(url, 1);
    await until(() => shared.viewers === 1);
    let received = 0;
    const start = performance.now();

    // A piece now and then: far more than two heartbeats for the whole.
    await until(() => {
      const piece = socket.read() as Buffer | null;
      received += piece?.length ?? 0;
      return performance.now() - start > 1_500;
    });

    expect(received).toBeGreaterThan(0);
    expect(shared.viewers).toBe(1);
  });
});

describe('a client that is gone before the route has it', () => {
  it('starts nothing', async () => {
    const arrived: ServerResponse[] = [];
    let started = 0;
    const app = express();
    app.use((_request, response, next) => {
      arrived.push(response);
      response.req.socket.once('close', () => setImmediate(next));
    });
    app.use(
      omniServerComponentSse({
        path: '/live',
        component: counter(),
        start: () => {
          started += 1;
          return 0;
        },
      }),
    );
    let passed = 0;
    app.use((_request, _response, next) => {
      passed += 1;
      next();
    });
    const url = await serve(app);
    const sockets = Array.from({ length: 20 }, () => ask(url, 1));
    await until(() => arrived.length === 20);

    for (const socket of sockets) socket.destroy();

    await until(() => arrived.every(({ req }) => req.socket.destroyed));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect([started, passed]).toEqual([0, 0]);
  });
});

describe('many live views', () => {
  it('count as connections: one more than maxConnections is refused with 503', async () => {
    const { shared } = board(10);
    const { app, server } = attachWebSockets(express(), { maxConnections: 2 });
    app.use(omniServerComponentSse({ path: '/live', shared: () => shared }));
    const url = await serve(server);
    const open = async (): Promise<IncomingMessage> => {
      const [stream] = (await once(get(`${url}/live`), 'response')) as [IncomingMessage];
      onTestFinished(() => void stream.destroy());
      return stream;
    };
    const first = await open();
    expect([first.statusCode, (await open()).statusCode]).toEqual([200, 200]);
    expect((await open()).statusCode).toBe(503);

    first.destroy();

    await until(() => shared.viewers === 1);
    expect((await open()).statusCode).toBe(200);
  });

  it('are ended once each, whatever order the end comes in', async () => {
    const { shared } = board(10);
    const { app, server, close } = attachWebSockets(express());
    const codes: number[] = [];
    app.use(
      omniServerComponentSse({
        path: '/live',
        component: counter(),
        start: () => 0,
        onClose: (_model: number, code: number) => void codes.push(code),
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const streams = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const [stream] = (await once(get(`${url}/live`), 'response')) as [IncomingMessage];
        return stream.resume();
      }),
    );

    await close();

    expect(codes).toEqual(streams.map(() => 1001));
    expect(shared.viewers).toBe(0);
  });
});

it('a response that fails is no end of the process', async () => {
  const { shared } = board(10);
  const view = omniServerComponentSse({ path: '/live', shared: () => shared });
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    (view as unknown as (...all: unknown[]) => void)(request, response, () => {});
  });
  const url = await serve(server);
  ask(url, 1);
  await until(() => shared.viewers === 1);

  responses[0]?.destroy(new Error('of a middleware'));

  await until(() => shared.viewers === 0);
  expect(shared.signal.aborted).toBe(false);
});
