import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { resumeAsRequest } from '../../lib/server/resume-request.ts';
import { serve } from '../support/serve.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly rawHeaders: string[];
  readonly body: string;
}

/** A server that declines each upgrade, and what requests reach it. */
async function declining(): Promise<{ client: RawHttp; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (piece: string) => (body += piece));
    request.once('end', () => {
      const { method, url, rawHeaders } = request;
      seen.push({ method, url, rawHeaders, body });
      response.end('served');
    });
  });
  server.on('upgrade', (request: IncomingMessage, stream, head: Buffer) => {
    resumeAsRequest(server, request, stream, head);
  });
  const client = new RawHttp(await serve(server));
  onTestFinished(() => void client.socket.destroy());
  return { client, seen };
}

const OFFER = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

describe('a request whose offer of another protocol is declined', () => {
  it('is served as it was, without the offer', async () => {
    const { client, seen } = await declining();

    client.write(
      `GET /a?b=%20 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n${OFFER}X-Empty:\r\n\r\n`,
    );

    expect((await client.answer())?.body).toBe('served');
    expect(seen).toEqual([
      {
        method: 'GET',
        url: '/a?b=%20',
        rawHeaders: ['Host', 'h', 'X-A', '1', 'x-a', '2', 'X-Empty', ''],
        body: '',
      },
    ]);
  });

  // Deno reads nothing more of a request whose upgrade is declined.
  it.skipIf('Deno' in globalThis)('keeps its body, in this packet and in the next', async () => {
    const { client, seen } = await declining();

    client.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n${OFFER}\r\n`, 'first');
    client.write('later');

    expect((await client.answer())?.status).toBe(200);
    expect(seen[0]).toMatchObject({ method: 'POST', body: 'firstlater' });
  });

  it('keeps the other values of the connection header, and its connection', async () => {
    const { client, seen } = await declining();

    client.write(
      'GET /1 HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: keep-alive, upgrade\r\n\r\n',
    );
    await client.answer();
    client.write('GET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.answer();

    expect(seen.map(({ url }) => url)).toEqual(['/1', '/2']);
    expect(seen[0]?.rawHeaders).toEqual(['Host', 'h', 'Connection', 'keep-alive']);
  });

  it('keeps the bytes of its headers', async () => {
    const { client, seen } = await declining();

    client.write(
      Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nX-Name: \xe9\r\n${OFFER}\r\n`, 'latin1'),
    );
    await client.answer();

    expect(seen[0]?.rawHeaders).toEqual(['Host', 'h', 'X-Name', '\xe9']);
  });
});
