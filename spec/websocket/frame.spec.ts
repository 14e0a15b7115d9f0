import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { Frame, frameSize, payloadSize, writeFrame } from '../../lib/websocket/frame.ts';
import { connect } from '../support/socket-client.ts';
import { serve } from '../support/serve.ts';
import { createServer, type IncomingMessage } from 'node:http';

describe('Frame', () => {
  it('is the unmasked text frame of RFC 6455, section 5.7', () => {
    expect(new Frame('Hello').bytes).toEqual(
      Buffer.from([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]),
    );
  });

  it('is the unmasked binary frames of RFC 6455, section 5.7', () => {
    expect(new Frame(new Uint8Array(256)).bytes.subarray(0, 4)).toEqual(
      Buffer.from([0x82, 0x7e, 0x01, 0x00]),
    );
    expect(new Frame(new Uint8Array(65_536)).bytes.subarray(0, 10)).toEqual(
      Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
    );
  });

  it('is made once', () => {
    const frame = new Frame('Hello');

    expect(frame.bytes).toBe(frame.bytes);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])(
    'is read by a client when it holds %s bytes',
    async (size) => {
      const sent = ['x'.repeat(size), Buffer.alloc(size, 1), 'é'.repeat(size / 2)];
      const server = createServer();
      new WebSocketServer({ server }).on('connection', (_: WebSocket, request: IncomingMessage) => {
        for (const encoded of sent) request.socket.write(new Frame(encoded).bytes);
      });
      const client = await connect(await serve(server));

      for (const encoded of sent) {
        // Not toEqual: it takes a second to walk through a large buffer.
        expect(Buffer.from(encoded).equals(Buffer.from(await client.next()))).toBe(true);
      }
      client.socket.close();
      await once(client.socket, 'close');
    },
  );
});

describe('writeFrame', () => {
  it('writes frames one after the other, each of the size that frameSize returns', () => {
    const texts = ['a', 'é'.repeat(100), 'x'.repeat(70_000)];
    const total = texts.reduce((sum, text) => sum + frameSize(payloadSize(text)), 0);
    const buffer = Buffer.alloc(total);
    let at = 0;

    for (const text of texts) at = writeFrame(buffer, at, text, payloadSize(text));

    expect(at).toBe(total);
    expect(buffer.equals(Buffer.concat(texts.map((text) => new Frame(text).bytes)))).toBe(true);
  });
});
