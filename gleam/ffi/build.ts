/**
 * Builds the JavaScript of the Gleam package, which has the client in it: `npm run build:gleam`. It
 * is committed, because a Gleam package has no build of its own.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where it is committed. */
export const builtFile = here('../src/express_omnimessage_ffi.mjs');

/** @returns the JavaScript that belongs into {@link builtFile} */
export async function buildFfi(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here('transport.ts')],
    absWorkingDir: here('..'),
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    banner: { js: '// Built from ffi/transport.ts by `npm run build:gleam`: not to be edited.' },
  });
  return outputFiles.map(({ text }) => text).join('');
}

if (process.argv[1] === import.meta.filename) await writeFile(builtFile, await buildFfi());
