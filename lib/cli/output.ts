/** Writes what a command has made. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Terminal } from './terminal.ts';
import { reasonOf, UsageError } from './usage-error.ts';

/** A file that is to be written; without a name its text goes to the standard output. */
export interface Output {
  readonly name: string | undefined;
  readonly text: string;
}

/**
 * Writes files, all of which are made before the first is written. One that stays the same is left
 * alone, so that no watcher wakes for it.
 * @throws UsageError when one cannot be written
 */
export async function write(outputs: readonly Output[], terminal: Terminal): Promise<void> {
  for (const { name, text } of outputs) {
    if (name === undefined) {
      terminal.out(text);
      continue;
    }
    const path = resolve(terminal.cwd, name);
    try {
      const before = await readFile(path, 'utf8').catch(() => undefined);
      if (before === text) {
        terminal.log(`${name} is up to date\n`);
        continue;
      }
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    } catch (error) {
      throw new UsageError(`${name} cannot be written: ${reasonOf(error)}`, { cause: error });
    }
    terminal.log(`${name} written\n`);
  }
}
