/**
 * Projects of users, with the package as it is published: E8 with the types of each Express that it
 * takes, E9 as `npm init` and `tsc --init` make one.
 */
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runIn } from '../support/project.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const resolved = createRequire(import.meta.url);
const installed = (name: string): string => join(root, 'node_modules', name);

const compilers = [
  ['7', 'typescript'],
  ['5.9', 'typescript-5.9'],
] as const;
const compilerOf = (name: string): string =>
  join(dirname(resolved.resolve(`${name}/package.json`)), 'bin/tsc');

/** Packages whose types are those of one Express: copied, for they look for it around themselves. */
const OF_EXPRESS = ['express', 'express-serve-static-core', 'send', 'serve-static', 'express-ws'];

/** A project that has the types of Express 4 or 5. Nothing of it lies in this repository. */
async function makeUserProject(version: 4 | 5): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'omnimessage-user-'));
  const modules = join(directory, 'node_modules');
  const own = join(modules, 'express-omnimessage');
  await mkdir(own, { recursive: true });
  await cp(join(root, 'package.json'), join(own, 'package.json'));
  await cp(join(root, 'dist'), join(own, 'dist'), { recursive: true });
  await mkdir(join(modules, '@types'));
  const typesOf = (name: string): string => {
    if (version === 5 || name === 'express-ws') return installed(`@types/${name}`);
    const four = installed('types-express-4');
    return name === 'express' ? four : join(four, 'node_modules/@types', name);
  };
  for (const name of OF_EXPRESS) {
    await cp(typesOf(name), join(modules, '@types', name), {
      recursive: true,
      filter: (path) => !path.slice(typesOf(name).length).includes('node_modules'),
    });
  }
  const types = await readdir(installed('@types'));
  const others = [
    ...types.filter((name) => !OF_EXPRESS.includes(name)).map((name) => `@types/${name}`),
    'superstruct',
    'redis',
    '@redis',
    '@nats-io',
    'ws',
    'undici-types',
  ];
  for (const name of others) await symlink(installed(name), join(modules, name));
  await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  return directory;
}

const DOORS = ['', '/codecs', '/client', '/redis', '/nats', '/lustre', '/testing'];

/** A module that exports what each public function returns, with no type written down. */
async function everyResult(): Promise<string> {
  const lines: string[] = [];
  const add = (path: string, value: unknown): void => {
    if (typeof value === 'function') {
      if (String(value).startsWith('class ')) return;
      const name = path.replaceAll('.', '_');
      lines.push(
        `const of_${name} = null! as ReturnType<typeof ${path}>;`,
        `export const ${name} = () => of_${name};`,
      );
    } else if (Object.prototype.toString.call(value) === '[object Module]') {
      const names = value as Record<string, unknown>;
      for (const [key, inner] of Object.entries(names)) add(`${path}.${key}`, inner);
    }
  };
  for (const [at, door] of DOORS.entries()) {
    lines.push(`import * as door${at} from 'express-omnimessage${door}';`);
    const names = (await import(join(root, `dist${door === '' ? '/index' : door}.js`))) as object;
    for (const [key, value] of Object.entries(names)) add(`door${at}.${key}`, value);
  }
  return `${lines.join('\n')}\n`;
}

const SERVER = `
import express, { Router } from 'express';
import {
  attachWebSockets, createHub, omniHttp, omniHttpHandler, omniSse, omniWs, runMiddleware,
  structCodec, variants,
} from 'express-omnimessage';
import { string } from 'superstruct';

const Message = variants('type', { greet: { name: string() } });
export const codec = structCodec({ incoming: Message, outgoing: Message });
export const { app, server } = attachWebSockets(express(), {
  authorize: async (request) =>
    (await runMiddleware(request, (_request, _response, next) => next())).ip ?? false,
});
export const route = omniHttp({ path: '/omni', codec, handler: (message) => message });
export const handle = omniHttpHandler({ path: '/omni', codec, handler: (message) => message });
export const events = omniSse({ codec });
export const hub = createHub({ codec });
export const router = Router();
router.use(route);
app.use(route);
app.use('/below', router);
app.get('/events', events);
app.ws('/omni', omniWs({ codec, handler: (message, { request }) => (request.url ? message : undefined) }));
`;

describe.each([4, 5] as const)('E8: a project with the types of Express %i', (version) => {
  let directory = '';
  beforeAll(async () => {
    directory = await makeUserProject(version);
    await writeFile(join(directory, 'every-result.ts'), await everyResult());
    await writeFile(join(directory, 'server.ts'), SERVER);
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          target: 'es2023',
          module: 'nodenext',
          types: ['node'],
          skipLibCheck: false,
          declaration: true,
          outDir: 'out',
        },
        include: ['*.ts'],
      }),
    );
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('has those types, and no others', async () => {
    const text = await readFile(join(directory, 'node_modules/@types/express/package.json'));
    const { version: found } = JSON.parse(text.toString()) as { version: string };

    expect(found.split('.')[0]).toBe(String(version));
  });

  it.each(compilers)(
    'compiles with TypeScript %s, strict, and its declarations name all types',
    async (_name, compiler) => {
      const { out } = await runIn(directory, process.execPath, [compilerOf(compiler), '-p', '.']);

      expect(out).toBe('');
    },
    180_000,
  );
});

describe('E9: a project of npm init and tsc --init', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  let directory = '';
  beforeAll(async () => {
    directory = await makeUserProject(5);
    const [, first] = /^```ts\n(.*?)^```$/ms.exec(readme)!;
    await writeFile(join(directory, 'server.ts'), first!);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('is what README says', () => {
    expect(readme).toContain('npm init --yes && npm pkg set type=module');
    expect(readme).toContain('"module": "nodenext"');
  });

  it.each(compilers)(
    "compiles README's first program with TypeScript %s",
    async (_name, compiler) => {
      await rm(join(directory, 'tsconfig.json'), { force: true });
      const made = await runIn(directory, process.execPath, [compilerOf(compiler), '--init']);
      expect(made.code).toBe(0);

      const { out } = await runIn(directory, process.execPath, [compilerOf(compiler), '-p', '.']);

      expect(out).toBe('');
    },
    180_000,
  );
});
