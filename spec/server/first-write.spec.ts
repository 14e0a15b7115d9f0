import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { omniWs } from '../../lib/websocket/handler.ts';
import { holdFirstWrite } from '../../lib/server/first-write.ts';
import { serveAttached } from '../support/attached.ts';
import { nextTurn } from '../support/clock.ts';
import { RawClient } from '../support/raw-client.ts';

/** So many sockets of a server, with what holds their other ends. */
async function sockets(count: number): Promise<Socket[]> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
  });
  for (let each = 0; each < count; each++) {
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    await once(client, 'connect');
    while (accepted.length <= each) await nextTurn();
  }
  return accepted;
}

describe('the first write', () => {
  it('waits for the end of the turn, with what follows it', async () => {
    const [socket] = (await sockets(1)) as [Socket];
    holdFirstWrite(socket);
    socket.write('a');
    await Promise.resolve();
    socket.write('b');

    expect([socket.bytesWritten, socket.writableLength]).toEqual([2, 2]);
    expect(socket.writableCorked).toBe(1);
    await nextTurn();
    expect(socket.writableCorked).toBe(0);
  });

  it('does not wait for more than 64 at once', async () => {
    const all = await sockets(65);
    for (const socket of all.slice(0, 63)) holdFirstWrite(socket);
    expect(all.filter(({ writableCorked }) => writableCorked > 0)).toHaveLength(63);

    holdFirstWrite(all[63] as Socket);
    expect(all.filter(({ writableCorked }) => writableCorked > 0)).toHaveLength(0);

    holdFirstWrite(all[64] as Socket);
    expect((all[64] as Socket).writableCorked).toBe(1);
    await nextTurn();
    expect((all[64] as Socket).writableCorked).toBe(0);
  });

  it('does no harm to a connection that has ended meanwhile', async () => {
    const [one, other] = (await sockets(2)) as [Socket, Socket];
    for (const socket of [one, other]) {
      holdFirstWrite(socket);
      socket.write('a');
    }
    one.destroy();
    await nextTurn();

    expect([one.destroyed, other.writableCorked]).toEqual([true, 0]);
  });

  it('has the answer to the handshake, and the hello behind it', async () => {
    const held: [corked: number, waiting: number][] = [];
    const codec = { decode: (text: string) => text, encode: (text: string) => text };
    const route = omniWs<string, string>({ codec, handler: () => undefined });
    const { port } = await serveAttached((app) => {
      app.ws('/', (socket, request) => {
        route(socket, request);
        held.push([request.socket.writableCorked, request.socket.writableLength]);
      });
    });
    const headers = { 'sec-websocket-protocol': 'omnimessage.1' };
    const client = new RawClient({ port, headers });
    const [first] = (await once(client.socket, 'data')) as [Buffer];

    const [, answer = '', hello] =
      /^(HTTP[^]*\r\n\r\n)\x81.(!\n\{"version":1)/.exec(first.toString('latin1')) ?? [];
    expect(hello).toBe('!\n{"version":1');
    expect(held).toEqual([[1, answer.length]]);
  });
});
