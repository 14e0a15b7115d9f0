/** An app with omniHttp at /omni, and all that it saw. */
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { omniHttp, type OmniError, type OmniHttpOptions } from 'express-omnimessage';
import { onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';

export type HttpOptions = OmniHttpOptions<Said, Says>;

export interface ServedHttp {
  readonly url: string;
  /** The messages that reached the handler. */
  readonly handled: Said[];
  /** What `onError` was told. */
  readonly told: OmniError[];
  /** What reached the error handling of the app. */
  readonly passed: OmniError[];
  /** How many connections are open at the server. */
  readonly connections: () => Promise<number>;
}

/** Starts it; what is not ours is answered with 404 by the app. */
export async function serveHttp(
  options: Partial<HttpOptions> = {},
  ...before: RequestHandler[]
): Promise<ServedHttp> {
  const handled: Said[] = [];
  const told: OmniError[] = [];
  const passed: OmniError[] = [];
  const { handler = ({ text }): Says => ({ said: text }) } = options;
  const app = express();
  for (const middleware of before) app.use(middleware);
  app.use(
    omniHttp({
      path: '/omni',
      codec: textCodec,
      ...options,
      handler: (message, exchange) => {
        handled.push(message);
        return handler(message, exchange);
      },
      onError: (error, exchange) => {
        told.push(error);
        return options.onError?.(error, exchange);
      },
    }),
  );
  app.use((_request, response) => {
    response.status(404).end();
  });
  app.use(((error: OmniError, _request, response, _next) => {
    passed.push(error);
    response.status(error.status).end();
  }) satisfies ErrorRequestHandler);
  const server = createServer(app);
  const connections = promisify(server.getConnections.bind(server));
  return { url: await serve(server), handled, told, passed, connections };
}

/** A connection that is cut when the test has finished. */
export function dialHttp({ url }: Pick<ServedHttp, 'url'>): RawHttp {
  const client = new RawHttp(url);
  onTestFinished(() => {
    client.socket.destroy();
  });
  return client;
}
