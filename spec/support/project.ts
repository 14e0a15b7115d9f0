/** A project in a directory of its own, with the built package among its modules. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
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
  /** Runs `express-omnimessage`, in a process of its own. */
  readonly cli: (...args: string[]) => Promise<Ran>;
  /**
   * Runs it in one process for all commands of the project, which is much faster. There a module is
   * read only once, whatever is written later.
   */
  readonly command: (...args: string[]) => Promise<Ran>;
  /** The same, in a folder of the project. */
  readonly commandIn: (folder: string, ...args: string[]) => Promise<Ran>;
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
  const host = new CommandHost();
  return {
    directory,
    write,
    read: (name) => readFile(join(directory, name), 'utf8'),
    cli: (...args) => runIn(directory, process.execPath, [join(root, 'dist/cli/main.js'), ...args]),
    command: (...args) => host.run(directory, args),
    commandIn: (folder, ...args) => host.run(join(directory, folder), args),
    remove: async () => {
      host.end();
      await rm(directory, { recursive: true });
    },
  };
}

/** What runs in it: JavaScript, so that nothing but the built package has to be loaded. */
const HOST = `
  import { run } from ${JSON.stringify(join(root, 'dist/cli/run.js'))};

  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, args, cwd }) => {
    let [out, log] = ['', ''];
    const code = await run(args, {
      out: (text) => (out += text),
      log: (text) => (log += text),
      cwd,
    });
    process.send({ id, ran: { code, out, log } });
  });`;

/** A process that runs commands of the built package, started with the first. */
export class CommandHost {
  #process: ChildProcess | undefined;
  #count = 0;

  /** Runs `express-omnimessage` in this directory. */
  run(cwd: string, args: readonly string[]): Promise<Ran> {
    const host = (this.#process ??= spawn(process.execPath, ['--input-type=module', '-e', HOST], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }));
    const id = (this.#count += 1);
    return new Promise((resolve, reject) => {
      const answered = (answer: { readonly id: number; readonly ran: Ran }): void => {
        if (answer.id !== id) return;
        host.off('message', answered).off('exit', ended);
        resolve(answer.ran);
      };
      const ended = (code: number | null): void => {
        reject(new Error(`the process of the commands ended with ${code}: ${args.join(' ')}`));
      };
      host.on('message', answered).on('exit', ended);
      host.send({ id, args, cwd });
    });
  }

  end(): void {
    this.#process?.kill();
  }
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
