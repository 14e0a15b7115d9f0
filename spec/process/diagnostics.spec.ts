import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { omniHttp, omniWs } from 'express-omnimessage';
import { type Socket } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
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
  it('tell the life of a connection, and nothing of what was received', async () => {
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

    expect(seen).toEqual([
      ['open', { transport: 'websocket' }],
      ['message', { transport: 'websocket', received: 16, sent: 16 }],
      ['error', { transport: 'websocket', code: 'handler' }],
      ['message', { transport: 'websocket', received: 17, sent: 0 }],
      ['error', { transport: 'websocket', code: 'decode' }],
      ['message', { transport: 'websocket', received: 12, sent: 0 }],
      ['close', { transport: 'websocket', code: 4242 }],
    ]);
  });

  it('tell what was refused', async () => {
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

    expect(seen.filter(([name]) => name === 'refused')).toEqual([
      ['refused', { transport: 'websocket', code: 'forbidden', status: 4403 }],
      ['refused', { transport: 'websocket', code: 'malformed', status: 1009 }],
      ['refused', { transport: 'websocket', code: 'malformed', status: 1002 }],
    ]);
  });

  it('tell of HTTP what they tell of WebSocket', async () => {
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
      ['error', { transport: 'http', code: 'decode' }],
      ['refused', { transport: 'http', code: 'decode', status: 422 }],
      ['refused', { transport: 'http', code: 'empty', status: 400 }],
    ]);
    expect(JSON.stringify(seen)).not.toContain('secret');
  });

  it('are not there for those who do not listen', async () => {
    const client = await connect(await stack(omniWs({ codec: textCodec, handler })));

    client.send('{"text":"hello"}');

    expect(await client.next()).toBe('{"said":"hello"}');
    client.socket.close();
    await once(client.socket, 'close');
  });
});
