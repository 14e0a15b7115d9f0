import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { links } from './support/document-links.ts';

const run = promisify(execFile);
const root = new URL('../', import.meta.url).pathname;

interface Manifest {
  exports: Record<string, { default: string } | string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}
const manifest = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target !== 'string')
  .map(([entry]) => entry.replace('.', 'express-omnimessage'));

/** What a script of a user gets by a door of the package as it is published. */
interface Door {
  readonly names: readonly string[];
  /** Whether `require` gives the same as `import`. */
  readonly isSame: boolean;
}
let doors: Record<string, Door>;
beforeAll(async () => {
  const script = `(async () => {
    const doors = {};
    for (const entry of ${JSON.stringify(entries)}) {
      const imported = await import(entry);
      const names = Object.keys(imported).sort();
      const required = require(entry);
      const isSame = names.join() === Object.keys(required).sort().join()
        && names.every((name) => name === 'module.exports' || imported[name] === required[name]);
      doors[entry] = { names, isSame };
    }
    console.log(JSON.stringify(doors));
  })()`;
  const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', script], {
    cwd: root,
  });
  doors = JSON.parse(stdout) as typeof doors;
});
const namesOf = (entry: string): readonly string[] | undefined => doors[entry]?.names;

describe('the package', () => {
  it('has these public names, and no others', () => {
    expect(namesOf('express-omnimessage')).toEqual([
      'ApplicationError',
      'AuthorizeError',
      'BackplaneError',
      'BodyConsumedError',
      'CloseCode',
      'ContextError',
      'DecodeError',
      'DefinitionError',
      'EncodeError',
      'HandlerError',
      'HookError',
      'HubError',
      'OmniError',
      'RouteError',
      'RunawayError',
      'TimeoutError',
      'application',
      'attachWebSockets',
      'canonicalOf',
      'createHub',
      'definitionOf',
      'described',
      'dict',
      'effect',
      'hashOf',
      'jsonSchemaOf',
      'named',
      'nullable',
      'omniHttp',
      'omniHttpHandler',
      'omniSse',
      'omniWs',
      'omniWsApplication',
      'oneOf',
      'optional',
      'pipe',
      'recursive',
      'runMiddleware',
      'safeInteger',
      'schemaCodec',
      'serverOptions',
      'standardSchemaOf',
      'startApplication',
      'structCodec',
      'tuple',
      'tupleVariants',
      'variants',
    ]);
  });

  it('has these public names under /client, and no others', () => {
    expect(namesOf('express-omnimessage/client')).toEqual([
      'AskError',
      'anyWebSocket',
      'ask',
      'connect',
      'createStore',
      'http',
      'resume',
      'sse',
      'storedQueue',
      'webSocket',
    ]);
  });

  it('has these public names under /testing, and no others', () => {
    expect(namesOf('express-omnimessage/testing')).toEqual(['testClient']);
  });

  it('has these public names under /lustre, and no others', () => {
    expect(namesOf('express-omnimessage/lustre')).toEqual([
      'advanced',
      'attribute',
      'booleanAttribute',
      'classes',
      'component',
      'debounce',
      'decodeEvent',
      'element',
      'emit',
      'fragment',
      'html',
      'keyed',
      'map',
      'mathml',
      'memo',
      'namespaced',
      'noAttribute',
      'none',
      'omniServerComponent',
      'omniServerComponentSse',
      'on',
      'onBlur',
      'onChange',
      'onCheck',
      'onChoices',
      'onClick',
      'onDoubleClick',
      'onFocus',
      'onInput',
      'onKeyDown',
      'onKeyPress',
      'onKeyUp',
      'onMouseDown',
      'onMouseEnter',
      'onMouseLeave',
      'onMouseOut',
      'onMouseOver',
      'onMouseUp',
      'onSubmit',
      'preventDefault',
      'property',
      'provide',
      'renderServerComponent',
      'renderToString',
      'startServerComponent',
      'stopPropagation',
      'styles',
      'svg',
      'text',
      'throttle',
      'unsafeRawHtml',
    ]);
  });

  it.each(entries)('gives the same to import and to require of %s', (entry) => {
    expect(doors[entry]?.isSame).toBe(true);
  });

  it('takes express and superstruct from the user, and never a second copy', () => {
    expect(manifest.peerDependencies).toMatchObject({
      express: '^4.21.0 || ^5.0.0',
      superstruct: '^2.0.0',
    });
    expect(Object.keys(manifest.dependencies)).not.toContain('express');
    expect(Object.keys(manifest.dependencies)).not.toContain('superstruct');
    expect(manifest.peerDependenciesMeta).toMatchObject({ ws: { optional: true } });
  });

  it('brings the types that its own types speak of', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(
      expect.arrayContaining(['@types/express', '@types/express-ws', '@types/ws']),
    );
  });

  it('needs no ws of the user, and no redis', async () => {
    const require = createRequire(import.meta.url);
    const built = await readFile(require.resolve('express-omnimessage'), 'utf8');

    expect(built).not.toMatch(/from '(?:ws|redis)'/);
  });
});

describe('what is packed', () => {
  interface Packed {
    readonly size: number;
    readonly files: readonly { readonly path: string }[];
  }
  let packed: Packed;
  beforeAll(async () => {
    const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = await run('npm', pack, { cwd: root, maxBuffer: 2 ** 24 });
    [packed] = JSON.parse(stdout) as [Packed];
  }, 60_000);

  it('weighs no more than this: what makes it heavier says why', () => {
    expect(packed.size).toBeLessThanOrEqual(1_300_000);
  });

  it('E10: has what the links of its documents lead to', () => {
    const paths = new Set(packed.files.map(({ path }) => path));
    const isPacked = (to: string): boolean =>
      paths.has(to) ||
      (statSync(join(root, to)).isDirectory() &&
        packed.files.some(({ path }) => path.startsWith(normalize(`${to}/`))));

    const missing = links.filter(({ from, to }) => paths.has(from) && !isPacked(to));

    expect(paths.has('docs/codecs.md')).toBe(true);
    expect(missing).toEqual([]);
  });
});
