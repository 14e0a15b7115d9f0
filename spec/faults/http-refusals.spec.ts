/** Fault A7 without a proxy: what is read of a refused body has a bound, in size and in time. */
import { type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { until } from '../support/until.ts';
import { dialHttp, type ServedHttp, serveHttp } from './served-http.ts';

const FOREIGN = { origin: 'https://evil.example' };

async function serveWatched(): Promise<ServedHttp & { readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const served = await serveHttp({}, (request, _response, next) => {
    sockets.push(request.socket);
    next();
  });
  return { ...served, sockets };
}

describe('A7: refusals that linger', () => {
  it('A7 64 MB from a foreign page: 403, less than 1 MiB is read, and the connection is cut', async () => {
    const served = await serveWatched();
    const client = dialHttp(served);

    client.post('', { ...FOREIGN, 'content-length': '67108864' });
    const answer = await client.answer();
    client.write('x'.repeat(67_108_864));
    await client.ended;

    expect(answer?.status).toBe(403);
    expect(served.sockets[0]?.bytesRead).toBeLessThan(1_048_576);
  });

  it.each([
    ['stops sending', 0],
    ['sends a byte now and then', 100],
  ])('A7 a client that %s is let go', async (_, interval) => {
    const served = await serveWatched();
    const client = dialHttp(served);

    client.post('', { ...FOREIGN, 'content-length': '900000' });
    const dripping = interval === 0 ? undefined : setInterval(() => client.write('x'), interval);
    const answer = await client.answer();
    await client.ended;
    clearInterval(dripping);

    expect(answer?.status).toBe(403);
    expect(served.sockets[0]?.destroyed).toBe(true);
  });

  it('A7 the sender sees the status before it has sent its body', async () => {
    const served = await serveWatched();
    const client = dialHttp(served);

    client.post('x'.repeat(100_000), { ...FOREIGN, 'content-length': '800000' });
    const answer = await client.answer();
    client.write('x'.repeat(700_000));
    await client.ended;

    expect(answer?.status).toBe(403);
    // All of it, so that nothing was reset.
    expect(served.sockets[0]?.bytesRead).toBeGreaterThan(800_000);
  });

  it('A7 a small body that is refused keeps its connection', async () => {
    const served = await serveWatched();
    const client = dialHttp(served);

    client.post('x', FOREIGN);
    expect((await client.answer())?.status).toBe(403);
    client.post('{"text":"a"}');
    expect((await client.answer())?.status).toBe(200);
  });

  it('A7 a body that arrives while the server shuts down: 503, and no reset', async () => {
    const { port, close } = await serveAttached((app) => {
      app.get('/slow', (_request, _response) => {
        begun.resolve();
      });
    });
    const begun = deferred();
    const url = `http://127.0.0.1:${port}`;
    const client = dialHttp({ url });
    const holding = dialHttp({ url });
    holding.write('GET /slow HTTP/1.1\r\nhost: omni.example\r\n\r\n');
    client.write('POST /omni HTTP/1.1\r\nhost: omni.example\r\n');
    await begun.promise;

    const closed = close({ timeout: 1_000 });
    client.write('content-length: 700000\r\n\r\n', 'x'.repeat(300_000));
    const answer = await client.answer();
    client.write('x'.repeat(400_000));
    let isWritten = false;
    client.socket.end(() => {
      isWritten = true;
    });
    await until(() => isWritten);
    await client.ended;
    await closed;

    expect(answer?.status).toBe(503);
    expect(client.socket.errored).toBeNull();
  });
});
