/** The HTTP contenders: each answers a POST of a message with a message. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import connect from 'connect';
import express from 'express';
import { attachWebSockets, omniHttp, omniHttpHandler, serverOptions } from 'express-omnimessage';
import { type Ports } from '../protocol.ts';
import { answer, codec, decode, handWritten, reply, type SentMessage, validated } from '../work.ts';
import { listening, type Start } from './listening.ts';

const path = '/omni';
const MAX_BODY = 65_536;

/** What one writes by hand: a body of bounded size, read, decoded, answered. */
function byHand(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
    else request.destroy();
  });
  request.on('end', () => {
    let message: SentMessage;
    try {
      message = decode(Buffer.concat(chunks).toString());
    } catch {
      response.statusCode = 422;
      response.end();
      return;
    }
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(answer(message)));
  });
}

function isOurs({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url === path;
}

function notFound(response: ServerResponse): void {
  response.statusCode = 404;
  response.end();
}

const expressByHand = (): Promise<Ports> => {
  const app = express();
  app.post(path, byHand);
  return listening(createServer(app));
};

/** The same two lines of a route, and a server that makes requests as Express wants them. */
const expressByHandWithOptions = (): Promise<Ports> => {
  const app = express();
  app.post(path, byHand);
  return listening(createServer(serverOptions(app), app));
};

const expressJson = (): Promise<Ports> => {
  const app = express();
  app.post(path, express.json(), (request, response) => {
    response.json(answer(validated(request.body)));
  });
  return listening(createServer(app));
};

const nodeByHand = (): Promise<Ports> =>
  listening(
    createServer((request, response) => {
      if (isOurs(request)) byHand(request, response);
      else notFound(response);
    }),
  );

const connectByHand = (): Promise<Ports> => {
  const app = connect();
  app.use((request, response, next) => {
    if (isOurs(request)) byHand(request, response);
    else next();
  });
  return listening(createServer(app));
};

const same = { path, codec: handWritten, handler: answer };
const whole = { path, codec, handler: reply };

const routerOf = (options: typeof same | typeof whole): express.Router =>
  options === same ? omniHttp(same) : omniHttp(whole);

const oursOnExpress = (options: typeof same | typeof whole): Promise<Ports> => {
  const app = express();
  app.use(routerOf(options));
  return listening(createServer(app));
};

/** As the README has it: the application and the server of attachWebSockets. */
const oursAttached = (options: typeof same | typeof whole): Promise<Ports> => {
  const { app, server } = attachWebSockets(express());
  app.use(routerOf(options));
  return listening(server);
};

const oursOnConnect = (options: typeof same | typeof whole): Promise<Ports> => {
  const app = connect();
  app.use(options === same ? omniHttpHandler(same) : omniHttpHandler(whole));
  return listening(createServer(app));
};

const oursRouterOnConnect = (): Promise<Ports> => {
  const app = connect();
  app.use(omniHttp(same) as unknown as connect.NextHandleFunction);
  return listening(createServer(app));
};

const oursOnNode = (): Promise<Ports> => {
  const handle = omniHttpHandler(same);
  return listening(
    createServer((request, response) => {
      handle(request, response, () => {
        notFound(response);
      });
    }),
  );
};

/** Before the application, for those who count microseconds: Express sees what is not ours. */
const oursBeforeExpress = (): Promise<Ports> => {
  const app = express();
  const handle = omniHttpHandler(same);
  return listening(
    createServer((request, response) => {
      handle(request, response, () => {
        app(request, response);
      });
    }),
  );
};

async function trpc(): Promise<Ports> {
  const { initTRPC } = await import('@trpc/server');
  const { createExpressMiddleware } = await import('@trpc/server/adapters/express');
  const { router, procedure } = initTRPC.create();
  const send = procedure.input(validated).mutation(({ input }) => answer(input));
  const app = express();
  app.use('/trpc', createExpressMiddleware({ router: router({ send }) }));
  return listening(createServer(app));
}

/** By name. */
export const httpServers: Readonly<Record<string, Start>> = {
  'node-http': nodeByHand,
  connect: connectByHand,
  express: expressByHand,
  'express-options': expressByHandWithOptions,
  'express-json': expressJson,
  'ours-express': () => oursOnExpress(whole),
  'ours-express-same': () => oursOnExpress(same),
  'ours-http-attached': () => oursAttached(whole),
  'ours-http-attached-same': () => oursAttached(same),
  'ours-connect': () => oursOnConnect(whole),
  'ours-connect-same': () => oursOnConnect(same),
  'ours-connect-router': oursRouterOnConnect,
  'ours-node-same': oursOnNode,
  'ours-before-express': oursBeforeExpress,
  'trpc-http': trpc,
};
