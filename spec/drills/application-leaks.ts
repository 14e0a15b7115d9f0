/**
 * Kills connections at random moments, in every phase of a program's life, and counts what is left.
 *
 *     node --expose-gc --import tsx spec/drills/application-leaks.ts 5000 1 7
 *
 * Arguments: how many connections, the seed of all that is random, the version of ws. Prints one
 * line of JSON, and must end by itself: whatever is left would keep the process awake.
 */
import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import express from 'express';
import expressWs from 'express-ws';
import { WebSocketServer } from 'ws';
import {
  application,
  createHub,
  type Dispatch,
  effect,
  omniWsApplication,
  type Step,
} from '../../lib/index.ts';

const [count = 1_000, seed = 1, version = 7] = process.argv.slice(2).map(Number);
const AT_ONCE = 100;

/** A generator of numbers from 0 to 1 that a seed decides (mulberry32). */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const oneIn = (chances: number): boolean => random() < 1 / chances;
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, random() * 10);
  });

type Message = 'ask' | 'tick' | 'loop' | 'news' | 'published' | 'late' | 'fail';

/** What a program holds on to: it must be garbage when its connection is gone. */
class Model {
  readonly weight: Uint8Array = new Uint8Array(1_000);
}

const counts = { started: 0, begun: 0, updates: 0, acquired: 0, released: 0, closed: 0, errors: 0 };
const models: WeakRef<Model>[] = [];
const news = new EventEmitter().setMaxListeners(0);
const hub = createHub<string>({ codec: { decode: String, encode: String } });
/** A careless part of the server, which never forgets whom it may tell. */
const kept: Dispatch<Message>[] = [];

function acquire(): () => void {
  counts.acquired += 1;
  let isHeld = true;
  return () => {
    if (!isHeld) throw new Error('released twice');
    isHeld = false;
    counts.released += 1;
  };
}

const listen = effect.from<Message>((dispatch) => {
  const release = acquire();
  const hear = (): void => dispatch('news');
  news.on('news', hear);
  return () => {
    news.off('news', hear);
    release();
  };
});
const open = effect.from<Message>(async (dispatch, signal) => {
  await pause();
  if (oneIn(5)) signal.throwIfAborted();
  const release = acquire();
  dispatch('late');
  return release;
});
const keep = effect.from<Message>((dispatch) => {
  kept.push(dispatch);
});
const fail = effect.from<Message>(async () => {
  await pause();
  throw new Error('an effect failed');
});
const loop = effect.from<Message>(async (dispatch) => {
  await Promise.resolve();
  dispatch('loop');
});

const program = application<number, Model, Message>({
  init: () => {
    if (oneIn(50)) throw new Error('init failed');
    counts.begun += 1;
    const model = new Model();
    models.push(new WeakRef(model));
    return [
      model,
      effect.batch([
        effect.every(1 + random() * 5, 'tick'),
        effect.after(1e9, 'late'),
        effect.map(listen, (message) => message),
        effect.subscribe(hub, 'published', () => 'published'),
        open,
        keep,
      ]),
    ];
  },
  update: (model, message): Step<Model, Message> => {
    counts.updates += 1;
    switch (message) {
      case 'ask':
        return [model, effect.batch([open, effect.after(random() * 20, 'tick')])];
      case 'tick':
        return [model, oneIn(20) ? loop : effect.none()];
      case 'loop':
        return [model, oneIn(200) ? effect.none() : loop];
      case 'late':
        return [model, oneIn(5) ? fail : effect.none()];
      case 'fail':
        throw new Error('update failed');
      case 'news':
      case 'published':
        return [model, effect.none()];
    }
  },
  codec: {
    decode: (encoded) => (encoded === 'fail' ? 'fail' : 'ask'),
    encode: (message) => (message === 'loop' ? undefined : message),
  },
});

const route = omniWsApplication({
  application: program,
  context: () => (oneIn(2) ? undefined : pause()),
  start: () => {
    counts.started += 1;
    if (oneIn(50)) throw new Error('start failed');
    return oneIn(2) ? 1 : pause().then(() => 1);
  },
  onClose: () => {
    counts.closed += 1;
  },
  onError: () => {
    counts.errors += 1;
  },
});

const server = version === 7 ? onExpressWs() : createServer();
if (version === 8) new WebSocketServer({ server }).on('connection', route);

function onExpressWs(): Server {
  const made = express();
  const listening = createServer(made);
  expressWs(made, listening).app.ws('/', route);
  return listening;
}

/** Opens a connection by hand, talks, and ends in one of the ways in which clients end. */
function visit(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(HANDSHAKE);
      if (oneIn(5)) setTimeout(end, random() * 20, socket);
    });
    socket.once('data', () => {
      setTimeout(end, random() * 50, socket);
    });
    socket.on('data', () => {
      if (!socket.destroyed && oneIn(2)) socket.write(frame(oneIn(20) ? 'fail' : 'ask'));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      resolve();
    });
  });
}

function end(socket: Socket): void {
  const how = Math.floor(random() * 4);
  if (how === 0) socket.resetAndDestroy();
  else if (how === 1) socket.destroy();
  else if (how === 2) socket.end();
  else socket.write(CLOSE_FRAME, () => setTimeout(() => socket.destroy(), 5));
}

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: drill\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
/** Masked with zeros: what is masked stays as it is. */
const CLOSE_FRAME = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

let left = count;
/** One of many clients that come and go. */
async function visitor(port: number): Promise<void> {
  while (left > 0) {
    left -= 1;
    if (oneIn(5)) news.emit('news');
    if (oneIn(5)) hub.publish('published', 'more');
    await visit(port);
  }
}

/** Waits until the server has no socket any more. */
async function untilQuiet(): Promise<void> {
  const connections = (): Promise<number> =>
    new Promise((resolve) => {
      server.getConnections((_, howMany) => {
        resolve(howMany);
      });
    });
  while ((await connections()) > 0) await pause();
  for (let turns = 0; turns < 20; turns += 1) await pause();
}

async function collected(): Promise<number> {
  for (let rounds = 0; rounds < 10; rounds += 1) {
    globalThis.gc?.();
    await pause();
  }
  return models.filter((model) => model.deref() !== undefined).length;
}

async function drill(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  await Promise.all(Array.from({ length: AT_ONCE }, () => visitor(port)));
  await untilQuiet();
  const found = {
    programs: counts.begun - counts.closed,
    resources: counts.acquired - counts.released,
    models: await collected(),
    listeners: news.listenerCount('news'),
    subscriptions: await hub.count('published'),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
  server.close();
  process.stdout.write(`${JSON.stringify({ ...counts, kept: kept.length, left: found })}\n`);
}

server.listen(0, '127.0.0.1', () => {
  void drill();
});
