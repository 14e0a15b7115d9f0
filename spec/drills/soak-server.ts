/**
 * A server that is used for an hour: a process of its own, that reports what it holds. Told by its
 * parent: `report`, and `close`. The port may be given as its argument.
 */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { object, string } from 'superstruct';
import { attachWebSockets, effect, omniHttp, omniWs, structCodec } from '../../lib/index.ts';
import {
  component,
  html,
  omniServerComponentSse,
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { type SoakReport } from './report.ts';

const codec = structCodec({
  incoming: object({ text: string() }),
  outgoing: object({ said: string() }),
});
const large = 'x'.repeat(1_000_000);
const counts = { handled: 0, sockets: 0 };
const row = 'y'.repeat(1_000);

const handler = ({ text: words }: { text: string }): { said: string } => {
  counts.handled += 1;
  if (words === 'throw') throw new Error('soaked');
  return { said: words === 'large' ? large : words };
};

/** A view of 200 kB, of which some changes twice a second. */
const board = startServerComponent(
  component<undefined, number, 'tick'>({
    init: () => [0, effect.every(500, 'tick')],
    update: (count) => [count + 1, effect.none()],
    view: (count) =>
      html.ul(
        [],
        Array.from({ length: 200 }, (_, index) =>
          html.li([], [text(index === count % 200 ? `${row}${count}` : row)]),
        ),
      ),
  }),
  undefined,
);

const { app, server, close } = attachWebSockets(express(), { authorize: async () => true });
app.set('env', 'test');
app.use(omniServerComponentSse({ path: '/board', shared: () => board }));
app.post('/omni', omniHttp({ codec, handler, onError: () => undefined }));
app.ws(
  '/omni',
  omniWs({
    codec,
    handler,
    onError: () => undefined,
    heartbeat: { interval: 2_000, timeout: 2_000 },
    onOpen: () => {
      counts.sockets += 1;
    },
    onClose: () => {
      counts.sockets -= 1;
    },
  }),
);

async function report(): Promise<SoakReport> {
  globalThis.gc?.();
  await new Promise(setImmediate);
  globalThis.gc?.();
  const connections = await new Promise<number>((resolve) => {
    server.getConnections((_, count) => {
      resolve(count);
    });
  });
  const { rss, heapUsed } = process.memoryUsage();
  const listenersOf = (emitter: NodeJS.EventEmitter): number =>
    emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
  return {
    ...counts,
    rss,
    heap: heapUsed,
    files: (await readdir('/proc/self/fd')).length,
    connections,
    listeners: listenersOf(process) + listenersOf(server),
    resources: process.getActiveResourcesInfo().length,
  };
}

process.on('message', (word) => {
  if (word === 'report') void report().then((told) => process.send?.(told));
  else {
    board.stop();
    void close({ timeout: 2_000 }).then(() => {
      process.disconnect();
    });
  }
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
