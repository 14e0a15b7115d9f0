/** The chat in two windows whose server is killed while both are typing, and comes back. */
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startExample } from '../support/example.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});

/** A window of a person of its own, and the subprotocols that it has offered. */
async function open(url: string): Promise<readonly [page: Page, offers: () => Promise<string[]>]> {
  const context = await browser.newContext({ locale: 'en-GB' });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(() => {
    const offers: string[] = [];
    Object.assign(globalThis, { offers });
    globalThis.WebSocket = class extends WebSocket {
      constructor(address: string | URL, protocols: string | string[] = []) {
        super(address, protocols);
        offers.push(...[protocols].flat());
      }
    };
  });
  await page.goto(url);
  await page.getByText('Connected', { exact: true }).waitFor();
  const offers = (): Promise<string[]> =>
    page.evaluate(() => (globalThis as unknown as { offers: string[] }).offers);
  return [page, offers];
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

describe.each(['ws', 'app'] as const)('the chat over %s, in two windows', (over) => {
  it('loses and repeats nothing that is said while its server is killed', async () => {
    const first = await startExample('examples/02-chat/server.ts');
    const { port } = first;
    const [one, offersOfOne] = await open(`${first.url}/?over=${over}`);
    const [other] = await open(`${first.url}/?over=${over}`);
    await say(one, 'before');
    await one.locator('.message.mine', { hasText: 'before' }).getByText('Sent').waitFor();

    const typing = [one, other].map(async (page, window) => {
      for (let n = 0; n < 8; n++) await say(page, `window ${window} number ${n}`);
    });
    await first.kill();
    await Promise.all(typing);
    const second = await startExample('examples/02-chat/server.ts', { PORT: port });
    onTestFinished(async () => {
      await second.stop();
    });
    await Promise.all(
      [one, other].map((page) => page.getByText('Connected', { exact: true }).waitFor()),
    );
    // What was said before the kill was in the memory of the server that is gone.
    const expected = [0, 1].flatMap((window) =>
      Array.from({ length: 8 }, (_, n) => `window ${window} number ${n}`),
    );
    const inStore = async (): Promise<string[]> => {
      const response = await fetch(`${second.url}/omni-http`, { method: 'POST', body: '[2,null]' });
      const [, all] = (await response.json()) as [0, { content: string }[]];
      return all.map(({ content }) => content);
    };
    for (const [page, window] of [
      [one, 0],
      [other, 1],
    ] as const) {
      // The last one says how it stands with all of them.
      const last = page.locator('.message.mine', { hasText: `window ${window} number 7` });
      await last.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });

      expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    }
    const stored = (await inStore()).filter((content) => content !== 'before');

    // Some may have been handled by the server that was killed: their answers came before it was.
    expect(new Set(stored).size).toBe(stored.length);
    expect(expected).toEqual(expect.arrayContaining(stored));
    expect(stored).toEqual(expect.arrayContaining(['window 0 number 7', 'window 1 number 7']));
    // The link has said where it goes on.
    const introductions = (await offersOfOne())
      .filter((offer) => offer.startsWith('omnimessage.1.'))
      .map((offer) => Buffer.from(offer.split('.').at(-1) ?? '', 'base64url').toString());
    expect(introductions.at(-1)).toMatch(/"resumes":true.*"from":\{"owner":"/);
  });
});
