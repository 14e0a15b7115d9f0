/** Who is logged in: over HTTP and, before the upgrade, for a socket. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type Response } from 'express';
import session from 'express-session';

declare module 'express-session' {
  interface SessionData {
    name: string;
  }
}

/** Somebody who has logged in, and when that ends. */
export interface User {
  readonly name: string;
  readonly until: Date | undefined;
}

/** In earnest: a table of names and of slow hashes (`scrypt`) of the passwords. */
const passwords = new Map([
  ['ada', 'lovelace'],
  ['alan', 'turing'],
]);

/**
 * In earnest: a `store` that all servers share, because this one keeps its sessions in the memory of
 * the process, and a secret that survives a restart.
 */
export const sessions = session({
  name: 'session',
  secret: process.env['SESSION_SECRET'] ?? randomBytes(32).toString('hex'),
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 8 * 60 * 60 * 1_000 },
});

/**
 * Says whose handshake it is. It runs the same middleware as HTTP requests do, on the bare request.
 * @throws an error with the status 401 for somebody who has not logged in
 */
export async function userOf(request: IncomingMessage): Promise<User> {
  // Nobody sees this response: the session is only read.
  const response = new ServerResponse(request) as Response;
  await told((done) => {
    sessions(request as Request, response, done);
  });
  const { name, cookie } = (request as Request).session;
  if (name === undefined) throw Object.assign(new Error('not logged in'), { status: 401 });
  return { name, until: cookie.expires ?? undefined };
}

/** Begins a session for whom the form names. False when name and password do not fit. */
export async function logIn(request: Request): Promise<boolean> {
  const { name, password } = request.body as { name?: unknown; password?: unknown };
  if (typeof name !== 'string' || typeof password !== 'string') return false;
  const expected = Buffer.from(passwords.get(name) ?? randomBytes(16).toString('hex'));
  const given = Buffer.from(password);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  // A new id, so that a session that somebody else has planted in the browser is worth nothing.
  await told((done) => request.session.regenerate(done));
  request.session.name = name;
  await told((done) => request.session.save(done));
  return true;
}

/** Ends the session. */
export async function logOut(request: Request): Promise<void> {
  await told((done) => request.session.destroy(done));
}

function told(ask: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    ask((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the store failed', { cause: error }));
    });
  });
}
