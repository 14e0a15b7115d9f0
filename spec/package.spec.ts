import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = new URL('../', import.meta.url).pathname;

/** What a script of a user prints who has the package as it is published. */
async function printed(type: 'commonjs' | 'module', code: string): Promise<string> {
  const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', code], {
    cwd: root,
  });
  return stdout.trim();
}

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

describe('the package', () => {
  it('has these public names, and no others', async () => {
    const names = await printed(
      'module',
      "console.log(Object.keys(await import('express-omnimessage')).sort().join(' '))",
    );

    expect(names.split(' ')).toEqual([
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

  it('has these public names under /client, and no others', async () => {
    const names = await printed(
      'module',
      "console.log(Object.keys(await import('express-omnimessage/client')).sort().join(' '))",
    );

    expect(names.split(' ')).toEqual([
      'AskError',
      'connect',
      'createStore',
      'http',
      'resume',
      'sse',
      'storedQueue',
      'webSocket',
    ]);
  });

  it('has these public names under /testing, and no others', async () => {
    const names = await printed(
      'module',
      "console.log(Object.keys(await import('express-omnimessage/testing')).sort().join(' '))",
    );

    expect(names.split(' ')).toEqual(['testClient']);
  });

  it('has these public names under /lustre, and no others', async () => {
    const names = await printed(
      'module',
      "console.log(Object.keys(await import('express-omnimessage/lustre')).sort().join(' '))",
    );

    expect(names.split(' ')).toEqual([
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

  it.each(entries)('gives the same to import and to require of %s', async (entry) => {
    const same = `console.log(Object.keys(imported).sort().join() === Object.keys(require('${entry}')).sort().join()
      && Object.keys(imported).every((name) => name === 'module.exports' || imported[name] === require('${entry}')[name]))`;

    expect(await printed('commonjs', `import('${entry}').then((imported) => { ${same} })`)).toBe(
      'true',
    );
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

  it('weighs no more than this, packed: what makes it heavier says why', async () => {
    const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = await run('npm', pack, { cwd: root, maxBuffer: 2 ** 24 });
    const [{ size }] = JSON.parse(stdout) as [{ size: number }];

    expect(size).toBeLessThanOrEqual(1_300_000);
  });

  it('needs no ws of the user, and no redis', async () => {
    const require = createRequire(import.meta.url);
    const built = await readFile(require.resolve('express-omnimessage'), 'utf8');

    expect(built).not.toMatch(/from '(?:ws|redis)'/);
  });
});
