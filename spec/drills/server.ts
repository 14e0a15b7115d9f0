/**
 * A server that drills attack: a process of its own, so that its death, its memory and the time in
 * which its event loop stood can be seen from outside. Told by its parent: options as JSON in the
 * first argument, then the words `report` and `close`.
 */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import express from 'express';
import { object, string } from 'superstruct';
import { WebSocketServer } from 'ws';
import {
  attachWebSockets,
  type Connection,
  type ErrorHandler,
  omniHttp,
  omniWs,
  type OmniWsOptions,
  structCodec,
} from '../../lib/index.ts';
import { type DrillOptions, type DrillReport } from './report.ts';

interface Said {
  readonly text: string;
}

const { isBare = false, ...options } = JSON.parse(process.argv[2] ?? '{}') as DrillOptions;
const codec = structCodec({
  incoming: object({ text: string() }),
  outgoing: object({ said: string() }),
});
const LOGGED = 2_000;
const seen = { handled: 0, wrong: 0, closes: {} as Record<string, number>, log: [] as string[] };
const canary = 'canary-from-within';

function note(line: unknown): void {
  if (seen.log.length < LOGGED) seen.log.push(JSON.stringify(line));
}
for (const name of ['open', 'message', 'error', 'refused', 'close']) {
  subscribe(`omnimessage:${name}`, (event) => {
    if (name !== 'message' && name !== 'open') note([name, event]);
  });
}

const onError: ErrorHandler<{ said: string }, unknown> = (error) => {
  note([error.code, error.name, error.message, Object.entries(error)]);
};
function handle({ text }: Said): { said: string } {
  seen.handled += 1;
  if (typeof text !== 'string') seen.wrong += 1;
  if (text.startsWith('throw')) throw new Error(`${canary} ${text}`);
  return { said: text };
}
const busy = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
type WebSocketRoute = ReturnType<typeof omniWs>;
type Talk = Connection<{ said: string }>;
const route = (
  handler: OmniWsOptions<Said, { said: string }>['handler'],
  onOpen?: (talk: Talk) => void,
) =>
  omniWs({
    codec,
    handler,
    onError,
    onOpen,
    onClose: (_connection, code) => {
      seen.closes[code] = (seen.closes[code] ?? 0) + 1;
    },
    ...options,
  });

const routes: Readonly<Record<string, WebSocketRoute>> = {
  '/echo': route(handle),
  '/late': route(handle),
  '/slow': route(async (message) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return handle(message);
  }),
  '/busy': route((message) => {
    busy(0.2);
    return handle(message);
  }),
  '/firehose': route(handle, ({ send, signal }) => {
    const said = 'x'.repeat(60_000);
    const more = (): void => {
      if (signal.aborted) return;
      send({ said });
      setImmediate(more);
    };
    more();
  }),
  '/ticker': route(handle, ({ send, signal }) => {
    const timer = setInterval(() => send({ said: 'tick' }), 50);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
    });
  }),
};

/** The routes on a server of ws 8, without anything of ours around it. */
function bare(): ReturnType<typeof attachWebSockets> {
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    routes[request.url ?? '']?.(socket, request);
  });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { app: attachWebSockets(express()).app, server, close };
}

const { app, server, close } = isBare
  ? bare()
  : attachWebSockets(express(), {
      maxConnections: 20_000,
      authorize: ({ url = '' }) => {
        if (url.startsWith('/forbidden')) throw Object.assign(new Error(canary), { status: 403 });
        if (url.startsWith('/broken')) throw new Error(canary);
      },
    });
app.set('env', 'test');
app.use('/late', (_request, _response, next) => {
  setTimeout(next, 200);
});
for (const [path, socketRoute] of Object.entries(routes)) app.ws(path, socketRoute);
app.ws('/throws', () => {
  throw new Error(canary);
});
app.use(
  omniHttp({
    path: '/omni',
    codec,
    handler: handle,
    onError,
  }),
);
app.use((_request, response) => {
  response.status(404).end();
});

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

async function report(): Promise<DrillReport> {
  globalThis.gc?.();
  await new Promise(setImmediate);
  const sockets = await new Promise<number>((resolve) => {
    server.getConnections((_, count) => {
      resolve(count);
    });
  });
  const stood = delay.max / 1e6;
  delay.reset();
  return { ...seen, rss: process.memoryUsage.rss(), stood, sockets };
}

process.on('message', (word) => {
  if (word === 'report') {
    void report().then((told) => process.send?.({ report: told }));
  } else {
    const began = performance.now();
    void close({ timeout: (word as { timeout: number }).timeout }).then(() => {
      process.send?.({ closed: performance.now() - began });
      // Nothing of ours may keep the process; the channel to the parent would.
      process.disconnect();
    });
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
