import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What needs a browser: `npm run test:browser`. One file at a time, since windows share two cores. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^express-omnimessage$/, replacement: here('lib/index.ts') },
      { find: /^express-omnimessage\/(.*)$/, replacement: `${here('lib')}/$1.ts` },
    ],
  },
  test: {
    include: ['spec/browser/**/*.spec.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
