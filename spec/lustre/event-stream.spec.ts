/** A stream of server-sent events over a real response. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventStream, type StreamListener } from '../../lib/lustre/event-stream.ts';
import { Prepared } from '../../lib/core/prepared.ts';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

const silent: StreamListener = { caughtUp: () => {}, shutDown: () => {} };

interface Opened {
  readonly stream: EventStream;
  readonly response: ServerResponse;
  readonly client: IncomingMessage;
}

/** A stream to a client that reads nothing before it is told to. */
async function open(
  listener: StreamListener = silent,
  heartbeat: number = Infinity,
  highWaterMark: number = 65_536,
): Promise<Opened> {
  const server = createServer();
  const url = await serve(server);
  const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const request = get(url);
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const [, response] = await requested;
  const stream = new EventStream(response, listener, heartbeat, highWaterMark);
  response.flushHeaders();
  const [client] = await answered;
  onTestFinished(() => {
    stream.release();
    client.destroy();
  });
  client.setEncoding('utf8');
  return { stream, response, client };
}

/** What a client reads up to a text. */
async function readUntil(client: IncomingMessage, end: string): Promise<string> {
  let read = '';
  for await (const chunk of client as AsyncIterable<string>) {
    read += chunk;
    if (read.includes(end)) return read;
  }
  return read;
}

describe('a stream of events', () => {
  it('has headers that no proxy holds it back for', async () => {
    const { client } = await open();

    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('writes each event as one line of data, whoever prepared it', async () => {
    const { stream, client } = await open();

    stream.write('{"a":1}');
    stream.write(new Prepared('{"b":2}'));

    expect(await readUntil(client, 'b')).toBe('data: {"a":1}\n\ndata: {"b":2}\n\n');
  });

  it('sends a comment with each beat, while its reader keeps up', async () => {
    const { stream, client } = await open(silent, 1_000_000);

    stream.beat();

    expect(await readUntil(client, ':')).toBe(':\n\n');
  });

  it('writes nothing after its end, and ends once', async () => {
    const { stream, response, client } = await open();
    const errors: unknown[] = [];
    response.on('error', (error) => void errors.push(error));

    stream.write('last');
    stream.end();
    stream.end();
    stream.write('late');
    stream.beat();

    expect(await readUntil(client, 'late')).toBe('data: last\n\n');
    expect(errors).toEqual([]);
  });

  it('does not leave events out because a whole view waits, however large', async () => {
    const { stream, response, client } = await open(silent, Infinity, 100_000);
    const whole = 'x'.repeat(10_000_000);

    stream.write(whole, true);
    expect(response.writableLength).toBeGreaterThan(100_000);
    stream.write('patch');
    stream.write('y'.repeat(200_000));
    stream.write('too much');

    stream.end();

    const read = await readUntil(client, 'nothing of it');
    expect(read.slice(0, 10_000_020)).toBe(
      `data: ${whole}\n\ndata: patch\n\n`.slice(0, 10_000_020),
    );
    expect(read).not.toContain('too much');
  });

  it('counts what waits anew once a whole view has been read', async () => {
    const { stream, response, client } = await open(silent, Infinity, 100_000);
    stream.write('x'.repeat(10_000_000), true);
    client.resume();
    await until(() => response.writableLength === 0);
    client.pause();

    const event = 'y'.repeat(50_000);
    while (response.writableLength <= 100_000) stream.write(event);
    const waiting = response.writableLength;
    stream.write(event);

    expect(response.writableLength).toBe(waiting);
  });

  it('leaves events out from the limit on, and says so once the reader has caught up', async () => {
    const caughtUp = deferred();
    const { stream, response, client } = await open(
      { caughtUp: () => caughtUp.resolve(), shutDown: () => {} },
      Infinity,
      100_000,
    );
    const event = 'x'.repeat(50_000);
    let size = 0;
    while (response.writableLength <= 100_000) {
      stream.write(event);
      size += event.length + 'data: \n\n'.length;
    }
    stream.write('missed');
    stream.write('missed too');

    let read = '';
    client.on('data', (chunk: string) => (read += chunk));
    await caughtUp.promise;
    stream.write('after');
    await until(() => read.includes('after'));

    expect(read).not.toContain('missed');
    expect(read).toHaveLength(size + 'data: after\n\n'.length);
  });
});
