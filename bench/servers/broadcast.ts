/** The contenders that send one message to all connections, once for each byte of control. */
import { createServer } from 'node:http';
import { createServer as createControl, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createHub, omniWs, structCodec } from 'express-omnimessage';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Ports } from '../protocol.ts';
import { answer, codec, decode, Outgoing, reply, sample } from '../work.ts';
import { listening, type Start } from './listening.ts';

const message = answer(decode(sample()));
const limits = { maxPayload: 65_536, perMessageDeflate: false };

/** Publishes once for each byte that is received. */
async function controlled(publish: () => void, ports: Promise<Ports>): Promise<Ports> {
  const control = createControl((socket) => {
    socket.on('data', (bytes) => {
      for (const _ of bytes) publish();
    });
    socket.on('error', () => {});
  });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  return { ...(await ports), control: (control.address() as AddressInfo).port };
}

function loopOfSend(): Promise<Ports> {
  const server = createServer();
  const wss = new WebSocketServer({ server, ...limits });
  wss.on('connection', (socket) => socket.on('error', () => {}));
  const publish = (): void => {
    const text = JSON.stringify(message);
    for (const client of wss.clients) {
      if (client.readyState === client.OPEN) client.send(text);
    }
  };
  return controlled(publish, listening(server));
}

/** @param hears - what stands between ours and the socket: nothing, or less than all of ws */
function ours(): Promise<Ports> {
  const hub = createHub({ codec: structCodec({ incoming: Outgoing, outgoing: Outgoing }) });
  const server = createServer();
  const route = omniWs({
    codec,
    handler: reply,
    onOpen: (connection) => hub.join('lobby', connection),
  });
  new WebSocketServer({ server, ...limits }).on('connection', (socket: WebSocket, request) =>
    route(socket, request),
  );
  return controlled(() => hub.publish('lobby', message), listening(server));
}

async function socketIo(): Promise<Ports> {
  const { Server } = await import('socket.io');
  const server = createServer();
  const sockets = new Server(server, { transports: ['websocket'], serveClient: false });
  sockets.on('connection', (socket) => socket.join('lobby'));
  return controlled(() => sockets.to('lobby').emit('said', message), listening(server));
}

async function trpc(): Promise<Ports> {
  const { initTRPC } = await import('@trpc/server');
  const { applyWSSHandler } = await import('@trpc/server/adapters/ws');
  const { router, procedure } = initTRPC.create();
  const listeners = new Set<() => void>();
  const said = procedure.subscription(async function* published() {
    let waiting = 0;
    let wake = (): void => {};
    const listener = (): void => {
      waiting += 1;
      wake();
    };
    listeners.add(listener);
    try {
      for (;;) {
        for (; waiting > 0; waiting--) yield message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      listeners.delete(listener);
    }
  });
  const server = createServer();
  applyWSSHandler({
    wss: new WebSocketServer({ server, ...limits }),
    router: router({ said }),
  });
  const publish = (): void => {
    for (const listener of listeners) listener();
  };
  return controlled(publish, listening(server));
}

/** By name. */
export const broadcastServers: Readonly<Record<string, Start>> = {
  'loop-of-send': loopOfSend,
  'ours-hub': ours,
  'socket.io-room': socketIo,
  'trpc-subscription': trpc,
};
