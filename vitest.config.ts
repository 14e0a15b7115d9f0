import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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
  'spec/server/shortcut.spec.ts',
  'spec/http/route.spec.ts',
  'spec/websocket/handler.spec.ts',
  'spec/transports.spec.ts',
  'spec/lustre/websocket.spec.ts',
  'spec/lustre/sse.spec.ts',
];

const secondStack = 'express 4, ws 8';

/** What takes longest: engines that fail, programs that are started, compilers. */
const longest = [
  'spec/hub/redis/away.spec.ts',
  'spec/examples/cluster.spec.ts',
  'spec/cli/commands/new.spec.ts',
  'spec/hub/redis/session.spec.ts',
  'spec/hub/redis/cluster.spec.ts',
  'spec/lustre/sse-viewer.spec.ts',
  'spec/hub/deaf.spec.ts',
  'spec/connection/resume.model.spec.ts',
  'spec/codecs/codecs.spec.ts',
  'spec/http/route.spec.ts',
  'spec/documents.spec.ts',
  'spec/hub/redis/backplane.spec.ts',
  'spec/hub/redis/windows.spec.ts',
  'spec/hub/redis/servers.spec.ts',
  'spec/package.spec.ts',
  'spec/hub/clocks.spec.ts',
  'spec/application/leaks.spec.ts',
  'spec/lustre/conformance.spec.ts',
];

/** Begins with those, so that none is left at the end while the other workers have nothing to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ranks = new Map(longest.map((path, rank) => [here(path), rank]));
    const rankOf = ({ project, moduleId }: TestSpecification): number =>
      // The second stack last: a worker keeps what it has loaded as long as the project is the same.
      project.name === secondStack ? longest.length + 1 : (ranks.get(moduleId) ?? longest.length);
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

/** No spec leaves anything in its process: they share their workers, and what is loaded. */
const isolate = false;

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // Most of the time of the specs is spent in waiting for a clock or another process: on a small
    // machine it takes six files at a time to use its cores.
    maxWorkers: Math.max(6, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
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
          name: secondStack,
          include: overTheNetwork,
          isolate,
          env: { STACK: secondStack },
          testTimeout: 60_000,
        },
      },
    ],
  },
});
