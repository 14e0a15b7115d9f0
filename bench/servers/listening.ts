import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Ports } from '../protocol.ts';

/** Starts a contender. */
export type Start = () => Promise<Ports>;

/** Listens on a free port of this machine. */
export async function listening(server: Server): Promise<Ports> {
  // Connections wait for their contender's turn.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
  );
  return { port: (server.address() as AddressInfo).port };
}
