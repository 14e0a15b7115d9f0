/** The stored queue in Chromium, in IndexedDB, by idb-keyval: reloads, tabs, and tabs that are killed. */
import type * as ClientModule from 'express-omnimessage/client';
import { type Link } from 'express-omnimessage/client';
import type * as IdbKeyval from 'idb-keyval';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { bundleClient, type Running, servePages } from '../support/client-pages.ts';
import { until } from '../support/until.ts';

let script = '';
let browser: Browser;

beforeAll(async () => {
  script = await bundleClient(
    `import * as store from 'idb-keyval'; Object.assign(globalThis, { store });`,
  );
  browser = await launchBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

type Client = typeof ClientModule;

/** What a page of the tests has beside the client. */
interface Window {
  link: Link<string, string>;
  store: typeof IdbKeyval;
  seen: { messages: string[]; unconfirmed: string[] };
}

async function open({ url }: Running, context: BrowserContext, owner = 'ann'): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript((name) => {
    // Also after a reload, and on the page from which one comes back.
    addEventListener('DOMContentLoaded', () => {
      const { connect, storedQueue } = globalThis as unknown as Client;
      if (typeof connect !== 'function') return;
      const { store } = globalThis as unknown as Window;
      const seen: Window['seen'] = { messages: [], unconfirmed: [] };
      const link = connect<string, string>({
        url: '/omni-ws',
        codec: { decode: (text) => text, encode: (text) => text },
        minDelay: 50,
        maxDelay: 200,
        onMessage: (message) => seen.messages.push(message),
        onUnconfirmed: (messages) => seen.unconfirmed.push(...messages),
        queue: storedQueue({ store, owner: () => name }),
      });
      Object.assign(globalThis, { link, seen });
    });
  }, owner);
  await page.goto(url);
  await isStored(page);
  return page;
}

const isStored = async (page: Page): Promise<void> => {
  await page.waitForFunction(
    () => (globalThis as unknown as Window).link.getSnapshot().isStored,
    undefined,
    { polling: 20 },
  );
};
/** Waits until a page knows that its line is gone: what it sends before that may have been received. */
const isAway = async (page: Page): Promise<void> => {
  await page.waitForFunction(
    () => (globalThis as unknown as Window).link.getSnapshot().state !== 'open',
    undefined,
    { polling: 20 },
  );
};
/** Sends, and waits until nothing would be lost with the page. */
const send = async (page: Page, ...messages: string[]): Promise<void> => {
  await page.evaluate((all) => {
    for (const message of all) (globalThis as unknown as Window).link.send(message);
  }, messages);
  await page.waitForFunction(() => !(globalThis as unknown as Window).link.hasUnsent());
};
const ask = (page: Page, message: string): Promise<string | undefined> =>
  page.evaluate((text) => {
    const { ask: askOver, link } = globalThis as unknown as Client & Window;
    return askOver(link, text);
  }, message);
const seenBy = (page: Page): Promise<Window['seen']> =>
  page.evaluate(() => (globalThis as unknown as Window).seen);
const kept = (page: Page): Promise<number> =>
  page.evaluate(async () => (await (globalThis as unknown as Window).store.keys()).length);

/** Ends the process of a page, as the system does when memory is short. */
async function kill(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = new Promise((resolve) => {
    page.once('crash', resolve);
  });
  session.send('Page.crash').catch(() => {});
  await crashed;
}

describe('a page with a stored queue', () => {
  it('sends after a reload what waited, once', async () => {
    const server = await servePages(script);
    const page = await open(server, await browser.newContext());
    await ask(page, 'before');
    await server.stop();
    await isAway(page);
    await send(page, 'one', 'two', 'three');
    await server.restart();
    await page.reload();
    await until(() => server.handled.length === 4);
    await ask(page, 'after');

    expect(server.handled).toEqual(['before', 'one', 'two', 'three', 'after']);
    await expect.poll(() => kept(page)).toBe(0);
  });

  it('leaves what it queued to its other tab when it is closed, and that sends it once', async () => {
    const server = await servePages(script);
    const context = await browser.newContext();
    const first = await open(server, context);
    const second = await open(server, context);
    await server.gate.shut();
    await Promise.all([first, second].map(isAway));
    await send(first, 'of the first');
    await send(second, 'of the second');
    await first.close();
    await expect
      .poll(() =>
        second.evaluate(() => (globalThis as unknown as Window).link.getSnapshot().queued),
      )
      .toBe(2);
    await server.gate.open();
    await until(() => server.handled.length === 2);
    await ask(second, 'after');

    expect(server.handled).toEqual(['of the first', 'of the second', 'after']);
    expect((await seenBy(second)).unconfirmed).toEqual([]);
  });

  it('that is killed has nothing sent twice, and nothing lost without a word', async () => {
    const server = await servePages(script);
    const context = await browser.newContext();
    const other = await open(server, context);
    const sent: string[] = [];
    for (let round = 0; round < 4; round++) {
      const page = await open(server, context);
      const words = Array.from({ length: 20 }, (_, index) => `${round} ${index}`);
      sent.push(...words);
      server.gate.freeze();
      await send(page, ...words.slice(0, 10));
      server.gate.thaw();
      // In the midst of answers and removals.
      await page.evaluate(async (all) => {
        const { link, store } = globalThis as unknown as Window;
        for (const message of all) link.send(message);
        // What is not stored yet goes with the page.
        while (link.hasUnsent()) await store.keys();
        while ((await store.keys()).length > 5) await store.keys();
      }, words.slice(10));
      await kill(page);
      await page.close();
    }
    await expect.poll(() => kept(other)).toBe(0);
    await ask(other, 'after');

    const handled = server.handled.filter((message) => message !== 'after');
    const { unconfirmed } = await seenBy(other);
    expect(new Set(handled).size).toBe(handled.length);
    expect(sent.filter((word) => !handled.includes(word) && !unconfirmed.includes(word))).toEqual(
      [],
    );
  });

  it('that the browser discards has sent what waited when it is looked at again', async () => {
    const server = await servePages(script);
    const context = await browser.newContext();
    const page = await open(server, context);
    await ask(page, 'before');
    await server.gate.shut();
    await isAway(page);
    await send(page, 'one', 'two');
    // Its process goes away, and no other page is there. A page that crashed cannot be loaded again by the
    // debugging protocol, so another stands in for the tab that is looked at again.
    await kill(page);
    await page.close();
    await server.gate.open();
    const again = await open(server, context);
    await until(() => server.handled.length === 3);
    await ask(again, 'after');

    expect(server.handled).toEqual(['before', 'one', 'two', 'after']);
    expect((await seenBy(again)).unconfirmed).toEqual([]);
  });

  it('does not send what another user of the browser queued (Q4)', async () => {
    const server = await servePages(script);
    const context = await browser.newContext();
    const ann = await open(server, context);
    await ask(ann, 'before');
    await server.gate.shut();
    await isAway(ann);
    await send(ann, 'of ann');
    await ann.close();
    await server.gate.open();
    const ben = await open(server, context, 'ben');
    await ask(ben, 'of ben');
    expect(server.handled).toEqual(['before', 'of ben']);
    expect(await kept(ben)).toBe(1);
    await ben.close();
    const again = await open(server, context);
    await until(() => server.handled.length === 3);

    expect(server.handled).toEqual(['before', 'of ben', 'of ann']);
    await expect.poll(() => kept(again)).toBe(0);
  });

  it('goes into the back/forward cache for all its locks, and finds its queue when it is back (L11)', async () => {
    const server = await servePages(script);
    // playwright switches that cache off.
    const own = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => own.close());
    const page = await open(server, await own.newContext());
    await ask(page, 'before');
    await server.gate.shut();
    await isAway(page);
    await send(page, 'waits');
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted }));
    });
    // While it is still here there is no line: what is noted as sent when it leaves is unconfirmed.
    const elsewhere = await servePages(script);
    await page.goto(`${elsewhere.url}/other`);
    await server.gate.open();
    await page.goBack({ waitUntil: 'commit' });
    await until(() => server.handled.length === 2);

    expect(await page.evaluate(() => (globalThis as { persisted?: boolean }).persisted)).toBe(true);
    expect(server.handled).toEqual(['before', 'waits']);
    await expect.poll(() => kept(page)).toBe(0);
  });
});
