/** What is tested: an application, a server, a port or a single route, and how one connects to it. */
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect as connectTo, type Socket } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import { attachWebSockets, type SocketRoute } from '../index.ts';
import { Wire } from './wire.ts';

/** What `testClient` takes: each is used as it is, and none needs to listen. */
export type Target =
  /** A port of this machine, on which a server listens. */
  | number
  | Server
  /** What `attachWebSockets` returns. */
  | { readonly server: Server }
  /** An Express application without sockets. */
  | Express
  /** A route: what `omniWs`, `omniWsApplication` or `omniHttp` returns. */
  | SocketRoute
  | RequestHandler;

/** A way to a server. */
export interface Way {
  /** Connects, in memory where that is possible. */
  readonly open: () => Wire;
  /** Ends a server that was made for a single route. */
  readonly close: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/**
 * @param path - where a single route is mounted
 * @param isSocket - whether a single route is one of sockets
 * @throws TypeError for what cannot be connected to
 */
export function wayTo(target: Target, path: string, isSocket: boolean): Way {
  expectTarget(target);
  if (typeof target === 'number') return { open: () => overTcp(target), close: nothing };
  if (typeof target === 'object' && 'server' in target) return wayTo(target.server, path, isSocket);
  if (typeof target === 'object') return { open: () => inMemory(target), close: nothing };
  if ('init' in target && 'handle' in target) {
    if (isSocket) {
      throw new TypeError(
        'An application alone answers no sockets: give testClient what attachWebSockets returned',
      );
    }
    const server = createServer(target as Express);
    return { open: () => inMemory(server), close: nothing };
  }
  const { app, server, close } = attachWebSockets(express());
  // Express prints unhandled errors, unless `env` is `test`.
  app.set('env', 'test');
  if (isSocket) app.ws(path, target as SocketRoute);
  // The second one is for an `omniHttp` that has a path of its own.
  else app.use(path, target as RequestHandler).use(target as RequestHandler);
  return { open: () => inMemory(server), close: () => close({ timeout: 0 }) };
}

/** @throws TypeError unless it is a {@link Target} */
function expectTarget(target: unknown): void {
  const isTarget =
    typeof target === 'number'
      ? Number.isInteger(target) && target > 0 && target < 65_536
      : typeof target === 'function' ||
        (typeof target === 'object' && target !== null && ('server' in target || 'emit' in target));
  if (isTarget) return;
  const shown =
    typeof target === 'number' ? String(target) : target === null ? 'null' : typeof target;
  throw new TypeError(
    'Expected testClient to get a port, a server, an application, a route ' +
      `or what attachWebSockets returned, got ${shown}`,
  );
}

/** Gives the server a connection as if it had been accepted: no port is taken. */
function inMemory(server: Server): Wire {
  const wire = new Wire();
  server.emit('connection', wire.server);
  return wire;
}

/** A connection to a port, which can be stopped and cut like one in memory. */
function overTcp(port: number): Wire {
  const wire = new Wire();
  const socket: Socket = connectTo({ port, host: 'localhost', noDelay: true });
  wire.server.pipe(socket).pipe(wire.server);
  socket.on('error', () => {
    wire.cut();
  });
  socket.on('close', () => wire.server.destroy());
  wire.server.on('close', () => socket.destroy());
  return wire;
}

/** A `fetch` over such a way: one connection for each request. */
export function fetchOver(
  open: () => Wire,
): (url: URL | string, init: RequestInit) => Promise<Response> {
  return (url, { method = 'GET', headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const request = httpRequest(new URL(url), {
        method,
        headers: { ...(headers as Record<string, string>) },
        createConnection: () => open().client,
      });
      signal?.addEventListener('abort', () => request.destroy());
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers: given } = response;
          const isEmpty = [204, 205, 304].includes(statusCode);
          resolve(
            new Response(isEmpty ? null : Buffer.concat(chunks), {
              status: statusCode,
              headers: given as Record<string, string>,
            }),
          );
        });
      });
      request.end(body);
    });
}
