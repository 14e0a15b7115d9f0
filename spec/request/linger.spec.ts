import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { endLingering } from '../../lib/request/linger.ts';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

const MAX_READ = 901_120;

/** A server that answers each request with 413 as soon as its headers are there. */
async function refused(read = 0): Promise<{ client: RawHttp; request: Promise<IncomingMessage> }> {
  const arrived = deferred<IncomingMessage>();
  const url = await serve((request, response: ServerResponse) => {
    arrived.resolve(request);
    response.statusCode = 413;
    response.setHeader('content-length', '3');
    endLingering(response, 'no!', read);
  });
  const client = new RawHttp(url);
  onTestFinished(() => void client.socket.destroy());
  return { client, request: arrived.promise };
}

const head = (length: number): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;

describe('an answer while the body is on its way', () => {
  it('comes at once, and the connection ends when the body has ended', async () => {
    const { client } = await refused();

    client.write(head(10), 'some');
    expect(await client.answer()).toMatchObject({ status: 413, body: 'no!' });
    client.write(' more.');

    await client.ended;
  });

  it('ends the connection of a client that sends no more', async () => {
    const { client, request } = await refused();

    client.write(head(10), 'some');
    await client.answer();
    await client.ended;

    expect((await request).complete).toBe(false);
  });

  it('ends at once where the body is complete', async () => {
    const { client } = await refused();

    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');

    expect(await client.answer()).toMatchObject({ status: 413, headers: { connection: 'close' } });
    await client.ended;
  });
});

describe('what is read and dropped', () => {
  it('is 880 KiB to the last byte', async () => {
    const { client, request } = await refused();
    // One byte is left to come.
    client.write(head(MAX_READ + 1), Buffer.alloc(MAX_READ));

    const { socket } = await request;
    await until(() => socket.bytesRead >= MAX_READ);
    expect(socket.destroyed).toBe(false);
    client.write('!');
    await client.ended;

    expect((await request).complete).toBe(true);
  });

  it.each([
    ['a byte more', MAX_READ + 1, 0],
    ['a byte more with what was read before', MAX_READ - 99, 100],
  ])('is not %s', async (_name, size, read) => {
    // By its bytes, and not because the client has sent nothing for two periods.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { client, request } = await refused(read);
    client.write(head(size + 1));
    const { socket, cut } = await request.then((arrived) => ({
      socket: arrived.socket,
      cut: once(arrived.socket, 'close'),
    }));

    client.write(Buffer.alloc(size));
    await cut;

    expect(socket.bytesRead).toBeGreaterThanOrEqual(size);
  });
});
