import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type RunningExample, startExample } from '../support/example.ts';

/** The page of omnimessage's own example, compiled: its `example/server/priv/static/client.mjs`. */
const CLIENT = process.env['OMNIMESSAGE_CLIENT'];
const ADDRESS = 'http://localhost:8000/omni-app-ws';

describe.skipIf(CLIENT === undefined)(
  "omnimessage's own page against the chat (OMNIMESSAGE_CLIENT)",
  () => {
    let browser: Browser;
    let chat: RunningExample;
    let pages: Server;
    let route = '';

    beforeAll(async () => {
      const script = await readFile(CLIENT!, 'utf8');
      if (!script.includes(ADDRESS)) throw new Error(`the client does not connect to ${ADDRESS}`);
      // A host of its own, as in development: its origin is foreign to the chat.
      pages = createServer((request, response) => {
        const isScript = request.url === '/client.mjs';
        response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
        response.end(
          isScript
            ? script.replace(ADDRESS, `http://localhost:${chat.port}${route}`)
            : '<!doctype html><div id="app"></div><script type="module" src="/client.mjs"></script>',
        );
      });
      await new Promise<void>((resolve) => pages.listen(0, 'localhost', resolve));
      const ORIGINS = origin();
      [browser, chat] = await Promise.all([
        launchBrowser(),
        startExample('npm start', { ORIGINS }),
      ]);
    });
    afterAll(async () => {
      await browser.close();
      await chat.stop();
      pages.close();
    });
    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
    });

    const origin = (): string => `http://localhost:${(pages.address() as AddressInfo).port}`;

    async function open(): Promise<Page> {
      const page = await (await browser.newContext()).newPage();
      await page.goto(origin());
      return page;
    }
    async function say(page: Page, text: string): Promise<void> {
      await page.getByRole('textbox').fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
    }

    it('is answered by the handler', async () => {
      route = '/omni-pipe-ws';
      const one = await open();

      await say(one, 'by the handler');
      await one.getByText('Sent: by the handler', { exact: true }).waitFor();

      // Who comes later fetches all when its socket is up.
      const later = await open();
      await later.getByText('Sent: by the handler', { exact: true }).waitFor();
      expect(await later.locator('#chat-msgs').innerText()).toBe('Sent: by the handler');
    });

    it('hears from the application what another page has sent', async () => {
      route = '/omni-app-ws';
      const one = await open();
      const complaints: string[] = [];
      one.on('pageerror', (error) => complaints.push(error.message));
      const other = await open();

      await say(one, 'by the application');
      await other.getByText('Sent: by the application', { exact: true }).waitFor();
      await say(other, 'and back');
      await one.getByText('Sent: and back', { exact: true }).waitFor();

      // What it does not know (how many people are here) it leaves alone.
      expect(complaints).toEqual([]);
    });
  },
);
