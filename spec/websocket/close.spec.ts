import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { cutReason, safeClose } from '../../lib/websocket/close.ts';
import { serve } from '../support/serve.ts';
import { connect } from '../support/socket-client.ts';

// That a client which does not answer is cut after 5 s: spec/server/pending-socket.spec.ts.

/** A server's side of a WebSocket, and where to connect. */
async function accepting(): Promise<{ url: string; accepted: Promise<WebSocket> }> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const accepted = once(sockets, 'connection').then(([socket]) => socket as WebSocket);
  return { url: await serve(server), accepted };
}

describe('the reason of a close', () => {
  it.each([
    ['as it is', 'bye', 'bye'],
    ['123 bytes', 'x'.repeat(123), 'x'.repeat(123)],
    ['cut to 123 bytes', 'x'.repeat(124), 'x'.repeat(123)],
    ['cut at a character', `${'x'.repeat(122)}é`, 'x'.repeat(122)],
    ['cut at a whole emoji', `${'x'.repeat(121)}🎈`, 'x'.repeat(121)],
    ['empty where it is no string', 42, ''],
  ])('is %s', (_name, reason, expected) => {
    expect(cutReason(reason)).toBe(expected);
  });
});

describe('a close', () => {
  it('reaches the client, with a reason that fits', async () => {
    const { url, accepted } = await accepting();
    const client = await connect(url);

    safeClose(await accepted, 4400, 'é'.repeat(100));

    expect(await client.closed).toEqual({ code: 4400, reason: 'é'.repeat(61) });
  });

  it('has the reason of its code where none is given', async () => {
    const { url, accepted } = await accepting();
    const client = await connect(url);

    safeClose(await accepted, 1001);

    const { code, reason } = await client.closed;
    expect(code).toBe(1001);
    expect(reason).not.toBe('');
  });

  it('that cannot be sent ends the connection', async () => {
    const { url, accepted } = await accepting();
    const client = await connect(url);

    safeClose(await accepted, 1005);

    expect((await client.closed).code).toBe(1006);
  });
});
