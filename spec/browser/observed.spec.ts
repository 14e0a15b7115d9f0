/** Attributes and properties of the element in the page, on Lustre's own runtime. */
import express from 'express';
import { attachWebSockets, effect } from 'express-omnimessage';
import { component, html, omniServerComponent, text } from 'express-omnimessage/lustre';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { serve } from '../support/serve.ts';

interface Model {
  readonly user: string;
  readonly tags: string;
}

const shown = component<undefined, Model, Partial<Model>>({
  init: () => [{ user: 'none', tags: 'none' }, effect.none()],
  update: (model, message) => [{ ...model, ...message }, effect.none()],
  view: ({ user, tags }) => html.output([], [text(`user ${user}, tags ${tags}`)]),
  options: {
    // HTML has lower case only.
    attributes: { userId: (user) => ({ user: user ?? 'gone' }) },
    properties: { myTags: (tags) => ({ tags: JSON.stringify(tags) }) },
  },
});

describeRuntime('what the page says to a component, on the runtime $name', ({ script }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('arrives, whatever letters its name has: an attribute, a property', async () => {
    const { app, server } = attachWebSockets(express());
    app.ws('/live', omniServerComponent({ component: shown, start: () => undefined }));
    app.get('/runtime.mjs', (_request, response) => {
      response.type('text/javascript').send(script);
    });
    app.get('/', (_request, response) => {
      response
        .type('html')
        .send(
          '<!doctype html><script type="module" src="/runtime.mjs"></script><body>' +
            '<lustre-server-component userId="Ada" route="/live"></lustre-server-component>',
        );
    });
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(await serve(server));
    const output = page.locator('output');

    await output.filter({ hasText: 'user Ada, tags none' }).waitFor();
    const host = page.locator('lustre-server-component');
    await host.evaluate((element) => {
      element.setAttribute('userId', 'Alan');
    });
    await output.filter({ hasText: 'user Alan' }).waitFor();
    await host.evaluate((element) => Object.assign(element, { myTags: ['a', 'b'] }));
    await output.filter({ hasText: 'tags ["a","b"]' }).waitFor();
    await host.evaluate((element) => {
      element.removeAttribute('userid');
    });
    await output.filter({ hasText: 'user gone' }).waitFor();

    expect(await output.textContent()).toBe('user gone, tags ["a","b"]');
  });
});
