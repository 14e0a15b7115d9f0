import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Pieces, readInPieces } from '../../lib/websocket/pieces.ts';
import { deferred } from '../support/deferred.ts';
import { closeFrame, frame, RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve.ts';
import { connect } from '../support/socket-client.ts';
import { stacks, type Stack } from '../support/stacks.ts';
import { until } from '../support/until.ts';

/** A line that notes what its socket tells. */
class Reader {
  isPaused = false;
  pieces: Pieces | undefined;
  readonly texts: string[] = [];
  /** How many messages each turn of the event loop has brought. */
  readonly turns: number[] = [];
  pings = 0;
  closedWith: number | undefined;
  /** Called for each message. */
  onMessage: (text: string) => void = () => {};
  #isSameTurn = false;

  readonly socket: WebSocket;
  readonly stream: RawClient['socket'];

  constructor(socket: WebSocket, stream: RawClient['socket']) {
    this.socket = socket;
    this.stream = stream;
    socket.on('message', (data: Buffer | string) => {
      this.texts.push(data.toString());
      if (this.#isSameTurn) this.turns[this.turns.length - 1]! += 1;
      else this.turns.push(1);
      if (!this.#isSameTurn) setImmediate(() => (this.#isSameTurn = false));
      this.#isSameTurn = true;
      this.onMessage(data.toString());
    });
    socket.on('ping', () => (this.pings += 1));
    socket.on('error', () => {});
    socket.on('close', (code) => (this.closedWith = code));
    readInPieces(socket, this);
  }

  /** Frees a paused line, as the line of a connection does. */
  free(): void {
    this.isPaused = false;
    this.pieces?.goOn();
  }
}

/** A client, and what the server's socket for it tells. */
async function opened(stack: Stack): Promise<{ client: RawClient; reader: Reader }> {
  const arrived = deferred<Reader>();
  const url = await stack((socket, request) => {
    arrived.resolve(new Reader(socket, request.socket));
  });
  const { port, pathname } = new URL(url);
  const client = new RawClient({ port: Number(port), path: pathname });
  await client.answer();
  return { client, reader: await arrived.promise };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);
const frames = (texts: readonly string[]): Buffer =>
  Buffer.concat(texts.map((text) => frame(text)));

describe.each(stacks)('reading in pieces on %s', (_, stack) => {
  it.each([1, 1_023, 1_024, 1_025, 2_048, 65_535, 65_536, 200_000])(
    'brings every message, in order, around one of %i bytes',
    async (size) => {
      const { client, reader } = await opened(stack);
      const texts = [...numbered(500), 'x'.repeat(size), ...numbered(500)];

      client.socket.write(frames(texts));
      await until(() => reader.texts.length === texts.length);

      expect(reader.texts).toEqual(texts);
    },
  );

  it('brings a message of 3 MB, of which ws may hold 1,024 pieces', async () => {
    const { client, reader } = await opened(stack);

    client.socket.write(frames(['before', 'x'.repeat(3_000_000), 'after']));
    await until(() => reader.texts.length === 3);

    expect(reader.texts.map((text) => text.length)).toEqual([6, 3_000_000, 5]);
  });

  it('stops within a read when the line is paused, and goes on where it stopped', async () => {
    const { client, reader } = await opened(stack);
    reader.onMessage = (text) => {
      if (text === '10') reader.isPaused = true;
    };

    client.socket.write(frames(numbered(5_000)));
    await until(() => reader.texts.length > 10);
    await new Promise(setImmediate);
    const atPause = reader.texts.length;
    await new Promise(setImmediate);

    // No more than what the piece of the eleventh message holds.
    expect(atPause).toBeLessThan(11 + 1_024 / 6);
    expect(reader.texts.length).toBe(atPause);

    reader.free();
    await until(() => reader.texts.length === 5_000);

    expect(reader.texts).toEqual(numbered(5_000));
  });

  it('gives the others their turn when what it brings takes long', async () => {
    const { client, reader } = await opened(stack);
    reader.onMessage = () => {
      const end = performance.now() + 0.05;
      while (performance.now() < end);
    };

    client.socket.write(frames(numbered(5_000)));
    await until(() => reader.texts.length === 5_000);

    // 1 ms, and one piece.
    expect(Math.max(...reader.turns)).toBeLessThan(20 + 2 * (1_024 / 6));
  });

  it('tells that the client has gone, also while the line is paused', async () => {
    const { client, reader } = await opened(stack);
    reader.onMessage = () => {
      reader.isPaused = true;
    };
    client.socket.write(frames(numbered(2_000)));
    await until(() => reader.isPaused);

    client.socket.resetAndDestroy();
    reader.socket.terminate();
    await until(() => reader.closedWith !== undefined);

    expect(reader.closedWith).toBe(1006);
  });

  it('brings what was sent before a close frame, and its code', async () => {
    const { client, reader } = await opened(stack);

    client.socket.write(Buffer.concat([frames(numbered(3_000)), closeFrame(4_000)]));
    await until(() => reader.closedWith !== undefined);

    expect(reader.texts).toEqual(numbered(3_000));
    expect(reader.closedWith).toBe(4_000);
  });

  it('drops what is left when it matters no more', async () => {
    const { client, reader } = await opened(stack);
    reader.onMessage = (text) => {
      if (text !== '10') return;
      reader.socket.terminate();
      reader.pieces?.drop();
    };

    client.socket.write(frames(numbered(5_000)));
    await until(() => reader.closedWith !== undefined);

    expect(reader.texts.length).toBeLessThan(11 + 1_024 / 6);
  });

  it('ends with the error of ws at the frame that is wrong', async () => {
    const { client, reader } = await opened(stack);

    client.socket.write(
      Buffer.concat([frames(numbered(1_000)), frame('', { opcode: 3 }), frames(numbered(1_000))]),
    );
    await until(() => reader.closedWith !== undefined);

    expect(reader.texts).toEqual(numbered(1_000));
    expect(await client.closeCode()).toBe(1002);
  });

  it('counts pings like messages', async () => {
    const { client, reader } = await opened(stack);
    client.socket.write(
      Buffer.concat([
        frames(['0']),
        ...numbered(50).map(() => frame('', { opcode: 9 })),
        frames(['x'.repeat(2_000)]),
      ]),
    );
    await until(() => reader.texts.length === 2);

    expect(reader.pings).toBe(50);
  });
});

describe('reading in pieces what is compressed', () => {
  it('waits for ws to inflate a message before it gives it the next', async () => {
    const arrived = deferred<Reader>();
    const server = createServer();
    new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } }).on(
      'connection',
      (socket, request) => {
        arrived.resolve(new Reader(socket, request.socket));
      },
    );
    const client = await connect(await serve(server), { perMessageDeflate: true });
    const reader = await arrived.promise;
    const texts = numbered(2_000).map((n) => n.repeat(20));

    for (const text of texts) client.send(text);
    await until(() => reader.texts.length === texts.length);

    expect(reader.texts).toEqual(texts);
  });
});
