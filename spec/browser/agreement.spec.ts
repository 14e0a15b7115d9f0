/**
 * Goal G32: whatever users do to inputs of every kind, on slow connections and beside each other,
 * page, model and a fresh mount agree once all is quiet, and nothing typed is lost.
 *
 *     LUSTRE_RUNTIME=… AGREEMENT=5000 npm run test:browser -- agreement
 *
 * `AGREEMENT` says how many scenarios, `AGREEMENT_SEED` with which they begin.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import express from 'express';
import { attachWebSockets } from 'express-omnimessage';
import {
  omniServerComponent,
  type ServerComponent,
  startServerComponent,
} from 'express-omnimessage/lustre';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { componentOf, type Message } from '../support/agreement-views.ts';
import { launchBrowser } from '../support/browser.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { serve } from '../support/serve.ts';

const SCENARIOS = Number(process.env['AGREEMENT'] ?? 60);
const SEED = Number(process.env['AGREEMENT_SEED'] ?? Date.now() % 1_000_000_000);
const WINDOWS = 2;
/** Scenarios at a time in one window. */
const TOGETHER = 25;
const DELAYS = [0, 20, 60, 200, 600];

const driver = await build({
  stdin: {
    contents: `export * from './agreement-page.ts'`,
    resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    loader: 'ts',
  },
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'agreement',
  target: 'chrome120',
  external: ['express-omnimessage', 'express-omnimessage/lustre', 'superstruct'],
  treeShaking: true,
});

describeRuntime('page and model, on the runtime $name', ({ script }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it(
    'agree once all is quiet, and nothing typed is lost',
    async () => {
      const { app, server } = attachWebSockets(express());
      const errors: unknown[] = [];
      const running = new Map<string, ServerComponent<Message>>();
      app.ws(
        '/live',
        omniServerComponent({
          shared: ({ url }) => {
            const seed = new URL(url ?? '/', 'http://a').searchParams.get('seed') ?? '0';
            const known = running.get(seed);
            if (known !== undefined && !known.signal.aborted) return known;
            const made = startServerComponent(componentOf(Number(seed)), undefined, {
              onError: (error) => void errors.push(error),
              idleTimeout: 1_000,
            });
            running.set(seed, made);
            return made;
          },
          onError: (error) => void errors.push(error),
        }),
      );
      app.get('/runtime.mjs', (_request, response) => {
        response.type('text/javascript').send(script);
      });
      app.get('/agreement.js', (_request, response) => {
        response.type('text/javascript').send(driver.outputFiles[0]?.text);
      });
      app.get('/', (_request, response) => {
        response.type('html').send(`<!doctype html><script src="/agreement.js"></script>
          <script type="module" src="/runtime.mjs"></script><body>`);
      });
      const url = await serve(server);
      const share = Math.ceil(SCENARIOS / WINDOWS);
      const found = await Promise.all(
        Array.from({ length: WINDOWS }, async (_, at) => {
          const page = await (await browser.newContext()).newPage();
          await page.goto(url);
          await page.waitForFunction("customElements.get('lustre-server-component') !== undefined");
          const wrong: string[] = [];
          for (let done = 0; done < share; done += TOGETHER) {
            const count = Math.min(TOGETHER, share - done);
            const from = SEED + at * share + done;
            const delay = Number(
              process.env['AGREEMENT_DELAY'] ?? DELAYS[(done / TOGETHER) % DELAYS.length],
            );
            wrong.push(
              ...(await page.evaluate<string[]>(`agreement.run(${from}, ${count}, ${delay})`)),
            );
          }
          return wrong;
        }),
      );
      const wrong = found.flat();
      process.stdout.write(
        `agreement: ${share * WINDOWS} scenarios from seed ${SEED}, ${wrong.length} mismatches\n`,
      );
      if (process.env['AGREEMENT_ALL']) process.stdout.write(wrong.join('\n\n'));
      expect(wrong.slice(0, 3).join('\n\n')).toBe('');
      expect(errors).toEqual([]);
    },
    120_000 + SCENARIOS * 400,
  );
});
