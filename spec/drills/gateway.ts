/** A door before an engine, through which all connections go: it can cut, deafen and redirect them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface Passing {
  readonly client: Socket;
  readonly behind: Socket;
  isSubscriber: boolean;
  isReplica: boolean;
  isDeaf: boolean;
}

export interface Gateway {
  readonly port: number;
  /** Where new connections lead from now on. */
  redirect: (port: number) => void;
  /** Cuts all connections. */
  cut: () => void;
  /**
   * From now on nothing that the server says arrives on the connections that are open, though they
   * stay open: on those that have subscribed, or on all. @returns how many
   */
  deafen: (which: 'subscribers' | 'all') => number;
  /** Whether replicas of the server hear what it says. */
  holdReplicas: (isHeld: boolean) => void;
  close: () => void;
}

export async function gateway(target: number): Promise<Gateway> {
  const all = new Set<Passing>();
  let port = target;
  let isHeld = false;
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    const passing: Passing = {
      client,
      behind,
      isSubscriber: false,
      isReplica: false,
      isDeaf: false,
    };
    all.add(passing);
    const end = (): void => {
      all.delete(passing);
      client.destroy();
      behind.destroy();
    };
    for (const socket of [client, behind]) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (bytes) => {
      if (!passing.isSubscriber)
        passing.isSubscriber = /\r\nS?SUBSCRIBE\r\n/i.test(bytes.toString('latin1'));
      if (!passing.isReplica && bytes.includes('PSYNC')) {
        passing.isReplica = true;
        if (isHeld) behind.pause();
      }
      behind.write(bytes);
    });
    behind.on('data', (bytes) => {
      if (!passing.isDeaf) client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const { client } of all) client.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    redirect: (to) => {
      port = to;
    },
    cut,
    deafen: (which) => {
      const deaf = [...all].filter(({ isSubscriber }) => which === 'all' || isSubscriber);
      for (const passing of deaf) passing.isDeaf = true;
      return deaf.length;
    },
    holdReplicas: (held) => {
      isHeld = held;
      for (const { behind, isReplica } of all) {
        if (!isReplica) continue;
        if (held) behind.pause();
        else behind.resume();
      }
    },
    close: () => {
      server.close();
      cut();
    },
  };
}
