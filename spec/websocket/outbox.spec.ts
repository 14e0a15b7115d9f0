import { createServer, type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { omniWs } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Frame } from '../../lib/websocket/frame.ts';
import { Outbox } from '../../lib/websocket/outbox.ts';
import { directStream } from '../../lib/websocket/ws-internals.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { serve } from '../support/serve.ts';
import { stacks } from '../support/stacks.ts';

interface Pair {
  readonly outbox: Outbox;
  readonly request: IncomingMessage;
  readonly client: SocketClient;
}

/** An outbox over a real socket: written to directly, or through the socket's own sender. */
async function pair(isDirect: boolean): Promise<Pair> {
  const server = createServer();
  const arrival = new Promise<[WebSocket, IncomingMessage]>((resolve) => {
    new WebSocketServer({ server }).on('connection', (...given) => {
      resolve(given);
    });
  });
  const client = await connect(await serve(server));
  const [socket, request] = await arrival;
  const stream = isDirect ? directStream(socket, request) : undefined;
  return { outbox: new Outbox(socket, stream, request.socket), request, client };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Outbox on a stream that is corked', () => {
  it('hands over what it has: the stream waits for us, and not for the kernel', async () => {
    const { outbox, request, client } = await pair(true);
    const stream = request.socket;
    stream.cork();

    for (const text of ['one', 'two', 'three']) {
      outbox.push(text);
      outbox.flushUnlessBlocked();
      // Nothing waits in the outbox, where it would count 256 bytes more.
      expect(outbox.buffered).toBe(stream.writableLength);
    }
    stream.uncork();

    for (const text of ['one', 'two', 'three']) expect(await client.next()).toBe(text);
  });
});

describe.each([
  ['directly', true],
  ['through the sender of ws', false],
])('Outbox, %s', (_, isDirect) => {
  it('sends texts, bytes and frames in their order', async () => {
    const { outbox, client } = await pair(isDirect);

    outbox.push('text');
    outbox.push(new Frame('frame'));
    outbox.push(new Uint8Array([1, 2]));
    outbox.push('é');

    expect(await client.next()).toBe('text');
    expect(await client.next()).toBe('frame');
    expect(await client.next()).toEqual(Buffer.from([1, 2]));
    expect(await client.next()).toBe('é');
  });

  it.each([
    ['one by one', 1],
    ['as one burst', Infinity],
  ])('sends large and small ones in their order, %s', async (__, atOnce) => {
    const { outbox, client } = await pair(isDirect);
    const sizes = [1, 16_383, 16_384, 16_385, 65_535, 2, 65_536, 100_000, 5];
    const sent = sizes.flatMap((size) => [
      'x'.repeat(size),
      'é'.repeat(size / 2),
      Buffer.alloc(size, 7),
      new Frame('y'.repeat(size)),
    ]);

    for (const [index, each] of sent.entries()) {
      outbox.push(each);
      if (index % atOnce === 0) await turn();
    }

    for (const each of sent) {
      const got = await client.next();
      // Equal, without a text of megabytes where it is not.
      const expected = each instanceof Frame ? each.encoded : each;
      expect(Buffer.from(got).equals(Buffer.from(expected as string))).toBe(true);
      expect(typeof got).toBe(typeof expected);
    }
  });

  it('counts every byte of a large text that waits for a slow client', async () => {
    const { outbox, client } = await pair(isDirect);
    client.socket.pause();
    const text = 'x'.repeat(100_000);
    let pushed = 0;
    // Until the kernel takes nothing more, and some of it waits.
    while (outbox.buffered < 500_000) {
      outbox.push(text);
      pushed += 1;
      await turn();
    }
    const before = outbox.buffered;

    outbox.push(text);

    expect(outbox.buffered - before).toBe(100_000 + 256);
    await turn();
    client.socket.resume();
    for (let n = 0; n <= pushed; n++) expect((await client.next()).length).toBe(100_000);
    expect(outbox.buffered).toBe(0);
  });

  it('counts the bytes that wait, and 256 for each frame', async () => {
    const { outbox } = await pair(isDirect);

    outbox.push('12345');
    outbox.push('é');

    expect(outbox.buffered).toBe(5 + 2 + 2 * 256);
  });

  it('counts nothing once the client has it', async () => {
    const { outbox, client } = await pair(isDirect);
    outbox.push('12345');

    await client.next();

    expect(outbox.buffered).toBe(0);
  });

  it('counts the bytes sent since the beginning', async () => {
    const { outbox, client } = await pair(isDirect);
    outbox.push('12345');
    await client.next();

    outbox.push('é');

    expect(outbox.bytesSent).toBe(7);
  });

  it('calls back when a client that did not read has caught up', async () => {
    const { outbox, client } = await pair(isDirect);
    client.socket.pause();
    while (outbox.buffered < 1_000_000) {
      outbox.push('x'.repeat(100_000));
      await turn();
    }
    let isDrained = false;
    const drained = new Promise<void>((resolve) => {
      outbox.whenDrained(() => {
        isDrained = true;
        resolve();
      });
    });
    await turn();
    expect(isDrained).toBe(false);

    client.socket.resume();
    await drained;

    expect(outbox.buffered).toBeLessThan(1_000_000);
  });

  it('drops the waiting messages', async () => {
    const { outbox, client } = await pair(isDirect);
    outbox.push('gone');

    outbox.discard();
    outbox.push('here');

    expect(await client.next()).toBe('here');
  });

  it('sends nothing after the socket has begun to close', async () => {
    const { outbox, client } = await pair(isDirect);
    client.socket.close();
    await client.closed;

    outbox.push('too late');
    await turn();

    expect(outbox.buffered).toBe(0);
  });
});

describe('Outbox', () => {
  it('makes one buffer of a burst for many, and the next burst another', async () => {
    const pairs = await Promise.all([pair(true), pair(true), pair(true)]);
    const bursts = [
      [new Frame('a'), new Frame('b')],
      [new Frame('c'), new Frame('d')],
    ];

    for (const burst of bursts) {
      for (const { outbox } of pairs) for (const frame of burst) outbox.push(frame);
      for (const { client } of pairs) {
        for (const frame of burst) expect(await client.next()).toBe(frame.encoded);
      }
    }
  });

  it('does not take one burst for another that begins alike', async () => {
    const [one, other] = [await pair(true), await pair(true)];
    const [a, b, c] = [new Frame('a'), new Frame('b'), new Frame('c')];

    for (const frame of [a, b]) one.outbox.push(frame);
    for (const frame of [a, c]) other.outbox.push(frame);

    expect([await one.client.next(), await one.client.next()]).toEqual(['a', 'b']);
    expect([await other.client.next(), await other.client.next()]).toEqual(['a', 'c']);
  });
});

/** As where the inside of ws is not as known: the request's stream seems not to be the socket's. */
const byPublicApi =
  (route: ReturnType<typeof omniWs>): ReturnType<typeof omniWs> =>
  (socket, request) => {
    const stream = Object.create(request.socket) as Socket;
    const other = Object.create(request, { socket: { value: stream } }) as IncomingMessage;
    expect(directStream(socket, other)).toBeUndefined();
    route(socket, other);
  };

describe.each(stacks)('the frames of a connection on %s', (_, stack) => {
  it.each([
    ['directly', (route: ReturnType<typeof omniWs>) => route],
    ['by the public API of ws', byPublicApi],
  ])('leaves in one write for the messages of one read, %s', async (__, by) => {
    const url = await stack(
      by(omniWs({ codec: textCodec, handler: ({ text }: Said): Says => ({ said: text }) })),
    );
    const client = await connect(url);
    const stream = (client.socket as unknown as { _socket: Socket })._socket;
    const chunks: number[] = [];
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk.length);
    });

    stream.cork();
    for (let n = 0; n < 8; n++) client.send(`{"text":"${n}"}`);
    stream.uncork();
    for (let n = 0; n < 8; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);

    expect(chunks).toEqual([8 * 14]);
  });

  it('leaves before the answer to a close frame that came with the message', async () => {
    const url = await stack(
      omniWs({ codec: textCodec, handler: ({ text }: Said): Says => ({ said: text }) }),
    );
    const client = await connect(url);
    const stream = (client.socket as unknown as { _socket: Socket })._socket;

    stream.cork();
    client.send('{"text":"last words"}');
    client.socket.close(4000);
    stream.uncork();

    expect(await client.next()).toBe('{"said":"last words"}');
    expect(await client.closed).toEqual({ code: 4000, reason: '' });
  });
});
