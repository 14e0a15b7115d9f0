/**
 * The library against the runtimes that Lustre ships. None of them is part of this repository:
 *
 *     LUSTRE_RUNTIME=/path/to/lustre-server-component.mjs npm run test:browser -- lustre
 *
 * Several paths are separated by colons; `LUSTRE_UPDATES` says how many updates each one gets.
 *
 * The runtimes of Lustre 5.5 put what comes into an empty fragment at the end of the element around
 * it. A view that is meant for them too begins its fragments with `none()`: so do these, for files
 * with 5.5 in their name.
 */
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import express from 'express';
import { attachWebSockets, effect } from 'express-omnimessage';
import { component, type Element, emit, omniServerComponent } from 'express-omnimessage/lustre';
import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type WebSocket } from 'ws';
import { encodeElement } from '../../lib/lustre/vdom/encode.ts';
import { launchBrowser } from '../support/browser.ts';
import { expected, type Hit } from '../support/lustre-expected.ts';
import { describeRuntimes, type RuntimeFile } from '../support/lustre-runtime.ts';
import { type Shape, Trees } from '../support/lustre-trees.ts';
import { viewOf } from '../support/lustre-views.ts';
import { serve } from '../support/serve.ts';

const UPDATES = Number(process.env['LUSTRE_UPDATES'] ?? 400);
const STEPS = 20;

/** What the page calls `fuzz`. */
const driver = await build({
  entryPoints: [fileURLToPath(new URL('fuzz-page.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'fuzz',
  target: 'chrome120',
});
const document = `<!doctype html>
<title>Fuzz</title>
<script type="module" src="/runtime.mjs"></script>
<body><script src="/fuzz.js"></script>`;

type Message = Hit | { readonly show: Shape; readonly step: number };

/** A server whose one view is changed by the test, and what the handlers in it said. */
async function serveShapes(runtime: RuntimeFile): Promise<{
  readonly url: string;
  readonly errors: unknown[];
  /** Shows a shape in the living element as a patch, in the fresh one as a mount. */
  readonly show: (shape: Shape, step: number) => void;
  /** Waits for so many handlers to be called, and gives what they said; what there is after 5 s. */
  readonly hits: (count: number) => Promise<Hit[]>;
}> {
  const { app, server } = attachWebSockets(express());
  const errors: unknown[] = [];
  const called = new EventEmitter();
  let hits: Hit[] = [];
  const view = (shape: Shape): Element<Hit> => viewOf(shape, runtime.name.includes('5.5'));
  let current: Shape = { is: 'none' };
  let dispatch: ((message: Message) => void) | undefined;
  let fresh: WebSocket | undefined;
  const live = component<Shape, Shape, Message>({
    init: (shape) => [
      shape,
      effect.from<Message>((send) => {
        dispatch = send;
      }),
    ],
    update: (shape, message) => {
      if ('show' in message) return [message.show, emit('step', message.step)];
      hits.push(message);
      called.emit('hit');
      return [shape, effect.none()];
    },
    view,
  });
  const onError = (error: unknown): undefined => void errors.push(error);
  app.ws('/live', omniServerComponent({ component: live, start: () => current, onError }));
  app.ws('/fresh', (socket) => {
    fresh = socket;
    // It says nothing; one that nobody listens to would be closed after a while.
    socket.on('message', () => {});
    mountFresh(socket, view(current));
  });
  app.get('/runtime.mjs', (_request, response) => {
    response.type('text/javascript').send(runtime.script);
  });
  app.get('/fuzz.js', (_request, response) => {
    response.type('text/javascript').send(driver.outputFiles[0]?.text);
  });
  app.get('/', (_request, response) => {
    response.type('html').send(document);
  });
  return {
    url: await serve(server),
    errors,
    show: (shape, step) => {
      current = shape;
      hits = [];
      if (step < 0) return;
      dispatch?.({ show: shape, step });
      if (fresh !== undefined) mountFresh(fresh, view(shape));
    },
    hits: async (count) => {
      const deadline = AbortSignal.timeout(5_000);
      while (hits.length < count && !deadline.aborted) {
        await once(called, 'hit', { signal: deadline }).catch(() => {});
      }
      return hits;
    },
  };
}

function mountFresh(socket: WebSocket, view: Element<Hit>): void {
  const mount = {
    kind: 0,
    open_shadow_root: true,
    will_adopt_styles: false,
    observed_attributes: [],
    observed_properties: [],
    requested_contexts: [],
    provided_contexts: {},
    vdom: encodeElement(view),
  };
  socket.send(JSON.stringify(mount));
}

/** Calls a function of the page's driver. */
function ask<Answer>(page: Page, name: string, ...args: readonly unknown[]): Promise<Answer> {
  return page.evaluate(`fuzz.${name}(${args.map((each) => JSON.stringify(each)).join()})`);
}

describeRuntimes('random views and updates, on the runtime $name', (runtime) => {
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await launchBrowser();
    context = await browser.newContext();
  });
  afterAll(() => browser.close());

  it(
    'show what a fresh mount shows, and reach every handler',
    async () => {
      const server = await serveShapes(runtime);
      const page = await context.newPage();
      await page.goto(server.url);
      await page.waitForFunction("customElements.get('lustre-server-component') !== undefined");
      const wrong: string[] = [];
      let updates = 0;
      let events = 0;
      for (let seed = 0; updates < UPDATES; seed += 1) {
        const trees = new Trees(seed);
        let shape = trees.view();
        server.show(shape, -1);
        await ask(page, 'start', '/live', '/fresh');
        for (let step = 0; step < STEPS; step += 1) {
          shape = trees.changed(shape);
          updates += 1;
          const { handlers, ...shown } = expected(shape);
          server.show(shape, step);
          const found = await ask<string[]>(page, 'check', step, { ...shown, handlers });
          const wanted = handlers.filter(({ debounce }) => debounce === 0).map(({ hit }) => hit);
          events += wanted.length;
          const hits = await server.hits(wanted.length);
          if (JSON.stringify(hits) !== JSON.stringify(wanted)) {
            found.push(`hits: ${JSON.stringify(hits)} instead of ${JSON.stringify(wanted)}`);
          }
          if (found.length > 0) {
            wrong.push(`seed ${seed}, step ${step}: ${found.join('\n')}`);
            // The page is not to be trusted from here on.
            break;
          }
        }
      }
      await page.close();

      // What a run is made for: it is read by whoever sets LUSTRE_RUNTIME.
      process.stdout.write(
        `${runtime.name}: ${updates} updates, ${wrong.length} mismatches, ${events} events\n`,
      );
      expect(wrong.slice(0, 3).join('\n\n')).toBe('');
      expect(server.errors).toEqual([]);
      expect(events).toBeGreaterThan(updates);
    },
    60_000 + UPDATES * 100,
  );
});
