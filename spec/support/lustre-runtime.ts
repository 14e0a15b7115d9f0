/** Lustre's own runtime: a file that every Lustre project has, and this one does not. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe } from 'vitest';

export interface RuntimeFile {
  readonly name: string;
  readonly path: string;
  readonly script: string;
}

/** `LUSTRE_RUNTIME` names the files, separated by colons. */
const files = (process.env['LUSTRE_RUNTIME'] ?? '')
  .split(':')
  .filter((path) => path !== '')
  .map((path): RuntimeFile => ({
    name: basename(path),
    path,
    script: readFileSync(path, 'utf8'),
  }));

if (files.length === 0) {
  process.stderr.write(
    'specs are SKIPPED: LUSTRE_RUNTIME does not say where lustre-server-component.mjs is\n',
  );
}
const none: RuntimeFile = { name: '(LUSTRE_RUNTIME is not set)', path: '', script: '' };

/** Describes what holds for each of the files. */
export const describeRuntimes = describe
  .runIf(files.length > 0)
  .each(files.length > 0 ? files : [none]);
/** Describes what is looked at with one of them, the last. */
export const describeRuntime = describe.runIf(files.length > 0).each([files.at(-1) ?? none]);
