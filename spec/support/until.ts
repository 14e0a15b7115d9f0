import { setTimeout as pause } from 'node:timers/promises';

/** Looks at a condition until it holds, up to 45 s: for what nobody tells of, like the work of a server. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limit = 45_000,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`${String(holds)} did not hold within ${limit} ms`);
    await pause(5);
  }
}
