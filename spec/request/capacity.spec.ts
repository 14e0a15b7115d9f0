import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Capacity, limitConnections, takePlace } from '../../lib/request/capacity.ts';

describe('Capacity', () => {
  it('has as many places as its limit, sockets included', () => {
    let sockets = 1;
    const capacity = new Capacity(3, () => sockets);

    const first = capacity.take();
    const second = capacity.take();
    const third = capacity.take();
    sockets = 0;

    expect(first).toBeTypeOf('function');
    expect(second).toBeTypeOf('function');
    expect(third).toBeUndefined();
    expect(capacity.take()).toBeTypeOf('function');
    expect(capacity.hasRoom).toBe(false);
  });

  it('takes a place back once, however often it is given back', () => {
    const capacity = new Capacity(2, () => 0);
    const release = capacity.take();
    capacity.take();

    release?.();
    release?.();
    capacity.take();

    expect(capacity.hasRoom).toBe(false);
  });
});

describe('takePlace', () => {
  it('takes a place of the server of a request, and any number where there is no limit', async () => {
    const limited = await requestOf((server) => {
      limitConnections(server, new Capacity(1, () => 0));
    });
    const unlimited = await requestOf(() => {});

    expect(takePlace(limited)).toBeTypeOf('function');
    expect(takePlace(limited)).toBeUndefined();
    for (let n = 0; n < 3; n++) expect(takePlace(unlimited)).toBeTypeOf('function');
  });
});

/** A request that a real server got. */
async function requestOf(
  prepare: (server: ReturnType<typeof createServer>) => void,
): Promise<IncomingMessage> {
  const server = createServer();
  prepare(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).on('error', () => {});
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  return request;
}
