import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { builtFile, buildFfi } from '../../gleam/ffi/build.ts';
import {
  type Handlers,
  httpPost,
  listen,
  newHandlers,
  send,
  type Shared,
  websocket,
} from '../../gleam/ffi/transport.ts';
import { type Codec } from '../../lib/core/codec.ts';
import { omniHttp } from '../../lib/http/route.ts';
import { createHub } from '../../lib/hub/hub.ts';
import { omniWs } from '../../lib/websocket/handler.ts';
import { serveAttached } from '../support/attached.ts';
import { gate } from '../support/gate.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

/** Handlers that write down what they are called with. */
function recorded(): readonly [Handlers, string[]] {
  const calls: string[] = [];
  const handlers = newHandlers(
    () => calls.push('up'),
    (code, reason) => calls.push(`down ${code} ${reason}`),
    (encoded) => calls.push(encoded),
    (reason) => calls.push(`end ${reason}`),
    (code) => calls.push(`unsent ${code}`),
  );
  return [handlers, calls];
}

const text: Codec<string, string> = { decode: (encoded) => encoded, encode: (message) => message };

/** Where there is a document, a link connects by itself. */
function inPage(): void {
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('WebSocket', WebSocket);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
}

it('is committed as it is built; `npm run build:gleam` after a change of the client', async () => {
  expect(await readFile(builtFile, 'utf8')).toBe(await buildFfi());
});

it('is one link for many listeners, and a late one hears at once that it is up', async () => {
  inPage();
  const server = await serveProtocol();
  const shared = websocket(server.url, () => true);
  const [[first, calls], [late, lateCalls]] = [recorded(), recorded()];

  listen(shared, first);
  await until(() => calls.length === 1);
  expect(calls).toEqual(['up']);
  listen(shared, late);
  expect(lateCalls).toEqual(['up']);
  send(shared, 'a', first);
  await until(() => calls.includes('a') && lateCalls.includes('a'));
  expect(server.peers).toHaveLength(1);
  shared.open?.close();
});

it('reports what was unconfirmed to its sender, and drops at once what may not wait', async () => {
  inPage();
  const server = await serveProtocol({ answer: () => undefined });
  const shared = websocket(server.url, (encoded) => encoded !== 'typing');
  const [[one, calls], [other, otherCalls]] = [recorded(), recorded()];
  listen(shared, one);
  listen(shared, other);
  await until(() => calls.length === 1);
  send(shared, 'a', one);
  await until(() => server.received().includes('a'));

  server.peers[0]?.socket.terminate();
  await until(() => calls.includes('down 1006 connection-lost'));
  expect(calls).toContain('unsent unconfirmed');
  send(shared, 'typing', other);
  expect(otherCalls).toEqual(['up', 'down 1006 connection-lost', 'unsent not-connected']);
  await until(() => calls.at(-1) === 'up');
  expect(calls).toEqual(['up', 'unsent unconfirmed', 'down 1006 connection-lost', 'up']);
  shared.open?.close();
});

it('resumes messages and no topics: each `TransportUp` is answered by what is fetched', async () => {
  inPage();
  const notes: string[] = [];
  const handled: string[] = [];
  const hub = createHub<string>({ codec: text, log: {} });
  const { port } = await serveAttached((app) => {
    app.ws(
      '/omni-ws',
      omniWs({
        codec: text,
        resume: true,
        onOpen: (connection) => hub.join('notes', connection),
        handler: (message) => {
          handled.push(message);
          return message === 'fetch' ? `all: ${notes.join()}` : message;
        },
      }),
    );
  });
  const add = (note: string): void => {
    notes.push(note);
    hub.publish('notes', note);
  };
  const door = await gate('127.0.0.1', port);
  const shared = websocket(`ws://127.0.0.1:${door.port}/omni-ws`, () => true);
  closed(shared);
  const [handlers, calls] = recorded();
  listen(shared, {
    ...handlers,
    onUp: () => {
      handlers.onUp();
      send(shared, 'fetch', handlers);
    },
  });
  await until(() => calls.includes('all: '));
  add('a');
  await until(() => calls.includes('a'));
  door.freeze('replies');
  send(shared, 'repeated', handlers);
  await until(() => handled.includes('repeated'));
  await door.shut();
  await until(() => calls.length === 4);
  add('b');
  door.thaw();
  await door.open();
  shared.open?.retry();
  await until(() => calls.includes('repeated') && calls.includes('all: a,b'));
  add('c');
  await until(() => calls.includes('c'));

  expect(calls.slice(4, -1).sort()).toEqual(['all: a,b', 'repeated', 'up']);
  expect(handled).toEqual(['fetch', 'repeated', 'fetch']);
});

/** The end of the link, which Gleam never calls: a page that is left is its end. */
const closed = (shared: Shared): void => {
  onTestFinished(() => shared.open?.close());
};

it('says once that it is down, whatever the codes of the attempts that fail', async () => {
  inPage();
  const server = await serveProtocol();
  const door = await gate('127.0.0.1', server.port);
  const shared = websocket(`ws://127.0.0.1:${door.port}`, () => true);
  closed(shared);
  const [handlers, calls] = recorded();
  listen(shared, handlers);
  await until(() => calls.length === 1);
  const codes = new Set<number | undefined>();
  shared.open?.subscribe(() => {
    const { state, code } = shared.open!.getSnapshot();
    if (state === 'waiting') codes.add(code);
  });
  server.peers[0]!.socket.close(1011);
  await until(() => calls.length === 3);
  await door.shut();
  await until(() => shared.open?.getSnapshot().state === 'waiting');
  for (let attempts = 0; attempts < 3; attempts++) {
    shared.open?.retry();
    await until(() => shared.open?.getSnapshot().state === 'waiting');
  }
  await door.open();
  await until(() => calls.at(-1) === 'up' && calls.length === 5);

  // A cut line has a code, and an attempt that never opened has none.
  expect(codes.size).toBeGreaterThan(1);
  expect(calls).toEqual(['up', 'down 1011 server-failed', 'up', 'down 1006 connection-lost', 'up']);
});

it.each([
  ['forbidden', 4403],
  ['unauthorized', 4401],
  ['not-understood', 4400],
])(
  'is an InitError when the link has ended: %s, also for who listens later',
  async (reason, code) => {
    inPage();
    const server = await serveProtocol({
      greet: ({ socket }) => {
        socket.close(code);
      },
    });
    const shared = websocket(server.url, () => true);
    closed(shared);
    const [[first, calls], [late, lateCalls]] = [recorded(), recorded()];
    listen(shared, first);
    await until(() => calls.includes(`end ${reason}`));
    listen(shared, late);
    send(shared, 'a', late);

    expect(lateCalls).toEqual([`end ${reason}`, `unsent ${reason}`]);
    expect(calls.at(-1)).toBe(`end ${reason}`);
  },
);

it('is an InitError when the address is none', async () => {
  inPage();
  const shared = websocket('ws://[', () => true);
  closed(shared);
  const [handlers, calls] = recorded();
  vi.stubGlobal('location', { href: 'http://127.0.0.1/' });
  listen(shared, handlers);
  await until(() => calls.length === 1);

  expect(calls).toEqual(['end invalid-address']);
});

describe('over HTTP', () => {
  it('a reply is for its sender, a failure with what onError says of it, and the rest waits', async () => {
    inPage();
    const handled: string[] = [];
    const { port } = await serveAttached((app) => {
      app.post(
        '/omni-http',
        omniHttp({
          codec: text,
          handler: (message) => {
            handled.push(message);
            if (message === 'fail') throw new Error('secret');
            return message === 'quiet' ? undefined : `re: ${message}`;
          },
          onError: ({ incoming }) => `sorry: ${String(incoming)}`,
        }),
      );
    });
    const door = await gate('127.0.0.1', port);
    const shared = httpPost(`http://127.0.0.1:${door.port}/omni-http`);
    closed(shared);
    const [[one, calls], [other, otherCalls]] = [recorded(), recorded()];
    listen(shared, one);
    listen(shared, other);
    for (const message of ['a', 'quiet', 'fail']) send(shared, message, one);
    send(shared, 'b', other);
    await until(() => otherCalls.includes('re: b'));

    expect(calls).toEqual(['up', 're: a', 'sorry: fail', 'unsent handler']);
    expect(otherCalls).toEqual(['up', 're: b']);
    await door.shut();
    send(shared, 'c', one);
    await until(() => calls.includes('down 0 connection-lost'));
    expect(calls.slice(4)).toEqual(['unsent unconfirmed', 'down 0 connection-lost']);
    send(shared, 'd', one);
    await door.open();
    shared.open?.retry();
    await until(() => calls.includes('re: d'));

    expect(handled).toEqual(['a', 'quiet', 'fail', 'b', 'd']);
    expect(calls.slice(6)).toEqual(['up', 're: d']);
  });

  it('is an InitError where the page may not', async () => {
    inPage();
    const { port } = await serveAttached((app) => {
      app.post('/omni-http', (_request, response) => response.status(403).end());
    });
    const shared = httpPost(`http://127.0.0.1:${port}/omni-http`);
    closed(shared);
    const [handlers, calls] = recorded();
    listen(shared, handlers);
    send(shared, 'a', handlers);
    await until(() => calls.includes('end forbidden'));

    expect(calls).toEqual(['up', 'unsent forbidden', 'down 403 forbidden', 'end forbidden']);
  });
});
