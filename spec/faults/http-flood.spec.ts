/** Faults A4, A5, A6 and A19 over HTTP: what a client sends ahead, in pieces, late, or never reads. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { omniHttp } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { type RawHttp } from '../drills/raw-http.ts';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { nextTurn, standStill } from '../support/clock.ts';
import { until } from '../support/until.ts';
import { dialHttp, serveHttp } from './served-http.ts';

/** One request as it is on the wire. */
function posted(body: string, headers = ''): string {
  return `POST /omni HTTP/1.1\r\nhost: omni.example\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

/** A body in one-byte chunks. */
function inChunks(body: string): string {
  return body.replaceAll(/./g, (letter) => `1\r\n${letter}\r\n`);
}

async function answersOf(client: RawHttp, count: number): Promise<(number | undefined)[]> {
  const statuses: (number | undefined)[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await client.answer())?.status);
  return statuses;
}

describe('A4: a client that left before its message was begun', () => {
  it('A4 leaves while an asynchronous middleware runs before the route: no handler', async () => {
    const arrived: IncomingMessage[] = [];
    const release = deferred();
    const passed = deferred();
    const served = await serveHttp({}, async (request, _response, next) => {
      await once(request.resume(), 'end');
      Object.assign(request, { body: '{"text":"left"}' });
      arrived.push(request);
      await release.promise;
      next();
      passed.resolve();
    });
    const client = dialHttp(served);
    client.post('{"text":"left"}');
    await until(() => arrived.length === 1);

    client.socket.destroy();
    await until(() => arrived[0]?.socket.destroyed === true);
    release.resolve();
    await passed.promise;
    await nextTurn();

    expect(served.handled).toEqual([]);
  });
});

describe('A5: bodies in pieces', () => {
  it.each([
    ['chunked', (body: string) => ['transfer-encoding: chunked\r\n', `${inChunks(body)}0\r\n\r\n`]],
    ['declared', (body: string) => [`content-length: ${body.length}\r\n`, body]],
  ] as const)('A5 a body of 60 kB, %s, byte by byte: the same message', async (_, written) => {
    const served = await serveHttp();
    const client = dialHttp(served);
    const text = 'x'.repeat(60_000);
    const [header, body] = written(`{"text":"${text}"}`) as [string, string];

    client.write(`POST /omni HTTP/1.1\r\nhost: omni.example\r\n${header}\r\n`);
    for (let at = 0; at < body.length; at += 997) client.write(body.slice(at, at + 997));

    expect((await client.answer())?.status).toBe(200);
    expect(served.handled).toEqual([{ text }]);
  });

  it('A5 bodies of 60 kB in one-byte chunks, 15 connections: held in at most 3 times their size', async () => {
    const count = 15;
    const size = 60_000;
    const arrived: IncomingMessage[] = [];
    const served = await serveHttp({ bodyTimeout: 60_000 }, (request, _response, next) => {
      next();
      let bytes = 0;
      request.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes === size) arrived.push(request);
      });
    });
    const clients = Array.from({ length: count }, () => dialHttp(served));
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage();
    const head = 'POST /omni HTTP/1.1\r\nhost: omni.example\r\ntransfer-encoding: chunked\r\n\r\n';
    // One for all, so that the clients hold nothing.
    const pieces = Buffer.from(head + inChunks('x'.repeat(size)));
    for (const client of clients) client.socket.write(pieces);
    await until(() => arrived.length === count);
    collect();
    const after = process.memoryUsage();
    const held = after.heapUsed + after.external - before.heapUsed - before.external;

    // With 4 MB for 30 sockets, their parsers, and what the test itself holds.
    expect(held).toBeLessThan(3 * count * size + 4_000_000);
  });
});

describe('A6: requests ahead of their answers', () => {
  it('A6 64 requests wait for the one before them, one at a time, in order', async () => {
    let running = 0;
    let most = 0;
    const store = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const served = await serveHttp(
      {
        handler: async ({ text }): Promise<Says> => {
          seen.push(store.getStore());
          running += 1;
          most = Math.max(most, running);
          await nextTurn();
          running -= 1;
          return { said: text };
        },
      },
      (request, _response, next) => {
        store.run(String(request.headers['x-name']), next);
      },
    );
    const client = dialHttp(served);
    const names = Array.from({ length: 65 }, (_, index) => `n${index}`);

    client.write(names.map((name) => posted(`{"text":"${name}"}`, `x-name: ${name}\r\n`)).join(''));
    const answers: unknown[] = [];
    for (const _ of names) answers.push((await client.answer())?.body);

    expect(answers).toEqual(names.map((name) => `{"said":"${name}"}`));
    expect(most).toBe(1);
    // Each in its own asynchronous context, although the one before has started it.
    expect(seen).toEqual(names);
  });

  it('A6 one request more is refused with 503 and ends the connection; what follows is not begun', async () => {
    const release = deferred();
    let arrived = 0;
    const served = await serveHttp(
      {
        handler: async ({ text }): Promise<Says> => {
          await release.promise;
          return { said: text };
        },
      },
      (_request, _response, next) => {
        arrived += 1;
        next();
      },
    );
    const client = dialHttp(served);
    client.write(posted('{"text":"a"}').repeat(1 + 64 + 1 + 100));
    await until(() => arrived === 166);
    release.resolve();

    expect(await answersOf(client, 65)).toEqual(Array.from({ length: 65 }, () => 200));
    const refused = await client.answer();
    await client.ended;

    expect(refused?.status).toBe(503);
    expect(refused?.headers['connection']).toBe('close');
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({ code: 'pipelined' });
    expect(served.handled).toHaveLength(65);
  });

  it('A6 3,000 requests more: the connection is cut, whatever runs', async () => {
    const served = await serveHttp({ handler: () => new Promise<never>(() => {}) });
    const client = dialHttp(served);

    client.write(posted('{"text":"a"}').repeat(3_000));
    await client.ended;

    expect(served.handled).toHaveLength(1);
  });

  it('A6 a client that never reads an answer of 8 MB is cut, and holds one answer meanwhile', async () => {
    const large = 'x'.repeat(8_000_000);
    const served = await serveHttp({ sendTimeout: 300, handler: () => ({ said: large }) });
    const client = dialHttp(served);
    client.socket.pause();

    client.write(posted('{"text":"a"}').repeat(20));
    await until(() => served.handled.length === 1);
    const ended = new Promise((resolve) => {
      client.socket.once('close', resolve);
    });
    // Only who reads sees the end of a connection: so the server is asked, by its number of them.
    await until(async () => (await served.connections()) === 0);

    expect(served.handled).toHaveLength(1);
    client.socket.destroy();
    await ended;
  });

  it('A6 a client that reads slowly, with pauses below the limit, gets its answer', async () => {
    const large = 'x'.repeat(8_000_000);
    const served = await serveHttp({ sendTimeout: 2_500, handler: () => ({ said: large }) });
    const client = dialHttp(served);
    client.post('{"text":"a"}');
    // Some 64 kB at a time, each after at least 25 ms: longer in all than the limit.
    client.socket.on('data', () => {
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 25);
    });

    expect((await client.answer())?.body).toHaveLength(large.length + '{"said":""}'.length);
  });
});

describe('A19: a process that stood still', () => {
  it('A19 longer than bodyTimeout, while the rest of a body waited in the kernel: no 408', async () => {
    const served = await serveHttp({ bodyTimeout: 1_000 });
    const client = dialHttp(served);
    client.post('{"text"', { 'content-length': '12' });
    await until(async () => (await served.connections()) === 1);
    await nextTurn();
    await nextTurn();

    // It is in the kernel before anything can read it.
    client.write(':"a"}');
    standStill(2_500);

    expect((await client.answer())?.status).toBe(200);
  });
});

describe('A2: a server that is attached', () => {
  it('A2 signal aborts for each of 500 pipelined messages that were begun, and only one is', async () => {
    const aborted: string[] = [];
    let begun = 0;
    const { port } = await serveAttached((app) => {
      app.post(
        '/omni',
        omniHttp({
          codec: textCodec,
          handler: async ({ text }, { signal }): Promise<undefined> => {
            begun += 1;
            await new Promise((resolve) => {
              signal.addEventListener('abort', resolve);
            });
            aborted.push(text);
          },
        }),
      );
    });
    const client = dialHttp({ url: `http://127.0.0.1:${port}` });
    client.write(posted('{"text":"a"}').repeat(500));
    await until(() => begun === 1);

    client.socket.destroy();
    await until(() => aborted.length === 1);

    expect(begun).toBe(1);
  });
});
