/**
 * The first view is in the HTML of the page, and the runtime takes it over: in no frame, and after no
 * mutation, is the component empty or another.
 */
import express from 'express';
import { attachWebSockets, effect } from 'express-omnimessage';
import {
  component,
  html,
  omniServerComponent,
  onClick,
  renderServerComponent,
  text,
} from 'express-omnimessage/lustre';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { deferred } from '../support/deferred.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { serve } from '../support/serve.ts';

const counter = component<number, number, 'more'>({
  init: (start) => [start, effect.none()],
  update: (count) => [count + 1, effect.none()],
  view: (count) =>
    html.div(
      [],
      [
        html.style([], 'output { color: rgb(1, 2, 3) }'),
        html.output([], [text(count)]),
        html.button([onClick('more')], [text('more')]),
      ],
    ),
});

/** Notes what the component shows, in each frame and after each change of its shadow root. */
const RECORDER = `
  const host = document.querySelector('lustre-server-component');
  globalThis.seen = [];
  globalThis.frames = 0;
  globalThis.mounted = Infinity;
  host.addEventListener('lustre:mount', () => { mounted = frames; });
  const note = () => {
    const output = host.shadowRoot?.querySelector('output');
    seen.push(output ? output.textContent + ' ' + getComputedStyle(output).color : 'nothing');
  };
  new MutationObserver(note).observe(host.shadowRoot, { childList: true, subtree: true, characterData: true });
  const frame = () => { frames += 1; note(); requestAnimationFrame(frame); };
  note();
  frame();`;

describeRuntime('a first view in the HTML, on the runtime $name', ({ script }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('is shown before the socket, and taken over without a flash', async () => {
    const connected = deferred<undefined>();
    const { app, server } = attachWebSockets(express());
    app.ws(
      '/counter',
      omniServerComponent({ component: counter, start: () => 7, context: () => connected.promise }),
    );
    app.get('/runtime.mjs', (_request, response) => {
      response.type('text/javascript').send(script);
    });
    app.get('/', (_request, response) => {
      const shown = renderServerComponent(counter, 7, { route: '/counter' });
      response
        .type('html')
        .send(
          `<!doctype html><body>${shown}<script>${RECORDER}</script>` +
            '<script type="module" src="/runtime.mjs"></script>',
        );
    });
    const page = await browser.newPage();
    await page.goto(await serve(server));
    await page.waitForFunction('frames > 10');
    connected.resolve(undefined);
    await page.waitForFunction('frames > mounted + 10');

    const before = await page.evaluate<readonly string[]>('seen');
    expect(new Set(before)).toEqual(new Set(['7 rgb(1, 2, 3)']));
    expect(before.length).toBeGreaterThan(20);

    await page.locator('button').click();
    await page.locator('output', { hasText: '8' }).waitFor();
    await page.waitForFunction(`seen.at(-1) === '8 rgb(1, 2, 3)'`);
    expect(new Set(await page.evaluate<readonly string[]>('seen'))).toEqual(
      new Set(['7 rgb(1, 2, 3)', '8 rgb(1, 2, 3)']),
    );
  });
});
