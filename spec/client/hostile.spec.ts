/**
 * Frames of `omnimessage.1` that no server should send, over real sockets: the page throws nothing,
 * comes back no more often than it should, and takes nothing for confirmed that was not.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { anyWebSocket, ask, createStore, resume, sse } from '../../lib/client.ts';
import { linkTo, words } from '../support/linked.ts';
import {
  type Peer,
  type ProtocolServerOptions,
  serveProtocol,
} from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

/** A server that answers nothing by itself, and a link to it that asked one thing. */
async function askMine(options: ProtocolServerOptions = {}) {
  const server = await serveProtocol({ answer: () => {}, ...options });
  const linked = linkTo(server.url, { resume: resume() });
  const outcome = ask(linked.link, 'mine').then(
    (reply) => ({ reply }),
    (error: { code: string }) => ({ code: error.code }),
  );
  const peer = await server.peer(0);
  await until(() => peer.ids.length === 1);
  return { ...linked, server, peer, outcome };
}

/** Returns when the page has read all that was sent before. */
async function read(peer: Peer, messages: readonly string[]): Promise<void> {
  peer.send('', 'read');
  await until(() => messages.includes('read'));
}

/** Pauses are drawn at random: here each is the longest that it may be. */
function allPausesAreLongest(): void {
  const dice = vi.spyOn(Math, 'random').mockReturnValue(0.999);
  onTestFinished(() => dice.mockRestore());
}

const LONG = 'x'.repeat(1_000_000);

const CONFIRM_NOTHING = [
  // Ids that were never given.
  '=2\nx',
  '+2\n',
  '-2;handler\n',
  '-2;forgotten\n',
  `=${'9'.repeat(200)}\nx`,
  // No ids.
  '=\nx',
  '+\n',
  '-\n',
  '-;forgotten\n',
  '=0\nx',
  '=-1\nx',
  '=NaN\nx',
  '=__proto__\nx',
  // Numbers, but not as they are written.
  '=1e0\nx',
  '= 1\nx',
  '=1 \nx',
  '=0x1\nx',
  '=01\nx',
  '=1.0\nx',
  '+ 1\n',
  '=+1\nx',
  '--1;x\n',
  // Not at the beginning, not before a line feed, or something else.
  '1\nx',
  '1;again\nx',
  '=1',
  '+1',
  '-1;handler',
  '~=1\nx',
  '=1,2\nx',
  ' =1\nx',
  // What else there is, and is not.
  '@\n',
  '@\nnull',
  '@\n[]',
  '@\n5',
  '@\n{"owner":{"a":1},"resumed":"yes","pushes":"x"}',
  '!\n',
  '!\nnull',
  '!\n{"version":1,"interval":1}',
  '!\n{"version":9,"window":1e99}',
  '?\n',
  '.\n',
  '.;gap=\n',
  '.;place=\n',
  '.;place=,\n',
  '.;place=a\n',
  '.;place=a,b,c\n',
  '.;place=__proto__,x\n',
  '.;place=☃,☃\n',
  '.;place=a b,c d\n',
  '.;push=x\n',
  '.;push=-1\n',
  '',
  'x',
  '\u0000\n',
  `${'h'.repeat(300)}\nx`,
  LONG,
  `=1${LONG}\nx`,
  `hello;${LONG}\n`,
];

describe('a page whose server sends what it should not', () => {
  it('takes nothing for confirmed, and goes on', async () => {
    const { peer, messages, failed, errors, unconfirmed, outcome, server, opened } = await askMine({
      hello: { window: 60_000 },
    });
    for (const frame of CONFIRM_NOTHING) peer.socket.send(frame);
    await read(peer, messages);
    peer.send('=1', 'at last');

    expect(await outcome).toEqual({ reply: 'at last' });
    expect({ messages, failed, errors, unconfirmed }).toEqual({
      messages: ['read'],
      failed: [],
      errors: [],
      unconfirmed: [],
    });
    expect(opened).toHaveLength(1);
    expect(server.peers).toHaveLength(1);
  });

  it('comes back after it with what a server can read', async () => {
    const { peer, messages, server, opened } = await askMine({ hello: { window: 60_000 } });
    for (const frame of CONFIRM_NOTHING) peer.socket.send(frame);
    peer.socket.send(';push=7\npushed');
    peer.socket.send('.;place=topic,1-0\n');
    await read(peer, messages);
    peer.socket.terminate();
    const next = await server.peer(1);

    expect(next.introduction?.from).toEqual(
      JSON.parse('{"sent":1,"pushes":7,"places":{"__proto__":"x","a":"b,c","topic":"1-0"}}'),
    );

    next.send('@', '{"owner":"someone","resumed":true,"pushes":7}');
    await until(() => opened.length === 2);

    expect(opened[1]).toEqual({ isFirst: false, isResumed: true });
  });

  it('hears the first answer of a message, and no other', async () => {
    const { peer, messages, failed, errors, outcome, link, server } = await askMine();
    for (const frame of ['=1\none', '=1\ntwo', '+1\n', '-1;handler\n', '-1;forgotten\n']) {
      peer.socket.send(frame);
    }

    expect(await outcome).toEqual({ reply: 'one' });

    link.send('another');
    await until(() => peer.ids.length === 2);
    for (const frame of ['-2;handler\n', '-2;decode\n', '=2\ntwo', '+2\n']) peer.socket.send(frame);
    await read(peer, messages);

    expect({ messages, failed, errors }).toEqual({
      messages: ['read'],
      failed: [['another', 'handler']],
      errors: [],
    });
    expect(server.peers).toHaveLength(1);
  });

  it('takes no answer for a message that it has not repeated yet', async () => {
    // One message a second: what stands behind the first has to wait.
    const { server, peer, link, failed, messages, outcome, opened } = await askMine({
      hello: { window: 60_000, rate: 1 },
    });
    link.send('second');
    await until(() => peer.ids.length === 2);
    peer.socket.terminate();
    const next = await server.peer(1);
    next.send('@', '{"owner":"someone","resumed":true,"pushes":0}');
    await until(() => opened.length === 2);
    next.send('=1', 'too early');
    next.send('-2;handler');
    await until(() => next.received.includes('mine'));
    next.send('-2;handler');
    next.send('=1', 'reply');
    await read(next, messages);

    expect(failed).toEqual([]);

    await until(() => next.received.includes('second'));
    next.send('-2;handler');
    await until(() => failed.length > 0);

    expect(await outcome).toEqual({ reply: 'reply' });
    expect(failed).toEqual([['second', 'handler']]);
  });

  it.each([
    ['none', '-1\n', 'failed'],
    ['an empty one', '-1;\n', 'failed'],
    ['a name of every object', '-1;__proto__\n', '__proto__'],
    ['an extension', '-1;a=b\n', 'a=b'],
    ['any words', '-1;no such code\n', 'no such code'],
    ['a long one', `-1;${'c'.repeat(250)}\n`, 'c'.repeat(250)],
    ['one of the page alone', '-1;skipped\n', 'failed'],
    ['another one of the page alone', '-1;left\n', 'failed'],
    ['a good one with an extension', '-1;handler;more=1\n', 'handler'],
    ['a good one, and an answer that is none', '-1;handler\ngarbage', 'handler'],
  ])('fails a message with a code that is %s', async (_name, frame, code) => {
    const { peer, outcome, server } = await askMine();
    peer.socket.send(frame);

    expect(await outcome).toEqual({ code });
    expect(server.peers).toHaveLength(1);
  });

  it('shows as failed what the server says that the page keeps for itself', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => peer.send(`-${id};${message}`),
    });
    const store = createStore<string[], string, string>({
      init: [],
      update: (model, message) => [...model, message],
      connect: { url: server.url, codec: words, WebSocket },
    });
    onTestFinished(() => store.link.close());
    store.dispatch('skipped');
    store.dispatch('left');
    await until(() => store.failed().length === 2);

    expect(store.getSnapshot()).toEqual([]);
  });

  it.each([
    ['a far version', { version: 9, unknown: { a: [] } }],
    ['numbers without end', { interval: 1e300, limit: 1e300, rate: 1e300, window: 1e300 }],
    ['numbers below nothing', { interval: -1, limit: -1, rate: -1, window: -1 }],
    ['nothing', { interval: 0, limit: 0, rate: 0, window: 0 }],
    ['almost nothing', { interval: 1e-300, rate: 1e-300 }],
    ['texts', { interval: 'x', limit: '1', rate: '', window: 'x' }],
    ['null', { version: null, interval: null, limit: null, rate: null }],
    ['objects', { interval: {}, limit: [], rate: { valueOf: 1 }, window: { toString: 1 } }],
  ])('speaks with a server whose hello has %s', async (_name, hello) => {
    const server = await serveProtocol({ hello: hello as never });
    const { link, errors, snapshots } = linkTo(server.url, { resume: resume() });

    expect(await ask(link, 'a')).toBe('a');
    expect(await Promise.all(['b', 'c'].map((word) => ask(link, word)))).toEqual(['b', 'c']);
    expect(errors).toEqual([]);
    expect(server.peers.map(({ probes }) => probes)).toEqual([0]);
    expect(snapshots.at(-1)?.state).toBe('open');
  });

  it.each([
    ['no JSON', '!\n{'],
    ['nothing', '!\n'],
    ['null', '!\nnull'],
    ['a number', '!\n5'],
    ['no line feed', '!{}'],
    ['a reply', '=1\nx'],
    ['a push', '\nx'],
    ['an answer to what it has not said', '@\n{"owner":"a","resumed":true,"pushes":0}'],
    ['an empty frame', ''],
  ])('speaks without ids where a hello is %s', async (_name, frame) => {
    const server = await serveProtocol({
      hello: false,
      answer: () => {},
      greet: (peer) => {
        if (peer.offered.length > 0) peer.socket.send(frame);
      },
    });
    const { link, errors, messages, opened } = linkTo(server.url, {
      resume: resume(),
      transport: anyWebSocket(),
    });
    await until(() => opened.length === 1);
    link.send('a');
    const bare = await server.peer(1);
    await until(() => bare.received.length === 1);

    expect(server.peers.map(({ offered }) => offered)).toEqual([['omnimessage.1'], []]);
    expect({ errors, messages, received: server.received() }).toEqual({
      errors: [],
      messages: [],
      received: ['a'],
    });
  });

  it('is not fooled by answers to nothing into coming back at once for ever', async () => {
    allPausesAreLongest();
    const at: number[] = [];
    const server = await serveProtocol({
      greet: (peer) => {
        at.push(performance.now());
        peer.send('=1', 'x');
        peer.send('+2');
        peer.socket.close(1011);
      },
    });
    linkTo(server.url, { minDelay: 50, maxDelay: 10_000 });
    await until(() => at.length === 5, 30_000);
    const [, , , fourth = 0, fifth = 0] = at;

    expect(fifth - fourth).toBeGreaterThan(8 * 50 - 5);
  });
});

describe('a page whose server of events sends what it should not', () => {
  const stream = async (...events: string[]) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      if (request.method === 'POST') {
        response.end();
        return;
      }
      asked.push(request.headers['last-event-id'] as string | undefined);
      response.setHeader('content-type', 'text/event-stream');
      response.write(events.join(''));
      if (asked.length === 1) response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const linked = linkTo(`http://127.0.0.1:${port}`, {
      transport: sse({ post: '/post' }),
      fetch,
      resume: resume(),
    });
    return { ...linked, asked };
  };
  const HELLO = 'event: hello\ndata: {"version":1,"interval":25000,"limit":65536}\n\n';

  it('opens once, tells places that can be told, and goes on', async () => {
    const { asked, opened, messages, errors } = await stream(
      HELLO,
      HELLO,
      'event: hello\ndata: null\n\n',
      'event: toString\ndata: x\n\n',
      'event: constructor\ndata: x\n\n',
      'id: ☃,☃\ndata: snow\n\n',
      'id: a b,c d\ndata: spaces\n\n',
      'id: ;push=x\ndata: a header\n\n',
      'id: topic,1-0\ndata: good\n\n',
      ': a comment\n\n',
    );
    await until(() => opened.length === 2);

    expect(messages.slice(0, 4)).toEqual(['snow', 'spaces', 'a header', 'good']);
    expect(asked).toEqual([undefined, 'topic,1-0']);
    expect(errors).toEqual([]);
  });

  it.each([
    ['a hello that is none', 'event: hello\ndata: {\n\n'],
    ['a name of every object', 'event: __proto__\ndata: x\n\n'],
    ['bytes that are none', 'event: bytes\ndata: %%%\n\n'],
    ['an end that is none', 'event: close\ndata: null\n\n'],
    ['an end without a code', 'event: close\ndata: {"code":"x","reason":{}}\n\n'],
  ])('comes back after %s', async (_name, event) => {
    const { asked, errors } = await stream(HELLO, event);
    await until(() => asked.length >= 2);

    expect(errors).toEqual([]);
  });
});
