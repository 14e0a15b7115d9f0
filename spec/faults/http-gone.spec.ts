/** Faults A2, A4 and A17: clients that are gone, and all that was done for them. */
import { type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { until } from '../support/until.ts';
import { dialHttp } from './served-http.ts';

const GET = 'GET /slow HTTP/1.1\r\nhost: omni.example\r\n\r\n';

describe('clients that are gone', () => {
  it('A2 pipelines 500 requests and leaves, 20 times: the shutdown waits for none of them', async () => {
    const waiting: ServerResponse[] = [];
    const { port, server, close } = await serveAttached((app) => {
      app.get('/slow', (_request, response) => {
        waiting.push(response);
      });
      app.get('/quick', (_request, response) => {
        response.end('quick');
      });
    });
    // So that nothing else ends the idle connection.
    server.keepAliveTimeout = 60_000;
    const url = `http://127.0.0.1:${port}`;
    for (let round = 1; round <= 20; round += 1) {
      const client = dialHttp({ url });
      client.write(GET.repeat(500));
      await until(() => waiting.length === 500 * round);
      client.socket.destroy();
      await client.ended;
    }
    // The route answers all the same, as one does that knows nothing of the client.
    for (const response of waiting) response.end('late');
    const idle = dialHttp({ url });
    idle.write('GET /quick HTTP/1.1\r\nhost: omni.example\r\n\r\n');
    await idle.answer();

    const began = performance.now();
    await close({ timeout: 20_000 });
    await idle.ended;

    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('A2 pipelines requests as the server shuts down: each is answered, the last one ends the connection', async () => {
    const waiting: ServerResponse[] = [];
    const all = deferred();
    const { port, close } = await serveAttached((app) => {
      app.get('/slow', (_request, response) => {
        waiting.push(response);
        if (waiting.length === 3) all.resolve();
      });
    });
    const client = dialHttp({ url: `http://127.0.0.1:${port}` });
    client.write(GET.repeat(3));
    await all.promise;

    const closed = close({ timeout: 30_000 });
    for (const [index, response] of waiting.entries()) response.end(`answer ${index}`);
    const answers = [await client.answer(), await client.answer(), await client.answer()];
    await client.ended;
    await closed;

    expect(answers.map((answer) => answer?.body)).toEqual(['answer 0', 'answer 1', 'answer 2']);
    expect(answers.map((answer) => answer?.headers['connection'])).toEqual([
      'keep-alive',
      'keep-alive',
      'close',
    ]);
  });

  it('A17 1,000 endless responses end with their server: idle connections are looked for once', async () => {
    const open: ServerResponse[] = [];
    const { port, server, close } = await serveAttached((app) => {
      app.get('/slow', (_request, response) => {
        response.writeHead(200).flushHeaders();
        open.push(response);
      });
    });
    let looks = 0;
    const closeIdle = server.closeIdleConnections.bind(server);
    // It walks through all connections: once for each response made the end of a server quadratic.
    server.closeIdleConnections = () => {
      looks += 1;
      closeIdle();
    };
    const url = `http://127.0.0.1:${port}`;
    const clients: ReturnType<typeof dialHttp>[] = [];
    // In groups: the kernel refuses handshakes where more than 511 wait, and tries again seconds later.
    while (clients.length < 1_000) {
      const group = Array.from({ length: 200 }, () => dialHttp({ url }));
      for (const client of group) client.write(GET);
      clients.push(...group);
      await until(() => open.length === clients.length);
    }

    const closed = close({ timeout: 30_000 });
    for (const response of open) response.end();
    // Their headers promised to keep the connections.
    await Promise.all(clients.map((client) => client.ended));
    await closed;

    // And once by Node, when all are closed.
    expect(looks).toBeLessThanOrEqual(2);
  });
});
