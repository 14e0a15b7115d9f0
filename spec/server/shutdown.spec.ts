import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import express from 'express';
import { attachWebSockets, omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Served, serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { closeFrame, frame, RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

const omni = omniWs({ codec: textCodec, handler: ({ text }): Says => ({ said: text }) });

/** Asks over a connection that is kept. */
async function ask(agent: Agent, port: number, path: string): Promise<IncomingMessage> {
  const [response] = (await once(get({ agent, port, path, host: '127.0.0.1' }), 'response')) as [
    IncomingMessage,
  ];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

function keepingAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    agent.destroy();
  });
  return agent;
}

/** A server, and the close codes that its connections were told. */
async function serveTold(): Promise<Served & { readonly told: number[] }> {
  const told: number[] = [];
  const served = await serveAttached((app) =>
    app.ws(
      '/',
      omniWs({
        codec: textCodec,
        handler: () => undefined,
        onClose: (_connection, code) => {
          told.push(code);
        },
      }),
    ),
  );
  return { ...served, told };
}

describe('close', () => {
  it('closes every socket with 1001, taken or not, and resolves when all are closed', async () => {
    const { url, server, close } = await serveAttached((app) => {
      app.ws('/omni', omni);
      app.ws('/own', (socket) => {
        socket.on('message', () => {});
      });
      app.use((_request, _response, _next) => {});
    });
    const clients = await Promise.all(
      ['/omni', '/own', '/nobody'].map((path) => connect(url + path)),
    );

    await close();

    await expect(Promise.all(clients.map(({ closed }) => closed))).resolves.toEqual([
      { code: 1001, reason: 'going-away' },
      { code: 1001, reason: 'going-away' },
      { code: 1001, reason: 'going-away' },
    ]);
    expect(server.listening).toBe(false);
  });

  it('resolves when every onClose has been called, so that its resources may end next', async () => {
    const { url, close, told } = await serveTold();
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(`${url}/`)));
    await Promise.all(clients.map((client) => client.settled()));

    await close();

    expect(told).toEqual(Array.from({ length: 20 }, () => 1001));
  });

  it('resolves when onClose of connections that are cut at the timeout has been called', async () => {
    const { url, close, told } = await serveTold();
    const frozen = await connect(`${url}/`);
    await frozen.settled();
    frozen.socket.pause();

    await close({ timeout: 50 });

    expect(told).toEqual([1001]);
    frozen.socket.terminate();
  });

  it('lets a running handler reply before the socket is closed, and begins no other', async () => {
    const handled: string[] = [];
    const { promise: begun, resolve: begin } = deferred();
    const { promise: released, resolve: release } = deferred();
    const { url, close } = await serveAttached((app) =>
      app.ws(
        '/',
        omniWs({
          codec: textCodec,
          handler: async ({ text }): Promise<Says> => {
            handled.push(text);
            begin();
            await released;
            return { said: text };
          },
        }),
      ),
    );
    const client = await connect(`${url}/`);
    client.send('{"text":"first"}');
    client.send('{"text":"second"}');
    await begun;

    const closed = close();
    release();

    await expect(client.next()).resolves.toBe('{"said":"first"}');
    await expect(client.closed).resolves.toEqual({ code: 1001, reason: 'going-away' });
    await closed;
    expect(handled).toEqual(['first']);
  });

  it('waits for a handler whose client has gone, at most for its timeout', async () => {
    const { promise: released, resolve: release } = deferred();
    const seen: string[] = [];
    const serve = async (text: string): Promise<Served> => {
      const { promise: begun, resolve: begin } = deferred();
      const { promise: left, resolve: leave } = deferred();
      const served = await serveAttached((app) =>
        app.ws(
          '/',
          omniWs({
            codec: textCodec,
            handler: async () => {
              begin();
              await released;
              seen.push(`${text} is handled`);
            },
            onClose: () => {
              leave();
            },
          }),
        ),
      );
      const client = await connect(`${served.url}/`);
      client.send('{"text":""}');
      await begun;
      client.socket.terminate();
      await left;
      return served;
    };
    const [first, second] = [await serve('first'), await serve('second')];
    const closed = first.close().then(() => seen.push('closed'));
    await second.close({ timeout: 50 });

    expect(seen).toEqual([]);

    release();
    await closed;

    expect(seen).toEqual(['first is handled', 'second is handled', 'closed']);
  });

  it('answers a running request with connection: close, and serves no further one on its connection', async () => {
    let begun = 0;
    const { promise: bothBegun, resolve: begin } = deferred();
    const { promise: released, resolve: release } = deferred();
    const { port, close } = await serveAttached((app) => {
      app.get('/slow', async (_request, response) => {
        begun += 1;
        if (begun === 2) begin();
        await released;
        response.send('done');
      });
      app.get('/fast', (_request, response) => {
        response.send('fast');
      });
    });
    const pipelined = new RawClient({ port, path: '/slow', headers: { connection: 'keep-alive' } });
    const running = ask(keepingAgent(), port, '/slow');
    await bothBegun;

    const closed = close();
    pipelined.socket.write('GET /fast HTTP/1.1\r\nhost: x\r\n\r\n');
    release();

    const response = await running;
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
    await expect(textOf(response)).resolves.toBe('done');
    await expect(pipelined.answer()).resolves.toMatchObject({ body: 'done' });
    await pipelined.ended();
    await closed;
  });

  it('answers 503 to a request on a connection that is open already', async () => {
    const { promise: begun, resolve: begin } = deferred();
    const { port, close } = await serveAttached((app) => {
      app.post('/', () => {
        begin();
      });
    });
    // Not idle, because its first request is on the way: the second half comes after the shutdown.
    const late = new RawClient({ port, isUnfinished: true, headers: { upgrade: undefined } });
    const upgrade = new RawClient({ port, isUnfinished: true });
    const running = new RawClient({
      port,
      method: 'POST',
      headers: { connection: 'keep-alive', upgrade: undefined },
    });
    await begun;

    const closed = close({ timeout: 500 });
    late.socket.write('\r\n');
    upgrade.socket.write('\r\n');

    const refused = {
      status: 503,
      headers: {
        'retry-after': '5',
        connection: 'close',
        'content-type': 'application/problem+json',
      },
    };
    const answers = await Promise.all([late.answer(), upgrade.answer()]);
    expect(answers).toMatchObject([refused, refused]);
    expect(answers.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { type: 'about:blank', title: 'Service Unavailable', status: 503, code: 'shutting-down' },
      { type: 'about:blank', title: 'Service Unavailable', status: 503, code: 'shutting-down' },
    ]);
    await Promise.all([late.ended(), upgrade.ended(), running.ended(), closed]);
  });

  it('takes no new connection', async () => {
    const { port, close } = await serveAttached(() => {});
    const closed = close();

    const client = new RawClient({ port });

    await expect(client.answer()).rejects.toThrow('ECONNREFUSED');
    await closed;
  });

  it('ends idle connections at once', async () => {
    const { port, close } = await serveAttached(
      (app) => {
        app.get('/', (_request, response) => {
          response.send('hello');
        });
      },
      { keepAliveTimeout: 60_000 },
    );
    const response = await ask(keepingAgent(), port, '/');
    const { socket } = response;
    const ended = once(socket, 'close');
    await textOf(response);

    await close({ timeout: 60_000 });

    await ended;
    expect(socket.destroyed).toBe(true);
  });

  it('does not cut a reply that is still on its way, nor keep its connection after it', async () => {
    const size = 8_000_000;
    const { promise: answered, resolve: answer } = deferred();
    const { port, close } = await serveAttached(
      (app) => {
        app.get('/', (_request, response) => {
          response.send('x'.repeat(size));
          answer();
        });
      },
      { keepAliveTimeout: 60_000 },
    );
    const response = await ask(keepingAgent(), port, '/');
    await answered;

    const closed = close({ timeout: 60_000 });

    await expect(textOf(response)).resolves.toHaveLength(size);
    await closed;
  });

  it('refuses a handshake that authorize lets in too late', async () => {
    const { promise: asked, resolve: wasAsked } = deferred();
    const { promise: decided, resolve: decide } = deferred();
    const { port, close } = await serveAttached(() => {}, {
      authorize: () => {
        wasAsked();
        return decided;
      },
    });
    const client = new RawClient({ port });
    await asked;

    const closed = close();
    decide();

    await expect(client.answer()).resolves.toMatchObject({ status: 503 });
    await closed;
  });

  it('cuts the connections that are left at the timeout', async () => {
    const { promise: begun, resolve: begin } = deferred();
    const { port, close } = await serveAttached((app) => {
      app.get('/never', () => {});
      app.ws('/frozen', omni);
      app.ws(
        '/busy',
        omniWs({
          codec: textCodec,
          handler: async (): Promise<Says> => {
            begin();
            return new Promise(() => {});
          },
        }),
      );
    });
    const frozen = new RawClient({ port, path: '/frozen' });
    const busy = new RawClient({ port, path: '/busy', head: frame('{"text":"x"}') });
    const headless = new RawClient({ port, isUnfinished: true });
    const never = new RawClient({
      port,
      path: '/never',
      headers: { connection: 'keep-alive', upgrade: undefined },
    });
    await Promise.all([frozen.answer(), busy.answer(), begun]);

    const began = performance.now();
    await close({ timeout: 200 });
    const took = performance.now() - began;

    // A frozen client sees the close frame when it thaws; one with a handler that never ends is cut.
    await expect(frozen.closeCode()).resolves.toBe(1001);
    await expect(busy.closeCode()).resolves.toBe(1006);
    await Promise.all([frozen, busy, headless, never].map((client) => client.ended()));
    expect(took).toBeGreaterThanOrEqual(199);
  });

  it('waits for the close frames of the clients', async () => {
    const { port, close } = await serveAttached((app) => app.ws('/', omni));
    const client = new RawClient({ port });
    await client.answer();
    const order: string[] = [];

    const closed = close({ timeout: 60_000 }).then(() => order.push('closed'));
    await expect(client.closeCode()).resolves.toBe(1001);
    order.push('told');
    client.socket.write(closeFrame(1001));
    await closed;

    expect(order).toEqual(['told', 'closed']);
  });

  it('is one and the same however often it is called', async () => {
    const { close } = await serveAttached(() => {});

    const first = close();

    expect(close({ timeout: 1 })).toBe(first);
    await first;
    expect(close()).toBe(first);
  });

  it('resolves when the server never listened', async () => {
    await expect(attachWebSockets(express()).close()).resolves.toBeUndefined();
  });

  it('refuses a timeout that is none', () => {
    const { close } = attachWebSockets(express());

    expect(() => close({ timeout: -1 })).toThrow(
      new TypeError('Expected `timeout` to be a number from 0 up, got -1'),
    );
    expect(() => close({ timeout: Number.NaN })).toThrow(TypeError);
  });

  it('takes a timeout that is longer than a timer can be for the longest one', async () => {
    const { url, close } = await serveAttached((app) => app.ws('/', omni));
    const client = await connect(`${url}/`);

    await close({ timeout: Infinity });

    await expect(client.closed).resolves.toEqual({ code: 1001, reason: 'going-away' });
  });
});
