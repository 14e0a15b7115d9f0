import { AsyncLocalStorage } from 'node:async_hooks';
import { type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { inTurn, tooManyPipelined } from '../../lib/request/pipelining.ts';
import { sendProblem } from '../../lib/request/problem.ts';
import { nextTurn } from '../support/clock.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

interface Served {
  readonly client: RawHttp;
  /** The requests that were begun, in order, each with its response. */
  readonly begun: { readonly url: string | undefined; readonly response: ServerResponse }[];
  readonly refused: string[];
  arrived: () => number;
}

const store = new AsyncLocalStorage<string>();

/** A server that begins each request in its turn, and answers when the test does. */
async function served(): Promise<Served> {
  const begun: Served['begun'] = [];
  const refused: string[] = [];
  let arrived = 0;
  const url = await serve((request, response) => {
    arrived += 1;
    store.run(String(request.url), () => {
      inTurn(request, response, {
        start: () => void begun.push({ url: store.getStore(), response }),
        refuse: () => {
          refused.push(String(request.url));
          sendProblem(response, tooManyPipelined, true);
        },
      });
    });
  });
  const client = new RawHttp(url);
  onTestFinished(() => void client.socket.destroy());
  return { client, begun, refused, arrived: () => arrived };
}

/** Requests to /from, /from + 1, … */
const requests = (from: number, count: number): string =>
  Array.from({ length: count }, (_, at) => `GET /${from + at} HTTP/1.1\r\nhost: a\r\n\r\n`).join(
    '',
  );

describe('requests ahead of their answers', () => {
  it('are begun one at a time, in order, each in its own asynchronous context', async () => {
    const { client, begun, arrived } = await served();

    client.write(requests(0, 3));
    await until(() => arrived() === 3);
    expect(begun.map(({ url }) => url)).toEqual(['/0']);
    for (let at = 0; at < 3; at += 1) {
      await until(() => begun.length === at + 1);
      begun[at]?.response.end(String(at));
      expect((await client.answer())?.status).toBe(200);
    }

    expect(begun.map(({ url }) => url)).toEqual(['/0', '/1', '/2']);
  });

  it('may be 64 that wait; one more is refused in its turn, and ends the connection', async () => {
    const { client, begun, refused, arrived } = await served();

    client.write(requests(0, 65));
    await until(() => arrived() === 65);
    expect(refused).toEqual([]);
    client.write(requests(65, 3));
    await until(() => arrived() === 68);
    expect(refused).toEqual(['/65']);
    for (let at = 0; at < 65; at += 1) {
      await until(() => begun.length === at + 1);
      begun[at]?.response.end();
      await client.answer();
    }

    expect(await client.answer()).toMatchObject({
      status: 503,
      headers: { connection: 'close' },
      body: expect.stringContaining('"code":"pipelined"') as string,
    });
    await client.ended;
    expect(begun).toHaveLength(65);
  });

  it('are read on after that up to 1,024 more, and then the connection is cut', async () => {
    const { client, refused, arrived } = await served();

    client.write(requests(0, 65 + 1_024));
    await until(() => arrived() === 65 + 1_024);
    expect(client.socket.destroyed).toBe(false);
    client.write(requests(9_000, 1));

    await client.ended;
    expect(refused).toHaveLength(1);
  });

  it('are never begun when the connection ends before', async () => {
    const { client, begun, arrived } = await served();
    client.write(requests(0, 3));
    await until(() => arrived() === 3);
    const first = begun[0]!.response;
    // More than the kernel takes: when the connection is cut Node takes it for sent.
    client.socket.pause();
    first.end(Buffer.alloc(20_000_000));

    client.socket.destroy();
    await until(() => first.writableFinished || first.closed);
    await nextTurn();

    expect(begun).toHaveLength(1);
  });

  it('are counted anew on another connection', async () => {
    const { client, refused, arrived } = await served();
    client.write(requests(0, 66));
    await until(() => arrived() === 66);

    const { client: other, begun } = await served();
    other.write(requests(0, 1));
    await until(() => begun.length === 1);

    expect(refused).toEqual(['/65']);
  });
});
