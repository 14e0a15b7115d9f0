/** Pages of a real browser that use the client, and the server that they talk to. */
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import express from 'express';
import { attachWebSockets, omniHttp, omniWs } from 'express-omnimessage';
import { onTestFinished } from 'vitest';
import { type Gate, gate } from './gate.ts';

/** Bundles the client, and what else a page of the tests has: all names are global there. */
export async function bundleClient(more = ''): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as client from './lib/client.ts'; Object.assign(globalThis, client); ${more}`,
      resolveDir: fileURLToPath(new URL('../../', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'iife',
  });
  return outputFiles[0]!.text;
}

const codec = { decode: (text: string) => text, encode: (text: string) => text };

export interface Running {
  readonly url: string;
  readonly handled: string[];
  /** The codes with which connections ended, in order. */
  readonly closed: number[];
  connections: number;
  readonly gate: Gate;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A server behind a gate, with pages that load this script. */
export async function servePages(
  script: string,
  policy?: string,
  authorize?: () => unknown,
): Promise<Running> {
  const handled: string[] = [];
  const closed: number[] = [];
  const running = { connections: 0 };
  const begin = async (port: number): Promise<{ port: number; stop: () => Promise<void> }> => {
    const { app, server, close } = attachWebSockets(express(), {
      authorize: authorize ?? (() => 'anybody'),
    });
    app.set('env', 'test');
    const handler = (message: string): string => {
      handled.push(message);
      return `re: ${message}`;
    };
    app.ws('/omni-ws', (socket, _request, next) => {
      running.connections += 1;
      socket.on('close', (code) => closed.push(code));
      next();
    });
    app.ws('/omni-ws', omniWs({ codec, handler }));
    app.post('/omni-http', omniHttp({ codec, handler }));
    app.get('/client.js', (_request, response) => response.type('js').send(script));
    app.get('/other', (_request, response) => response.type('html').send('<!doctype html>other'));
    app.get('/', (_request, response) => {
      if (policy !== undefined) response.set('content-security-policy', policy);
      response
        .type('html')
        .send('<!doctype html><title>client</title><script src="/client.js"></script>');
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      stop: () => close({ timeout: 0 }),
    };
  };
  let current = await begin(0);
  const door = await gate('127.0.0.1', current.port);
  onTestFinished(() => current.stop());
  return Object.assign(running, {
    url: `http://127.0.0.1:${door.port}`,
    handled,
    closed,
    gate: door,
    stop: () => current.stop(),
    restart: async () => {
      current = await begin(current.port);
    },
  });
}
