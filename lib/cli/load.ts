/** Imports a file of the project that the command runs in. */
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ours from '../codecs.ts';
import { isRecord } from '../codecs/any-struct.ts';
import { reasonOf, UsageError } from './usage-error.ts';

/** A module of the project, and the codecs that made its structs. */
export interface Loaded {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The door of the copy that the module imports: only that knows the structs it made. */
  readonly codecs: Pick<typeof ours, 'definitionOf'>;
}

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);
const JAVASCRIPT = new Set(['.js', '.mjs', '.cjs']);

/**
 * Imports a module: `.js` always, `.ts` by the project's tsx, else by Node where it reads it.
 * @throws UsageError when there is no such file, or it cannot be imported
 */
export async function load(file: string, cwd: string): Promise<Loaded> {
  const path = resolve(cwd, file);
  await expectFile(path, file);
  const kind = extname(path);
  if (!TYPESCRIPT.has(kind) && !JAVASCRIPT.has(kind)) {
    throw new UsageError(`${file} is no module: expected a file that ends with .ts or .js`);
  }
  if (TYPESCRIPT.has(kind)) await readTypeScript(path, file);
  try {
    const module = (await import(pathToFileURL(path).href)) as Loaded['exports'];
    // What a CommonJS module exports is seen by its own name only where Node finds it in the text.
    const whole = module['default'];
    if (!isRecord(whole)) return { exports: module, codecs: await codecsOf(path) };
    const isTranslated = Object.hasOwn(whole, '__esModule');
    return { exports: { ...whole, ...module }, codecs: await codecsOf(path, isTranslated) };
  } catch (error) {
    throw new UsageError(`${file} cannot be imported: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Checks that there is a file.
 * @throws UsageError when there is none
 */
export async function expectFile(path: string, file: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no file ${file}`);
  if (!found.isFile()) throw new UsageError(`${file} is no file`);
}

/**
 * The project's tsx reads TypeScript, also where Node does (from 22.18 on): Node alone refuses the
 * `import` of a project of CommonJS.
 */
async function readTypeScript(path: string, file: string): Promise<void> {
  const tsx = resolved('tsx', path);
  // Importing it is what sets its hooks.
  if (tsx !== undefined) await import(pathToFileURL(tsx).href);
  const { features } = process as { readonly features: { readonly typescript?: unknown } };
  if (tsx !== undefined || typeof features.typescript === 'string') return;
  throw new UsageError(
    `Node ${process.versions.node} does not read ${file}: install tsx (npm install -D tsx), or use Node 22.18 or later`,
  );
}

/** @param isTranslated - whether tsx made CommonJS of the module, and then of all that it imports */
async function codecsOf(path: string, isTranslated = false): Promise<Loaded['codecs']> {
  const theirs = resolved('express-omnimessage/codecs', path);
  if (theirs === undefined) return ours;
  const door = (
    isTranslated ? createRequire(path)(theirs) : await import(pathToFileURL(theirs).href)
  ) as Partial<typeof ours>;
  return typeof door.definitionOf === 'function' ? { definitionOf: door.definitionOf } : ours;
}

/** The path of a package's file, as a module of the project finds it. */
function resolved(specifier: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}
