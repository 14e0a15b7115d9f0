import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { directStream, limitReceiver, parserOf } from '../../lib/websocket/ws-internals.ts';
import { createServer } from 'node:http';
import { deferred } from '../support/deferred.ts';
import { connect } from '../support/socket-client.ts';
import { serve } from '../support/serve.ts';
import { stacks } from '../support/stacks.ts';

/** A socket of the server, with the request that opened it. */
async function accepted(
  stack: (typeof stacks)[number][1],
): Promise<{ socket: WebSocket; request: IncomingMessage }> {
  const arrival = deferred<{ socket: WebSocket; request: IncomingMessage }>();
  const url = await stack((socket, request) => {
    arrival.resolve({ socket, request });
  });
  await connect(url);
  return arrival.promise;
}

describe.each(stacks)('the internals of %s', (_, stack) => {
  it('its frames may be written to the stream of the request', async () => {
    const { socket, request } = await accepted(stack);

    expect(directStream(socket, request)).toBe(request.socket);
  });

  it('its receiver has the limits that we lower', async () => {
    const { socket } = await accepted(stack);
    const receiver = (socket as unknown as { _receiver: Record<string, number> })._receiver;

    expect(receiver).toMatchObject({
      _maxPayload: 104_857_600,
      _maxFragments: expect.any(Number) as number,
      _maxBufferedChunks: expect.any(Number) as number,
    });
    limitReceiver(socket, 1_000);

    expect(receiver).toMatchObject({
      _maxPayload: 1_000,
      _maxFragments: 64,
      _maxBufferedChunks: 1_024,
    });
  });

  it('its parser is a stream that can be written to in pieces', async () => {
    const { socket } = await accepted(stack);
    const { _receiver: receiver } = socket as unknown as { _receiver: object };

    expect(parserOf(socket)).toBe(receiver);
    expect(parserOf(socket)?._bufferedBytes).toBe(0);
  });

  it('a limit that is lower already stays', async () => {
    const { socket } = await accepted(stack);
    const receiver = (socket as unknown as { _receiver: Record<string, number> })._receiver;
    limitReceiver(socket, 1_000);

    limitReceiver(socket, 2_000);

    expect(receiver['_maxPayload']).toBe(1_000);
  });

  it('closing by the client calls the close of the socket, which we stand in for', async () => {
    const arrival = deferred<{ socket: WebSocket; request: IncomingMessage }>();
    const url = await stack((socket, request) => {
      arrival.resolve({ socket, request });
    });
    const client = await connect(url);
    const { socket } = await arrival.promise;
    const called = new Promise((resolve) => {
      socket.close = resolve;
    });

    client.socket.close(4000);

    expect(await called).toBe(4000);
  });
});

describe('directStream', () => {
  it('is not used when compression was negotiated', async () => {
    const arrival = deferred<{ socket: WebSocket; request: IncomingMessage }>();
    const server = createServer();
    new WebSocketServer({ server, perMessageDeflate: true }).on('connection', (socket, request) => {
      arrival.resolve({ socket, request });
    });
    await connect(await serve(server), { perMessageDeflate: true });
    const { socket, request } = await arrival.promise;

    expect(socket.extensions).toBe('permessage-deflate');
    expect(directStream(socket, request)).toBeUndefined();
  });

  it('is not used when the request is not that of the socket', async () => {
    const { socket } = await accepted(stacks[2]![1]);
    const other = await accepted(stacks[2]![1]);

    expect(directStream(socket, other.request)).toBeUndefined();
  });
});

describe('parserOf', () => {
  it.each<[name: string, receiver: unknown]>([
    ['nothing', undefined],
    ['null, as Bun has it', null],
    ['nothing that is known', {}],
    ['no count of bytes', { _write: () => {} }],
    ['no way to write', { _bufferedBytes: 0 }],
    [
      'a way to write that another has replaced',
      Object.create({ _bufferedBytes: 0 }, { _write: { value: () => {} } }),
    ],
  ])('takes no parser that is not what it expects: %s', (_name, receiver) => {
    expect(parserOf({ _receiver: receiver } as unknown as WebSocket)).toBeUndefined();
  });
});

describe('limitReceiver', () => {
  it('does not touch a socket that it does not know', () => {
    expect(() => {
      limitReceiver({} as WebSocket, 1);
      limitReceiver({ _receiver: {} } as unknown as WebSocket, 1);
    }).not.toThrow();
  });
});
