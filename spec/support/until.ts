import { setTimeout as pause } from 'node:timers/promises';

/**
 * Looks at a condition until it holds, up to 45 s: for what nobody tells of, like the work of a server.
 * What has taken long already is looked at less often: some looks start a program.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limit = 45_000,
): Promise<void> {
  const begun = performance.now();
  while (!(await holds())) {
    const waited = performance.now() - begun;
    if (waited > limit) throw new Error(`${String(holds)} did not hold within ${limit} ms`);
    await pause(Math.min(Math.max(5, waited / 20), 50));
  }
}
