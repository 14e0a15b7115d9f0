import express from 'express';
import { describe, expect, it } from 'vitest';
import { type AttachOptions, omniWs } from 'express-omnimessage';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { serve as serveUntilFinished } from '../support/serve.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const echo = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });
const accept = 'application/problem+json';

/** A server with a WebSocket route at /omni, and what asks it why. */
async function serve(options: AttachOptions = {}, withMore?: (app: express.Express) => void) {
  const served = await serveAttached((app) => {
    withMore?.(app);
    app.ws('/omni', echo);
    app.get('/omni', (_request, response) => {
      response.send('a page');
    });
  }, options);
  const address = `http://127.0.0.1:${served.port}`;
  const ask = async (path = '/omni', headers: Record<string, string> = { accept }) => {
    const response = await fetch(address + path, { headers });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  return { ...served, address, ask };
}

describe('a GET that asks a WebSocket route', () => {
  it('is answered with the kind of the route', async () => {
    const { ask, errors } = await serve();

    const { status, headers, body } = await ask();

    expect(status).toBe(426);
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Upgrade Required',
      status: 426,
      code: 'websocket',
      omnimessage: 'websocket',
      subprotocols: ['omnimessage.1'],
    });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('upgrade')).toBe('websocket');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toBe('origin, accept');
    expect(errors).toEqual([]);
  });

  it.each([
    ['in a list', 'application/json, application/problem+json;q=0.9, */*;q=0.1', true],
    ['in capitals', 'Application/Problem+JSON', true],
    ['not at all', 'text/html, */*', false],
    ['as unwanted', 'application/problem+json;q=0', false],
    ['as the beginning of another', 'application/problem+jsonx', false],
  ])('asks by naming problems %s', async (_, named, asks) => {
    const { address } = await serve();

    const response = await fetch(`${address}/omni`, { headers: { accept: named } });

    expect(response.status).toBe(asks ? 426 : 200);
    await response.text();
  });

  it.each(['HEAD', 'POST'])('does not ask by %s', async (method) => {
    const { address } = await serve({}, (app) => {
      app.post('/omni', (_request, response) => {
        response.send('posted');
      });
    });

    expect((await fetch(`${address}/omni`, { method, headers: { accept } })).status).toBe(200);
  });

  it.each<[string, AttachOptions, number, string]>([
    ['false', { authorize: () => false }, 401, 'authorize'],
    ['an error with 403', { authorize: () => refuse(403) }, 403, 'authorize'],
    ['an error with 404', { authorize: async () => refuse(404) }, 404, 'authorize'],
    ['a fault', { authorize: () => refuse(undefined) }, 500, 'authorize'],
    [
      'nothing in time',
      { authorize: () => new Promise(() => {}), openTimeout: 20 },
      504,
      'authorize-timeout',
    ],
  ])('gets what a handshake gets when authorize gives %s', async (_, options, status, code) => {
    const { ask, url, errors } = await serve(options);
    const { host } = new URL(url);

    const {
      status: answered,
      headers,
      body,
    } = await ask('/omni', {
      accept,
      origin: `http://${host}`,
    });

    expect(answered).toBe(status);
    expect(body).toMatchObject({ status, code, omnimessage: 'websocket' });
    expect(headers.get('access-control-allow-origin')).toBe(`http://${host}`);
    expect(errors).toHaveLength(status < 500 ? 0 : 1);
  });

  it('gives authorize the request and the route of the handshake, also below a Router', async () => {
    const seen: unknown[] = [];
    const { ask } = await serve(
      {
        authorize: ({ url }, target) => {
          seen.push([url, target?.route, target?.params]);
          return true;
        },
      },
      (app) => {
        const router = express.Router();
        router.ws('/:room', echo);
        app.use('/rooms', router);
      },
    );

    expect((await ask('/rooms/7?as=ada')).status).toBe(426);

    expect(seen).toEqual([['/rooms/7?as=ada', '/:room', { room: '7' }]]);
  });

  it('is read by pages of allowed origins, with their cookies, and by no others', async () => {
    const { ask } = await serve({ origins: ['https://app.example'] });

    const own = await ask('/omni', { accept, origin: 'https://app.example' });
    const foreign = await ask('/omni', { accept, origin: 'https://evil.example' });

    expect(own.status).toBe(426);
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(own.headers.get('access-control-allow-credentials')).toBe('true');
    expect(foreign.status).toBe(403);
    expect(foreign.body).toMatchObject({ code: 'origin', omnimessage: 'websocket' });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('reports that maxConnections are open, and takes no place itself', async () => {
    const { ask, url } = await serve({ maxConnections: 1 });
    expect((await ask()).status).toBe(426);
    await connect(`${url}/omni`);

    const { status, headers, body } = await ask();

    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: 'max-connections',
      omnimessage: 'websocket',
      retryAfter: 5,
    });
    expect(headers.get('retry-after')).toBe('5');
  });

  it('takes no place while authorize decides, either', async () => {
    const { promise: decided, resolve: decide } = deferred();
    let asked = 0;
    const { ask, url } = await serve({
      maxConnections: 1,
      authorize: async ({ headers }) => {
        if (headers.accept === undefined) return true;
        asked += 1;
        await decided;
        return true;
      },
    });
    const answers = [ask(), ask()];
    await until(() => asked === 2);
    await connect(`${url}/omni`);
    decide();

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([426, 426]);
  });

  it('reports that the server shuts down, while authorize decides', async () => {
    const { promise: decided, resolve: decide } = deferred();
    const { promise: asked, resolve: wasAsked } = deferred();
    const { ask, close } = await serve({
      authorize: async () => {
        wasAsked();
        await decided;
        return true;
      },
    });
    const answer = ask();
    await asked;

    const closed = close();
    decide();

    expect(await answer).toMatchObject({
      status: 503,
      body: { code: 'shutting-down', omnimessage: 'websocket', retryAfter: 5 },
    });
    await closed;
  });

  it('passes the guards before the route, which answer it themselves', async () => {
    const { address } = await serve({}, (app) => {
      app.all('/omni', (_request, response) => {
        response.status(401).send('log in');
      });
    });

    const response = await fetch(`${address}/omni`, { headers: { accept } });

    expect([response.status, await response.text()]).toEqual([401, 'log in']);
  });

  it('is not answered where no WebSocket route is', async () => {
    const { address } = await serve();

    expect((await fetch(`${address}/nowhere`, { headers: { accept } })).status).toBe(404);
  });

  it('continues to the application where its server was not attached', async () => {
    const { app } = await serve();
    const url = await serveUntilFinished(app);

    const response = await fetch(`${url}/omni`, { headers: { accept } });

    expect(await response.text()).toBe('a page');
  });
});

function refuse(status: number | undefined): never {
  throw Object.assign(new Error('secret'), { status });
}
