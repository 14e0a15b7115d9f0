/** The WebSocket contenders: each answers a message with a message. */
import { createServer, type IncomingMessage as Request } from 'node:http';
import express from 'express';
import expressWs from 'express-ws';
import {
  application,
  attachWebSockets,
  effect,
  type Codec,
  omniWs,
  omniWsApplication,
  type Step,
} from 'express-omnimessage';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Ports } from '../protocol.ts';
import {
  answer,
  codec,
  decode,
  handWritten,
  type IncomingMessage,
  type OutgoingMessage,
  reply,
  type Said,
  type SentMessage,
  validated,
} from '../work.ts';
import { listening, type Start } from './listening.ts';

type Route = (socket: WebSocket, request: Request) => void;

/** What one writes by hand, for ws 7 (whose text is a string) and ws 8 (a Buffer). */
function byHand(socket: WebSocket): void {
  socket.on('message', (data: Buffer | string) => {
    let message: SentMessage;
    try {
      message = decode(data.toString());
    } catch {
      return;
    }
    socket.send(JSON.stringify(answer(message)));
  });
  socket.on('error', () => {});
}

/** As by hand, where the replies depend on who asked: the request is kept. */
function byHandKeepingRequest(socket: WebSocket, request: Request): void {
  const by = (): string | undefined => request.headers['user-agent'];
  socket.on('close', by);
  byHand(socket);
}

const limits = { maxPayload: 65_536, perMessageDeflate: false };

function onWs8(route: Route): Promise<Ports> {
  const server = createServer();
  new WebSocketServer({ server, ...limits }).on('connection', route);
  return listening(server);
}

async function onWs7(route: Route): Promise<Ports> {
  const { default: ws7 } = await import('ws-7');
  const server = createServer();
  new ws7.Server({ server, ...limits }).on('connection', route);
  return listening(server);
}

function onExpressWs(route: Route): Promise<Ports> {
  const plain = express();
  const server = createServer(plain);
  const { app } = expressWs(plain, server, { wsOptions: limits });
  app.ws('/', route);
  return listening(server);
}

function onAttached(route: Route): Promise<Ports> {
  const { app, server } = attachWebSockets(express(), { maxConnections: 20_000 });
  app.ws('/', route);
  return listening(server);
}

const ours = (): Route => omniWs({ codec, handler: reply });
const oursResuming = (): Route => omniWs({ codec, handler: reply, resume: true });
const oursSameWork = (): Route => omniWs({ codec: handWritten, handler: answer });

/** As where the internals of ws are not as known: the request's stream is not the one ws has. */
function withoutInternals(route: Route): Route {
  return (socket, request) => {
    const stream = Object.create(request.socket) as Request['socket'];
    route(socket, Object.create(request, { socket: { value: stream } }) as Request);
  };
}

/** A program that counts what it answers. */
function program<Incoming, Outgoing>(
  its: Codec<Incoming | Outgoing, Incoming | Outgoing>,
  replyTo: (message: Incoming | Outgoing) => Outgoing | undefined,
): Route {
  type Message = Incoming | Outgoing;
  const counting = application({
    init: (): Step<number, Message> => [0, effect.none()],
    update: (count: number, message: Message): Step<number, Message> => {
      const said = replyTo(message);
      if (said === undefined) return [count, effect.none()];
      return [count + 1, effect.from((dispatch) => dispatch(said))];
    },
    codec: its,
  });
  return omniWsApplication({ application: counting, start: () => undefined });
}

const isIncoming = (message: IncomingMessage | OutgoingMessage): message is IncomingMessage =>
  message.type === 'send' || message.type === 'join' || message.type === 'leave';

const oursProgram = (): Route =>
  program<IncomingMessage, OutgoingMessage>(codec, (message) =>
    isIncoming(message) ? reply(message) : undefined,
  );

const oursProgramSameWork = (): Route =>
  program<SentMessage, Said>(
    {
      decode,
      encode: (message) => (message.type === 'said' ? JSON.stringify(message) : undefined),
    },
    (message) => (message.type === 'send' ? answer(message) : undefined),
  );

async function socketIo(): Promise<Ports> {
  const { Server } = await import('socket.io');
  const server = createServer();
  const sockets = new Server(server, { transports: ['websocket'], serveClient: false });
  sockets.on('connection', (socket) => {
    socket.on('send', (message: unknown, respond: (answer: unknown) => void) => {
      respond(answer(validated(message)));
    });
  });
  return listening(server);
}

async function trpc(): Promise<Ports> {
  const { initTRPC } = await import('@trpc/server');
  const { applyWSSHandler } = await import('@trpc/server/adapters/ws');
  const { router, procedure } = initTRPC.create();
  const server = createServer();
  const wss = new WebSocketServer({ server, ...limits });
  const send = procedure.input(validated).mutation(({ input }) => answer(input));
  applyWSSHandler({ wss, router: router({ send }) });
  return listening(server);
}

/** By name. */
export const webSocketServers: Readonly<Record<string, Start>> = {
  'ws-8': () => onWs8(byHand),
  'ws-7': () => onWs7(byHand),
  'express-ws': () => onExpressWs(byHand),
  'ws-8-request': () => onWs8(byHandKeepingRequest),
  'express-ws-request': () => onExpressWs(byHandKeepingRequest),
  'ours-ws-8': () => onWs8(ours()),
  'ours-ws-8-same': () => onWs8(oursSameWork()),
  'ours-ws-8-public': () => onWs8(withoutInternals(ours())),
  'ours-express-ws': () => onExpressWs(ours()),
  'ours-express-ws-same': () => onExpressWs(oursSameWork()),
  'ours-attached': () => onAttached(ours()),
  'ours-attached-resume': () => onAttached(oursResuming()),
  'ours-ws-8-resume': () => onWs8(oursResuming()),
  'ours-program': () => onWs8(oursProgram()),
  'ours-program-same': () => onWs8(oursProgramSameWork()),
  'socket.io': socketIo,
  'trpc-ws': trpc,
};
