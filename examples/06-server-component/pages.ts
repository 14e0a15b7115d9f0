/** The pages, Lustre's runtime, and what the browser may do on them. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router, static as files } from 'express';

const folder = fileURLToPath(new URL('page/', import.meta.url));
const page = (name: string): string => readFileSync(`${folder}${name}.html`, 'utf8');
const runtime = process.env['LUSTRE_RUNTIME'];

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The token of this browser, from its cookie. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /(?:^|;\s*)csrf=([\w-]{22})(?:;|$)/.exec(headers.cookie ?? '')?.[1];
}

/** A page of ours has the token of the cookie in it; another site can read neither. */
export function isOurs(token: string | undefined, request: IncomingMessage): boolean {
  const known = tokenOf(request);
  if (token === undefined || known === undefined || token.length !== known.length) return false;
  return timingSafeEqual(Buffer.from(token), Buffer.from(known));
}

export const pages: Router = Router();

pages.use((_request, response, next) => {
  response.set({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  });
  next();
});

for (const [path, name] of [
  ['/', 'index'],
  ['/watch', 'watch'],
] as const) {
  const html = page(runtime === undefined ? 'missing' : name);
  pages.get(path, (request, response) => {
    const token = tokenOf(request) ?? randomBytes(16).toString('base64url');
    response.cookie('csrf', token, { httpOnly: true, sameSite: 'strict' });
    response.type('html').send(html.replace('{csrf-token}', token));
  });
}

pages.get('/lustre-server-component.mjs', (_request, response, next) => {
  if (runtime === undefined) next();
  else response.type('text/javascript').sendFile(resolve(runtime));
});

pages.use('/page', files(folder, { index: false }));
