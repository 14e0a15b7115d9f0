import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as codecs from '../lib/codecs.ts';
import * as index from '../lib/index.ts';

const entry = fileURLToPath(new URL('../lib/codecs.ts', import.meta.url));

describe('express-omnimessage/codecs', () => {
  it('exports what a page needs, and the main entry the same', () => {
    expect(Object.keys(codecs).sort()).toStrictEqual([
      'DecodeError',
      'schemaCodec',
      'structCodec',
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
    expect(outputFiles[0]!.contents.length).toBeLessThan(24_000);
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
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
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
});
