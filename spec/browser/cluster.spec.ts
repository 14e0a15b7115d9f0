import { type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DrilledEngine, natsEngine, redisEngine } from '../drills/hub-engines.ts';
import { launchBrowser } from '../support/browser.ts';
import { isThere } from '../support/engines.ts';
import { type RunningExample, startExample } from '../support/example.ts';

async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${url}/?over=app`);
  await page.getByText('Connected', { exact: true }).waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

async function reads(page: Page, text: string): Promise<void> {
  await page.locator('.message').getByText(text, { exact: true }).waitFor();
}

const contents = (page: Page): Promise<string[]> =>
  page.locator('.message .content').allTextContents();

/** Engines of the test's own, which write everything down. */
const engines = [
  { name: 'Redis', isHere: isThere.cluster, make: redisEngine },
  { name: 'NATS', isHere: isThere.natsServer, make: natsEngine },
].filter(({ isHere }) => isHere);

describe.each(engines)('examples/05-cluster on $name in a browser, on two ports', ({ make }) => {
  let browser: Browser;
  let engine: DrilledEngine;
  let one: RunningExample;
  let other: RunningExample;

  const start = (port = '0'): Promise<RunningExample> => {
    const { options } = engine;
    const address = options.kind === 'nats' ? `nats://${options.servers}` : '';
    const url = options.kind === 'redis' ? options.url : address;
    const env = { HOST: '127.0.0.1', ENGINE_URL: url, PORT: port };
    return startExample('examples/05-cluster/node.ts', env);
  };

  beforeAll(async () => {
    engine = await make();
    [browser, one, other] = await Promise.all([launchBrowser(), start(), start()]);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await Promise.all([browser.close(), one.stop(), other.stop()]);
    await engine.end();
  });

  it('shows on one what is said on the other, and how many people are on both', async () => {
    const [onOne, onOther] = [await open(browser, one.url), await open(browser, other.url)];

    await say(onOne, 'Said on one');
    await reads(onOther, 'Said on one');
    await say(onOther, 'Said on the other');
    await reads(onOne, 'Said on the other');
    await onOne.getByText('2 people are here').waitFor();
    await onOther.getByText('2 people are here').waitFor();

    expect(new URL(onOne.url()).port).not.toBe(new URL(onOther.url()).port);
    expect(await contents(onOne)).toEqual(['Said on one', 'Said on the other']);
    expect(await contents(onOther)).toEqual(['Said on one', 'Said on the other']);
  });

  it('goes on when a process is gone: what was written meanwhile arrives when it is back', async () => {
    const [onOne, onOther] = [await open(browser, one.url), await open(browser, other.url)];
    await say(onOne, 'Before');
    await reads(onOther, 'Before');

    await one.stop();
    await onOne.getByText('The server is away.').first().waitFor();
    await say(onOne, 'Written while away');
    await say(onOther, 'Said meanwhile');
    one = await start(one.port);
    await onOne.getByRole('button', { name: 'Try now' }).click();
    await reads(onOther, 'Written while away');
    await reads(onOne, 'Said meanwhile');

    expect(await contents(onOne)).toEqual(await contents(onOther));
    expect((await contents(onOther)).slice(-3)).toEqual([
      'Before',
      'Said meanwhile',
      'Written while away',
    ]);
  });

  it('goes on when the engine is gone: what was said meanwhile is there when it is back', async () => {
    const [onOne, onOther] = [await open(browser, one.url), await open(browser, other.url)];
    await say(onOne, 'Before the restart');
    await reads(onOther, 'Before the restart');

    await engine.kill();
    await say(onOne, 'Said on one without it');
    await say(onOther, 'Said on the other without it');
    await engine.start();
    await reads(onOther, 'Said on one without it');
    await reads(onOne, 'Said on the other without it');
    await say(onOne, 'After the restart');
    await reads(onOther, 'After the restart');

    expect(await contents(onOne)).toEqual(await contents(onOther));
    expect((await contents(onOne)).at(-4)).toBe('Before the restart');
    expect((await contents(onOne)).at(-1)).toBe('After the restart');
  });
});
