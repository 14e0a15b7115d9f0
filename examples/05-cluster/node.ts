/**
 * One process of the cluster: the chat of 02-chat, its messages in Redis or NATS, its changes on a hub.
 * Processes know nothing of each other; there may be any number, and they come and go.
 *
 * Nothing here is bound to a process: a page may be on one at first and on another after a
 * reconnect, without sticky sessions. Nothing survives but what the engine has; what a page has written
 * while its process died it says again to the next one, and the id makes one message of both.
 */
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import express from 'express';
import {
  attachWebSockets,
  createHub,
  type Codec,
  type Handler,
  type OmniError,
  omniHttp,
  omniWs,
  omniWsApplication,
} from 'express-omnimessage';
import { handle } from '../02-chat/handler.ts';
import { type ClientMessage, serverCodec, type ServerMessage } from '../02-chat/messages.ts';
import { page } from '../02-chat/page.ts';
import { chatProgram } from '../02-chat/program.ts';
import { connectEngine } from './engine.ts';
import { SharedPeople } from './shared-people.ts';
import { type Change, SharedStore } from './shared-store.ts';

export interface NodeOptions {
  /** Where the engine is: `redis://…` or `nats://…` */
  readonly url: string;
  /** What its names begin with: processes with the same one are one chat. */
  readonly prefix: string;
  readonly onError: (error: unknown) => void;
}

/** A process that is ready to listen. */
export interface ChatNode {
  readonly server: Server;
  readonly close: () => Promise<void>;
}

const changeCodec: Codec<Change, Change> = {
  decode: (encoded) => {
    if (encoded !== 'changed') throw new TypeError('expected a change');
    return encoded;
  },
  encode: (change) => change,
};

/** Makes a process of the chat. It waits until the engine is there. */
export async function chatNode({ url, prefix, onError }: NodeOptions): Promise<ChatNode> {
  const engine = await connectEngine({ url, prefix, onError, onBack: () => store.readAgain() });
  const hub = createHub<Change>({
    codec: changeCodec,
    backplane: engine.backplane,
    onError,
    // Whatever was missed: all of it is in the engine.
    onGap: () => store.readAgain(),
  });
  const store = new SharedStore({ table: engine.table, hub, onError });
  const people = new SharedPeople(hub);
  await hub.ready();
  await store.read();

  /** What a client got wrong is its own affair; the rest is ours. */
  const onFault = (error: OmniError): undefined => {
    if (error.code !== 'decode') onError(error);
  };
  const handler: Handler<ClientMessage, ServerMessage> = (message) => {
    const before = store.written;
    const answer = handle(store, message);
    const { written } = store;
    // Nothing was begun: it was not taken, or there was nothing to do.
    if (written === undefined || written === before) return answer;
    return written.then(() => [0, store.all]);
  };
  const options = { codec: serverCodec, onError: onFault };
  const rateLimit = { perSecond: 20, burst: 100 };
  const { app, server, close } = attachWebSockets(express(), { onError: onFault });
  app.disable('x-powered-by');
  app.use(omniHttp({ ...options, path: '/omni-http', handler }));
  app.ws('/omni-pipe-ws', omniWs({ ...options, handler, rateLimit }));
  app.ws(
    '/omni-app-ws',
    omniWsApplication({
      application: chatProgram,
      start: () => ({ store, people }),
      onError: onFault,
      rateLimit,
    }),
  );
  app.use(page);
  return {
    server,
    close: async () => {
      // First the clients, who go to another process; then what they may still need.
      await close();
      people.stop();
      store.stop();
      await hub.close();
      await engine.close();
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = '8000', HOST = 'localhost', ENGINE_URL, PREFIX } = process.env;
  const node = await chatNode({
    url: ENGINE_URL ?? 'redis://127.0.0.1:6379',
    prefix: PREFIX ?? 'omnimessage-chat',
    onError: (error) => console.error(error instanceof Error ? error.message : error),
  });
  node.server.listen(Number(PORT), HOST, () => {
    const { port } = node.server.address() as AddressInfo;
    console.log(`http://${HOST}:${port}`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void node.close());
}
