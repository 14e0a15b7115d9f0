import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { builtFile, buildFfi } from '../../gleam/ffi/build.ts';
import { type Handlers, listen, newHandlers, send, websocket } from '../../gleam/ffi/transport.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

/** Handlers that write down what they are called with. */
function recorded(): readonly [Handlers, string[]] {
  const calls: string[] = [];
  const handlers = newHandlers(
    () => calls.push('up'),
    (code, reason) => calls.push(`down ${code} ${reason}`),
    (encoded) => calls.push(encoded),
    (reason) => calls.push(`end ${reason}`),
    (code) => calls.push(`unsent ${code}`),
  );
  return [handlers, calls];
}

/** Where there is a document, a link connects by itself. */
function inPage(): void {
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('WebSocket', WebSocket);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
}

it('is committed as it is built; `npm run build:gleam` after a change of the client', async () => {
  expect(await readFile(builtFile, 'utf8')).toBe(await buildFfi());
});

it('is one link for many listeners, and a late one hears at once that it is up', async () => {
  inPage();
  const server = await serveProtocol();
  const shared = websocket(server.url, () => true);
  const [[first, calls], [late, lateCalls]] = [recorded(), recorded()];

  listen(shared, first);
  await until(() => calls.length === 1);
  expect(calls).toEqual(['up']);
  listen(shared, late);
  expect(lateCalls).toEqual(['up']);
  send(shared, 'a', first);
  await until(() => calls.includes('a') && lateCalls.includes('a'));
  expect(server.peers).toHaveLength(1);
  shared.open?.link.close();
});

it('reports what was unconfirmed to its sender, and drops at once what may not wait', async () => {
  inPage();
  const server = await serveProtocol({ answer: () => undefined });
  const shared = websocket(server.url, (encoded) => encoded !== 'typing');
  const [[one, calls], [other, otherCalls]] = [recorded(), recorded()];
  listen(shared, one);
  listen(shared, other);
  await until(() => calls.length === 1);
  send(shared, 'a', one);
  await until(() => server.received().includes('a'));

  server.peers[0]?.socket.terminate();
  await until(() => calls.includes('down 1006 connection-lost'));
  expect(calls).toContain('unsent unconfirmed');
  send(shared, 'typing', other);
  expect(otherCalls).toEqual(['up', 'down 1006 connection-lost', 'unsent not-connected']);
  await until(() => calls.at(-1) === 'up');
  expect(calls).toEqual(['up', 'unsent unconfirmed', 'down 1006 connection-lost', 'up']);
  shared.open?.link.close();
});
