/** The HTTP server that is made for an application, and its `listen`. */
import { createServer, type Server } from 'node:http';
import { type Application } from 'express';
import { type ServerSettings } from './options.ts';
import { serverOptions } from './prototypes.ts';

/** The server that is made where none was given. */
export function makeServer(app: Application, settings: ServerSettings): Server {
  const server = createServer({ ...serverOptions(app), ...settings }, app);
  // Of the two Express versions only 4 has the method, and only 5 tells the callback of `listen`
  // that it failed.
  const tellsCallback = !('lazyrouter' in app);
  const listen = (...args: unknown[]): Server => {
    const callback = args.at(-1);
    if (tellsCallback && typeof callback === 'function') {
      let isTold = false;
      const once = (...told: unknown[]): void => {
        if (isTold) return;
        isTold = true;
        Reflect.apply(callback, server, told);
      };
      args[args.length - 1] = once;
      server.once('error', once);
    }
    return server.listen(...(args as [number]));
  };
  Object.assign(app, { listen });
  return server;
}
