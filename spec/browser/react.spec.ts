import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type RunningExample, startExample } from '../support/example.ts';

let browser: Browser;
let example: RunningExample;

beforeAll(async () => {
  [browser, example] = await Promise.all([
    launchBrowser(),
    startExample('examples/08-react/server.ts'),
  ]);
});
afterAll(async () => {
  await browser.close();
  await example.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(example.url);
  await page.getByText('Connected', { exact: true }).waitFor();
  return page;
}

it('shares a list between windows, and brings what was done while the server was away', async () => {
  const [one, other] = [await open(), await open()];
  await one.getByLabel('What to buy').fill('Oranges');
  await one.getByRole('button', { name: 'Add' }).click();
  await other.getByLabel('Oranges').waitFor();
  await other.getByLabel('Tea').check();
  await expect.poll(() => one.getByLabel('Tea').isChecked()).toBe(true);
  const { port } = example;

  await example.stop();
  await one.getByText('Connected', { exact: true }).waitFor({ state: 'detached' });
  await one.getByLabel('What to buy').fill('Bread');
  await one.getByRole('button', { name: 'Add' }).click();
  await one.getByLabel('Bread').waitFor();
  example = await startExample('examples/08-react/server.ts', { PORT: port });

  await one.getByText('Connected', { exact: true }).waitFor();
  await other.getByLabel('Bread').waitFor();
  // The server keeps the list in memory: what it had before is gone.
  expect(await other.locator('li').allTextContents()).toEqual(['Tea', 'Bread']);
  expect(await one.getByRole('alert').count()).toBe(0);
});

it('fits a small window, also with a long word', async () => {
  const page = await open({ viewport: { width: 320, height: 568 } });
  const word = 'x'.repeat(100);
  await page.getByLabel('What to buy').fill(word);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByLabel(word).waitFor();

  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});
