/** Who is logged in: over HTTP and, before the upgrade, for a socket. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type Request } from 'express';
import { runMiddleware } from 'express-omnimessage';
import session from 'express-session';

declare module 'express-session' {
  interface SessionData {
    name: string;
  }
}

/** A user who has logged in, and when that ends. */
export interface User {
  readonly name: string;
  readonly until: Date | undefined;
}

/** In production: a table of names and of slow hashes (`scrypt`) of the passwords. */
const passwords = new Map([
  ['ada', 'lovelace'],
  ['alan', 'turing'],
]);

/** In production: a store that all servers share. This one is in the memory of the process. */
export const store = new session.MemoryStore();

/** In production: a secret that survives a restart. */
export const sessions = session({
  name: 'session',
  store,
  secret: process.env['SESSION_SECRET'] ?? randomBytes(32).toString('hex'),
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 8 * 60 * 60 * 1_000 },
});

/**
 * Says whose handshake it is. It runs the same middleware as HTTP requests do, on the bare request.
 * @throws an error with the status 401 where no user has logged in
 */
export async function userOf(request: IncomingMessage): Promise<User> {
  const { session: found } = await runMiddleware(request, sessions);
  const { name, cookie } = found;
  if (name === undefined) throw Object.assign(new Error('not logged in'), { status: 401 });
  return { name, until: cookie.expires ?? undefined };
}

/** Begins a session for the user that the form names. False when name and password do not fit. */
export async function logIn(request: Request): Promise<boolean> {
  const { name, password } = request.body as { name?: unknown; password?: unknown };
  if (typeof name !== 'string' || typeof password !== 'string') return false;
  const expected = Buffer.from(passwords.get(name) ?? randomBytes(16).toString('hex'));
  const given = Buffer.from(password);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  // A new id, so that a session that an attacker has planted in the browser is worth nothing.
  await done((callback) => request.session.regenerate(callback));
  request.session.name = name;
  await done((callback) => request.session.save(callback));
  return true;
}

/** Whether the session of a request is still there: it may have ended since it was read. */
export async function isLoggedIn(request: Request): Promise<boolean> {
  try {
    await done((callback) => request.session.reload(callback));
    return request.session.name !== undefined;
  } catch {
    // express-session fails where the store has none.
    return false;
  }
}

/** Ends the session. */
export async function logOut(request: Request): Promise<void> {
  await done((callback) => request.session.destroy(callback));
}

/** A call with a callback, as a promise. */
function done(call: (callback: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the store failed', { cause: error }));
    });
  });
}
