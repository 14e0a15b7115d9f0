import { AsyncLocalStorage } from 'node:async_hooks';
import { type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { BodyConsumedError } from '../../lib/core/errors.ts';
import { BodyReader } from '../../lib/http/body-reader.ts';
import { Problem } from '../../lib/request/problem.ts';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

interface Read {
  readonly fault: unknown;
  readonly body: Buffer | undefined;
}
interface Reading {
  readonly client: RawHttp;
  readonly read: Promise<Read>;
  readonly results: Read[];
  readonly request: Promise<IncomingMessage>;
}

const store = new AsyncLocalStorage<string>();

/** A server that reads one body; what `before` does to the request comes first. */
async function reading(
  { limit = 5_000, bodyTimeout = 5_000, declared = 0 } = {},
  before: (request: IncomingMessage) => void = () => {},
): Promise<Reading> {
  const read = deferred<Read>();
  const results: Read[] = [];
  const arrived = deferred<IncomingMessage>();
  const url = await serve((request, response) => {
    before(request);
    arrived.resolve(request);
    store.run('the request', () => {
      // It reads by itself.
      const reader = new BodyReader(request, declared, { limit, bodyTimeout }, (fault, body) => {
        results.push({ fault, body });
        read.resolve({ fault, body });
        response.end(store.getStore());
      });
      expect(reader).toBeDefined();
    });
  });
  const client = new RawHttp(url);
  onTestFinished(() => void client.socket.destroy());
  return { client, read: read.promise, results, request: arrived.promise };
}

const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
const declaring = (length: number): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;
const chunk = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;

describe('the body of a request', () => {
  it.each([
    ['in one piece', ['hello']],
    ['byte by byte', Array.from({ length: 3_000 }, () => 'x')],
    ['in pieces that grow', [1, 10, 100, 1_000, 3_000].map((size) => 'y'.repeat(size))],
    ['that is empty', []],
  ])('%s comes together', async (_name, pieces) => {
    const { client, read } = await reading();

    client.write(CHUNKED, ...pieces.map(chunk), '0\r\n\r\n');

    const { fault, body } = await read;
    expect(fault).toBeUndefined();
    expect(body?.toString()).toBe(pieces.join(''));
  });

  it('of a declared length costs no more than that', async () => {
    const { client, read } = await reading({ declared: 3_000 });

    client.write(declaring(3_000), 'a');
    client.write('b'.repeat(2_000));
    client.write('c'.repeat(999));

    const { body } = await read;
    expect(body?.toString()).toBe(`a${'b'.repeat(2_000)}${'c'.repeat(999)}`);
    expect(body?.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize * 8);
  });

  it('is given in the asynchronous context of its request', async () => {
    const { client } = await reading();

    client.write(CHUNKED, chunk('hello'));
    client.write('0\r\n\r\n');

    expect((await client.answer())?.body).toBe('the request');
  });
});

describe('a body that cannot be had', () => {
  it('is one byte longer than the limit; the limit itself is read', async () => {
    const exact = await reading({ limit: 10 });
    exact.client.write(CHUNKED, chunk('12345'), chunk('67890'), '0\r\n\r\n');
    expect((await exact.read).body?.toString()).toBe('1234567890');

    const longer = await reading({ limit: 10 });
    longer.client.write(CHUNKED, chunk('12345'), chunk('678901'));
    const { fault } = await longer.read;

    expect(fault).toBeInstanceOf(Problem);
    expect(fault).toMatchObject({ code: 'too-large' });
  });

  it('does not come in time, and is refused once', async () => {
    const { client, read, results, request } = await reading({ bodyTimeout: 30 });

    client.write(CHUNKED, chunk('12345'));
    const { fault } = await read;
    client.write(chunk('more'), '0\r\n\r\n');
    const { socket } = await request;
    await until(() => (socket.bytesRead > CHUNKED.length + 12 ? true : socket.destroyed));

    expect(fault).toMatchObject({ code: 'body-timeout' });
    expect(results).toHaveLength(1);
  });

  it('was made text of by a middleware before', async () => {
    const { client, read } = await reading({}, (request) => void request.setEncoding('utf8'));

    client.write(declaring(5), 'hello');

    expect((await read).fault).toBeInstanceOf(BodyConsumedError);
  });

  it('was read in part by another middleware', async () => {
    const { client, read } = await reading({ declared: 10 });

    client.write(declaring(5), 'hello');

    expect((await read).fault).toBeInstanceOf(BodyConsumedError);
  });

  it('is dropped when the client disconnects', async () => {
    const { client, results, request } = await reading({ bodyTimeout: 20 });
    client.write(CHUNKED, chunk('12345'));
    const arrived = await request;

    client.socket.destroy();
    await until(() => arrived.destroyed);
    // Another one, begun later: when its time is over, that of the first would be.
    const later = await reading({ bodyTimeout: 40 });
    later.client.write(CHUNKED, chunk('12345'));
    await later.read;

    expect(results).toEqual([]);
  });
});
