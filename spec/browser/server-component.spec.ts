import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type RunningExample, startExample } from '../support/example.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { until } from '../support/until.ts';

const program = 'examples/06-server-component/server.ts';

describeRuntime('examples/06-server-component on the runtime $name', ({ path }) => {
  let browser: Browser;
  let example: RunningExample;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    example = await startExample(program, { LUSTRE_RUNTIME: path });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await example.stop();
  });

  const newPage = async (options: BrowserContextOptions = {}): Promise<Page> =>
    (await browser.newContext({ colorScheme: 'light', ...options })).newPage();

  /** A window of a visitor of its own. */
  async function open(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await newPage(options);
    await page.goto(example.url);
    await isConnected(page);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('rowheader', { name, exact: true }).waitFor();
    return page;
  }

  const isConnected = (page: Page): Promise<void> =>
    page.getByText('Connected', { exact: true }).waitFor();
  const more = (page: Page): Promise<void> => page.getByRole('button', { name: 'more' }).click();
  const shows = (page: Page, row: string): Promise<void> =>
    page.getByRole('row', { name: row }).waitFor();

  it('shows each window its own counter, and all windows one table', async () => {
    const ada = await open('Ada', { viewport: { width: 1080, height: 640 }, deviceScaleFactor: 2 });
    const alan = await open('Alan');
    const grace = await open('<b>Grace</b>');

    await more(ada);
    for (let clicks = 0; clicks < 3; clicks += 1) await more(alan);
    await ada.getByLabel('Steps of').selectOption('10');
    await ada.getByRole('button', { name: '10 more' }).click();
    await grace.getByLabel('Steps of').selectOption('5');
    await grace.getByRole('button', { name: '5 less' }).click();

    for (const page of [ada, alan, grace]) {
      await shows(page, 'Ada 11');
      await shows(page, 'Alan 3');
      await shows(page, '<b>Grace</b> -5');
    }
    expect(await ada.getByRole('status').last().textContent()).toBe('11');
    expect(await ada.title()).toBe('11 · Rendered on the server');
    if (process.env['SCREENSHOTS'] === '1') {
      const picture = new URL('../../docs/images/server-component.png', import.meta.url);
      await ada.screenshot({ path: fileURLToPath(picture) });
    }

    await grace.context().close();
    await ada.getByText('2 are here').waitFor();
  });

  it('shows the table to who only watches, by server-sent events', async () => {
    const watcher = await newPage();
    await watcher.goto(`${example.url}/watch`);
    await watcher.getByText('0 are here').waitFor();

    const ada = await open('Ada');
    await more(ada);
    await shows(watcher, 'Ada 1');
    await ada.context().close();

    await watcher.getByText('0 are here').waitFor();
    expect(await watcher.getByRole('rowheader').count()).toBe(0);
  });

  it('keeps every letter that is typed over a slow line', async () => {
    const page = await newPage();
    await page.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => {
        setTimeout(() => {
          socket.send(frame);
        }, 200);
      });
    });
    await page.goto(example.url);
    await isConnected(page);
    const input = page.getByLabel('Your name');

    await input.fill('');
    // Slower than the line answers, and faster.
    await input.pressSequentially('Ada ', { delay: 250 });
    await input.pressSequentially('Lovelace', { delay: 30 });
    await shows(page, 'Ada Lovelace');
    expect(await input.inputValue()).toBe('Ada Lovelace');

    // What the model does not take is taken back.
    await input.pressSequentially(', Countess of Lovelace', { delay: 30 });
    await until(async () => (await input.inputValue()) === 'Ada Lovelace, Countess o');
    await shows(page, 'Ada Lovelace, Countess o');
  });

  it('comes back by itself when the server does, and begins anew', async () => {
    const page = await open('Ada');
    await more(page);
    await shows(page, 'Ada 1');

    expect(await example.stop()).toBe(0);
    await page.getByText('Connecting…').waitFor();
    // What it showed stays, and a click has no effect.
    await more(page);
    expect(await page.getByRole('status').last().textContent()).toBe('1');
    example = await startExample(program, { LUSTRE_RUNTIME: path, PORT: example.port });
    await isConnected(page);

    await shows(page, 'Guest 1 0');
    await more(page);
    await shows(page, 'Guest 1 1');
  });

  it('is refused for good with the token of another page', async () => {
    const page = await newPage();
    await page.addInitScript(spoilToken);
    await page.addInitScript(countSockets);
    await page.clock.install();
    const codes = (): Promise<number[]> => page.evaluate(() => window.closeCodes);

    await page.goto(example.url);
    await until(async () => (await codes()).length === 2);
    // It would come back after half a second, and then every ten.
    await page.clock.runFor(60_000);

    expect(await page.evaluate(() => window.openedSockets)).toBe(2);
    expect(await codes()).toEqual([1000, 1000]);

    expect(await page.getByRole('status').first().textContent()).toBe('Connecting…');
  });
});

declare global {
  interface Window {
    openedSockets: number;
    closeCodes: number[];
  }
}

/** Has the page know the token of another one, from before its scripts run. */
function spoilToken(): void {
  new MutationObserver(() => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token !== null && token.getAttribute('content') !== 'x') token.setAttribute('content', 'x');
  }).observe(document, { childList: true, subtree: true });
}

/** Has the page count the sockets that it opens, and with which codes they are closed. */
function countSockets(): void {
  window.openedSockets = 0;
  window.closeCodes = [];
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      window.openedSockets += 1;
      this.addEventListener('close', ({ code }) => window.closeCodes.push(code));
    }
  };
}
