import { defineConfig } from 'vitest/config';

/** What needs a browser: `npm run test:browser`. One file at a time, since windows share two cores. */
export default defineConfig({
  test: {
    include: ['spec/browser/**/*.spec.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
