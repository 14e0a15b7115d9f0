/** What a client may do with one connection beside sending messages; over every transport. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type ErrorRequestHandler, type RequestHandler } from 'express';
import { effect, omniHttp, omniHttpHandler, omniSse, omniWs } from 'express-omnimessage';
import { component, html, omniServerComponentSse } from 'express-omnimessage/lustre';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { serve } from '../support/serve.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { dialHttp } from './served-http.ts';
import { openRaw, sayFrame } from './served-socket.ts';

const UPGRADE =
  'GET /ws HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const H2C =
  'GET /other HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n';
const post = (text: string): string =>
  `POST /http HTTP/1.1\r\nhost: a\r\ncontent-length: ${11 + text.length}\r\n\r\n{"text":"${text}"}`;
const GET = 'GET /sse HTTP/1.1\r\nhost: a\r\n\r\n';

describe('an upgrade that is pipelined', () => {
  const serveAll = async (answer: Promise<Says>): Promise<{ url: string; opened: string[] }> => {
    const opened: string[] = [];
    const { port } = await serveAttached((app) => {
      app.get('/quick', (_request, response) => response.send('quick'));
      app.use(
        omniHttp({
          path: '/http',
          codec: textCodec,
          handler: ({ text }) => (text === 'slow' ? answer : { said: text }),
        }),
      );
      app.get('/sse', omniSse<Says>({ codec: textCodec }));
      app.ws(
        '/ws',
        omniWs({
          codec: textCodec,
          handler: ({ text }): Says => ({ said: text }),
          onOpen: () => {
            opened.push('ws');
          },
        }),
      );
    });
    return { url: `http://127.0.0.1:${port}`, opened };
  };

  it.each([
    ['a message that is being handled, to a WebSocket', post('slow'), UPGRADE],
    ['a message that is being handled, to HTTP/2', post('slow'), H2C],
    ['two of them', post('slow') + post('a'), UPGRADE],
    ['a stream that goes on', GET, UPGRADE],
  ])('behind %s ends the connection', async (_, before, upgrade) => {
    const answer = deferred<Says>();
    const { url, opened } = await serveAll(answer.promise);
    const client = dialHttp({ url });
    let received = '';
    client.socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    client.write(before + upgrade);
    await client.ended;
    answer.resolve({ said: 'late' });

    expect(received).not.toContain('101 Switching');
    expect(opened).toEqual([]);
  });

  it('behind a request that was answered is taken, after the answer', async () => {
    const { url } = await serveAll(Promise.resolve({ said: 'never' }));
    const client = dialHttp({ url });
    client.write(GET.replace('sse', 'quick') + UPGRADE);

    expect((await client.answer())?.status).toBe(200);
    expect((await client.answer())?.status).toBe(101);
  });
});

/** Refuses, later. */
const refusing = async (): Promise<never> => {
  await new Promise((resolve) => setImmediate(resolve));
  throw Object.assign(new Error('no'), { status: 403 });
};

function liveView(opened: string[], more: { context?: () => Promise<never> }): RequestHandler {
  return omniServerComponentSse({
    path: '/stream',
    ...more,
    component: component<undefined, number, never>({
      init: () => {
        opened.push('view');
        return [0, effect.none()];
      },
      update: (count) => [count, effect.none()],
      view: () => html.p([], []),
    }),
    start: () => undefined,
  });
}

describe.each<[string, (opened: string[]) => RequestHandler]>([
  [
    'omniSse',
    (opened) =>
      omniSse<Says>({ path: '/stream', codec: textCodec, onOpen: () => void opened.push('sse') }),
  ],
  [
    'omniSse that refuses',
    () => omniSse<Says>({ path: '/stream', codec: textCodec, context: refusing }),
  ],
  ['a live view', (opened) => liveView(opened, {})],
  ['a live view that refuses', (opened) => liveView(opened, { context: refusing })],
])('a WebSocket at the path of %s', (_, make) => {
  it('is closed with 4404, and begins no stream', async () => {
    const opened: string[] = [];
    const { url } = await serveAttached((app) => {
      app.use(make(opened));
    });
    const socket = await openRaw({ url: `${url}/stream` });

    expect(await socket.ended).toMatchObject({ code: 4404 });
    expect(opened).toEqual([]);
  });

  it('reaches its own route there, whichever was made first', async () => {
    const opened: string[] = [];
    const { url } = await serveAttached((app) => {
      app.use(make(opened));
      app.ws('/stream', omniWs({ codec: textCodec, handler: ({ text }) => ({ said: text }) }));
    });
    const socket = await openRaw({ url: `${url}/stream` });
    socket.write(sayFrame('a'));

    expect(await socket.next()).toBe('{"said":"a"}');
    expect(opened).toEqual([]);
  });
});

describe('a middleware that a socket passes', () => {
  it.each<[string, RequestHandler]>([
    ['limits the time of the response', (_request, response) => response.setTimeout(5_000)],
    [
      'limits its time after the answer',
      (_request, response) => {
        response.status(403).end();
        response.setTimeout(5_000, () => {});
      },
    ],
    [
      'looks at its connection',
      (_request, response) => {
        response.flushHeaders();
        response.socket?.setNoDelay(true).setKeepAlive(true);
      },
    ],
  ])('%s, and nothing fails', async (_, middleware) => {
    const { url, errors } = await serveAttached((app) => {
      app.use((request, response, next) => {
        middleware(request, response, next);
        if (!response.headersSent) response.status(403).end();
      });
    });
    const socket = await openRaw({ url: `${url}/omni` });

    expect([4403, 4404]).toContain((await socket.ended).code);
    expect(errors).toEqual([]);
  });
});

const thrower = (): never => {
  throw new Error('a middleware has put this on the response');
};

describe.each<[string, RequestHandler]>([
  ['writeHead throws', (_request, response) => Object.assign(response, { writeHead: thrower })],
  ['setHeader throws', (_request, response) => Object.assign(response, { setHeader: thrower })],
  ['write throws', (_request, response) => Object.assign(response, { write: thrower })],
  ['end throws', (_request, response) => Object.assign(response, { end: thrower })],
  ['setTimeout throws', (_request, response) => Object.assign(response, { setTimeout: thrower })],
])('a response whose %s', (_, patch) => {
  it.each([
    ['a message', post('a')],
    ['a message that is handled later', post('later')],
    ['what is no message', post('a').replace('text', 'tixt')],
    [
      'a message that is too large',
      post('a').replace(/content-length: \d+/, 'content-length: 99999'),
    ],
    ['a stream', GET],
    ['a stream that is refused later', GET.replace('/sse', '/refused')],
    [
      'a question to a WebSocket route',
      GET.replace('/sse', '/ws').replace(
        '\r\n\r\n',
        '\r\naccept: application/problem+json\r\n\r\n',
      ),
    ],
    ['a live view', GET.replace('/sse', '/stream')],
    ['a live view that is refused later', GET.replace('/sse', '/refused-view')],
  ])('is answered, or cut, and the process lives: %s', async (__, sent) => {
    let isPatched = true;
    const { port } = await serveAttached((app) => {
      app.use((request, response, next) => {
        if (isPatched) patch(request, response, next);
        next();
      });
      app.use(
        omniHttp({
          path: '/http',
          codec: textCodec,
          handler: async ({ text }) => {
            if (text === 'later') await new Promise((resolve) => setImmediate(resolve));
            return { said: text };
          },
        }),
      );
      app.use(omniSse<Says>({ path: '/sse', codec: textCodec }));
      app.use(omniSse<Says>({ path: '/refused', codec: textCodec, context: refusing }));
      app.ws('/ws', omniWs({ codec: textCodec, handler: (): Says => ({ private: true }) }));
      app.use(liveView([], {}));
      app.use('/refused-view', (request, response, next) => {
        request.url = '/stream';
        liveView([], { context: refusing })(request, response, next);
      });
      // Express's own would write to the same response, later.
      app.use(((_error, request, _response, _next) => {
        request.socket.destroy();
      }) satisfies ErrorRequestHandler);
    });
    const url = `http://127.0.0.1:${port}`;
    const client = dialHttp({ url });
    client.write(sent);
    await Promise.race([once(client.socket, 'data'), client.ended]);
    client.socket.destroy();
    isPatched = false;
    const next = dialHttp({ url });
    next.write(post('a'));

    expect((await next.answer())?.status).toBe(200);
  });
});

describe('a next that throws', () => {
  it('cuts the client off that a message failed for, and the process lives', async () => {
    const handle = omniHttpHandler({
      codec: textCodec,
      handler: ({ text }): Says => {
        if (text === 'boom') throw new Error('boom');
        return { said: text };
      },
    });
    const url = await serve(
      createServer((request, response) => handle(request, response, thrower)),
    );
    const client = dialHttp({ url });
    client.write(post('boom'));
    await client.ended;
    const next = dialHttp({ url });
    next.write(post('a'));

    expect((await next.answer())?.status).toBe(200);
  });
});
