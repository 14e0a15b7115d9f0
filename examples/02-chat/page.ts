/** The page: bundled once, when the server starts, from the folder `page`. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Router } from 'express';

const folder = fileURLToPath(new URL('page/', import.meta.url));
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const { outputFiles } = await build({
  entryPoints: [`${folder}main.ts`, `${folder}style.css`],
  outdir: folder,
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox121', 'safari16.4'],
  loader: { '.woff2': 'file' },
  assetNames: '[name]',
  logLevel: 'error',
});

const files = new Map<string, Buffer>([
  ['', await readFile(`${folder}index.html`)],
  ['icon.svg', await readFile(`${folder}icon.svg`)],
  ...outputFiles.map(({ path, contents }): [string, Buffer] => [
    basename(path),
    Buffer.from(contents),
  ]),
]);

/** Answers `/` and what the page asks for. */
export const page: Router = Router();

page.get('/{:name}', (request, response, next) => {
  const { name = '' } = request.params;
  const file = files.get(name);
  if (file === undefined) {
    next();
    return;
  }
  response.set({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // Asked for each time, and answered with 304 as long as it is the same.
    'cache-control': 'no-cache',
  });
  response.type(name === '' ? 'html' : name).send(file);
});
