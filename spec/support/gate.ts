import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A door before a server: what goes through it can be stopped, cut or locked out. */
export interface Gate {
  readonly port: number;
  /** Cuts all that goes through, and lets nobody in. */
  readonly shut: () => Promise<void>;
  /** Lets everybody in again. */
  readonly open: () => Promise<void>;
  /** Cuts all that goes through. Who comes again is let in. */
  readonly cut: () => void;
  /** Passes nothing on: in neither direction, or not what the server says. New ones come in, to wait. */
  readonly freeze: (what?: 'all' | 'replies') => void;
  /** Passes on again, with what has waited. */
  readonly thaw: () => void;
}

/** Opens a gate to a server, on a free port. */
export async function gate(host: string, port: number): Promise<Gate> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let frozen: 'all' | 'replies' | undefined;
  const apply = ([client, server]: readonly [Socket, Socket]): void => {
    if (frozen === 'all') client.pause();
    else client.resume();
    if (frozen === undefined) server.resume();
    else server.pause();
  };
  const server: Server = createServer((client) => {
    const behind = connect(port, host);
    const pair = [client, behind] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      behind.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (bytes) => behind.write(bytes));
    behind.on('data', (bytes) => client.write(bytes));
    apply(pair);
  });
  const cut = (): void => {
    for (const [client, behind] of pairs) {
      client.destroy();
      behind.destroy();
    }
  };
  const listen = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  const shut = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  onTestFinished(() => {
    server.close();
    cut();
  });
  return {
    port: own,
    shut,
    open: () => listen(own),
    cut,
    freeze: (what = 'all') => {
      frozen = what;
      for (const pair of pairs) apply(pair);
    },
    thaw: () => {
      frozen = undefined;
      for (const pair of pairs) apply(pair);
    },
  };
}
