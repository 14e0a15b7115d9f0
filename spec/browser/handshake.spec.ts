/** What a page in Chromium can see of a handshake: subprotocols, the GET that asks why, Vite beside us. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { attachWebSockets, type AttachOptions } from 'express-omnimessage';
import { type Browser, type Page } from 'playwright-core';
import { createServer as createVite } from 'vite-7';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket as ServerSocket } from 'ws';
import { launchBrowser } from '../support/browser.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const echo = (socket: ServerSocket): void => {
  socket.on('message', (data) => {
    socket.send((data as Buffer).toString());
  });
};

/** A server with an echo at /echo and an empty page at /. */
async function serve(options: AttachOptions = {}): Promise<string> {
  const { app, server, close } = attachWebSockets(express(), options);
  app.get('/', (_request, response) => {
    response.send('<!doctype html><title>page</title>');
  });
  app.ws('/echo', echo);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => close({ timeout: 0 }));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function openPage(url: string): Promise<Page> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(url);
  return page;
}

/** The subprotocol with which a page's socket opens, or the code with which it closes. */
function open(page: Page, path: string, offered: string[]): Promise<string | number> {
  return page.evaluate(
    ([target, subprotocols]) =>
      new Promise<string | number>((resolve) => {
        const socket = new WebSocket(target, subprotocols);
        socket.addEventListener('open', () => {
          resolve(socket.protocol);
        });
        socket.addEventListener('close', ({ code }) => {
          resolve(code);
        });
      }),
    [path, offered] as const,
  );
}

describe('A13: a token in a subprotocol', () => {
  it('opens a socket beside another subprotocol, which is chosen, and not alone', async () => {
    const tokens: unknown[] = [];
    const url = await serve({
      subprotocols: (offered) => (offered.includes('chat') ? 'chat' : undefined),
      authorize: ({ headers }) => {
        tokens.push(headers['sec-websocket-protocol']);
        return true;
      },
    });
    const page = await openPage(url);
    const path = `${url.replace('http', 'ws')}/echo`;

    expect(await open(page, path, ['chat', 'token.abc'])).toBe('chat');
    expect(await open(page, path, ['token.abc'])).toBe(1006);
    expect(await open(page, path, ['omnimessage.1', 'omnimessage.1.e30'])).toBe('omnimessage.1');
    expect(await open(page, path, [])).toBe('');
    expect(tokens.slice(0, 2)).toEqual(['chat, token.abc', 'token.abc']);
  });
});

describe('the GET that asks why', () => {
  const ask = (page: Page, url: string): Promise<unknown> =>
    page.evaluate(async (target) => {
      try {
        const response = await fetch(target, {
          credentials: 'include',
          headers: { accept: 'application/problem+json' },
        });
        const { status, code, omnimessage } = (await response.json()) as Record<string, unknown>;
        return [status, code, omnimessage];
      } catch (error) {
        return (error as Error).name;
      }
    }, url);

  it('tells a page what its handshake hides, across origins that are allowed, and no others', async () => {
    const own = await serve();
    const foreign = await serve();
    const url = await serve({
      origins: [own],
      authorize: () => {
        throw Object.assign(new Error('log in'), { status: 401 });
      },
    });
    const page = await openPage(own);
    const stranger = await openPage(foreign);

    expect(await open(page, `${url.replace('http', 'ws')}/echo`, [])).toBe(1006);
    expect(await ask(page, `${url}/echo`)).toEqual([401, 'authorize', 'websocket']);
    expect(await ask(stranger, `${url}/echo`)).toBe('TypeError');
    expect(await ask(page, `${own}/echo`)).toEqual([426, 'websocket', 'websocket']);
  });
});

describe('A9: beside Vite', () => {
  it('no page reloads while our sockets come and go', async () => {
    const root = await mkdtemp(join(tmpdir(), 'omni-vite-page-'));
    await writeFile(join(root, 'index.html'), '<!doctype html><title>vite</title>');
    const app = express();
    const server = createServer(app);
    const vite = await createVite({
      root,
      configFile: false,
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      server: { middlewareMode: true, hmr: { server }, watch: null },
    });
    const attached = attachWebSockets(app, { server });
    attached.app.ws('/echo', echo);
    app.use(vite.middlewares);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      await vite.close();
      await attached.close({ timeout: 0 });
      await rm(root, { recursive: true, force: true });
    });
    const { port } = server.address() as AddressInfo;
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const lines: string[] = [];
    let loads = 0;
    page.on('console', (message) => lines.push(message.text()));
    page.on('load', () => {
      loads += 1;
    });
    const connected = page.waitForEvent('console', (line) => line.text() === '[vite] connected.');

    await page.goto(`http://127.0.0.1:${port}/`);
    await connected;
    for (let n = 0; n < 20; n++) {
      expect(await open(page, `ws://127.0.0.1:${port}/echo`, [])).toBe('');
    }

    expect(loads).toBe(1);
    expect(lines.filter((line) => line.includes('lost'))).toEqual([]);
  });
});
