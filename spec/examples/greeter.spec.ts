import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { close, server } from '../../examples/01-greeter.ts';
import { connect } from '../support/socket-client.ts';

let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => close({ timeout: 0 }));

describe('examples/01-greeter', () => {
  it('greets over HTTP what curl sends', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/omni-http`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"type":"greet","name":"Lucy"}',
    });

    await expect(response.text()).resolves.toBe('{"type":"greeting","text":"Hello, Lucy!"}');
  });

  it('greets over a WebSocket', async () => {
    const client = await connect(`ws://127.0.0.1:${port}/omni-ws`);

    client.send('{"type":"greet","name":"Joe"}');

    await expect(client.next()).resolves.toBe('{"type":"greeting","text":"Hello, Joe!"}');
  });
});
