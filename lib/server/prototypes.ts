/**
 * The classes of request and response that a server should make for an Express application.
 *
 * Express gives every request and every response another prototype (`app.request`,
 * `app.response`). To the V8 of Node 20 and 22 an object whose prototype was exchanged has a shape of
 * its own: each property that is added to it afterwards copies the description of all of them, and
 * no piece of code that touches it, of Node, of Express or of the user, finds what it learned from
 * the request before. Where the server makes them with that prototype already, the exchange changes
 * nothing.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { type Application } from 'express';
import { expectApplication } from '../core/options.ts';

/** Options for `createServer` of `node:http` and `node:https`. */
export interface ServerOptions {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

const made = new WeakMap<Application, ServerOptions>();

/**
 * Makes the options with which a server on Node 20 or 22 serves an Express application (4 or 5) at
 * about a third of the CPU, every route of it: the classes of its requests and responses. (The V8 of
 * Node 24 needs no such help, and takes no harm.) The server that `attachWebSockets` makes has them.
 *
 * `app.request` and `app.response` are their prototypes from then on; what was, or is later, put on
 * these is found as before, also by applications that are mounted in it. Where something else
 * exchanges a prototype (an application mounted in another does), that request costs what it did.
 *
 * @param app - an Express application
 * @returns the same classes at every call for the same application
 * @throws TypeError when `app` is no Express application
 *
 * @example
 * ```ts
 * createServer(serverOptions(app), app).listen(8000);
 * createSecureServer({ ...serverOptions(app), key, cert }, app).listen(8443);
 * ```
 */
export function serverOptions(app: Application): ServerOptions {
  const known = made.get(app);
  if (known !== undefined) return known;
  expectApplication(app);
  const prototypes = app as unknown as Prototypes;
  // Classes that extend Node's, not functions that call them: V8 then gives their instances room
  // for all the properties that Node's constructors are known to add.
  const Request = class extends IncomingMessage {};
  const Response = class<
    Of extends IncomingMessage = IncomingMessage,
  > extends ServerResponse<Of> {};
  takePlaceOf(prototypes.request, Request.prototype);
  takePlaceOf(prototypes.response, Response.prototype);
  prototypes.request = Request.prototype;
  prototypes.response = Response.prototype;
  const options = { IncomingMessage: Request, ServerResponse: Response };
  made.set(app, options);
  return options;
}

/** Properties of Express that its types leave out. */
interface Prototypes {
  request: object;
  response: object;
}

/** Replaces a prototype in the chain by another, with all properties of the first. */
function takePlaceOf(before: object, prototype: object): void {
  // What a request is called by its constructor stays what it was.
  Reflect.deleteProperty(prototype, 'constructor');
  Object.setPrototypeOf(prototype, Object.getPrototypeOf(before) as object | null);
  Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(before));
  // Applications that are mounted already inherit from the one before.
  Object.setPrototypeOf(before, prototype);
}
