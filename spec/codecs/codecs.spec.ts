import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as codecs from '../../lib/codecs.ts';
import * as index from '../../lib/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = join(root, 'lib/codecs.ts');

describe('express-omnimessage/codecs', () => {
  it('exports the same to a page as the main entry', () => {
    expect(Object.keys(codecs).sort()).toStrictEqual([
      'DecodeError',
      'DefinitionError',
      'canonicalOf',
      'definitionOf',
      'described',
      'dict',
      'hashOf',
      'jsonSchemaOf',
      'named',
      'nullable',
      'oneOf',
      'optional',
      'recursive',
      'safeInteger',
      'schemaCodec',
      'standardSchemaOf',
      'structCodec',
      'tuple',
      'tupleVariants',
      'variants',
    ]);
    expect(index).toMatchObject(codecs);
  });

  it('is bundled for a browser without Express, ws or anything of Node', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      metafile: true,
      minify: true,
      platform: 'browser',
      write: false,
    });

    const packages = Object.keys(metafile.inputs)
      .filter((path) => path.includes('node_modules'))
      .map((path) => path.replace(/.*node_modules\/([^/]+).*/, '$1'));
    expect(new Set(packages)).toStrictEqual(new Set(['superstruct']));
    expect(outputFiles[0]!.text).not.toMatch(/node:|require\(/);
  });

  it('costs a page with a struct codec nothing that only tools need', async () => {
    const { metafile, outputFiles } = await build({
      stdin: {
        contents: `export { structCodec, variants, tupleVariants } from ${JSON.stringify(entry)};`,
        resolveDir: join(root, 'spec'),
      },
      bundle: true,
      format: 'esm',
      metafile: true,
      minify: true,
      platform: 'browser',
      write: false,
    });

    const [output] = Object.values(metafile.outputs);
    const files = Object.entries(output!.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path.replace(/.*codecs\//, ''));
    for (const tool of ['definition', 'json-schema', 'constraints', 'certainty', 'canonical']) {
      expect(files).not.toContain(`${tool}.ts`);
    }
    expect(outputFiles[0]!.contents.length).toBeLessThan(18_000);
  });

  it('runs where nothing of Node is', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { structCodec, tupleVariants, DecodeError } from ${JSON.stringify(entry)};
          import { string, literal } from 'superstruct';
          const Message = tupleVariants({ 1: string(), 2: literal(null) });
          const codec = structCodec({ incoming: Message, outgoing: Message });
          const said = [codec.encode(codec.decode('[2]')), codec.encode('else')];
          try { codec.decode('[3]'); } catch (error) { said.push(error instanceof DecodeError, error.message); }
          globalThis.said = JSON.stringify(said);
        `,
        resolveDir: join(root, 'spec'),
      },
      bundle: true,
      format: 'iife',
      platform: 'browser',
      write: false,
    });
    // A context of its own has the language's globals, and none of Node's.
    const runner = `
      const { createContext, runInContext } = require('node:vm');
      const page = createContext({});
      runInContext(require('node:fs').readFileSync(0, 'utf8'), page);
      process.stdout.write(page.said);
    `;

    const said = execFileSync(process.execPath, ['-e', runner], {
      input: outputFiles[0]!.text,
      encoding: 'utf8',
    });

    expect(JSON.parse(said)).toStrictEqual(['[2,null]', null, true, 'at 0: expected one of 1, 2']);
  });

  // `npm run lint` checks the same files, and their type tests, with TypeScript 7.
  it('compiles under strict with TypeScript 5.9, and has the same types there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'codecs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = ['variants', 'tuple-variants', 'struct-codec', 'schema-codec'];
    const project = join(folder, 'tsconfig.json');
    writeFileSync(
      project,
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { paths: {}, types: [join(root, 'node_modules/@types/node')] },
        include: [],
        files: files.map((name) => join(root, `spec/codecs/${name}.spec.ts`)),
      }),
    );

    const tsc = join(root, 'node_modules/typescript-5.9/lib/tsc.js');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], {
      encoding: 'utf8',
    });

    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 60_000);
});
