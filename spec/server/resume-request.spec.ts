import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import { declineUpgrades, resumeAsRequest } from '../../lib/server/resume-request.ts';
import { serve } from '../support/serve.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly rawHeaders: string[];
  readonly body: string;
}

type Decline = (server: Server) => void;

/** How an upgrade is declined, and whether it can be so on this runtime, with a body and without one. */
const ways: readonly [string, Decline, { can: boolean; canWithBody: boolean }][] = [
  [
    'given back',
    (server) => {
      server.on('upgrade', (request: IncomingMessage, stream, head: Buffer) => {
        resumeAsRequest(server, request, stream, head);
      });
    },
    // Deno reads nothing more of such a request, and Node 26 reads its body.
    { can: true, canWithBody: !('Deno' in globalThis) && majorOfNode() < 26 },
  ],
  [
    'by Node itself',
    (server) => {
      server.on('upgrade', (_request, stream) => stream.destroy());
      declineUpgrades(server, () => true);
    },
    { can: doesNodeAsk(), canWithBody: doesNodeAsk() },
  ],
];

function majorOfNode(): number {
  return Number(process.versions.node.split('.')[0]);
}

function doesNodeAsk(): boolean {
  return 'shouldUpgradeCallback' in createServer();
}

async function dial(server: Server): Promise<RawHttp> {
  const client = new RawHttp(await serve(server));
  onTestFinished(() => void client.socket.destroy());
  return client;
}

/** A server that declines each upgrade, and what requests reach it. */
async function declining(decline: Decline): Promise<{ client: RawHttp; seen: Seen[] }> {
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
  decline(server);
  return { client: await dial(server), seen };
}

const OFFER = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

describe.each(ways)('a request whose offer is declined, %s', (_way, decline, on) => {
  it.runIf(on.can)('is served as it was, without the offer', async () => {
    const { client, seen } = await declining(decline);

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

  it.runIf(on.canWithBody)('keeps its body, in this packet and in the next', async () => {
    const { client, seen } = await declining(decline);

    client.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n${OFFER}\r\n`, 'first');
    client.write('later');

    expect((await client.answer())?.status).toBe(200);
    expect(seen[0]).toMatchObject({ method: 'POST', body: 'firstlater' });
  });

  it.runIf(on.can)(
    'keeps the other values of the connection header, and its connection',
    async () => {
      const { client, seen } = await declining(decline);

      client.write(
        'GET /1 HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: keep-alive, upgrade\r\n\r\n',
      );
      await client.answer();
      client.write('GET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
      await client.answer();

      expect(seen.map(({ url }) => url)).toEqual(['/1', '/2']);
      expect(seen[0]?.rawHeaders).toEqual(['Host', 'h', 'Connection', 'keep-alive']);
    },
  );

  it.runIf(on.can)('keeps the bytes of its headers', async () => {
    const { client, seen } = await declining(decline);

    client.write(
      Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nX-Name: \xe9\r\n${OFFER}\r\n`, 'latin1'),
    );
    await client.answer();

    expect(seen[0]?.rawHeaders).toEqual(['Host', 'h', 'X-Name', '\xe9']);
  });

  it.runIf(on.can)('offers nothing in its headers either', async () => {
    const server = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
    decline(server);
    const client = await dial(server);

    client.write(`GET / HTTP/1.1\r\nHost: h\r\n${OFFER}\r\n`);

    expect((await client.answer())?.body).toBe('{"host":"h"}');
  });
});

describe.runIf(doesNodeAsk())('where Node asks which upgrades to accept', () => {
  it('what is not declined is one', async () => {
    const server = createServer((_request, response) => response.end('HTTP'));
    server.on('upgrade', (_request, stream) => {
      stream.end('HTTP/1.1 299 Ours\r\ncontent-length: 4\r\n\r\nours');
    });
    declineUpgrades(server, () => false);
    const client = await dial(server);

    client.write(`GET / HTTP/1.1\r\nHost: h\r\n${OFFER}\r\n`);

    expect((await client.answer())?.body).toBe('ours');
  });

  it("the server's own answer comes first", async () => {
    const own = { shouldUpgradeCallback: () => false } as ServerOptions;
    const server = createServer(own, (_request, response) => response.end('HTTP'));
    server.on('upgrade', (_request, stream) => stream.destroy());
    declineUpgrades(server, () => false);
    const client = await dial(server);

    client.write(`GET / HTTP/1.1\r\nHost: h\r\n${OFFER}\r\n`);

    expect((await client.answer())?.body).toBe('HTTP');
  });
});
