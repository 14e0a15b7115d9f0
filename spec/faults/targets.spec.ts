/** A16: a target in absolute form is the path that it names, to everything that looks at it. */
import { createServer } from 'node:http';
import express, { type Express } from 'express';
import { attachWebSockets, effect, omniHttp, omniSse, omniWs } from 'express-omnimessage';
import { component, html, omniServerComponentSse } from 'express-omnimessage/lustre';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { RawPeer } from '../drills/raw-peer.ts';
import { serveAttached } from '../support/attached.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';

/** One of each transport over HTTP, each at its own path. */
function routes(app: Express): void {
  app.use(
    omniHttp({ path: '/http', codec: textCodec, handler: ({ text }): Says => ({ said: text }) }),
  );
  app.use(omniSse<Says>({ path: '/sse', codec: textCodec }));
  app.use(
    omniServerComponentSse({
      path: '/view',
      component: component<undefined, number, never>({
        init: () => [0, effect.none()],
        update: (count) => [count, effect.none()],
        view: () => html.p([], []),
      }),
      start: () => undefined,
    }),
  );
}

const requests = [
  ['omniHttp', 'POST', '/http', '{"text":"a"}'],
  ['omniSse', 'GET', '/sse', ''],
  ['omniServerComponentSse', 'GET', '/view', ''],
] as const;

async function statusOf(url: string, method: string, target: string, body = ''): Promise<number> {
  const client = new RawHttp(url);
  onTestFinished(() => {
    client.socket.destroy();
  });
  client.write(
    `${method} ${target} HTTP/1.1\r\nhost: other.example\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const text = await new Promise<string>((resolve) => {
    client.socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  return Number(text.split(' ')[1]);
}

describe('A16: a target in absolute form', () => {
  it.each(requests)('A16 reaches %s, on any server', async (_, method, path, body) => {
    const app = express();
    routes(app);
    const url = await serve(app);

    expect(await statusOf(url, method, `http://omni.example${path}`, body)).toBe(200);
  });

  it.each(requests)(
    'A16 is a path to the middlewares before %s, on an attached server',
    async (_, method, path, body) => {
      const seen: unknown[] = [];
      const { url } = await serveAttached((app) => {
        app.use((request, _response, next) => {
          seen.push([request.url, request.originalUrl, request.headers.host]);
          next();
        });
        routes(app);
      });

      expect(
        await statusOf(url.replace('ws', 'http'), method, `http://omni.example${path}?a`, body),
      ).toBe(200);
      expect(seen).toEqual([[`${path}?a`, `${path}?a`, 'omni.example']]);
    },
  );

  it('A16 is a path to the middlewares of a socket, and cannot pass a guard by its url', async () => {
    const seen: unknown[] = [];
    const { url } = await serveAttached((app) => {
      app.use((request, response, next) => {
        seen.push([request.url, request.originalUrl]);
        if (request.url.startsWith('/admin')) response.status(403).end();
        else next();
      });
      app.ws('/admin', omniWs({ codec: textCodec, handler: (): Says => ({ said: 'secret' }) }));
    });
    const peer = new RawPeer(url, { path: 'http://omni.example/admin' });
    onTestFinished(() => {
      peer.socket.destroy();
    });

    expect((await peer.ended).code).toBe(4403);
    expect(seen).toEqual([['/admin', '/admin']]);
    expect(await statusOf(url.replace('ws', 'http'), 'GET', 'http://omni.example/admin')).toBe(403);
  });

  it('A16 is a path on a server that the user made, too', async () => {
    const seen: unknown[] = [];
    const app = express();
    const server = createServer(app);
    attachWebSockets(app, { server });
    app.use((request, response) => {
      seen.push(request.url);
      response.status(204).end();
    });

    expect(await statusOf(await serve(server), 'GET', 'http://omni.example/a')).toBe(204);
    expect(seen).toEqual(['/a']);
  });
});
