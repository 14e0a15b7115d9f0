import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { setFlagsFromString } from 'node:v8';
import express, { type Application, type Express } from 'express';
import { attachWebSockets, serverOptions } from 'express-omnimessage';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { serve } from '../support/serve.ts';

type Prototypes = Record<'request' | 'response', Record<string, unknown>>;
const prototypesOf = (app: Application): Prototypes => app as unknown as Prototypes;

/** An application that tells what it sees of a request and its response. */
function telling(see: (request: express.Request, response: express.Response) => unknown): Express {
  const app = express();
  app.use((request, response) => {
    response.json(see(request, response));
  });
  return app;
}

const serving = (app: Application): Server => createServer(serverOptions(app), app);

async function answerOf(server: Server, path = '/'): Promise<unknown> {
  const response = await fetch((await serve(server)) + path);
  return response.json();
}

/** Whether V8 takes two objects for objects of one kind, so that what it learns from one serves the other. */
function areAlike(left: object, right: object): boolean {
  setFlagsFromString('--allow-natives-syntax');
  // eslint-disable-next-line typescript/no-implied-eval, no-new-func
  const haveSameMap = new Function('left', 'right', 'return %HaveSameMap(left, right)') as (
    left: object,
    right: object,
  ) => boolean;
  setFlagsFromString('--no-allow-natives-syntax');
  return haveSameMap(left, right);
}

describe('serverOptions', () => {
  // Deno does not let a running program switch V8's own functions on, so V8 cannot be asked there.
  it.skipIf('Deno' in globalThis).each<[string, (app: Express) => Server]>([
    ['its server', serving],
    ['the server of attachWebSockets', (app) => attachWebSockets(app).server],
  ])(
    'makes the requests of %s alike, which Express otherwise makes all different',
    async (_, on) => {
      const both: [express.Request, express.Response][] = [];
      const app = express();
      app.use((request, response) => {
        both.push([request, response]);
        // Each is answered when both are at the same point, or else they differ by how far they are.
        const [[left, itsResponse] = [], [right, otherResponse] = []] = both;
        if (!left || !itsResponse || !right || !otherResponse) return;
        const alike = [areAlike(left, right), areAlike(itsResponse, otherResponse)];
        for (const [, each] of both) each.json(alike);
      });
      const url = await serve(on(app));

      const answers = await Promise.all([1, 2].map(async () => (await fetch(url)).json()));

      expect(answers).toEqual([
        [true, true],
        [true, true],
      ]);
    },
  );

  it('gives requests and responses that are those of the application before it has seen them', async () => {
    const app = telling(() => 'seen');
    const server = serving(app);
    const seen: boolean[] = [];
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      seen.push(
        Object.getPrototypeOf(request) === prototypesOf(app).request,
        Object.getPrototypeOf(response) === prototypesOf(app).response,
        request instanceof IncomingMessage && request.constructor === IncomingMessage,
        response instanceof ServerResponse && response.constructor === ServerResponse,
      );
    });

    await answerOf(server);

    expect(seen).toEqual([true, true, true, true]);
  });

  it('loses no property of Express', async () => {
    const app = telling((request, response) => ({
      app: request.app === app && response.app === app,
      host: request.get('host')?.startsWith('127.0.0.1'),
      query: request.query,
      path: request.path,
      ip: request.ip?.endsWith('127.0.0.1'),
      locals: response.locals,
      type: typeof response.sendFile,
    }));

    await expect(answerOf(serving(app), '/some?where=here')).resolves.toEqual({
      app: true,
      host: true,
      query: { where: 'here' },
      path: '/some',
      ip: true,
      locals: {},
      type: 'function',
    });
  });

  it('has the properties put on app.request before and after', async () => {
    const app = telling((request) => {
      const { early, late } = request as unknown as Record<string, unknown>;
      return [early, late];
    });
    prototypesOf(app).request['early'] = 'early';
    const server = serving(app);
    prototypesOf(app).request['late'] = 'late';

    await expect(answerOf(server)).resolves.toEqual(['early', 'late']);
  });

  it.each<[string, (outer: Express, inner: Express) => Server]>([
    [
      'before',
      (outer, inner) => {
        outer.use('/inner', inner);
        return serving(outer);
      },
    ],
    [
      'after',
      (outer, inner) => {
        const server = serving(outer);
        outer.use('/inner', inner);
        return server;
      },
    ],
  ])('leaves an application that was mounted %s its own', async (_, mount) => {
    const inner = telling((request) => {
      const { ofInner, ofOuter } = request as unknown as Record<string, unknown>;
      return { isInner: request.app === inner, ofInner, ofOuter, baseUrl: request.baseUrl };
    });
    const outer = express();
    prototypesOf(inner).request['ofInner'] = 'inner';
    const server = mount(outer, inner);
    prototypesOf(outer).request['ofOuter'] = 'outer';

    await expect(answerOf(server, '/inner/x')).resolves.toEqual({
      isInner: true,
      ofInner: 'inner',
      ofOuter: 'outer',
      baseUrl: '/inner',
    });
  });

  it('serves an application that is itself mounted in another', async () => {
    const inner = telling((request) => ({ isInner: request.app === inner }));
    serverOptions(inner);
    const outer = express();
    outer.use('/inner', inner);
    outer.use((request, response) => {
      response.json({ isOuter: request.app === outer });
    });
    const server = serving(outer);
    const url = await serve(server);

    const answers = await Promise.all(
      ['/inner', '/other'].map(async (path) => (await fetch(url + path)).json()),
    );

    expect(answers).toEqual([{ isInner: true }, { isOuter: true }]);
  });

  it('gives the same classes at every call', () => {
    const app = express();

    expect(serverOptions(app)).toBe(serverOptions(app));
    expect(serverOptions(app)).not.toBe(serverOptions(express()));
  });

  it('fits an https server', () => {
    const server = createSecureServer({ ...serverOptions(express()) }, express());
    onTestFinished(() => void server.close());

    expectTypeOf(server).toHaveProperty('setSecureContext');
  });

  it.each([undefined, null, {}, () => {}])('throws a TypeError for %s', (app) => {
    expect(() => serverOptions(app as Application)).toThrow(
      /^Expected `app` to be an Express application, got /,
    );
  });
});
