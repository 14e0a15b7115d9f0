/** A server with sockets, for one test. */
import { once } from 'node:events';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { onTestFinished } from 'vitest';
import { attachWebSockets, type SocketRoutes } from '../../lib/server/attach.ts';
import { type AttachOptions } from '../../lib/server/options.ts';
import { type OmniError } from '../../lib/core/errors.ts';

export interface Served {
  readonly app: Express & SocketRoutes;
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  /** What onError was told. */
  readonly errors: OmniError[];
  readonly close: (options?: { timeout?: number }) => Promise<void>;
}

/** Starts an attached application, on a free port unless told; it is cut when the test is over. */
export async function serveAttached(
  routes: (app: Express & SocketRoutes) => void,
  options: AttachOptions = {},
  at = 0,
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
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => close({ timeout: 0 }));
  const { port } = server.address() as AddressInfo;
  return { app, server, port, url: `ws://127.0.0.1:${port}`, errors, close };
}
