/** Programs of the specs, as one file of JavaScript: a process that reads TypeScript starts a second later. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Bundles a program and what it imports of the repository. Packages are left to Node.
 * @param program - its path from the root of the repository
 */
export async function bundle(
  program: string,
): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  // Within the repository, where Node finds the packages.
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'bundled-'));
  const path = join(folder, 'program.mjs');
  await build({
    entryPoints: [join(root, program)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: path,
  });
  return { path, remove: () => rm(folder, { recursive: true }) };
}
