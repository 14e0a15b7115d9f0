/** A server with sockets for one test, and what a test asks of it. */
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { type WithWebsocketMethod } from 'express-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { attachWebSockets } from '../../lib/attach.ts';
import { type AttachOptions } from '../../lib/attach-options.ts';
import { type OmniError } from '../../lib/errors.ts';

export interface Served {
  readonly app: Express & WithWebsocketMethod;
  readonly port: number;
  /** What onError was told. */
  readonly errors: OmniError[];
  readonly close: (options?: { timeout?: number }) => Promise<void>;
}

/** Starts an attached application on a free port; it is cut when the test is over. */
export async function serve(
  routes: (app: Express & WithWebsocketMethod) => void,
  options: AttachOptions = {},
): Promise<Served> {
  const errors: OmniError[] = [];
  const { app, server, close } = attachWebSockets(express(), {
    onError: (error) => {
      errors.push(error);
    },
    ...options,
  });
  // Express prints what nobody has handled, unless it is told that this is a test.
  app.set('env', 'test');
  routes(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => close({ timeout: 0 }));
  const { port } = server.address() as AddressInfo;
  return { app, port, errors, close };
}

/** A decent client; it is cut when the test is over. */
export function open(
  port: number,
  path: string,
  options: { headers?: Record<string, string> } = {},
): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.terminate();
  });
  return socket;
}

/** How a socket was closed. */
export async function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

/** The next message, as text. */
export async function message(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [Buffer];
  return data.toString();
}

/** A promise, and what settles it. */
export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
