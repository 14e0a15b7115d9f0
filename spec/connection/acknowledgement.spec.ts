import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import {
  application,
  effect,
  omniWs,
  type OmniWsOptions,
  omniWsApplication,
} from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { bytesCodec, type Said, type Says, textCodec } from '../support/codecs.ts';

import { type SocketClient } from '../support/socket-client.ts';
import { stacksOfThisRun, type Stack } from '../support/stacks.ts';
import { until } from '../support/until.ts';

const attached: Stack = async (route) => {
  const { url } = await serveAttached((app) => {
    app.ws('/omni', route);
  });
  return `${url}/omni`;
};

const everyStack = [...stacksOfThisRun, ['attachWebSockets', attached] as const];

/** A client that speaks `omnimessage.1`; its frames wait until they are asked for. */
async function open(url: string): Promise<Pick<SocketClient, 'send' | 'next' | 'closed'>> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), ['omnimessage.1', 'omnimessage.1.e30']);
  onTestFinished(() => {
    socket.terminate();
  });
  const frames: (string | Buffer)[] = [];
  const waiting: ((frame: string | Buffer) => void)[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const frame = isBinary ? data : data.toString();
    const taker = waiting.shift();
    if (taker === undefined) frames.push(frame);
    else taker(frame);
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({
    code: code as number,
    reason: String(reason),
  }));
  await once(socket, 'open');

  expect(socket.protocol).toBe('omnimessage.1');

  return {
    closed,
    send: (frame) => {
      socket.send(frame, { binary: typeof frame !== 'string' });
    },
    next: async () => {
      const frame = frames.shift();
      if (frame !== undefined) return frame;
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        void closed.then(({ code }) => {
          reject(new Error(`closed with ${code}`));
        });
      });
    },
  };
}

const answering: OmniWsOptions<Said, Says> = {
  codec: textCodec,
  handler: ({ text }, connection) => {
    if (text === 'nothing') return undefined;
    if (text === 'private') return { private: true };
    if (text === 'throw') throw new Error('secret');
    if (text === 'push') connection.send({ said: 'pushed' });
    return { said: text };
  },
};
const message = (id: number, text: string): string => `${id}\n${JSON.stringify({ text })}`;
const reply = (header: string, said: string): string => `${header}\n${JSON.stringify({ said })}`;

describe.each(everyStack)('omnimessage.1 of omniWs on %s', (_, stack) => {
  it('begins with a hello', async () => {
    const client = await open(
      await stack(
        omniWs({
          ...answering,
          limit: 1_000,
          heartbeat: { interval: 5_000 },
          rateLimit: { perSecond: 50, burst: 100 },
        }),
      ),
    );

    expect(await client.next()).toBe('!\n{"version":1,"interval":5000,"limit":1000,"rate":50}');
  });

  it('answers each message: with its reply, or that there is none', async () => {
    const client = await open(await stack(omniWs(answering)));
    await client.next();
    client.send(message(3, 'a'));
    client.send(message(4, 'nothing'));
    client.send(message(9, 'push'));
    client.send(`10;later=1\n{"text":"extended"}`);

    expect(await client.next()).toBe(reply('=3', 'a'));
    expect(await client.next()).toBe('+4\n');
    expect(await client.next()).toBe(reply('', 'pushed'));
    expect(await client.next()).toBe(reply('=9', 'push'));
    expect(await client.next()).toBe(reply('=10', 'extended'));
  });

  it('answers what failed with its code, and what onError answers', async () => {
    const client = await open(
      await stack(
        omniWs({
          ...answering,
          onError: ({ code }) => (code === 'decode' ? { said: 'not understood' } : undefined),
        }),
      ),
    );
    await client.next();
    client.send(message(1, 'throw'));
    client.send('2\n{}');
    client.send(message(3, 'a'));

    expect(await client.next()).toBe('-1;handler\n');
    expect(await client.next()).toBe(reply('-2;decode', 'not understood'));
    expect(await client.next()).toBe(reply('=3', 'a'));
  });

  it('answers a probe while a handler is busy, and messages in order', async () => {
    const busy = deferred();
    const client = await open(
      await stack(
        omniWs({
          ...answering,
          handler: async ({ text }) => {
            if (text === 'slow') await busy.promise;
            return { said: text };
          },
        }),
      ),
    );
    await client.next();
    client.send(message(1, 'slow'));
    client.send(message(2, 'fast'));
    client.send('?\n');

    expect(await client.next()).toBe('.\n');
    busy.resolve();

    expect(await client.next()).toBe(reply('=1', 'slow'));
    expect(await client.next()).toBe(reply('=2', 'fast'));
  });

  it('sends a beat when it sent nothing for an interval', async () => {
    const client = await open(
      await stack(omniWs({ ...answering, heartbeat: { interval: 50, timeout: 10_000 } })),
    );
    await client.next();

    expect(await client.next()).toBe('.\n');
    expect(await client.next()).toBe('.\n');
  });

  it('answers a message that takes too long before the close, and only once', async () => {
    const never = deferred();
    const client = await open(
      await stack(
        omniWs({
          ...answering,
          handler: () => never.promise.then(() => undefined),
          handlerTimeout: 50,
        }),
      ),
    );
    await client.next();
    client.send(message(1, 'slow'));

    expect(await client.next()).toBe('-1;handler-timeout\n');
    never.resolve();

    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
  });

  it('takes a message up to the limit whatever its header, and answers one past it', async () => {
    const client = await open(await stack(omniWs({ ...answering, limit: 100 })));
    await client.next();
    const padded = (size: number): string => `{"text":"${'x'.repeat(size - 11)}"}`;
    client.send(`1;${'x'.repeat(250)}\n${padded(100)}`);

    expect(await client.next()).toBe(reply('=1', 'x'.repeat(89)));
    client.send(`2\n${padded(101)}`);

    expect(await client.next()).toBe('-2;too-large\n');
    expect(await client.closed).toEqual({ code: 1009, reason: 'too-large' });
  });

  it('answers a message past the rate limit before the close', async () => {
    const client = await open(
      await stack(omniWs({ ...answering, rateLimit: { perSecond: 0.001, burst: 1 } })),
    );
    await client.next();
    client.send(message(1, 'a'));
    client.send(message(2, 'b'));

    expect(await client.next()).toBe(reply('=1', 'a'));
    expect(await client.next()).toBe('-2;rate-limited\n');
    expect(await client.closed).toEqual({ code: 4429, reason: 'rate-limited' });
  });

  it.each([
    ['without a line feed', 'x'],
    ['with a header of 257 characters', `1;${'x'.repeat(255)}\n{"text":"a"}`],
    ['with the id 0', '0\n{"text":"a"}'],
    ['with a negative id', '-1\n{"text":"a"}'],
    ['with an id of 16 digits', '1234567890123456\n{"text":"a"}'],
    ['with an id that is no number', '1x\n{"text":"a"}'],
    ['with an id that does not rise', message(5, 'a')],
    ['with nothing', ''],
    ["with a server's header", '=6\n{"text":"a"}'],
  ])('counts a frame %s as undecodable, without an answer', async (__, frame) => {
    const codes: string[] = [];
    const client = await open(
      await stack(
        omniWs({
          ...answering,
          onError: ({ code }) => {
            codes.push(code);
          },
        }),
      ),
    );
    await client.next();
    client.send(message(5, 'first'));
    client.send(frame);
    client.send(message(6, 'last'));

    expect(await client.next()).toBe(reply('=5', 'first'));
    expect(await client.next()).toBe(reply('=6', 'last'));
    expect(codes).toEqual(['decode']);
  });

  it('closes after 20 such frames', async () => {
    const client = await open(await stack(omniWs(answering)));
    for (let count = 0; count < 20; count++) client.send('garbage');

    expect(await client.closed).toEqual({ code: 4400, reason: 'undecodable' });
  });

  it('is the same in bytes', async () => {
    const client = await open(
      await stack(
        omniWs({ codec: bytesCodec, handler: ({ text }) => ({ said: text.toUpperCase() }) }),
      ),
    );
    const hello = await client.next();

    expect(hello).toBeInstanceOf(Buffer);
    expect(String(hello)).toMatch(/^!\n\{"version":1,/);

    client.send(Buffer.from('7\n\u00e9a\n', 'latin1'));

    expect(await client.next()).toEqual(Buffer.from('=7\n\u00c9A\n', 'latin1'));
  });

  it('is spoken by the client in PROTOCOL.md', async () => {
    const url = await stack(omniWs(answering));
    const pushes: string[] = [];
    const ends: number[] = [];
    const client = (await clientByHand())(
      url.replace(/^http/, 'ws'),
      { onPush: (text) => pushes.push(text), onEnd: (code) => ends.push(code) },
      WebSocket as unknown as typeof globalThis.WebSocket,
    );

    expect(await client.send('{"text":"push"}')).toEqual({ reply: '{"said":"push"}' });
    expect(await client.send('{"text":"nothing"}')).toEqual({});
    expect(await client.send('{"text":"throw"}')).toEqual({ failed: 'handler', answer: '' });
    expect(pushes).toEqual(['{"said":"pushed"}']);

    client.close();
    await until(() => ends.length > 0);
    expect(ends).toHaveLength(1);
  });
});

describe('omnimessage.1 on a server whose limit is lower than that of the route', () => {
  it('says which one holds, and takes a message up to it, whatever its header', async () => {
    const { url } = await serveAttached(
      (app) => {
        app.ws('/omni', omniWs({ ...answering, limit: 200 }));
      },
      { limit: 100 },
    );
    const client = await open(`${url}/omni`);
    const padded = (size: number): string => `{"text":"${'x'.repeat(size - 11)}"}`;

    expect(await client.next()).toContain('"limit":100');

    client.send(`1;${'x'.repeat(250)}\n${padded(100)}`);

    expect(await client.next()).toBe(reply('=1', 'x'.repeat(89)));

    client.send(`2\n${padded(101)}`);

    expect(await client.next()).toBe('-2;too-large\n');
    expect(await client.closed).toEqual({ code: 1009, reason: 'too-large' });
  });
});

interface ByHand {
  readonly send: (text: string) => Promise<unknown>;
  readonly close: () => void;
}

type ByHandClient = (
  url: string,
  handlers: { onPush: (text: string) => unknown; onEnd: (code: number) => unknown },
  WebSocket: typeof globalThis.WebSocket,
) => ByHand;

/** The client that PROTOCOL.md prints, as it is there. */
async function clientByHand(): Promise<ByHandClient> {
  const text = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');
  const source = /```js\n(\/\* The whole client side[^]*?)```/.exec(text)?.[1] ?? '';

  expect(source.split('\n').length).toBeLessThan(75);

  const url = `data:text/javascript,${encodeURIComponent(`${source}\nexport default omniClient;`)}`;
  const module = (await import(/* @vite-ignore */ url)) as { default: ByHandClient };
  return module.default;
}

type Message = { readonly text: string } | { readonly said: string } | { readonly private: true };

const program = application({
  codec: {
    decode: (encoded: string): Message => JSON.parse(encoded) as Message,
    encode: (sent: Message) => ('said' in sent ? JSON.stringify(sent) : undefined),
  },
  init: (): [number, effect.Effect<Message>] => [0, effect.none()],
  update: (count: number, received: Message): [number, effect.Effect<Message>] => {
    if (!('text' in received)) return [count, effect.none()];
    switch (received.text) {
      case 'nothing':
        return [count, effect.none()];
      case 'twice':
        return [
          count,
          effect.batch([
            effect.from((dispatch) => dispatch({ private: true })),
            effect.from((dispatch) => dispatch({ said: 'one' })),
            effect.from((dispatch) => dispatch({ said: 'two' })),
          ]),
        ];
      case 'later':
        return [count, effect.after(20, { said: 'later' })];
      case 'throw':
        throw new Error('secret');
      case 'stop':
        return [count, effect.stop()];
      case 'close':
        return [count, effect.close(4_000)];
      default:
        return [count + 1, effect.from((dispatch) => dispatch({ said: received.text }))];
    }
  },
});

describe.each(everyStack)('omnimessage.1 of omniWsApplication on %s', (_, stack) => {
  it('answers with the first message of the same origin, and pushes the others', async () => {
    const client = await open(
      await stack(omniWsApplication({ application: program, start: () => undefined })),
    );
    await client.next();
    client.send(message(1, 'a'));
    client.send(message(2, 'nothing'));
    client.send(message(3, 'twice'));
    client.send(message(4, 'later'));
    client.send(message(5, 'b'));

    expect(await client.next()).toBe(reply('=1', 'a'));
    expect(await client.next()).toBe('+2\n');
    expect(await client.next()).toBe(reply('=3', 'one'));
    expect(await client.next()).toBe(reply('', 'two'));
    expect(await client.next()).toBe('+4\n');
    expect(await client.next()).toBe(reply('=5', 'b'));
    expect(await client.next()).toBe(reply('', 'later'));
  });

  it.each([
    ['throw', '-1;update\n', 1011],
    ['stop', '+1\n', 1000],
    ['close', '+1\n', 4000],
  ])(
    'answers a message that ends its program before the close (%s)',
    async (text, answer, code) => {
      const client = await open(
        await stack(omniWsApplication({ application: program, start: () => undefined })),
      );
      await client.next();
      client.send(message(1, text));

      expect(await client.next()).toBe(answer);
      expect((await client.closed).code).toBe(code);
    },
  );
});
