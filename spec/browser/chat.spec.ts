import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Browser,
  type BrowserContextOptions,
  type Page,
  type WebSocketRoute,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type RunningExample, startExample } from '../support/example.ts';
import { faintTexts } from './contrast.ts';

let browser: Browser;
let example: RunningExample;

beforeAll(async () => {
  [browser, example] = await Promise.all([launchBrowser(), startExample('npm start')]);
});
afterAll(async () => {
  await browser.close();
  await example.stop();
});

// Each test begins in an empty room, with windows of its own.
beforeEach(async () => {
  const [, all] = (await ask('[2,null]')) as [0, { id: string }[]];
  for (const { id } of all) await ask(JSON.stringify([1, id]));
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

async function ask(body: string): Promise<unknown> {
  return (await fetch(`${example.url}/omni-http`, { method: 'POST', body })).json();
}

/** A window of a person of its own, over one of the transports. */
async function open(
  over: 'http' | 'ws' | 'app',
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = () => Promise.resolve(),
): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await prepare(page);
  await page.goto(`${example.url}/?over=${over}`);
  await page.getByText('Connected', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Waits until a message stands there. */
async function reads(page: Page, text: string): Promise<void> {
  await page.locator('.message').getByText(text, { exact: true }).waitFor();
}

/** Waits until a message of one's own has this status. Of several, only the last one shows it. */
async function has(page: Page, text: string, status: string): Promise<void> {
  await page
    .locator('.message.mine', { hasText: text })
    .getByText(status, { exact: true })
    .waitFor({ state: 'attached' });
}

const contents = (page: Page): Promise<string[]> =>
  page.locator('.message .content').allTextContents();

describe.each(['http', 'ws'] as const)('the chat that has to ask (%s)', (over) => {
  it('sends at once, and shows what others sent when it asks', async () => {
    const one = await open(over);
    // Its ten seconds are over when we say so.
    const other = await open(over, {}, (fresh) => fresh.clock.install());
    await other.clock.pauseAt(Date.now() + 1_000);

    await say(one, 'Good morning');
    await has(one, 'Good morning', 'Sent');
    expect(await contents(other)).toEqual([]);
    await other.getByRole('button', { name: 'Look for new messages' }).click();
    await reads(other, 'Good morning');
    await say(one, 'Good night');
    await has(one, 'Good night', 'Sent');
    expect(await contents(other)).toEqual(['Good morning']);
    await other.clock.runFor(10_000);

    await reads(other, 'Good night');
    expect(await other.locator('.mine').count()).toBe(0);
  });
});

describe('the chat over HTTP', () => {
  it('shows a message as "Sending…" until the answer has come', async () => {
    const page = await open('http');
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/omni-http', async (route) => {
      await held;
      await route.continue();
    });

    await say(page, 'Slow road');
    await has(page, 'Slow road', 'Sending…');
    expect(await contents(page)).toEqual(['Slow road']);
    answer();

    await has(page, 'Slow road', 'Sent');
    expect(await contents(page)).toEqual(['Slow road']);
  });

  it('sends again by itself what was not answered, and shows in the end that it was not sent', async () => {
    const page = await open('http');
    let tries = 0;
    await page.route('**/omni-http', (route) => {
      const isFirst = route.request().postData()?.includes('First') === true;
      if (!isFirst || (tries += 1) > 3) return route.continue();
      return route.fulfill({ status: 500 });
    });

    await say(page, 'First');
    await has(page, 'First', 'Not sent');
    expect(tries).toBe(3);
    await say(page, 'Second');
    await has(page, 'Second', 'Sent');
    await page.getByRole('button', { name: 'Try again' }).click();

    await has(page, 'First', 'Sent');
    expect(await contents(page)).toEqual(['Second', 'First']);
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });
});

describe('the chat as an application', () => {
  it('shows at once in the other window what one does, who wrote it, and how many are here', async () => {
    const one = await open('app');
    const other = await open('app');
    await one.getByText('2 people are here').waitFor();
    await other.getByText('2 people are here').waitFor();

    await one.getByLabel('Your name').fill('Ada');
    await say(one, '<b>Good evening</b>\n🐝 Grüße');
    await reads(other, '<b>Good evening</b>\n🐝 Grüße');
    expect(await other.locator('.message .author').textContent()).toBe('Ada');
    await say(other, 'And to you');
    await reads(one, 'And to you');
    await one.getByRole('button', { name: 'Delete “And to you”' }).click({ force: true });

    await other.getByText('And to you', { exact: true }).waitFor({ state: 'detached' });
    expect(await contents(one)).toEqual(await contents(other));
    await other.context().close();
    await one.getByText('Only you are here').waitFor();
  });

  it('goes on over another transport when one switches, and over that one after a reload', async () => {
    const page = await open('app');
    await say(page, 'by application');
    await has(page, 'by application', 'Sent');

    await page.getByRole('radio', { name: 'HTTP' }).check({ force: true });
    await page.getByText('Connected', { exact: true }).waitFor();
    await say(page, 'by HTTP');
    await has(page, 'by HTTP', 'Sent');
    await page.getByRole('radio', { name: 'WebSocket' }).check({ force: true });
    await page.getByText('Connected', { exact: true }).waitFor();
    await say(page, 'by WebSocket');
    await has(page, 'by WebSocket', 'Sent');
    const socket = page.waitForEvent('websocket');
    await page.reload();

    expect((await socket).url()).toBe(`${example.url.replace('http', 'ws')}/omni-pipe-ws`);
    await has(page, 'by application', 'Sent');
    expect(await contents(page)).toEqual(['by application', 'by HTTP', 'by WebSocket']);
    expect(await page.locator('.mine').count()).toBe(3);
  });
});

describe('the chat whose server is away', () => {
  it.each(['http', 'ws', 'app'] as const)(
    'shows it, comes back by itself, and has what was written meanwhile once (%s)',
    async (over) => {
      const page = await open(over);
      await say(page, 'before');
      await has(page, 'before', 'Sent');
      const { port } = example;

      await example.stop();
      await say(page, 'into the silence');
      await page.getByText('The server is away.').waitFor();
      await say(page, 'this too');
      await has(page, 'this too', 'Sending…');
      example = await startExample('npm start', { PORT: port });

      await has(page, 'this too', 'Sent');
      await page.getByText('Connected', { exact: true }).waitFor();
      expect(await page.getByText('The server is away.').isVisible()).toBe(false);
      // The server keeps its messages in memory: what it had before is gone.
      expect(await contents(page)).toEqual(['into the silence', 'this too']);
      const other = await open('app');
      await reads(other, 'this too');
      expect(await contents(other)).toEqual(['into the silence', 'this too']);
    },
  );

  it('keeps what was written also when the page is loaded anew', async () => {
    const page = await open('app');
    const { port } = example;

    await example.stop();
    await say(page, 'into the silence');
    await has(page, 'into the silence', 'Sending…');
    await page.reload().catch(() => {});
    example = await startExample('npm start', { PORT: port });
    // A reload without a server leaves an error page, from which one comes back.
    await page.goto(`${example.url}/?over=app`);

    await has(page, 'into the silence', 'Sent');
    expect(await contents(page)).toEqual(['into the silence']);
  });
});

describe('the chat whose connection is not as it should be', () => {
  /** Puts this between page and server: it gets every frame of the page. */
  const through =
    (pass: (frame: string, ways: Ways) => void) =>
    (page: Page): Promise<void> =>
      page.routeWebSocket(/omni-/, (near) => {
        const far = near.connectToServer();
        near.onMessage((frame) => {
          pass(String(frame), { near, far });
        });
      });
  interface Ways {
    readonly near: WebSocketRoute;
    readonly far: WebSocketRoute;
  }

  it('does not repeat a message that was too large, and goes on', async () => {
    const page = await open(
      'ws',
      {},
      through((frame, { near, far }) => {
        if (frame.includes('poison')) void near.close({ code: 1009, reason: 'too-large' });
        else far.send(frame);
      }),
    );

    await say(page, 'poison');
    await has(page, 'poison', 'Not sent');
    await say(page, 'bread');
    await has(page, 'bread', 'Sent');

    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(1);
  });

  it('does not come back by itself to a server that refuses it, but when a person tries', async () => {
    let connections = 0;
    const page = await open('app', {}, (fresh) =>
      fresh.routeWebSocket(/omni-/, (near) => {
        connections += 1;
        if (connections === 2) void near.close({ code: 4403, reason: 'forbidden' });
        else {
          const far = near.connectToServer();
          near.onMessage((frame) => {
            if (String(frame).includes('away with me')) void near.close({ code: 1001 });
            else far.send(frame);
          });
        }
      }),
    );

    await say(page, 'away with me');
    await page.getByText('The server does not let this page in.').waitFor();
    await page.getByRole('button', { name: /Delete “away/ }).click({ force: true });
    expect(connections).toBe(2);
    await page.getByRole('button', { name: 'Try now' }).click();

    await page.getByText('Connected', { exact: true }).waitFor();
    expect(connections).toBe(3);
    expect(await contents(page)).toEqual([]);
  });

  it('ignores what a newer server sends', async () => {
    const page = await open('app', {}, (fresh) =>
      fresh.routeWebSocket(/omni-/, (near) => {
        near.send('[7,{"weather":"sunny"}]');
        near.send('nonsense');
        near.connectToServer();
      }),
    );

    await say(page, 'Hello');
    await has(page, 'Hello', 'Sent');

    await page.getByText('Only you are here').waitFor();
    expect(await contents(page)).toEqual(['Hello']);
  });
});

describe('the page of the chat', () => {
  it('can be used with the keyboard alone', async () => {
    const page = await open('app');
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    /** Tab by tab, to what has this name. */
    const tabTo = async (name: string): Promise<void> => {
      for (let steps = 0; steps < 20; steps++) {
        await press('Tab');
        const focus = page.locator(':focus');
        if ((await focus.count()) === 0) continue;
        const found = await focus.evaluate(
          (element) =>
            element.getAttribute('aria-label') ??
            (element as { labels?: ArrayLike<Element> }).labels?.[0]?.textContent ??
            element.textContent,
        );
        if ((found ?? '').trim().startsWith(name)) return;
      }
      throw new Error(`no way to ${name} by Tab`);
    };

    await page.keyboard.type('one');
    await press('Shift+Enter');
    await page.keyboard.type('two');
    await press('Enter');
    await has(page, 'one', 'Sent');
    expect(await contents(page)).toEqual(['one\ntwo']);
    await page.keyboard.type('three');
    await press('Enter');
    await has(page, 'three', 'Sent');
    await page.locator('body').evaluate((body) => {
      body.querySelector<HTMLElement>(':focus')?.blur();
    });
    await tabTo('Application');
    await press('ArrowUp');
    await page.getByText('Connected', { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('over')).toBe('ws');
    await tabTo('Delete “one two”');
    await press('Enter');
    await page.locator('.message', { hasText: 'one' }).waitFor({ state: 'detached' });

    // The focus is where one can go on: on the next message.
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Delete “three”');
    expect(
      await page.locator(':focus').evaluate((focus) => getComputedStyle(focus).outlineStyle),
    ).toBe('solid');
  });

  it('tells a screen reader what is what', async () => {
    const page = await open('app');
    await say(page, 'Hello');
    await has(page, 'Hello', 'Sent');

    const tree = await page.locator('body').ariaSnapshot();

    for (const line of [
      '- heading "Common room" [level=1]',
      '- group "How messages travel"',
      '- radio "Application" [checked]',
      '- status: Connected',
      '- status: Only you are here',
      '- log "Messages"',
      '- button "Delete “Hello”"',
      '- textbox "Message"',
      '- button "Send"',
    ]) {
      expect(tree).toContain(line);
    }
    expect(tree).toContain('You:');
    // What is new is read out; what was said before one came is not.
    expect(await page.getByRole('log').getAttribute('aria-relevant')).toBe('additions');
    expect(await page.getByRole('log').getAttribute('aria-live')).toBe('polite');
    expect(await (await fetch(example.url)).text()).toMatch(/role="log"\s+aria-live="off"/);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it.each(['light', 'dark'] as const)(
    'has contrast enough everywhere (%s)',
    async (colorScheme) => {
      const page = await open('app', { colorScheme, reducedMotion: 'reduce' });
      await say(page, 'Hello');
      await has(page, 'Hello', 'Sent');
      for (const over of ['http', 'ws', 'app']) {
        await page.locator(`[value="${over}"]`).check({ force: true });
        await page.getByText('Connected', { exact: true }).waitFor();

        expect(await page.evaluate(faintTexts)).toEqual([]);
      }
      // And what one sees on a bad day: not sent, sending, away.
      await page.locator('[value="http"]').check({ force: true });
      await page.getByText('Connected', { exact: true }).waitFor();
      await page.route('**/omni-http', (route) =>
        route.request().postData()?.includes('Refused') === true
          ? route.fulfill({ status: 500 })
          : route.continue(),
      );
      await say(page, 'Refused');
      await has(page, 'Refused', 'Not sent');
      await page.route('**/omni-http', (route) => route.abort());
      await say(page, 'Waiting');
      await page.getByText('The server is away.').waitFor();
      await has(page, 'Waiting', 'Sending…');

      expect(await page.evaluate(faintTexts)).toEqual([]);
    },
  );

  it.each([
    ['a phone', 320, 568],
    ['a phone on its side', 640, 360],
    // WCAG 2.2, 1.4.10
    ['a page at 400 %', 320, 256],
  ])('fits %s, also with a long word and long messages, and many', async (_what, wide, high) => {
    const page = await open('app', {
      viewport: { width: wide, height: high },
      isMobile: true,
      hasTouch: true,
    });
    await say(page, 'x'.repeat(300));
    await say(page, 'A long message. '.repeat(60).trim());
    for (let line = 1; line <= 12; line++) await say(page, `line ${line}`);
    await page.locator('.message.mine[data-status="2"]').nth(13).waitFor();

    const sizes = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      high: document.documentElement.scrollHeight,
      desk: document.querySelector('#composer')?.getBoundingClientRect().bottom,
      apart: [...document.querySelectorAll('.hall > *, .way, .door > *')].every((one, _at, all) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return all.every((other) => {
          const box = other.getBoundingClientRect();
          const isOver =
            box.left < right && left < box.right && box.top < bottom && top < box.bottom;
          return !isOver || one.contains(other) || other.contains(one);
        });
      }),
      touch: Math.min(
        ...[...document.querySelectorAll('button, .way')]
          .map((element) => element.getBoundingClientRect())
          .filter(({ width }) => width > 0)
          .map(({ height }) => height),
      ),
    }));

    expect(sizes).toMatchObject({ wide, high, desk: high, apart: true });
    // WCAG 2.2, 2.5.8
    expect(sizes.touch).toBeGreaterThanOrEqual(24);
  });

  it('stays where one reads when others write, and leads to the end', async () => {
    const one = await open('app', { viewport: { width: 900, height: 420 } });
    const other = await open('app');
    for (let line = 1; line <= 12; line++) await say(other, `line ${line}`);
    await reads(one, 'line 12');
    await one.locator('#wall').evaluate((wall) => {
      wall.scrollTop = 0;
    });

    await say(other, 'the news');
    await one.getByRole('button', { name: 'New messages' }).click();

    await one.getByRole('button', { name: 'New messages' }).waitFor({ state: 'hidden' });
    const rest = await one
      .locator('#wall')
      .evaluate((wall) => wall.scrollHeight - wall.scrollTop - wall.clientHeight);
    expect(rest).toBeLessThan(2);
  });
});

describe('the picture of the chat', () => {
  // SCREENSHOTS=1 makes those of the README anew.
  let folder: string;
  beforeAll(async () => {
    folder =
      process.env['SCREENSHOTS'] === '1'
        ? fileURLToPath(new URL('../../docs/images/', import.meta.url))
        : await mkdtemp(join(tmpdir(), 'chat-'));
    await mkdir(folder, { recursive: true });
  });
  afterAll(async () => {
    if (folder.startsWith(tmpdir())) await rm(folder, { recursive: true });
  });

  it.each([
    ['light', 'chat.png'],
    ['dark', 'chat-dark.png'],
  ] as const)('is taken of two windows (%s)', async (colorScheme, name) => {
    const desk = await open('app', {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1180, height: 760 },
    });
    const phone = await open('app', {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 390, height: 760 },
      hasTouch: true,
      isMobile: true,
    });
    const lines: [Page, string][] = [
      [phone, 'Is the kettle on?'],
      [desk, 'Two minutes. Bring the good biscuits.'],
      [desk, 'And the map, I want to show you where the path goes.'],
      [phone, 'The one with the coffee on it?'],
      [desk, 'That coffee is the lake.'],
      [phone, 'On my way'],
    ];
    for (const [page, text] of lines) {
      await say(page, text);
      await reads(page === desk ? phone : desk, text);
    }
    await desk.getByText('2 people are here').waitFor();
    await Promise.all([desk, phone].map((page) => page.evaluate(() => document.fonts.ready)));

    const pictures = [await desk.screenshot(), await phone.screenshot()] as const;
    const both = await sideBySide(pictures, colorScheme);
    const path = join(folder, name);
    await both.screenshot({ path, omitBackground: true });

    const { size } = await stat(path);
    expect(size).toBeGreaterThan(20_000);
  });

  /** A page with two windows on it, as one picture for the README. */
  async function sideBySide(
    pictures: readonly Buffer[],
    colorScheme: 'light' | 'dark',
  ): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1666, height: 824 } });
    const page = await context.newPage();
    const edge = colorScheme === 'light' ? '#0002' : '#fff3';
    const images = pictures
      .map((picture) => `<img src="data:image/png;base64,${picture.toString('base64')}">`)
      .join('');
    await page.setContent(
      `<style>body { margin: 32px; display: flex; gap: 32px; background: transparent }
        img { border-radius: 20px; box-shadow: 0 0 0 1px ${edge}, 0 10px 24px #0003; height: 760px }</style>${images}`,
    );
    return page;
  }
});
