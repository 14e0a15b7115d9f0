import { onTestFinished } from 'vitest';
import { type ClientOptions } from 'ws';
import { LustreClient, type LustreClientOptions } from './lustre-client.ts';
import { dial, type SocketClient } from './socket-client.ts';

/** A played page that is connected to a server. */
export interface LustrePage {
  readonly client: LustreClient;
  readonly socket: SocketClient;
  /** The frames that the page has sent, in their order. */
  readonly sent: string[];
  /** Waits for one frame of the server, and gives it when it has been applied. */
  readonly next: () => Promise<string>;
  /** Applies frames until the condition holds. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

/** Opens a page whose element connects to this address; it shows nothing before the first `next`. */
export async function visit(
  url: string,
  options: Omit<LustreClientOptions, 'send'> & { readonly socket?: ClientOptions } = {},
): Promise<LustrePage> {
  const socket = dial(url, options.socket);
  const sent: string[] = [];
  const client = new LustreClient({
    ...options,
    send: (frame) => {
      sent.push(frame);
      socket.send(frame);
    },
  });
  onTestFinished(() => {
    client.remove();
  });
  await new Promise<void>((resolve, reject) => {
    socket.socket.once('open', resolve).once('error', reject);
  });
  client.open();
  void socket.closed.then(() => {
    client.close();
  });
  const next = async (): Promise<string> => {
    const frame = String(await socket.next());
    client.receive(frame);
    return frame;
  };
  return {
    client,
    socket,
    sent,
    next,
    until: async (condition) => {
      while (!condition()) await next();
    },
  };
}
