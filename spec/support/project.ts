/** A project in a directory of its own, with the built package among its modules. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;

/** What a command printed, and the code that it exited with. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly log: string;
}

export interface Project {
  readonly directory: string;
  readonly write: (name: string, text: string) => Promise<void>;
  readonly read: (name: string) => Promise<string>;
  /** Runs `express-omnimessage`. */
  readonly cli: (...args: string[]) => Promise<Ran>;
  readonly remove: () => Promise<void>;
}

/**
 * Makes a project.
 * @param modules - the packages that it has installed, beside this one
 */
export async function makeProject(modules: readonly string[] = ['superstruct']): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'omnimessage-'));
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  };
  await write('package.json', '{"type":"module"}');
  await mkdir(join(directory, 'node_modules'));
  await symlink(root, join(directory, 'node_modules/express-omnimessage'));
  for (const name of modules) {
    await symlink(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  }
  return {
    directory,
    write,
    read: (name) => readFile(join(directory, name), 'utf8'),
    cli: (...args) => runIn(directory, process.execPath, [join(root, 'dist/cli/main.js'), ...args]),
    remove: () => rm(directory, { recursive: true }),
  };
}

/** Runs a program, whatever it exits with. */
export async function runIn(
  directory: string,
  program: string,
  args: readonly string[],
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: directory }, (error, out, log) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, log });
    });
  });
}
