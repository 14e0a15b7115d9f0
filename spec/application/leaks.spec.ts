import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../support/bundled.ts';

let drill: Awaited<ReturnType<typeof bundle>>;
beforeAll(async () => {
  drill = await bundle('spec/drills/application-leaks.ts');
});
afterAll(() => drill.remove());
/** How many connections; `DRILL=5000 npx vitest run spec/application-leaks.spec.ts` for more. */
const count = Number(process.env['DRILL'] ?? 500);
const seed = Math.floor(Math.random() * 2 ** 31);

interface Outcome {
  readonly begun: number;
  readonly updates: number;
  readonly acquired: number;
  readonly errors: number;
  readonly kept: number;
  readonly left: Record<string, number>;
}

describe('connections that are killed at random moments', () => {
  it.each([7, 8])(
    `leave nothing behind, on ws %i (seed ${seed})`,
    async (version) => {
      // It resolves when the process ends by itself with 0; at the timeout it is killed and rejects.
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--expose-gc', drill.path, String(count), String(seed), String(version)],
        { timeout: 30_000 + count * 30 },
      );
      const outcome = JSON.parse(stdout) as Outcome;

      expect(outcome.left).toEqual({
        programs: 0,
        resources: 0,
        models: 0,
        listeners: 0,
        subscriptions: 0,
        timers: 0,
      });
      // It would prove nothing if nothing had been begun.
      expect(outcome.begun).toBeGreaterThan(count / 10);
      expect(outcome.acquired).toBeGreaterThan(outcome.begun);
      expect(outcome.kept).toBe(outcome.begun);
      expect(outcome.updates).toBeGreaterThan(count / 10);
      expect(outcome.errors).toBeGreaterThan(0);
    },
    60_000 + count * 60,
  );
});
