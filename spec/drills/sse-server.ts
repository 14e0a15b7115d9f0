/**
 * A server of live views and event streams, whose clients come and go: a process of its own, that
 * reports what is left of them. Told by its parent: `report`, and `close`.
 */
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { attachWebSockets, createHub, effect, omniSse, structCodec } from '../../lib/index.ts';
import {
  type Component,
  component,
  html,
  omniServerComponentSse,
  startServerComponent,
  type ServerComponent,
  text,
} from '../../lib/lustre.ts';
import { object, string } from 'superstruct';
import { type SseReport } from './report.ts';

const News = object({ text: string() });
const counts = { programs: 0, joined: 0 };

/** A program that counts itself, and shows something new all the time. */
function ticking(size: number, period: number): Component<undefined, number, 'tick'> {
  return component<undefined, number, 'tick'>({
    init: () => [
      0,
      effect.batch([
        effect.every(period, 'tick'),
        effect.from(() => {
          counts.programs += 1;
          return () => {
            counts.programs -= 1;
          };
        }),
      ]),
    ],
    update: (count) => [count + 1, effect.none()],
    view: (count) => html.p([], [text(`${'x'.repeat(size)}${count}`)]),
  });
}

const large = startServerComponent(
  component<undefined, number, never>({
    init: () => [0, effect.none()],
    update: (count) => [count, effect.none()],
    view: () => html.p([], [text('x'.repeat(1_000_000))]),
  }),
  undefined,
);
let shared: ServerComponent<'tick'> = startServerComponent(ticking(70_000, 40), undefined);
const stopping = setInterval(() => {
  const before = shared;
  shared = startServerComponent(ticking(70_000, 40), undefined);
  before.stop();
}, 150);

const hub = createHub<{ text: string }>({
  codec: structCodec({ incoming: News, outgoing: News }),
});
const publishing = setInterval(() => hub.publish('news', { text: 'y'.repeat(20_000) }), 40);

const { app, server, close } = attachWebSockets(express(), { maxConnections: 100_000 });
app.set('env', 'test');
// Longer than some clients wait.
app.use((_request, _response, next) => setImmediate(next));
app.use('/later', (_request, _response, next) => {
  setTimeout(next, 5);
});
const own = { component: ticking(20_000, 40), start: () => undefined };
app.use('/later', omniServerComponentSse({ path: '/own', ...own }));
app.use(omniServerComponentSse({ path: '/own', ...own }));
app.use(omniServerComponentSse({ path: '/shared', shared: () => shared }));
app.use(omniServerComponentSse({ path: '/large', shared: () => large }));
app.get(
  '/events',
  omniSse<{ text: string }>({
    codec: structCodec({ incoming: News, outgoing: News }),
    onOpen: (connection) => {
      counts.joined += 1;
      hub.join('news', connection);
    },
    onClose: () => {
      counts.joined -= 1;
    },
  }),
);

async function report(): Promise<SseReport> {
  const connections = await new Promise<number>((resolve) => {
    server.getConnections((_, count) => {
      resolve(count);
    });
  });
  return { ...counts, connections, receivers: await hub.count('news') };
}

process.on('message', (word) => {
  if (word === 'report') {
    void report().then((told) => process.send?.(told));
    return;
  }
  clearInterval(publishing);
  void close({ timeout: 5_000 }).then(() => {
    clearInterval(stopping);
    shared.stop();
    large.stop();
    process.disconnect();
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
