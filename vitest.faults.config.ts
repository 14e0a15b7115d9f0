import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const ours = [
  { find: /^express-omnimessage$/, replacement: here('lib/index.ts') },
  { find: /^express-omnimessage\/(.*)$/, replacement: `${here('lib')}/$1.ts` },
];

/** What is random is random by this: a run that failed can be had again. */
const seed = process.env['FAULTS_SEED'] ?? String(randomInt(2 ** 31));
const isLong = process.env['FAULTS'] === 'long';
process.stdout.write(`faults: ${isLong ? 'long' : 'short'} form, FAULTS_SEED=${seed}\n`);

const test = {
  env: { FAULTS: isLong ? 'long' : 'short', FAULTS_SEED: seed },
  testTimeout: isLong ? 900_000 : 60_000,
};

const express4 = { find: /^express$/, replacement: 'express-4' };
const expressWs8 = { find: /^express-ws$/, replacement: 'express-ws-8' };
/** These choose their stack themselves. */
const drills = 'spec/faults/drills*.spec.ts';
/** Has the types of both by itself. */
const projects = 'spec/faults/first-hour-projects.spec.ts';
/** attachWebSockets has the ws of its express-ws, so it is that which changes here. */
const attached = ['spec/faults/attach*.spec.ts'];

/** Every row on Express 5 and 4, and on ws 7 and 8: within the files, or by the alias. */
export default defineConfig({
  test: {
    ...test,
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: ours },
        test: {
          ...test,
          name: 'express 5',
          include: ['spec/faults/*.spec.ts'],
        },
      },
      {
        resolve: { alias: [...ours, express4] },
        test: {
          ...test,
          name: 'express 4',
          include: ['spec/faults/*.spec.ts'],
          exclude: [drills, projects],
        },
      },
      {
        resolve: { alias: [...ours, expressWs8] },
        test: { ...test, name: 'express 5, ws 8', include: attached },
      },
      {
        resolve: { alias: [...ours, express4, expressWs8] },
        test: { ...test, name: 'express 4, ws 8', include: attached },
      },
    ],
  },
});
