import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';

/** A WebSocket client that keeps every frame until it is asked for. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly send: (frame: string | Uint8Array) => void;
  /** The next frame: a text as a string, a binary one as a Buffer. */
  readonly next: () => Promise<string | Buffer>;
  /** Resolves when all that was sent before has been handled by the socket's server, to the frames that came meanwhile. */
  readonly settled: () => Promise<(string | Buffer)[]>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Connects, and is cut when the test has finished. */
export async function connect(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<SocketClient> {
  const client = dial(url, options, protocols);
  await once(client.socket, 'open');
  return client;
}

/** The same, without waiting until it is open. */
export function dial(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): SocketClient {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, options);
  onTestFinished(() => {
    socket.terminate();
  });
  const frames: (string | Buffer)[] = [];
  const waiting: ((frame: string | Buffer) => void)[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const frame = isBinary ? data : data.toString();
    const taker = waiting.shift();
    if (taker === undefined) frames.push(frame);
    else taker(frame);
  });
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      resolve({ code, reason: reason.toString() });
    });
  });
  return {
    socket,
    closed,
    send: (frame) => {
      socket.send(frame, { binary: typeof frame !== 'string' });
    },
    next: () => {
      const frame = frames.shift();
      if (frame !== undefined) return Promise.resolve(frame);
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        void closed.then(({ code, reason }) => {
          reject(new Error(`closed with ${code} ${reason} while waiting for a frame`));
        });
      });
    },
    settled: async () => {
      socket.ping();
      await once(socket, 'pong');
      return frames.splice(0);
    },
  };
}
