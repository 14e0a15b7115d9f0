/** What the clients of the soak do: pipelining, live views, large answers, slow readers, refusals. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Something that one client does, in words, and how. Resolves when it is done. */
export type Deed = readonly [
  what: string,
  act: (url: string, random: () => number) => Promise<void>,
];

/** What came of all of them. */
export type Tally = Record<string, { done: number; failed: number; firstFault?: string }>;

const LIMIT = 20_000;

function posted(body: string, path = '/omni'): string {
  return `POST ${path} HTTP/1.1\r\nhost: omni.example\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A connection that cannot outlive its deed. */
async function raw<Value>(url: string, use: (socket: Socket) => Promise<Value>): Promise<Value> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  try {
    await once(socket, 'connect');
    return await use(socket);
  } finally {
    socket.destroy();
  }
}

/** A WebSocket that cannot outlive its deed, whatever became of it: also one that opens too late. */
async function webSocket(url: string, use: (socket: WebSocket) => Promise<void>): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/omni`);
  socket.on('error', () => {});
  try {
    await Promise.race([once(socket, 'open'), pause(LIMIT)]);
    if (socket.readyState !== WebSocket.OPEN) throw new Error('not open');
    await use(socket);
  } finally {
    if (socket.readyState !== WebSocket.CLOSING) socket.terminate();
  }
}

/** Reads until a pattern has come so many times. */
async function received(socket: Socket, pattern: RegExp, times: number): Promise<void> {
  let text = '';
  let found = 0;
  const timer = setTimeout(() => socket.destroy(), LIMIT);
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      const matches = text.match(pattern)?.length ?? 0;
      if (matches > 0) {
        found += matches;
        // What was matched is over; a part of the next one may stand at the end.
        text = text.slice(text.lastIndexOf('\n') + 1);
      }
      if (found >= times) return;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`${found} of ${times} for ${pattern.source}`);
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

async function expectStatus(url: string, status: number, init: RequestInit): Promise<void> {
  const answer = await fetch(`${url}/omni`, {
    method: 'POST',
    ...init,
    signal: AbortSignal.timeout(LIMIT),
  });
  await answer.arrayBuffer();
  if (answer.status !== status) throw new Error(`${answer.status} for ${status}`);
}

/** What clients do behind a proxy as well as before the server itself. */
export const deeds: readonly Deed[] = [
  [
    '20 messages',
    async (url) => {
      for (let n = 0; n < 20; n += 1) await expectStatus(url, 200, { body: '{"text":"a"}' });
    },
  ],
  ['a handler that throws', (url) => expectStatus(url, 500, { body: '{"text":"throw"}' })],
  ['what is no message', (url) => expectStatus(url, 422, { body: '{"text":1}' })],
  ['a large answer', (url) => expectStatus(url, 200, { body: '{"text":"large"}' })],
  ['a body of 800 kB: 413', (url) => expectStatus(url, 413, { body: 'x'.repeat(800_000) })],
  [
    'a foreign page with 300 kB: 403',
    (url) =>
      expectStatus(url, 403, {
        body: 'x'.repeat(300_000),
        headers: { origin: 'https://evil.example' },
      }),
  ],
  [
    'a view, for a while',
    (url, random) =>
      raw(url, async (socket) => {
        socket.write('GET /board HTTP/1.1\r\nhost: omni.example\r\n\r\n');
        await received(socket, /data: /g, 1 + Math.floor(random() * 8));
      }),
  ],
  [
    'a view that is not read',
    (url, random) =>
      raw(url, async (socket) => {
        socket.pause();
        socket.write('GET /board HTTP/1.1\r\nhost: omni.example\r\n\r\n');
        await pause(random() * 10_000);
      }),
  ],
  [
    'a socket with 50 messages',
    (url, random) =>
      webSocket(url, async (socket) => {
        const heard = { count: 0 };
        socket.on('message', () => (heard.count += 1));
        for (let n = 0; n < 50; n += 1) socket.send('{"text":"a"}');
        for (let waited = 0; heard.count < 50 && waited < LIMIT; waited += 20) await pause(20);
        if (heard.count < 50) throw new Error(`${heard.count} answers`);
        if (random() < 0.5) socket.close();
      }),
  ],
  [
    'a socket that freezes',
    (url, random) =>
      webSocket(url, async (socket) => {
        for (let n = 0; n < 100; n += 1) socket.send('{"text":"large"}');
        socket.pause();
        await pause(random() * 8_000);
      }),
  ],
  [
    'a handshake that leaves',
    (url) =>
      raw(url, async (socket) => {
        socket.write(
          'GET /omni HTTP/1.1\r\nhost: omni.example\r\nupgrade: websocket\r\nconnection: upgrade\r\n',
        );
        socket.write(
          'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
        );
        await pause(1);
      }),
  ],
];

/** What a proxy would not let through. */
export const directDeeds: readonly Deed[] = [
  [
    '40 pipelined messages',
    (url) =>
      raw(url, (socket) => {
        socket.write(posted('{"text":"a"}').repeat(40));
        return received(socket, /HTTP\/1\.1 200/g, 40);
      }),
  ],
  [
    '500 pipelined, then gone',
    (url, random) =>
      raw(url, async (socket) => {
        socket.write(posted('{"text":"a"}').repeat(500));
        await pause(random() * 20);
      }),
  ],
  [
    '20 large answers that are not read',
    (url, random) =>
      raw(url, async (socket) => {
        socket.pause();
        socket.write(posted('{"text":"large"}').repeat(20));
        await pause(random() * 15_000);
      }),
  ],
  [
    '3 pipelined views, one of them alive',
    (url, random) =>
      raw(url, async (socket) => {
        socket.write('GET /board HTTP/1.1\r\nhost: omni.example\r\n\r\n'.repeat(3));
        await pause(random() * 3_000);
      }),
  ],
  [
    'half a body, then gone',
    (url, random) =>
      raw(url, async (socket) => {
        socket.write(
          'POST /omni HTTP/1.1\r\nhost: omni.example\r\ncontent-length: 1000\r\n\r\n{"text":"',
        );
        await pause(random() * 3_000);
      }),
  ],
  [
    'a body in one-byte chunks',
    (url) =>
      raw(url, (socket) => {
        const body = `{"text":"${'x'.repeat(5_000)}"}`.replaceAll(
          /./g,
          (letter) => `1\r\n${letter}\r\n`,
        );
        socket.write(
          `POST /omni HTTP/1.1\r\nhost: omni.example\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`,
        );
        return received(socket, /HTTP\/1\.1 200/g, 1);
      }),
  ],
];

/**
 * Lets clients come at a rate, each with one deed, until the time is over and all are done.
 * @param urls - the proxies, and last the server itself
 */
export async function soak(
  urls: readonly string[],
  seconds: number,
  perSecond: number,
  random: () => number,
): Promise<Tally> {
  const tally: Tally = {};
  const running = new Set<Promise<void>>();
  const end = performance.now() + seconds * 1_000;
  const all = [...deeds, ...directDeeds];
  while (performance.now() < end) {
    const at = Math.floor(random() * all.length);
    const [what, act] = all[at] as Deed;
    const own = urls.at(-1) as string;
    const url = at < deeds.length ? (urls[Math.floor(random() * urls.length)] as string) : own;
    const entry = (tally[what] ??= { done: 0, failed: 0 });
    const deed = act(url, random)
      .then(
        () => {
          entry.done += 1;
        },
        (fault: unknown) => {
          entry.failed += 1;
          entry.firstFault ??= `${url === own ? 'server' : 'proxy'}: ${String(fault)}`;
        },
      )
      .finally(() => running.delete(deed));
    running.add(deed);
    await pause(1_000 / perSecond);
  }
  await Promise.all(running);
  return tally;
}
