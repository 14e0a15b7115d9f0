/** The JavaScript of the Gleam package in Chromium, as it is committed: no compiler is needed. */
import { readFile } from 'node:fs/promises';
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtFile } from '../../gleam/ffi/build.ts';
import type * as Transport from '../../gleam/ffi/transport.ts';
import { launchBrowser } from '../support/browser.ts';
import { type Running, servePages } from '../support/client-pages.ts';

let browser: Browser;
let script = '';
beforeAll(async () => {
  browser = await launchBrowser();
  // Its exports are global here: the page of the tests loads a classic script.
  const built = await readFile(builtFile, 'utf8');
  script = `import(URL.createObjectURL(new Blob([${JSON.stringify(built)}], { type: 'text/javascript' })))
    .then((ffi) => Object.assign(globalThis, { ffi }));`;
});
afterAll(() => browser.close());

interface Window {
  readonly ffi: typeof Transport;
  readonly heard: Record<string, string[]>;
  readonly shared: Transport.Shared;
  readonly handlers: Record<string, Transport.Handlers>;
}

/** A page with two components on one transport, and what each of them hears. */
async function open({ url }: Running, over: 'websocket' | 'httpPost'): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.waitForFunction(() => 'ffi' in globalThis);
  await page.evaluate((name) => {
    const { ffi } = globalThis as unknown as Window;
    const heard: Window['heard'] = {};
    const handlers: Record<string, Transport.Handlers> = {};
    const shared =
      name === 'websocket'
        ? ffi.websocket('/omni-ws', (encoded) => encoded !== 'typing')
        : ffi.httpPost('/omni-http');
    for (const who of ['one', 'other']) {
      const calls: string[] = (heard[who] = []);
      handlers[who] = ffi.newHandlers(
        () => calls.push('up'),
        (_code, reason) => calls.push(`down ${reason}`),
        (encoded) => calls.push(encoded),
        (reason) => calls.push(`end ${reason}`),
        (code) => calls.push(`unsent ${code}`),
      );
      ffi.listen(shared, handlers[who]);
    }
    Object.assign(globalThis, { shared, heard, handlers });
  }, over);
  return page;
}

const send = (page: Page, encoded: string, by = 'one'): Promise<void> =>
  page.evaluate(
    ([text, who]) => {
      const { ffi, shared, handlers } = globalThis as unknown as Window;
      ffi.send(shared, text!, handlers[who!]!);
    },
    [encoded, by],
  );
const heardBy = (page: Page, who = 'one'): Promise<string[]> =>
  page.evaluate((name) => (globalThis as unknown as Window).heard[name]!, who);
const hears = async (page: Page, what: string, who = 'one'): Promise<void> => {
  await expect.poll(() => heardBy(page, who), { timeout: 20_000 }).toContain(what);
};

describe('the transport of Gleam in a browser', () => {
  it('over WebSocket: all hear each message; what waits is sent when the server is back', async () => {
    const server = await servePages(script);
    const page = await open(server, 'websocket');
    await send(page, 'a');
    await hears(page, 're: a', 'other');
    await server.stop();
    await hears(page, 'down server-restarting');
    await send(page, 'waits');
    await send(page, 'typing', 'other');
    await hears(page, 'unsent not-connected', 'other');
    await server.restart();
    await hears(page, 're: waits');

    const states = (await heardBy(page)).filter((call) => /^(up|down|end|unsent)/.test(call));
    expect(states[0]).toBe('up');
    expect(states.at(-1)).toBe('up');
    expect(states.filter((call) => call === 'down server-restarting')).toHaveLength(1);
    expect(server.handled).toEqual(['a', 'waits']);
  });

  it('over HTTP: a reply is for its sender', async () => {
    const server = await servePages(script);
    const page = await open(server, 'httpPost');
    await send(page, 'a');
    await send(page, 'b', 'other');
    await hears(page, 're: b', 'other');

    expect(await heardBy(page)).toEqual(['up', 're: a']);
    expect(await heardBy(page, 'other')).toEqual(['up', 're: b']);
  });
});
