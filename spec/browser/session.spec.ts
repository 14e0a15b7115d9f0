import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type RunningExample, startExample } from '../support/example.ts';

let browser: Browser;
let example: RunningExample;
let url: string;
let context: BrowserContext;

beforeAll(async () => {
  [browser, example] = await Promise.all([
    launchBrowser(),
    startExample('examples/04-session/server.ts'),
  ]);
  ({ url } = example);
});

afterAll(async () => {
  await browser.close();
  const code = await example.stop();
  if (code !== 0) throw new Error(`the example ended with ${code}`);
});

beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());

async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

describe('examples/04-session in a browser', () => {
  it('shows the login page to a stranger, also after a wrong password', async () => {
    const page = await context.newPage();

    await logIn(page, 'ada', 'wrong');

    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('do not fit');
    expect(new URL(page.url()).pathname).toBe('/login');
  });

  it('gives a page without a session no socket', async () => {
    const page = await context.newPage();
    await page.goto(url);

    const code = await page.evaluate(
      (address) =>
        new Promise<number>((resolve) => {
          new WebSocket(address).addEventListener('close', (event) => {
            resolve(event.code);
          });
        }),
      `${url.replace('http', 'ws')}/room`,
    );

    expect(code).toBe(1006);
  });

  it('greets who has logged in, and shows in every window what was said', async () => {
    const page = await context.newPage();
    await logIn(page, 'ada', 'lovelace');
    await page.getByText('Hello, ada').waitFor();
    const elsewhere = await (await browser.newContext()).newPage();
    await logIn(elsewhere, 'alan', 'turing');
    await elsewhere.getByText('Hello, alan').waitFor();

    await page.getByLabel('Say').fill('<b>Good morning</b>');
    await page.getByRole('button', { name: 'Send' }).click();

    const said = elsewhere.getByText('ada: <b>Good morning</b>', { exact: true });
    await said.waitFor();
    expect(await said.count()).toBe(1);
    await elsewhere.context().close();
  });

  it('brings all tabs of a user to the login page when one of them logs out', async () => {
    const tab = await context.newPage();
    await logIn(tab, 'ada', 'lovelace');
    await tab.getByText('Hello, ada').waitFor();
    const otherTab = await context.newPage();
    const socket = otherTab.waitForEvent('websocket');
    await otherTab.goto(url);
    await otherTab.getByText('Hello, ada').waitFor();

    const closed = (await socket).waitForEvent('close');
    await tab.getByRole('button', { name: 'Log out' }).click();

    await closed;
    await Promise.all([tab, otherTab].map((page) => page.waitForURL(`${url}/login`)));
    expect(await otherTab.getByRole('heading').textContent()).toBe('Log in');
  });
});
