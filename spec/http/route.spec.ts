import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import connect from 'connect';
import cors from 'cors';
import express, { type ErrorRequestHandler } from 'express';
import {
  type Codec,
  omniHttp,
  omniHttpHandler,
  type OmniHttpOptions,
  type OmniError,
  type RefusedEvent,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nextTurn } from '../support/clock.ts';
import { bytesCodec, type Said, type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';
import { isFirstRun } from '../support/stacks.ts';

type Options = OmniHttpOptions<Said, Says>;

/** What an app sees: errors that reached its own error handling, and requests that were not ours. */
interface Served {
  readonly url: string;
  readonly errors: OmniError[];
  readonly told: OmniError[];
}

type Start = (options: Partial<Options>, before?: express.RequestHandler) => Promise<Served>;

const echo: Options['handler'] = ({ text }) => ({ said: text });

function prepare(options: Partial<Options>): { told: OmniError[]; complete: Options } {
  const told: OmniError[] = [];
  const complete: Options = {
    path: '/omni',
    codec: textCodec,
    handler: echo,
    ...options,
    onError: (error, exchange) => {
      told.push(error);
      return options.onError?.(error, exchange);
    },
  };
  return { told, complete };
}

/** The servers on which omniHttp must do the same. */
const servers: readonly (readonly [string, Start])[] = [
  [
    'Express',
    async (options, before) => {
      const errors: OmniError[] = [];
      const { told, complete } = prepare(options);
      const app = express();
      if (before !== undefined) app.use(before);
      app.use(omniHttp(complete));
      app.use((_request, response) => {
        response.status(404).end('not ours');
      });
      const onError: ErrorRequestHandler = (error: OmniError, _request, response, _next) => {
        errors.push(error);
        response.status(error.status).end('app');
      };
      app.use(onError);
      return { url: await serve(app), errors, told };
    },
  ],
  [
    'Connect',
    async (options, before) => {
      const errors: OmniError[] = [];
      const { told, complete } = prepare(options);
      const app = connect();
      if (before !== undefined) app.use(before as unknown as connect.NextHandleFunction);
      app.use(omniHttp(complete) as unknown as connect.NextHandleFunction);
      app.use((_request, response) => {
        response.statusCode = 404;
        response.end('not ours');
      });
      app.use(((error, _request, response, _next) => {
        errors.push(error as OmniError);
        response.statusCode = (error as OmniError).status;
        response.end('app');
      }) satisfies connect.ErrorHandleFunction);
      return { url: await serve(app), errors, told };
    },
  ],
];

const post = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/omni`, { method: 'POST', body: '{"text":"hello"}', ...init });

/** A raw connection, for what no client would send. */
async function dial(url: string): Promise<Socket> {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** All that arrives until the server closes. */
async function textUntilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, 'close');
  return text;
}

const HEAD = 'POST /omni HTTP/1.1\r\nHost: a\r\n';

/** The two ways to say how long a body is, which are read by two readers. Each has 16 bytes. */
const framings = [
  [
    'of a declared length',
    { head: `${HEAD}Content-Length: 16\r\n\r\n`, piece: (text: string) => text, end: '' },
  ],
  [
    'in chunks',
    {
      head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
      piece: (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`,
      end: '0\r\n\r\n',
    },
  ],
] as const;

const serversOfThisRun = servers.filter(([name]) => isFirstRun || name === 'Express');

describe.each(serversOfThisRun)('omniHttp in %s', (_, start) => {
  it('answers a message with 200 and the encoded reply', async () => {
    const { url } = await start({});

    const response = await post(url);

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-length': '16',
    });
    expect(await response.text()).toBe('{"said":"hello"}');
  });

  it('answers the request of the Gleam client', async () => {
    const { url } = await start({});

    const response = await post(url, {
      headers: {
        'content-type': 'text/plain;charset=UTF-8',
        'content-encoding': 'application/json',
      },
    });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"hello"}');
  });

  it('answers the request of the Gleam client behind express.json()', async () => {
    const { url } = await start({}, express.json());

    const response = await post(url, {
      headers: {
        'content-type': 'text/plain;charset=UTF-8',
        'content-encoding': 'application/json',
      },
    });

    expect(response.status).toBe(200);
  });

  it.each([
    ['the value from express.json()', express.json()],
    ['the text from express.text()', express.text({ type: '*/*' })],
    ['the bytes from express.raw()', express.raw({ type: '*/*' })],
  ])('takes %s for the body', async (_name, before) => {
    const { url } = await start({}, before);

    const response = await post(url, { headers: { 'content-type': 'application/json' } });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"hello"}');
  });

  it('gives a parsed value to decodeValue where the codec has one', async () => {
    const codec: Codec<Said, Says> = {
      ...textCodec,
      decode: () => {
        throw new Error('not to be called');
      },
      decodeValue: (value) => ({ text: `value ${(value as Said).text}` }),
    };
    const { url } = await start({ codec }, express.json());

    const response = await post(url, { headers: { 'content-type': 'application/json' } });

    expect(await response.text()).toBe('{"said":"value hello"}');
  });

  it('calls decodeValue as a method of the codec', async () => {
    class Counted implements Codec<Said, Says> {
      readonly #word = 'value';
      readonly decode = textCodec.decode;
      readonly encode = textCodec.encode;
      decodeValue(value: unknown): Said {
        return { text: `${this.#word} ${(value as Said).text}` };
      }
    }
    const { url } = await start({ codec: new Counted() }, express.json());

    const response = await post(url, { headers: { 'content-type': 'application/json' } });

    expect(await response.text()).toBe('{"said":"value hello"}');
  });

  it('takes an empty object that express.json() parsed for what it is', async () => {
    const { url } = await start({}, express.json());

    const response = await post(url, {
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });

    expect(response.status).toBe(422);
  });

  it('answers 200 and an empty body when there is no reply', async () => {
    const { url } = await start({ handler: () => undefined });

    const response = await post(url);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('answers 200 and an empty body when the codec skips the reply', async () => {
    const { url } = await start({ handler: () => ({ private: true }) });

    const response = await post(url);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('answers emptyReply in place of an empty body', async () => {
    const { url } = await start({ handler: () => undefined, emptyReply: { said: 'nothing' } });

    expect(await (await post(url)).text()).toBe('{"said":"nothing"}');
  });

  it('answers 422 and what was expected where when the body is not a message', async () => {
    const { url, told } = await start({});

    const response = await post(url, { body: '{"secret":"hunter2"}' });

    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'The body is not a message',
      status: 422,
      code: 'decode',
      detail: 'at text: expected a text',
    });
    expect(told.map(({ code }) => code)).toEqual(['decode']);
  });

  it('answers 200 and the message of onError to a body that is not a message', async () => {
    const { url } = await start({ onError: ({ code }) => ({ said: code }) });

    const response = await post(url, { body: '{}' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"decode"}');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
  ] satisfies [string, Options['handler']][])(
    'hands a handler that %s to the error handling of the app',
    async (_name, handler) => {
      const { url, told, errors } = await start({ handler });

      const response = await post(url);

      expect(response.status).toBe(500);
      expect(await response.text()).toBe('app');
      expect(errors.map(({ code }) => code)).toEqual(['handler']);
      expect(told).toEqual(errors);
    },
  );

  it('hands on the status that the cause asks for', async () => {
    const { url } = await start({
      handler: () => {
        throw Object.assign(new Error('gone'), { status: 410 });
      },
    });

    expect((await post(url)).status).toBe(410);
  });

  it('answers 200 and the message of onError to a handler that fails', async () => {
    const { url, errors } = await start({
      handler: () => Promise.reject(new Error('hunter2')),
      onError: async ({ code }) => Promise.resolve({ said: code }),
    });

    const response = await post(url);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"handler"}');
    expect(errors).toEqual([]);
  });

  it('hands a reply that cannot be encoded to the error handling of the app', async () => {
    const codec: Codec<Said, Says> = {
      ...textCodec,
      encode: (m) => JSON.stringify([m, 1n]),
    };
    const { url, errors, told } = await start({ codec });

    const response = await post(url);

    expect(response.status).toBe(500);
    expect(errors.map(({ code }) => code)).toEqual(['encode']);
    expect(told).toEqual(errors);
  });

  it('hands an emptyReply that cannot be encoded to the error handling of the app', async () => {
    const codec: Codec<Said, Says> = {
      ...textCodec,
      encode: (m) => JSON.stringify([m, 1n]),
    };
    const { url, told } = await start({
      codec,
      handler: () => undefined,
      emptyReply: { said: 'nothing' },
    });

    expect((await post(url)).status).toBe(500);
    expect(told.map(({ code }) => code)).toEqual(['encode']);
  });

  it('gives the handler the context, made once and before anything is decoded', async () => {
    const order: string[] = [];
    const codec: Codec<Said, Says> = {
      ...textCodec,
      decode: (encoded) => {
        order.push('decode');
        return textCodec.decode(encoded);
      },
    };
    const { url } = await start({
      codec,
      context: async ({ headers }) => {
        await Promise.resolve();
        order.push('context');
        return headers['x-user'];
      },
      handler: (message: Said, { context }: { context: unknown }) => ({
        said: `${message.text} ${String(context)}`,
      }),
    } as Partial<Options>);

    const response = await post(url, { headers: { 'x-user': 'lucy' } });

    expect(await response.text()).toBe('{"said":"hello lucy"}');
    expect(order).toEqual(['context', 'decode']);
  });

  it.each([400, 401, 403, 499])(
    'answers a refusal of context with a problem of %s',
    async (status) => {
      const { url, told, errors } = await start({
        context: () => {
          throw Object.assign(new Error('no'), {
            status,
            headers: { 'www-authenticate': 'Bearer', 'Retry-After': 5, 'set-cookie': 'a=b' },
          });
        },
      });

      const response = await post(url);

      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toEqual({
        type: 'about:blank',
        title: STATUS_CODES[status] ?? 'Error',
        status,
        code: 'context',
      });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(response.headers.get('retry-after')).toBe('5');
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(errors).toEqual([]);
      expect(told).toEqual([]);
    },
  );

  it('answers a refusal whose headers cannot be sent without them', async () => {
    const { url } = await start({
      context: () => {
        throw Object.defineProperty(Object.assign(new Error('no'), { status: 401 }), 'headers', {
          get() {
            throw new Error('a getter');
          },
        });
      },
    });

    expect((await post(url)).status).toBe(401);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ] satisfies [string, () => never | Promise<never>][])(
    'tells onError of a context that %s, and hands on a 500',
    async (_name, context) => {
      const { url, told, errors } = await start({ context });

      const response = await post(url);

      expect(response.status).toBe(500);
      expect(told.map(({ code }) => code)).toEqual(['context']);
      expect(errors).toEqual(told);
    },
  );

  it('refuses a foreign Origin before the body is read', async () => {
    const { url, told } = await start({});
    const socket = await dial(url);

    socket.write(
      'POST /omni HTTP/1.1\r\nHost: good.example\r\nOrigin: https://evil.example\r\nContent-Length: 10\r\n\r\n',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];

    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 403 /);
    expect(chunk.toString()).toContain('"code":"origin"');
    expect(told).toEqual([]);
  });

  it('answers a body of the limit, and 413 to one byte more', async () => {
    const { url } = await start({ limit: 16 });

    expect((await post(url, { body: '{"text":"12345"}' })).status).toBe(200);
    const response = await post(url, { body: '{"text":"123456"}' });

    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ code: 'too-large', status: 413 });
  });

  it('answers 413 at once to a body that is only declared to be too large', async () => {
    const { url } = await start({});
    const socket = await dial(url);

    socket.write('POST /omni HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n');
    const text = await textUntilClosed(socket);

    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('answers 413 to a chunked body as soon as it is too large', async () => {
    const { url } = await start({ limit: 4 });
    const socket = await dial(url);

    socket.write(
      'POST /omni HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n1\r\n5\r\n',
    );
    const text = await textUntilClosed(socket);

    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('"code":"too-large"');
  });

  describe.each(framings)('a body %s', (__, { head, piece, end }) => {
    it('may come in pieces', async () => {
      const { url } = await start({});
      const socket = await dial(url);

      socket.write(head);
      for (const text of ['{"te', 'xt":"h', 'ello"}']) {
        await nextTurn();
        socket.write(piece(text));
      }
      socket.write(end);
      const [reply] = (await once(socket, 'data')) as [Buffer];

      expect(reply.toString()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n{"said":"hello"}$/);
    });

    it('that stalls is answered with 408', async () => {
      const handled: Said[] = [];
      const { url } = await start({
        bodyTimeout: 50,
        handler: (message) => {
          handled.push(message);
        },
      });
      const socket = await dial(url);

      socket.write(head + piece('{"text"'));
      const text = await textUntilClosed(socket);

      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(text).toContain('"code":"body-timeout"');
      expect(handled).toEqual([]);
    });

    it.each([
      ['at once', 0],
      ['later', 3],
    ])('whose client goes away %s is nobody to answer', async (___, turns) => {
      const seen: string[] = [];
      const gone: Promise<unknown>[] = [];
      const refused = (event: unknown): void => {
        seen.push((event as RefusedEvent).code);
      };
      subscribe('omnimessage:refused', refused);
      onTestFinished(() => void unsubscribe('omnimessage:refused', refused));
      const { url, told, errors } = await start(
        {
          bodyTimeout: 20,
          handler: () => {
            seen.push('handled');
          },
        },
        (request, _response, next) => {
          gone.push(new Promise((resolve) => request.once('close', resolve)));
          next();
        },
      );
      const leaver = await dial(url);
      const staller = await dial(url);

      leaver.write(head + piece('{"text"'));
      while (gone.length === 0) await nextTurn();
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      leaver.destroy();
      await gone[0];
      // It comes later, so its time is over later.
      staller.write(head);
      await textUntilClosed(staller);

      expect(seen).toEqual(['body-timeout']);
      expect(told).toEqual([]);
      expect(errors).toEqual([]);
    });

    it('that an earlier middleware made text of counts as consumed', async () => {
      const { url, told } = await start({}, (request, _response, next) => {
        request.setEncoding('utf8');
        next();
      });
      const socket = await dial(url);

      socket.write(head + piece('{"text":"hello"}') + end);
      const [reply] = (await once(socket, 'data')) as [Buffer];

      expect(reply.toString()).toMatch(/^HTTP\/1\.1 500 [^]*"code":"body-consumed"/);
      expect(told.map(({ code }) => code)).toEqual(['body-consumed']);
    });

    it('leaves the handler in the asynchronous context of its request', async () => {
      const requests = new AsyncLocalStorage<string>();
      const { url } = await start(
        { handler: () => ({ said: requests.getStore() ?? 'nobody' }) },
        (request, _response, next) => {
          requests.run(String(request.headers['x-name']), next);
        },
      );
      const sockets = await Promise.all(['Ada', 'Lucy'].map(() => dial(url)));
      const replies = sockets.map((socket) => once(socket, 'data') as Promise<[Buffer]>);

      // Both are being read at the same time.
      for (const [index, name] of ['Ada', 'Lucy'].entries()) {
        sockets[index]?.write(head.replace('Host: a', `Host: a\r\nX-Name: ${name}`));
      }
      await nextTurn();
      for (const socket of sockets) socket.write(piece('{"text":"hello"}') + end);

      expect((await Promise.all(replies)).map(([reply]) => reply.toString().slice(-14))).toEqual([
        '{"said":"Ada"}',
        '"said":"Lucy"}',
      ]);
    });
  });

  it('stops, and removes its listeners, when the client disconnects in the middle of a chunked body', async () => {
    const seen: string[] = [];
    const requests: IncomingMessage[] = [];
    const { url, told, errors } = await start(
      {
        bodyTimeout: 50,
        handler: () => {
          seen.push('handled');
        },
      },
      (request, _response, next) => {
        requests.push(request);
        next();
      },
    );
    const socket = await dial(url);

    socket.write(
      'POST /omni HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"text"',
    );
    while (requests.length === 0) await nextTurn();
    const refused: unknown[] = [];
    const note = (event: unknown): unknown => refused.push(event);
    subscribe('omnimessage:refused', note);
    socket.destroy();
    while (requests[0]?.destroyed !== true) await nextTurn();
    // Another one, which stays: when its time has passed, that of the first one would have too.
    const late = await dial(url);
    late.write('POST /omni HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"text"');
    const [answer] = (await once(late, 'data')) as [Buffer];
    unsubscribe('omnimessage:refused', note);

    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect(refused).toHaveLength(1);
    expect(seen).toEqual([]);
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('answers 400 to an empty body', async () => {
    const { url } = await start({});

    const response = await post(url, { body: '' });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'empty' });
  });

  it('answers 400 to a body that is not UTF-8, and takes a byte order mark away', async () => {
    const { url } = await start({});

    const broken = await post(url, { body: Buffer.from([0x22, 0xc3, 0x28, 0x22]) });
    const marked = await post(url, { body: '\uFEFF{"text":"ü"}' });

    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ code: 'utf8' });
    expect(await marked.text()).toBe('{"said":"ü"}');
  });

  it.each(['utf-16', 'latin1', 'utf-7', '"iso-8859-1"'])(
    'answers 415 to the charset %s',
    async (name) => {
      const { url } = await start({});

      const response = await post(url, {
        headers: { 'content-type': `text/plain; charset=${name}` },
      });

      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ code: 'charset' });
    },
  );

  it.each(['utf-8', 'UTF-8', 'utf8', '"utf-8"'])('takes the charset %s', async (name) => {
    const { url } = await start({});

    const response = await post(url, {
      headers: { 'content-type': `text/plain; charset=${name}` },
    });

    expect(response.status).toBe(200);
  });

  it.each(['gzip', 'br', 'deflate', 'identity, gzip', 'x'])(
    'answers 415 to the coding %s',
    async (coding) => {
      const { url } = await start({});

      const response = await post(url, { headers: { 'content-encoding': coding } });

      expect(response.status).toBe(415);
      expect(response.headers.get('accept-encoding')).toBe('identity');
      expect(await response.json()).toMatchObject({ code: 'encoding' });
    },
  );

  it.each(['identity', 'application/json', 'Application/JSON'])(
    'takes the coding %s for none',
    async (coding) => {
      const { url } = await start({});

      expect((await post(url, { headers: { 'content-encoding': coding } })).status).toBe(200);
    },
  );

  it('answers 504 to a handler that takes too long, and aborts its signal', async () => {
    let aborted = false;
    const { url, told } = await start({
      handlerTimeout: 20,
      handler: (_message, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
        }),
    });

    const response = await post(url);

    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: 'handler-timeout' });
    expect(aborted).toBe(true);
    expect(told.map(({ code }) => code)).toEqual(['handler-timeout']);
  });

  it('answers 200 and the message of onError to a handler that takes too long', async () => {
    const { url } = await start({
      handlerTimeout: 20,
      handler: () => new Promise(() => {}),
      onError: ({ code }) => ({ said: code }),
    });

    const response = await post(url);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"handler-timeout"}');
  });

  it('counts a slow context into the same time', async () => {
    const { url } = await start({ handlerTimeout: 20, context: () => new Promise(() => {}) });

    expect((await post(url)).status).toBe(504);
  });

  it('answers 500 body-consumed when an earlier middleware has read the body and kept nothing', async () => {
    const { url, told } = await start({}, (request, _response, next) => {
      request.resume();
      request.on('end', () => {
        next();
      });
    });

    const response = await post(url);

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'body-consumed' });
    expect(told.map(({ message }) => message)).toEqual([
      'the body was read by an earlier middleware, which left nothing in request.body: mount omniHttp before the middleware that reads bodies',
    ]);
  });

  it('aborts the signal and writes nothing when the client has disconnected', async () => {
    const events: string[] = [];
    let finish = (): void => {};
    let handling = (): void => {};
    const handled = new Promise<void>((resolve) => (handling = resolve));
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const { url, told, errors } = await start({
      handler: async (_message, { signal }) => {
        handling();
        await once(signal, 'abort');
        events.push('aborted');
        setImmediate(finish);
        return { said: 'too late' };
      },
    });
    const socket = await dial(url);

    socket.write('POST /omni HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n{"text":"hello"}');
    await handled;
    socket.destroy();
    await finished;

    expect(events).toEqual(['aborted']);
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('leaves %s to the next', async (method) => {
    const { url } = await start({});

    const response = await fetch(`${url}/omni`, { method });

    expect(response.status).toBe(404);
    expect(await response.text()).toBe('not ours');
  });

  it.each(['/', '/omni/', '/omnia', '/Omni', '/omni/more'])(
    'leaves POST %s to the next',
    async (path) => {
      const { url } = await start({});

      const response = await fetch(`${url}${path}`, { method: 'POST', body: '{"text":"hello"}' });

      expect(response.status).toBe(404);
    },
  );

  it('does not look at the query', async () => {
    const { url } = await start({});

    const response = await fetch(`${url}/omni?a=/b`, { method: 'POST', body: '{"text":"hello"}' });

    expect(response.status).toBe(200);
  });

  it('gives a binary codec the bytes, also none, and sends bytes', async () => {
    const { url } = await start({ codec: bytesCodec as never });

    const some = await post(url, { body: Buffer.from([0xff, 0x00]) });
    const none = await post(url, { body: '' });

    expect(some.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await some.arrayBuffer())).toEqual(Buffer.from([0xff, 0x00]));
    expect(none.status).toBe(200);
  });

  it('sends the content-type of the codec', async () => {
    const { url } = await start({ codec: { ...textCodec, contentType: 'text/x-said' } });

    expect((await post(url)).headers.get('content-type')).toBe('text/x-said');
  });
});

describe('omniHttp', () => {
  it.each(['/omni', '/mounted/deeper?a=b', '/'])(
    'answers every POST that arrives where it has no path: %s',
    async (path) => {
      const app = express();
      app.use(omniHttp({ codec: textCodec, handler: echo }));
      const url = await serve(app);

      const response = await fetch(url + path, { method: 'POST', body: '{"text":"hello"}' });

      expect(await response.text()).toBe('{"said":"hello"}');
      expect((await fetch(url + path)).status).toBe(404);
    },
  );

  it('is mounted by app.post, with the parameters of its path', async () => {
    const app = express();
    const handler = ({ text }: Said, { request }: { request: unknown }): Says => ({
      said: `${text} in ${String((request as express.Request).params['room'])}`,
    });
    app.post('/rooms/:room', omniHttp({ codec: textCodec, handler }));
    const url = await serve(app);

    const response = await fetch(`${url}/rooms/blue`, { method: 'POST', body: '{"text":"hello"}' });

    expect(await response.text()).toBe('{"said":"hello in blue"}');
  });

  it('answers at the mount point without a path', async () => {
    const app = express();
    app.use('/mounted', omniHttp({ codec: textCodec, handler: echo }));
    const url = await serve(app);

    const response = await fetch(`${url}/mounted`, { method: 'POST', body: '{"text":"hello"}' });

    expect(response.status).toBe(200);
  });

  describe('the mark', () => {
    const accept = 'application/problem+json, */*';
    const boom = (): never => {
      throw new Error('boom');
    };

    it.each<[string, Partial<Options>, string, number, string, string]>([
      ['a reply', {}, '{"text":"a"}', 200, '{"said":"a"}', 'reply'],
      ['no reply', { handler: () => undefined }, '{"text":"a"}', 200, '', 'none'],
      [
        'no reply, and emptyReply',
        { handler: () => undefined, emptyReply: { said: 'empty' } },
        '{"text":"a"}',
        200,
        '',
        'none',
      ],
      [
        'a failure that onError answers',
        { handler: boom, onError: () => ({ said: 'sorry' }) },
        '{"text":"a"}',
        200,
        '{"said":"sorry"}',
        'failed; code=handler',
      ],
      [
        'an undecodable message that onError answers later',
        { onError: async () => Promise.resolve({ said: 'sorry' }) },
        '{',
        200,
        '{"said":"sorry"}',
        'failed; code=decode',
      ],
    ])('of %s', async (_, options, message, status, body, mark) => {
      const app = express();
      app.use(omniHttp({ codec: textCodec, handler: echo, ...options }));
      const url = await serve(app);

      const own = await fetch(url, { method: 'POST', body: message, headers: { accept } });

      expect([own.status, await own.text(), own.headers.get('omnimessage')]).toEqual([
        status,
        body,
        mark,
      ]);
      // Any other client sees a failure, and nothing else.
      const other = await fetch(url, { method: 'POST', body: message });
      expect(other.headers.get('omnimessage')).toBe(mark.startsWith('failed') ? mark : null);
      expect(await other.text()).toBe(options.emptyReply === undefined ? body : '{"said":"empty"}');
    });

    it.each<[string, Partial<Options>, string, Record<string, string>, number, string | null]>([
      ['a problem that nobody answered', {}, '{', {}, 422, 'failed; code=decode'],
      [
        'a failure that the application answers',
        { handler: boom },
        '{"text":"a"}',
        {},
        500,
        'failed; code=handler',
      ],
      ['a refusal', {}, '{"text":"a"}', { origin: 'https://evil.example' }, 403, null],
    ])('of %s', async (_, options, body, headers, status, mark) => {
      const app = express().set('env', 'test');
      app.use(omniHttp({ codec: textCodec, handler: echo, ...options }));
      const url = await serve(app);

      const answer = await fetch(url, { method: 'POST', body, headers });

      expect(answer.status).toBe(status);
      expect(answer.headers.get('omnimessage')).toBe(mark);
    });

    it('may be read by a page of another origin that may read the answer', async () => {
      const origins = ['https://page.example'];
      const app = express();
      app.use(cors({ origin: origins, exposedHeaders: 'x-own' }));
      app.use(omniHttp({ codec: textCodec, handler: echo, origins }));
      const url = await serve(app);

      const answer = await fetch(url, {
        method: 'POST',
        body: '{"text":"a"}',
        headers: { origin: 'https://page.example', accept },
      });

      expect(answer.headers.get('access-control-expose-headers')).toBe('x-own, omnimessage');
    });
  });

  it('works with cors before it, for a page on another host', async () => {
    const origins = ['https://page.example'];
    const app = express();
    app.use(cors({ origin: origins, allowedHeaders: ['content-type', 'content-encoding'] }));
    app.use(omniHttp({ path: '/omni', codec: textCodec, handler: echo, origins }));
    const url = await serve(app);

    const preflight = await fetch(`${url}/omni`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://page.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-encoding',
      },
    });
    const response = await post(url, { headers: { origin: 'https://page.example' } });
    const foreign = await post(url, { headers: { origin: 'https://evil.example' } });

    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-encoding');
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect(foreign.status).toBe(403);
  });

  it.each([
    [
      'codec',
      { codec: {} },
      /Expected `codec` to be an object with the functions decode and encode, got object/,
    ],
    ['handler', { handler: 1 }, /Expected `handler` to be a function, got 1/],
    ['context', { context: 'x' }, /Expected `context` to be a function, got "x"/],
    ['onError', { onError: null }, /Expected `onError` to be a function, got null/],
    ['limit', { limit: 0 }, /Expected `limit` to be an integer from 1 up, got 0/],
    ['limit', { limit: 1.5 }, /Expected `limit` to be an integer from 1 up, got 1.5/],
    ['bodyTimeout', { bodyTimeout: 0 }, /Expected `bodyTimeout` to be a number above 0, got 0/],
    ['handlerTimeout', { handlerTimeout: Number.NaN }, /got NaN/],
    ['path', { path: 'omni' }, /Expected `path` to be a string that begins with \/, got "omni"/],
    [
      'origins',
      { origins: ['example.com'] },
      /an origin such as 'https:\/\/example.com', got "example.com"/,
    ],
    ['origins', { origins: 'https://example.com' }, /Expected `origins` to be an array/],
  ])('throws when %s is invalid', (_name, wrong, message) => {
    expect(() => omniHttp({ codec: textCodec, handler: echo, ...wrong } as never)).toThrow(message);
  });
});

describe('the router of omniHttp', () => {
  it.each([
    ['Express', (): express.Express | connect.Server => express()],
    ['Connect', () => connect()],
  ])('takes further layers, on %s', async (_, make) => {
    const router = omniHttp({ path: '/omni', codec: textCodec, handler: echo });
    const app = make() as connect.Server;
    app.use(router as unknown as connect.NextHandleFunction);
    const url = await serve(app);
    expect(await (await post(url)).text()).toBe('{"said":"hello"}');
    expect((await fetch(`${url}/more`)).status).toBe(404);

    router.use('/more', (_request, response) => {
      response.end('more');
    });

    expect(await (await fetch(`${url}/more`)).text()).toBe('more');
    expect(await (await post(url)).text()).toBe('{"said":"hello"}');
  });

  it('leaves a request that passes by as it was', async () => {
    const app = express();
    app.use('/mount', omniHttp({ path: '/omni', codec: textCodec, handler: echo }));
    app.get('/mount/:name', ({ baseUrl, originalUrl, params, url }, response) => {
      response.json({ baseUrl, originalUrl, params, url });
    });
    const url = await serve(app);

    expect(await (await fetch(`${url}/mount/other?a=b`)).json()).toStrictEqual({
      baseUrl: '',
      originalUrl: '/mount/other?a=b',
      params: { name: 'other' },
      url: '/mount/other?a=b',
    });
  });

  it('gives the handler the address of the request', async () => {
    const app = express();
    const handler = (_: Said, { request }: { request: unknown }): Says => {
      const { baseUrl, originalUrl, url } = request as express.Request;
      return { said: [baseUrl, url, originalUrl].join(' ') };
    };
    app.use('/mount', omniHttp({ path: '/omni', codec: textCodec, handler }));
    const url = await serve(app);

    expect(await (await post(`${url}/mount`)).text()).toBe('{"said":"/mount /omni /mount/omni"}');
  });
});

describe('omniHttpHandler', () => {
  it('serves node:http without a router', async () => {
    const handle = omniHttpHandler({ path: '/omni', codec: textCodec, handler: echo });
    const url = await serve((request, response) => {
      handle(request, response, () => {
        response.statusCode = 404;
        response.end();
      });
    });

    expect(await (await post(url)).text()).toBe('{"said":"hello"}');
    expect((await fetch(url)).status).toBe(404);
  });
});
