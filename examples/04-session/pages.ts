/** The two pages, and what the browser may do on them. */
import { fileURLToPath } from 'node:url';
import { Router, static as files } from 'express';

const folder = fileURLToPath(new URL('page', import.meta.url));
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const pages: Router = Router();

pages.use((_request, response, next) => {
  response.set({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  next();
});

pages.get('/', (request, response) => {
  if (request.session.name === undefined) response.redirect(303, '/login');
  else response.sendFile('room.html', { root: folder });
});

pages.get('/login', (request, response) => {
  if (request.session.name === undefined) response.sendFile('login.html', { root: folder });
  else response.redirect(303, '/');
});

pages.use('/page', files(folder, { index: false }));
