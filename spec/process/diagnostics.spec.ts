import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import {
  application,
  type Codec,
  effect,
  omniHttp,
  omniSse,
  omniWs,
  omniWsApplication,
} from 'express-omnimessage';
import { structCodec, variants } from 'express-omnimessage/codecs';
import { omniServerComponent, omniServerComponentSse } from 'express-omnimessage/lustre';
import { type Socket } from 'node:net';
import express, { type Router } from 'express';
import { type Infer, number } from 'superstruct';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { counter, PLUS } from '../support/components.ts';
import { connect, dial } from '../support/socket-client.ts';
import { serve } from '../support/serve.ts';
import { stacks } from '../support/stacks.ts';
import { until } from '../support/until.ts';

const [, stack] = stacks[2]!;

/** Everything that is published until the test has finished, with the durations left out. */
function watched(): [channel: string, event: Record<string, unknown>][] {
  const seen: [string, Record<string, unknown>][] = [];
  for (const name of ['open', 'message', 'error', 'refused', 'close']) {
    const listener = (event: unknown): void => {
      const { duration, ...rest } = event as { duration?: number };
      if (duration !== undefined && !(duration >= 0)) seen.push(['negative', { duration }]);
      seen.push([name, rest]);
    };
    subscribe(`omnimessage:${name}`, listener);
    onTestFinished(() => {
      unsubscribe(`omnimessage:${name}`, listener);
    });
  }
  return seen;
}

const handler = async ({ text }: Said): Promise<Says> => {
  await Promise.resolve();
  if (text === 'secret') throw new Error('secret');
  return { said: text };
};

describe('the diagnostics channels', () => {
  it('publish the life of a connection, and nothing that was received', async () => {
    const seen = watched();
    const gone = new Promise<void>((resolve) => {
      subscribe('omnimessage:close', function closed() {
        unsubscribe('omnimessage:close', closed);
        resolve();
      });
    });
    const client = await connect(await stack(omniWs({ codec: textCodec, handler })));

    client.send('{"text":"hello"}');
    await client.next();
    client.send('{"text":"secret"}');
    client.send('{"secret":1}');
    await client.settled();
    client.socket.close(4242);
    await gone;

    const of = { transport: 'websocket', connection: seen[0]?.[1]['connection'] };
    expect(of.connection).toBeGreaterThan(0);
    expect(seen).toEqual([
      ['open', of],
      ['message', { ...of, received: 16, sent: 16 }],
      ['error', { ...of, code: 'handler' }],
      ['message', { ...of, received: 17, sent: 0 }],
      ['error', { ...of, code: 'decode' }],
      ['message', { ...of, received: 12, sent: 0 }],
      ['close', { ...of, code: 4242 }],
    ]);
  });

  it('publish refusals', async () => {
    const seen = watched();
    const url = await stack(omniWs({ codec: textCodec, handler, limit: 20 }));

    await dial(url, { origin: 'https://evil.example' }).closed;
    const client = await connect(url);
    client.send('x'.repeat(21));
    await client.closed;
    const broken = await connect(url);
    (broken.socket as unknown as { _socket: Socket })._socket.write(
      Buffer.from([0x81, 0x01, 0x61]),
    );
    await broken.closed;
    await until(() => seen.filter(([name]) => name === 'close').length === 2);

    const connection = expect.any(Number) as number;
    expect(seen.filter(([name]) => name === 'refused')).toEqual([
      ['refused', { transport: 'websocket', connection, code: 'forbidden', status: 4403 }],
      ['refused', { transport: 'websocket', connection, code: 'malformed', status: 1009 }],
      ['refused', { transport: 'websocket', connection, code: 'malformed', status: 1002 }],
    ]);
  });

  it('publish the same for HTTP as for WebSocket', async () => {
    const seen = watched();
    const app = express();
    app.use(omniHttp({ codec: textCodec, handler }));
    const errors: unknown[] = [];
    app.use(((error, _request, response, _next) => {
      errors.push(error);
      response.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    const url = await serve(app);
    const post = (body: string): Promise<Response> => fetch(url, { method: 'POST', body });

    await post('{"text":"hello"}');
    await post('{"text":"secret"}');
    await post('{"secret":1}');
    await post('');

    expect(seen).toEqual([
      ['message', { transport: 'http', received: 16, sent: 16 }],
      ['error', { transport: 'http', code: 'handler' }],
      ['message', { transport: 'http', received: 17, sent: 0 }],
      ['error', { transport: 'http', code: 'decode' }],
      ['message', { transport: 'http', received: 12, sent: 0 }],
      ['refused', { transport: 'http', code: 'decode', status: 422 }],
      ['refused', { transport: 'http', code: 'empty', status: 400 }],
    ]);
    expect(JSON.stringify(seen)).not.toContain('secret');
  });

  it('publish nothing without a listener, and do not ask for a tag', async () => {
    const codec: Codec<Said, Says> = {
      ...textCodec,
      tagOf: () => {
        throw new Error('nobody listens');
      },
    };
    const client = await connect(await stack(omniWs({ codec, handler })));

    client.send('{"text":"hello"}');

    expect(await client.next()).toBe('{"said":"hello"}');
    client.socket.close();
    await once(client.socket, 'close');
  });
});

const sums = structCodec({
  incoming: variants('type', { add: { amount: number() } }),
  outgoing: variants('type', { sum: { value: number() } }),
});
const sumUp = ({ amount }: { amount: number }) => ({ type: 'sum' as const, value: amount });
const both = variants('type', { add: { amount: number() }, sum: { value: number() } });
const summing = application<undefined, number, Infer<typeof both>>({
  init: () => [0, effect.none()],
  update: (value, message) =>
    message.type === 'add'
      ? [value + message.amount, effect.dispatch({ type: 'sum', value: value + message.amount })]
      : [value, effect.none()],
  codec: structCodec({ incoming: both, outgoing: variants('type', { sum: { value: number() } }) }),
});

type Route = Parameters<typeof stack>[0];

/** Each WebSocket route, a message that it understands, and the name of that message. */
const routes: readonly (readonly [string, string, Route, string])[] = [
  ['websocket', 'add', omniWs({ codec: sums, handler: sumUp }), '{"type":"add","amount":1}'],
  [
    'application',
    'add',
    omniWsApplication({ application: summing, start: () => undefined }),
    '{"type":"add","amount":1}',
  ],
  [
    'component',
    'event',
    omniServerComponent({ component: counter(), start: () => 0 }),
    JSON.stringify(PLUS),
  ],
  [
    'component',
    'batch',
    omniServerComponent({ component: counter(), start: () => 0 }),
    JSON.stringify({ kind: 3, messages: [PLUS, PLUS] }),
  ],
];

describe('the events of a connection', () => {
  it.each(routes)('of a route of %s name the message %s, and the connection', async (...row) => {
    const [transport, tag, route, message] = row;
    const seen = watched();
    const url = await stack(route);
    const [client, other] = [await connect(url), await connect(url)];

    client.send(message);
    client.send('nonsense');
    client.socket.close(4242);
    other.socket.close(4243);
    await until(() => seen.filter(([name]) => name === 'close').length === 2);

    const ids = seen.filter(([name]) => name === 'open').map(([, event]) => event['connection']);
    expect(new Set(ids).size).toBe(2);
    const [id] = ids;
    const ofClient = seen.filter(([, { connection }]) => connection === id);
    expect(ofClient.map(([name, event]) => [name, event['tag'] ?? event['code']])).toEqual([
      ['open', undefined],
      ['message', tag],
      ['error', 'decode'],
      ['message', undefined],
      ['close', 4242],
    ]);
    expect(new Set(seen.map(([, event]) => event['transport']))).toEqual(new Set([transport]));
  });

  it('name the message over HTTP, where there is no connection', async () => {
    const seen = watched();
    const app = express();
    app.use(omniHttp({ codec: sums, handler: sumUp }));
    const url = await serve(app);
    const post = (body: string): Promise<Response> => fetch(url, { method: 'POST', body });

    await post('{"type":"add","amount":1}');
    await post('nonsense');

    expect(seen.filter(([name]) => name === 'message')).toEqual([
      ['message', { transport: 'http', tag: 'add', received: 25, sent: 24 }],
      ['message', { transport: 'http', received: 8, sent: 0 }],
    ]);
  });

  it.each([
    ['omniSse', 'sse', (): Router => omniSse({ codec: sums })],
    [
      'omniServerComponentSse',
      'component',
      (): Router => omniServerComponentSse({ component: counter(), start: () => 0 }),
    ],
  ])('of %s have the same id from its beginning to its end', async (_, transport, route) => {
    const seen = watched();
    const url = await serve(express().use(route()));
    for (let count = 0; count < 2; count += 1) {
      const abort = new AbortController();
      await fetch(url, { signal: abort.signal });
      abort.abort();
      await until(() => seen.filter(([name]) => name === 'close').length === count + 1);
    }

    const ids = seen.map(([, event]) => event['connection']);
    expect(ids[0]).not.toBe(ids[2]);
    expect(seen).toEqual([
      ['open', { transport, connection: ids[0] }],
      ['close', { transport, connection: ids[0], code: 1006 }],
      ['open', { transport, connection: ids[2] }],
      ['close', { transport, connection: ids[2], code: 1006 }],
    ]);
  });

  it('have the id that the user sees', async () => {
    const seen = watched();
    const told: number[] = [];
    const client = await connect(
      await stack(
        omniWs({
          codec: textCodec,
          handler,
          onOpen: ({ id }) => void told.push(id),
          onClose: ({ id }) => void told.push(id),
        }),
      ),
    );
    await client.settled();
    client.socket.close();
    await until(() => told.length === 2);

    expect(told).toEqual([seen[0]?.[1]['connection'], seen[0]?.[1]['connection']]);
  });

  it.each<[string, (message: Said) => unknown, string | undefined]>([
    ['a number is written as text', () => 7, '7'],
    ['a long one is cut at 64 characters', () => 'x'.repeat(65), 'x'.repeat(64)],
    ['64 characters stay', () => 'x'.repeat(64), 'x'.repeat(64)],
    [
      'a tagOf that throws harms nothing',
      () => {
        throw new Error('no');
      },
      undefined,
    ],
  ])('%s', async (_, tagOf, tag) => {
    const seen = watched();
    const codec = { ...textCodec, tagOf } as Codec<Said, Says>;
    const client = await connect(await stack(omniWs({ codec, handler })));

    client.send('{"text":"hello"}');

    expect(await client.next()).toBe('{"said":"hello"}');
    await until(() => seen.some(([name]) => name === 'message'));
    expect(seen.find(([name]) => name === 'message')?.[1]['tag']).toBe(tag);
  });
});
