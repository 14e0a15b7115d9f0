import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pace } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { LONGEST } from '../../lib/process/timers.ts';
import { expectProgress } from '../../lib/request/write-progress.ts';
import { deferred } from '../support/deferred.ts';
import { received } from '../support/received.ts';
import { serve } from '../support/serve.ts';

/** More than the kernel takes of what nobody reads. */
const MUCH = Buffer.alloc(20_000_000);

/** A client that is answered with much, and reads nothing yet. */
async function answeredMuch(timeout: number): Promise<{ client: Socket; closed: Promise<void> }> {
  const closed = deferred();
  const url = await serve((_request, response) => {
    response.once('close', closed.resolve);
    response.end(MUCH);
    expectProgress(response, timeout);
  });
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  client.on('error', () => {});
  onTestFinished(() => void client.destroy());
  client.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  return { client, closed: closed.promise };
}

it('cuts a client off that takes nothing of its answer', async () => {
  const { client, closed } = await answeredMuch(50);

  await closed;

  let size = 0;
  client.on('data', (piece: Buffer) => (size += piece.length));
  await once(client, 'close');
  expect(size).toBeLessThan(MUCH.length);
});

it('lets a client be slow, as long as it takes something', async () => {
  const { client, closed } = await answeredMuch(1_000);
  let size = 0;
  let next = 1_000_000;

  // A megabyte every 75 ms: longer than a second for all of it, in which it never rests that long.
  for await (const piece of client as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size < next) continue;
    next += 1_000_000;
    await pace(75);
  }
  await closed;

  expect(size).toBeGreaterThan(MUCH.length);
});

it('sets no timer that is longer than a timer can be', async () => {
  const { request, response } = await received();

  expectProgress(response, LONGEST + 1);
  expect(request.socket.timeout ?? 0).toBe(0);
  expectProgress(response, LONGEST);
  expect(request.socket.timeout).toBe(LONGEST);
});
