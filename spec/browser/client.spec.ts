/** The page's half in Chromium, whose network and life are directed by the debugging protocol. */
import type * as ClientModule from 'express-omnimessage/client';
import { type Link, type Snapshot } from 'express-omnimessage/client';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { bundleClient, type Running, servePages } from '../support/client-pages.ts';
import { until } from '../support/until.ts';

let script = '';
let browser: Browser;

beforeAll(async () => {
  script = await bundleClient();
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
  seen: { messages: string[]; unconfirmed: string[]; opened: number; snapshots: Snapshot[] };
}

const start = (policy?: string, authorize?: () => unknown): Promise<Running> =>
  servePages(script, policy, authorize);

/** Opens the page and connects, over HTTP or WebSocket. */
async function open(
  { url }: Running,
  options: Record<string, unknown> = {},
  context?: BrowserContext,
): Promise<Page> {
  const page = await (context ?? (await browser.newContext())).newPage();
  await page.goto(url);
  await page.evaluate((given) => {
    const { connect, http } = globalThis as unknown as Client;
    const seen: Window['seen'] = { messages: [], unconfirmed: [], opened: 0, snapshots: [] };
    const { isHttp, ...others } = given;
    const link = connect<string, string>({
      url: isHttp === true ? '/omni-http' : '/omni-ws',
      transport: isHttp === true ? http() : undefined,
      codec: { decode: (text) => text, encode: (text) => text },
      onMessage: (message) => seen.messages.push(message),
      onUnconfirmed: (messages) => seen.unconfirmed.push(...messages),
      onOpen: () => {
        seen.opened += 1;
      },
      ...others,
    });
    link.subscribe(() => seen.snapshots.push(link.getSnapshot()));
    Object.assign(globalThis, { link, seen });
  }, options);
  return page;
}

const state = (page: Page): Promise<Snapshot> =>
  page.evaluate(() => (globalThis as unknown as Window).link.getSnapshot());
const seenBy = (page: Page): Promise<Window['seen']> =>
  page.evaluate(() => (globalThis as unknown as Window).seen);
const send = (page: Page, message: string): Promise<string> =>
  page.evaluate((text) => (globalThis as unknown as Window).link.send(text), message);
const ask = (page: Page, message: string): Promise<string | undefined> =>
  page.evaluate((text) => {
    const { ask: askOver, link } = globalThis as unknown as Client & Window;
    return askOver(link, text);
  }, message);
const becomes = async (page: Page, wanted: Snapshot['state'], timeout = 20_000): Promise<void> => {
  await page.waitForFunction(
    (text) => (globalThis as unknown as Window).link.getSnapshot().state === text,
    wanted,
    { timeout, polling: 20 },
  );
};

describe('a page whose network changes', () => {
  it('comes back in the very moment of `online`, whatever pause it was in', async () => {
    const server = await start();
    const page = await open(server, { minDelay: 600_000, maxDelay: 600_000 });
    await ask(page, 'before');
    await page.evaluate(() => {
      // The longest pause that may be.
      Math.random = () => 0.999;
    });
    await server.gate.shut();
    await becomes(page, 'waiting');
    await send(page, 'meanwhile');
    const { retryAt = 0 } = await state(page);
    expect(retryAt - Date.now()).toBeGreaterThan(300_000);
    await page.context().setOffline(true);
    await server.gate.open();
    // How it is when the event has reached all listeners: no timer has rung, nothing has arrived.
    const atOnline = page.evaluate(
      () =>
        new Promise<[Snapshot['state'], number]>((resolve) => {
          const { link, seen } = globalThis as unknown as Window;
          addEventListener('online', () => {
            resolve([link.getSnapshot().state, seen.snapshots.length]);
          });
        }),
    );
    await page.evaluate(() => undefined);
    await page.context().setOffline(false);
    const [stateThen, length] = await atOnline;
    await becomes(page, 'open');

    expect(stateThen).toBe('connecting');
    // That attempt was the one: what is left of a second is the handshake.
    const after = (await seenBy(page)).snapshots.slice(length).map((snapshot) => snapshot.state);
    expect(new Set(after)).toEqual(new Set(['open']));
    await expect.poll(() => server.handled).toEqual(['before', 'meanwhile']);
    expect((await seenBy(page)).unconfirmed).toEqual([]);
  });

  it('replaces a line that is dead without a word, by a probe that nobody answers (L1)', async () => {
    const server = await start();
    const page = await open(server);
    await ask(page, 'before');
    server.gate.freeze();
    await page.evaluate(() => dispatchEvent(new Event('online')));
    // It may wait for a few ms only: then the next attempt hangs.
    await page.waitForFunction(
      () => (globalThis as unknown as Window).link.getSnapshot().state !== 'open',
      undefined,
      { timeout: 20_000 },
    );
    server.gate.cut();
    server.gate.thaw();
    await becomes(page, 'open');

    expect(await ask(page, 'after')).toBe('re: after');
  });

  it('keeps a healthy line through a change of tabs, and three signals at once (L2, L3)', async () => {
    const server = await start();
    const page = await open(server);
    await ask(page, 'before');
    const other = await page.context().newPage();
    for (let times = 0; times < 5; times++) {
      await other.bringToFront();
      await page.bringToFront();
      await page.evaluate(() => {
        for (const name of ['online', 'pageshow', 'resume']) dispatchEvent(new Event(name));
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      });
    }
    await ask(page, 'after');
    expect(server.connections).toBe(1);

    // A line that waits: one attempt for all of them.
    await server.gate.shut();
    await becomes(page, 'waiting');
    await server.gate.open();
    await page.evaluate(() => {
      for (const name of ['online', 'pageshow', 'resume']) dispatchEvent(new Event(name));
    });
    await becomes(page, 'open');
    await ask(page, 'again');
    expect(server.connections).toBe(2);
  });
});

describe('a page that sleeps', () => {
  it('is frozen and wakes up on the same line, with what came meanwhile', async () => {
    const server = await start();
    const page = await open(server);
    await ask(page, 'before');
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await session.send('Page.setWebLifecycleState', { state: 'active' });

    expect(await ask(page, 'after')).toBe('re: after');
    expect((await seenBy(page)).opened).toBe(1);
    expect(server.connections).toBe(1);
  });

  it('goes into the back/forward cache and comes back from it (L11)', async () => {
    const server = await start();
    // playwright switches that cache off.
    const own = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => own.close());
    const page = await open(server, {}, await own.newContext());
    await ask(page, 'before');
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted }));
    });
    await page.goto(`${server.url}/other`);
    await expect.poll(() => server.closed.length).toBe(1);
    // From the cache there is no `load` to wait for.
    await page.goBack({ waitUntil: 'commit' });

    expect(await page.evaluate(() => (globalThis as { persisted?: boolean }).persisted)).toBe(true);
    await becomes(page, 'open');
    expect(await ask(page, 'after')).toBe('re: after');
    expect(server.closed).toEqual([3001]);
    expect(server.connections).toBe(2);
  });
});

describe('a page whose server is killed and comes back', () => {
  it('has every message handled once, or knows that it cannot know', async () => {
    const server = await start();
    const page = await open(server, { minDelay: 50, maxDelay: 200 });
    await ask(page, 'before');
    const sent: string[] = [];
    for (let index = 0; index < 60; index++) {
      if (index === 20) {
        server.gate.cut();
        await server.stop();
      }
      if (index === 40) await server.restart();
      const message = `message ${index}`;
      sent.push(message);
      expect(['sent', 'queued']).toContain(await send(page, message));
    }
    await page.waitForFunction(() => !(globalThis as unknown as Window).link.hasUnsent());

    const { unconfirmed, messages } = await seenBy(page);
    const handled = server.handled.filter((message) => message !== 'before');
    expect(new Set(handled).size).toBe(handled.length);
    for (const message of sent) {
      expect(unconfirmed.includes(message) || messages.includes(`re: ${message}`)).toBe(true);
      expect(unconfirmed.includes(message) || handled.includes(message)).toBe(true);
    }
  });

  it('is told of one answer over HTTP when Chromium has sent a message again by itself', async () => {
    const server = await start();
    const page = await open(server, { isHttp: true });
    await ask(page, 'before');
    server.gate.freeze('replies');
    await send(page, 'word');
    await until(() => server.handled.length === 2);
    server.gate.thaw();
    server.gate.cut();
    await expect.poll(async () => (await seenBy(page)).messages).toEqual(['re: word']);

    // The guide says so: when this changes, it is to be changed too.
    expect(server.handled).toEqual(['before', 'word', 'word']);
    expect((await seenBy(page)).unconfirmed).toEqual([]);
  });

  it('has sent over HTTP what was typed last when it is left (Q6)', async () => {
    const server = await start();
    const page = await open(server, { isHttp: true });
    await ask(page, 'before');
    await page.evaluate(() => {
      for (const word of ['one', 'two', 'three']) (globalThis as unknown as Window).link.send(word);
    });
    await page.goto(`${server.url}/other`);

    await expect
      .poll(() => server.handled.slice().sort())
      .toEqual(['before', 'one', 'three', 'two']);
  });
});

describe('a relative address', () => {
  it('is that of the page, whose base may be another', async () => {
    const server = await start();
    const page = await (await browser.newContext()).newPage();
    await page.goto(server.url);
    await page.evaluate(() => {
      const base = document.createElement('base');
      base.href = '/omni-ws/';
      document.head.append(base);
      const { connect } = globalThis as unknown as Client;
      const codec = { decode: (text: string) => text, encode: (text: string) => text };
      Object.assign(globalThis, { link: connect<string, string>({ url: '.', codec }) });
    });

    expect(await ask(page, 'hello')).toBe('re: hello');
  });
});

describe('what a browser hides', () => {
  it('a handshake refused with 403 is known by the question, and final (L8)', async () => {
    const server = await start(undefined, () => {
      throw Object.assign(new Error('no'), { status: 403 });
    });
    const page = await open(server);
    await becomes(page, 'closed');

    expect(await state(page)).toMatchObject({ reason: 'forbidden', code: 403 });
  });

  it.each([
    ['everything', "connect-src 'none'"],
    ['sockets alone', 'connect-src http://127.0.0.1:*'],
  ])('a policy of the page that blocks %s is final, and says so (L12)', async (_, policy) => {
    const server = await start(`default-src 'self'; ${policy}; script-src 'self'`);
    const page = await open(server);
    await becomes(page, 'closed');

    expect(await state(page)).toMatchObject({
      reason: 'blocked-by-this-page',
      text: 'Blocked by this page',
    });
    expect(server.connections).toBe(0);
  });
});
