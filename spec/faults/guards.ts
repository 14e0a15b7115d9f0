/**
 * Takes each guard of the library out, one at a time, and runs the tests that must fail then: a
 * guard without such a test may be removed by mistake.
 *
 *     npm run test:guards            # all
 *     npm run test:guards -- origin  # those whose name or file contains one of the words
 *
 * It works in a copy of the tree, never in place. Exits with 1 when a guard is not caught, when it
 * has no tag, or when its tests fail with the guard in place.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { guardsBySpec } from './guard-list.ts';
import { findTags, type Tag, withoutGuard } from './guard-tags.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['lib', 'spec', 'examples', 'docs', 'dist'];
const COPIED_FILES = [
  'package.json',
  'PROTOCOL.md',
  'README.md',
  'tsconfig.json',
  'vitest.config.ts',
  'vitest.faults.config.ts',
];
/** Without its guard, code may also hang. */
const PATIENCE = 180_000;

/** A guard of the list, with its tags in the source. */
interface Guard {
  readonly name: string;
  readonly file: string;
  readonly tags: readonly Tag[];
  readonly spec: string;
  readonly test: string;
}

const tags = findTags(root);
const guards: readonly Guard[] = Object.entries(guardsBySpec).flatMap(([spec, list]) =>
  list.map(([name, test]) => {
    const own = tags.filter((tag) => tag.name === name);
    const file = own[0]?.file;
    if (file === undefined) throw new Error(`No tag "// guard: ${name}" stands in lib`);
    return { name, file, tags: own, spec, test };
  }),
);

type Verdict = 'caught' | 'not caught' | 'without tests' | 'hangs';

const WORDS: Readonly<Record<Verdict, string>> = {
  caught: 'caught by',
  hangs: 'caught (it hangs) by',
  'not caught': 'NOT CAUGHT by',
  'without tests': 'NO TESTS in',
};

/** A copy of the tree in which guards may be missing. */
class Copy {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'omni-guards-'));
    for (const name of COPIED) {
      await cp(join(root, name), join(folder, name), { recursive: true }).catch(ignoreMissing);
    }
    for (const name of COPIED_FILES) await cp(join(root, name), join(folder, name));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    return new Copy(folder);
  }

  /** Runs the guard's tests without it. */
  async without(guard: Guard): Promise<Verdict> {
    const file = join(this.#folder, guard.file);
    const whole = await readFile(file, 'utf8');
    const mutant = withoutGuard(whole, guard.tags);
    // What does not even parse would be caught by anything.
    await transform(mutant, { loader: 'ts' });
    await writeFile(file, mutant);
    try {
      return await this.run(guard.spec, guard.test);
    } finally {
      await writeFile(file, whole);
    }
  }

  /** Runs tests: those of a name, or all of the file. */
  run(spec: string, test: string, timeout = 15_000): Promise<Verdict> {
    const isFault = spec.startsWith('spec/faults/');
    const config = isFault ? 'vitest.faults.config.ts' : 'vitest.config.ts';
    const project = isFault ? 'express 5' : 'express 5, ws 7';
    const args = ['vitest', 'run', '--config', config, '--project', project];
    args.push(`--testTimeout=${timeout}`, '--bail=1', '--reporter=dot', '-t', test, spec);
    return new Promise((resolve) => {
      const child = spawn('npx', args, { cwd: this.#folder, detached: true });
      let output = '';
      const collect = (chunk: Buffer): void => {
        output += chunk.toString();
      };
      child.stdout.on('data', collect);
      child.stderr.on('data', collect);
      const timer = setTimeout(() => {
        // The group, for it is the worker that hangs.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        resolve('hangs');
      }, PATIENCE);
      child.on('close', (code) => {
        clearTimeout(timer);
        if (/No test files found|Tests +(?:\d+ skipped|no tests)/.test(plain(output))) {
          resolve('without tests');
        } else resolve(code === 0 ? 'not caught' : 'caught');
      });
    });
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function plain(output: string): string {
  // eslint-disable-next-line no-control-regex
  return output.replaceAll(/\u001b\[\d+m/g, '');
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** First with the guards in place, then without each. Two at a time. */
async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const chosen = guards.filter(
    ({ name, file }) =>
      words.length === 0 || words.some((word) => name.includes(word) || file.includes(word)),
  );
  const copies = [await Copy.make(), await Copy.make()];
  let faults = 0;
  const each = async <Item>(
    items: readonly Item[],
    act: (item: Item, copy: Copy) => Promise<void>,
  ): Promise<void> => {
    const left = [...items];
    await Promise.all(
      copies.map(async (copy) => {
        for (let item = left.shift(); item !== undefined; item = left.shift()) {
          await act(item, copy);
        }
      }),
    );
  };
  try {
    // A test that fails anyhow would catch everything.
    const specs = [...new Set(chosen.map(({ spec }) => spec))];
    await each(specs, async (spec, copy) => {
      // A busy machine is no fault.
      const verdict = await copy.run(spec, '', 60_000);
      if (verdict === 'not caught') return;
      faults += 1;
      say(`FAILS WITH ALL GUARDS IN PLACE (${verdict}): ${spec}`);
    });
    await each(faults > 0 ? [] : chosen, async (guard, copy) => {
      const verdict = await copy.without(guard);
      const isCaught = verdict === 'caught' || verdict === 'hangs';
      if (!isCaught) faults += 1;
      say(`${WORDS[verdict]} ${guard.spec} "${guard.test}"  <-  ${guard.name}`);
    });
  } finally {
    await Promise.all(copies.map((copy) => copy.remove()));
  }
  say(faults === 0 ? `All ${chosen.length} guards are caught` : `${faults} faults`);
  if (faults > 0 || chosen.length === 0) process.exitCode = 1;
}

await main();
