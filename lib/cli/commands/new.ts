/** `new`: a small project that its own two commands start and test. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readArguments } from '../arguments.ts';
import { lustreProject } from '../new/lustre.ts';
import { typescriptProject } from '../new/typescript.ts';
import { type Command, Exit } from '../terminal.ts';
import { reasonOf, UsageError } from '../usage-error.ts';

export const newProject: Command = {
  usage: 'DIRECTORY [--lustre]',
  summary: 'makes a project: a server, a page and a test; with --lustre the page is in Gleam',
  async run(args, terminal) {
    const { words, options } = readArguments(args, ['DIRECTORY'], { lustre: 'flag' });
    const [directory = ''] = words;
    const folder = resolve(terminal.cwd, directory);
    const name = basename(folder);
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
      throw new UsageError(
        `${name} is no name for a package: expected small letters, digits, . _ and -`,
      );
    }
    await expectEmpty(folder, directory);
    const make = options.lustre ? lustreProject : typescriptProject;
    const files = Object.entries(make(name, await ownVersion()));
    try {
      for (const [file, text] of files) {
        const path = join(folder, file);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text, { flag: 'wx' });
      }
    } catch (error) {
      throw new UsageError(`${directory} cannot be written: ${reasonOf(error)}`, { cause: error });
    }
    const page = options.lustre ? ' && npm run page' : '';
    terminal.log(
      `${directory}: ${files.length} files written\n\n  cd ${directory} && npm install${page} && npm start\n\n`,
    );
    return Exit.Done;
  },
};

/** Nothing is ever written over. */
async function expectEmpty(folder: string, directory: string): Promise<void> {
  let entries: readonly string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UsageError(`${directory} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
  if (entries.length > 0) throw new UsageError(`${directory} is there already, and not empty`);
}

/** The version of this package, which the project is to install. */
async function ownVersion(): Promise<string> {
  // From lib/cli/commands, and from dist/cli/commands.
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
