/** The real neighbours that share a server's upgrades: each attaches itself, and speaks on its path. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application } from 'express';
import expressWs from 'express-ws';
import { buildSchema, execute, subscribe, validate } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { createServer as createVite } from 'vite-7';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

/** One of them. */
export interface Neighbour {
  readonly name: string;
  /** Attaches itself to the server, and removes itself when the test has finished. */
  readonly attach: (server: Server, app: Application) => void | Promise<void>;
  /** Speaks with it over a WebSocket: resolves when it has answered. */
  readonly speak: (url: string) => Promise<unknown>;
  /** What a handshake to a path of neither gets: the status, or the close code after 101. */
  readonly nowhere: number;
}

/** Sends a text, and resolves with the next one that comes. */
async function exchange(url: string, subprotocols: string[] = []): Promise<string> {
  const socket = new WebSocket(url, subprotocols);
  onTestFinished(() => {
    socket.terminate();
  });
  const [text] = await Promise.all([
    once(socket, 'message').then(([data]) => String(data)),
    once(socket, 'open').then(() => {
      socket.send('ping');
    }),
  ]);
  return text;
}

function echo(server: WebSocketServer): WebSocketServer {
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      socket.send(`theirs ${(data as Buffer).toString()}`);
    });
  });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return server;
}

const socketIo: Neighbour = {
  name: 'socket.io',
  attach: (server) => {
    const sockets = new SocketIo(server, { destroyUpgradeTimeout: 50 });
    sockets.on('connection', (socket) => {
      socket.on('ping', (answer: (text: string) => void) => {
        answer('theirs ping');
      });
    });
    onTestFinished(() => {
      sockets.disconnectSockets(true);
      sockets.engine.close();
    });
  },
  speak: async (url) => {
    const client = io(url, { transports: ['websocket'], reconnection: false });
    onTestFinished(() => {
      client.disconnect();
    });
    return client.emitWithAck('ping') as Promise<string>;
  },
  // It ends what nothing has answered.
  nowhere: 0,
};

const vite: Neighbour = {
  name: 'vite',
  attach: async (server, app) => {
    const root = await mkdtemp(join(tmpdir(), 'omni-vite-'));
    await writeFile(join(root, 'index.html'), '<!doctype html><title>page</title>');
    const made = await createVite({
      root,
      configFile: false,
      logLevel: 'silent',
      appType: 'custom',
      optimizeDeps: { noDiscovery: true },
      server: { middlewareMode: true, hmr: { server }, watch: null },
    });
    app.use(made.middlewares);
    onTestFinished(async () => {
      await made.close();
      await rm(root, { recursive: true, force: true });
    });
  },
  speak: async (url) => {
    const socket = new WebSocket(`${url}/`, 'vite-hmr');
    onTestFinished(() => {
      socket.terminate();
    });
    const [data] = (await once(socket, 'message')) as [Buffer];
    return (JSON.parse(data.toString()) as { type: string }).type;
  },
  // Nothing answers: so we do.
  nowhere: 404,
};

const graphqlWs: Neighbour = {
  name: 'graphql-ws',
  attach: (server) => {
    const sockets = new WebSocketServer({ server, path: '/graphql' });
    const schema = buildSchema('type Query { ping: String }');
    const roots = { query: { ping: () => 'pong' } };
    // Its own imports of these may be another copy.
    useServer({ schema, roots, execute, subscribe, validate }, sockets);
    onTestFinished(() => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    });
  },
  speak: async (url) => {
    const client = createClient({
      url: `${url}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    onTestFinished(() => client.dispose());
    for await (const { data } of client.iterate({ query: '{ ping }' })) return data;
    return undefined;
  },
  nowhere: 400,
};

const plainWs: Neighbour = {
  name: 'new WebSocketServer({ server, path })',
  attach: (server) => {
    echo(new WebSocketServer({ server, path: '/plain' }));
  },
  speak: async (url) => exchange(`${url}/plain`),
  nowhere: 400,
};

const proxy: Neighbour = {
  name: 'http-proxy-middleware',
  attach: async (server, app) => {
    const backend = createServer();
    echo(new WebSocketServer({ server: backend }));
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const { port } = backend.address() as AddressInfo;
    const middleware = createProxyMiddleware({
      target: `http://127.0.0.1:${port}`,
      pathFilter: '/proxied',
    });
    app.use(middleware);
    server.on('upgrade', middleware.upgrade);
    onTestFinished(() => {
      backend.closeAllConnections();
      backend.close();
    });
  },
  speak: async (url) => exchange(`${url}/proxied`),
  nowhere: 404,
};

const anotherExpressWs: Neighbour = {
  name: 'expressWs(app, server)',
  attach: (server, app) => {
    const attached = expressWs(app, server, { leaveRouterUntouched: true });
    attached.app.ws('/theirs', (socket) => {
      socket.on('message', (data) => {
        socket.send(`theirs ${(data as Buffer).toString()}`);
      });
    });
    onTestFinished(() => {
      for (const client of attached.getWss().clients) client.terminate();
    });
  },
  speak: async (url) => exchange(`${url}/theirs`),
  // It takes whatever is not ours, and closes without a code.
  nowhere: 101,
};

export const neighbours: readonly Neighbour[] = [
  socketIo,
  vite,
  graphqlWs,
  plainWs,
  proxy,
  anotherExpressWs,
];
