/**
 * The chat: three ways for a message to travel, and a page that switches between them.
 *
 *     npm start
 *     curl localhost:8000/omni-http -d '[2,null]'
 *
 * Then open http://localhost:8000 in two windows. What travels is in messages.ts, the page in page/.
 * The environment:
 *
 *     PORT      where to listen: 8000; 0 for a free port, which is printed
 *     HOST      localhost; 0.0.0.0 lets in the phone beside you, and the rest of your network
 *     ORIGINS   pages of other hosts that may use it: http://localhost:1234,http://...
 */
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import cors from 'cors';
import express from 'express';
import {
  attachWebSockets,
  type Handler,
  type OmniError,
  omniHttp,
  omniWs,
  omniWsApplication,
} from 'express-omnimessage';
import { omniServerComponent } from 'express-omnimessage/lustre';
import { handle } from './handler.ts';
import { type ClientMessage, serverCodec, type ServerMessage } from './messages.ts';
import { page } from './page.ts';
import { People } from './people.ts';
import { chatProgram, type Room } from './program.ts';
import { startSessionsCount } from './sessions-count.ts';
import { Store } from './store.ts';

const room = { store: new Store(), people: new People() } satisfies Room;
const handler: Handler<ClientMessage, ServerMessage> = (message) => handle(room.store, message);

/** Logs what failed on the server: not what a client got wrong, and nothing of its request. */
const onError = (error: OmniError): undefined => {
  if (error.code !== 'decode') console.error(error.message, error.cause);
};

const elsewhere = (process.env['ORIGINS'] ?? '').split(',').filter((origin) => origin !== '');
/** Our own page, and those of ORIGINS. Without an Origin it is not a page. */
const origins = (origin: string | undefined, { headers }: IncomingMessage): boolean =>
  origin === undefined ||
  elsewhere.includes(origin) ||
  (URL.canParse(origin) && new URL(origin).host === headers.host);

const { app, server, close } = attachWebSockets(express(), { origins, onError });
app.disable('x-powered-by');
app.use(cors({ origin: elsewhere, allowedHeaders: ['content-type', 'content-encoding'] }));

// A page that comes back sends at once what has waited, hence the burst.
const options = { codec: serverCodec, onError };
const rateLimit = { perSecond: 20, burst: 100 };
app.use(omniHttp({ ...options, path: '/omni-http', origins, handler }));
// What was on its way when a connection broke is handled once, whenever the page is back.
app.ws('/omni-pipe-ws', omniWs({ ...options, handler, rateLimit, resume: true }));
app.ws(
  '/omni-app-ws',
  omniWsApplication({
    application: chatProgram,
    start: () => room,
    onError,
    rateLimit,
    resume: true,
  }),
);
// For a page with Lustre's runtime: see sessions-count.ts.
const sessionsCount = startSessionsCount(room.people);
app.ws('/sessions-count', omniServerComponent({ shared: () => sessionsCount, onError, rateLimit }));
app.use(page);

export { close, server };
if (process.argv[1] === import.meta.filename) {
  const { PORT = '8000', HOST = 'localhost' } = process.env;
  server.listen(Number(PORT), HOST, () => {
    const { port } = server.address() as AddressInfo;
    console.log(`http://${HOST}:${port}`);
  });
  server.once('error', ({ message }) => {
    console.error(`${message}; PORT=8001 npm start takes another one`);
    process.exitCode = 1;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void close());
}
