import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = new URL('../', import.meta.url);
const folder = new URL(`node_modules/.cache/documents-${process.pid}/`, root);
const tsc = createRequire(import.meta.url);

/** The documents whose TypeScript must compile, against the built package, as a user would. */
async function documents(): Promise<string[]> {
  const guides = await readdir(new URL('docs/', root)).catch(() => []);
  return [
    'README.md',
    ...guides.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
}

const options = {
  strict: true,
  target: 'es2023',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  noEmit: true,
};

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  let blocks = 0;
  for (const name of await documents()) {
    const text = await readFile(new URL(name, root), 'utf8');
    for (const [, code] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      blocks += 1;
      const file = `${name.replaceAll(/\W/g, '-')}-${blocks}.mts`;
      // `export {}` makes a module of a block without imports.
      await writeFile(new URL(file, folder), `${code}\nexport {};\n`);
    }
  }
  if (blocks < 5) throw new Error(`only ${blocks} examples were found`);
  await writeFile(
    new URL('tsconfig.json', folder),
    JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true }, include: ['*.mts'] }),
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the examples in the documents', () => {
  it.each([
    ['7', 'typescript/package.json'],
    ['5.9', 'typescript-5.9/package.json'],
  ])(
    'compile with TypeScript %s under strict',
    async (version, manifest) => {
      const { version: found } = tsc(manifest) as { version: string };
      expect(found.startsWith(version)).toBe(true);
      const compiler = new URL('bin/tsc', `file://${tsc.resolve(manifest)}`).pathname;

      const { stdout } = await run(process.execPath, [compiler, '-p', folder.pathname]).catch(
        (failure: { stdout: string }) => failure,
      );

      expect(stdout).toBe('');
    },
    60_000,
  );
});

describe('what is shown, anywhere, of onError', () => {
  it('prints no exchange: a request has cookies, and a cause what a client sent', async () => {
    const shown = ['README.md', 'PROTOCOL.md', ...(await documents())];
    for (const folderOf of ['lib', 'examples', 'gleam']) {
      const names = await readdir(new URL(`${folderOf}/`, root), { recursive: true });
      const sources = names.filter((name) => /\.(?:ts|tsx|md)$/.test(name));
      shown.push(...sources.map((name) => `${folderOf}/${name}`));
    }
    const printing: string[] = [];
    for (const name of shown) {
      const text = await readFile(new URL(name, root), 'utf8');
      if (/onError\b[^\n]*console\.(?:error|log|warn)(?!\()|console\.error\(error\)/.test(text)) {
        printing.push(name);
      }
    }

    expect(shown.length).toBeGreaterThan(200);
    expect(printing).toEqual([]);
  });
});
