import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { close, server } from '../../examples/07-metrics.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => close({ timeout: 0 }));

/** The lines of the page that are no comments, without buckets and without measured times. */
async function metrics(): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const lines = (await response.text()).split('\n');
  return lines.filter((line) => line !== '' && !/^#|_bucket|_sum/.test(line)).sort();
}

describe('examples/07-metrics', () => {
  it('counts connections, messages, errors, refusals and closes', async () => {
    const [ended, open] = await Promise.all([
      connect(`ws://127.0.0.1:${port}/omni-ws`),
      connect(`ws://127.0.0.1:${port}/omni-ws`),
    ]);
    ended.send('{"type":"greet","name":"Lucy"}');
    await ended.next();
    ended.send('nonsense');
    await ended.settled();
    ended.socket.close(4000);
    await ended.closed;
    await fetch(`http://127.0.0.1:${port}/omni-http`, {
      method: 'POST',
      body: '{"type":"greet","name":"Lucy"}',
    });
    await new RawClient({ port, headers: { origin: 'https://evil.example' } }).answer();
    await open.settled();

    await expect(metrics()).resolves.toEqual([
      'omnimessage_connection_seconds_count{transport="websocket",code="4000"} 1',
      'omnimessage_connections{transport="websocket"} 1',
      'omnimessage_errors_total{transport="websocket",code="decode"} 1',
      'omnimessage_message_bytes_total{transport="http",direction="received"} 30',
      'omnimessage_message_bytes_total{transport="http",direction="sent"} 41',
      'omnimessage_message_bytes_total{transport="websocket",direction="received"} 38',
      'omnimessage_message_bytes_total{transport="websocket",direction="sent"} 41',
      'omnimessage_message_seconds_count{transport="http",tag="greet"} 1',
      'omnimessage_message_seconds_count{transport="websocket",tag=""} 1',
      'omnimessage_message_seconds_count{transport="websocket",tag="greet"} 1',
      'omnimessage_refused_total{transport="upgrade",code="origin",status="403"} 1',
    ]);
  });
});
