import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const ours = [
  { find: /^express-omnimessage$/, replacement: here('lib/index.ts') },
  { find: /^express-omnimessage\/(.*)$/, replacement: `${here('lib')}/$1.ts` },
];

/** What concerns HTTP and sockets: run once more on Express 4, with the ws 8 that some users give express-ws. */
const overTheNetwork = [
  'spec/server/attach.spec.ts',
  'spec/server/prototypes.spec.ts',
  'spec/server/shutdown.spec.ts',
  'spec/server/pending-socket.spec.ts',
  'spec/server/handshake.spec.ts',
  'spec/server/question.spec.ts',
  'spec/server/find-route.spec.ts',
  'spec/http/route.spec.ts',
  'spec/websocket/handler.spec.ts',
  'spec/transports.spec.ts',
  'spec/lustre/websocket.spec.ts',
  'spec/lustre/sse.spec.ts',
];

/** No spec leaves anything in its process: they share their workers, and what is loaded. */
const isolate = false;

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // Most of the time of the specs is spent in waiting for a clock or another process: on a small
    // machine it takes six files at a time to use its cores.
    maxWorkers: Math.max(6, availableParallelism() - 1),
    // Checked where coverage is asked for: in CI, and by `npm test -- --coverage`.
    coverage: {
      include: ['lib/**'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 92, functions: 91, branches: 85 },
    },
    projects: [
      {
        resolve: { alias: ours },
        test: {
          name: 'express 5, ws 7',
          include: ['spec/**/*.spec.ts'],
          exclude: ['spec/browser/**', 'spec/faults/**'],
          isolate,
          env: { STACK: 'express 5, ws 7' },
          testTimeout: 60_000,
        },
      },
      {
        resolve: {
          alias: [
            ...ours,
            { find: /^express$/, replacement: 'express-4' },
            { find: /^express-ws$/, replacement: 'express-ws-8' },
          ],
        },
        test: {
          name: 'express 4, ws 8',
          include: overTheNetwork,
          isolate,
          env: { STACK: 'express 4, ws 8' },
          testTimeout: 60_000,
        },
      },
    ],
  },
});
