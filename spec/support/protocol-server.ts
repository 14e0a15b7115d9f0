/** A server that speaks `omnimessage.1` by hand, frame by frame, as a test wants it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type Introduction,
  type Hello,
  joinFrame,
  PROTOCOL,
  splitFrame,
} from '../../lib/core/protocol.ts';
import { until } from './until.ts';

export interface ProtocolServerOptions {
  /** What the hello says; false: none is sent. */
  readonly hello?: Partial<Hello> | false;
  /** What is chosen of the subprotocols that are offered. Unless told, `omnimessage.1` where it is. */
  readonly choose?: (offered: ReadonlySet<string>) => string | false;
  /** Called with each message. Unless told, it is answered by itself. */
  readonly answer?: (message: string, id: number, peer: Peer) => void;
  /** Called with each connection, after the hello. */
  readonly greet?: (peer: Peer) => void;
  /** True: probes are not answered. */
  readonly ignoresProbes?: boolean;
  readonly port?: number;
}

/** One connection, from the server's side. */
export interface Peer {
  readonly socket: WebSocket;
  readonly offered: readonly string[];
  /** What the client said of itself in its handshake. */
  readonly introduction: Introduction | undefined;
  /** The messages that have come, in order. */
  readonly received: string[];
  readonly ids: number[];
  /** The headers of the messages. */
  readonly headers: string[];
  probes: number;
  /** Sends a header and a payload. */
  readonly send: (header: string, payload?: string) => void;
  /** The code and the reason with which the client closed. */
  closed: readonly [code: number, reason: string] | undefined;
}

export interface ProtocolServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly peers: Peer[];
  /** Waits for connection number n, from 0. */
  readonly peer: (index: number) => Promise<Peer>;
  /** All messages over all connections. */
  readonly received: () => string[];
  readonly stop: () => Promise<void>;
}

function introductionIn(header = ''): Introduction | undefined {
  const [, token] = header.split(`${PROTOCOL}.`);
  if (token === undefined) return undefined;
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as Introduction;
}

export async function serveProtocol(options: ProtocolServerOptions = {}): Promise<ProtocolServer> {
  const peers: Peer[] = [];
  const server = createServer((_request, response) => {
    response.statusCode = 404;
    response.end('<!doctype html>');
  });
  const { choose = (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false) } = options;
  const sockets = new WebSocketServer({ server, handleProtocols: choose });
  sockets.on('connection', (socket, request) => {
    const isFramed = socket.protocol === PROTOCOL;
    const peer: Peer = {
      socket,
      offered: (request.headers['sec-websocket-protocol'] ?? '')
        .split(/, */)
        // What a client says of itself is never chosen.
        .filter((token) => token !== '' && !token.startsWith(`${PROTOCOL}.`)),
      introduction: introductionIn(request.headers['sec-websocket-protocol']),
      received: [],
      ids: [],
      headers: [],
      probes: 0,
      closed: undefined,
      send: (header, payload = '') => {
        socket.send(isFramed ? joinFrame(header, payload) : payload);
      },
    };
    peers.push(peer);
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      peer.closed = [code, reason.toString()];
    });
    socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      const split = isFramed ? splitFrame(frame) : { header: '0', payload: frame };
      if (split?.header === '?') {
        peer.probes += 1;
        if (options.ignoresProbes !== true) peer.send('.');
        return;
      }
      const message = String(split?.payload);
      const id = Number.parseInt(split?.header ?? '', 10);
      peer.received.push(message);
      peer.ids.push(id);
      peer.headers.push(split?.header ?? '');
      if (options.answer === undefined) peer.send(`=${id}`, message);
      else options.answer(message, id, peer);
    });
    if (isFramed && options.hello !== false) {
      const hello = { version: 1, interval: 25_000, limit: 65_536, ...options.hello };
      peer.send('!', JSON.stringify(hello));
    }
    options.greet?.(peer);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    server,
    peers,
    peer: async (index) => {
      await until(() => peers.length > index);
      return peers[index]!;
    },
    received: () => peers.flatMap(({ received }) => received),
    stop,
  };
}
