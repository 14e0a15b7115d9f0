/** The HTTP server that is made for an application, and its `listen`. */
import { createServer, type Server } from 'node:http';
import { type Application } from 'express';
import { type ServerSettings } from './options.ts';
import { serverOptions } from './prototypes.ts';

/** The server that is made where none was given. */
export function makeServer(app: Application, settings: ServerSettings): Server {
  const { expressPrototypes, ...timeouts } = settings;
  const classes = expressPrototypes ? serverOptions(app) : {};
  const server = createServer({ ...classes, ...timeouts }, app);
  // Of the two Express versions only 4 has the method, and only 5 gives the failure of `listen` to
  // its callback.
  const callsBack = !('lazyrouter' in app);
  const listen = (...args: unknown[]): Server => {
    const callback = args.at(-1);
    if (callsBack && typeof callback === 'function') {
      let isCalled = false;
      const once = (...given: unknown[]): void => {
        if (isCalled) return;
        isCalled = true;
        Reflect.apply(callback, server, given);
      };
      args[args.length - 1] = once;
      server.once('error', once);
    }
    return server.listen(...(args as [number]));
  };
  Object.assign(app, { listen });
  return server;
}
