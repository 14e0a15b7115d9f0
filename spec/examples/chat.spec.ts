import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { startApplication } from 'express-omnimessage';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { People } from '../../examples/02-chat/people.ts';
import { chatProgram } from '../../examples/02-chat/program.ts';
import { Store } from '../../examples/02-chat/store.ts';
import { startExample } from '../support/example.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

// A server of its own: that of another spec is closed already.
vi.resetModules();
const { close, server } = await import('../../examples/02-chat/server.ts');

let url: string;
/** How many people are here, as one hears who is there all the time. */
let people = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  new WebSocket(`${url.replace('http', 'ws')}/omni-app-ws`).on('message', (frame: Buffer) => {
    if (frame.toString().startsWith('[1,')) people = frame.toString();
  });
});
afterAll(() => close({ timeout: 0 }));

/** A request exactly as the browser sends it for the original's client. */
async function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/omni-http`, {
    method: 'POST',
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      'content-encoding': 'application/json',
      ...headers,
    },
    body,
  });
}

const overHttp = async (body: string): Promise<string> => (await post(body)).text();

async function overWebSocket(path: string): Promise<(body: string) => Promise<string>> {
  const client = await connect(`${url}${path}`);
  // What the application says unasked, at its start.
  if (path === '/omni-app-ws') await client.settled();
  return async (body) => {
    client.send(body);
    return String(await client.next());
  };
}

// What one test says, the next one does not see, nor its clients.
beforeEach(async () => {
  await until(() => people === '[1,1]');
  const [, all] = JSON.parse(await overHttp('[2,null]')) as [0, { id: string }[]];
  for (const { id } of all) await overHttp(JSON.stringify([1, id]));
});

describe.each([
  ['HTTP', () => Promise.resolve(overHttp)],
  ['WebSocket', () => overWebSocket('/omni-pipe-ws')],
  ['the application', () => overWebSocket('/omni-app-ws')],
])('examples/02-chat over %s', (_, transport) => {
  it('answers a send with all messages, which are sent then', async () => {
    const ask = await transport();

    await ask('[0,{"id":"a","content":"Good morning","status":4,"sent_at":1763900000}]');
    const answer = await ask('[0,{"id":"b","content":"Grüße 🐝","status":4,"sent_at":1763900001}]');

    expect(answer).toBe(
      '[0,[{"id":"a","content":"Good morning","status":2,"sent_at":1763900000},' +
        '{"id":"b","content":"Grüße 🐝","status":2,"sent_at":1763900001}]]',
    );
  });

  it('answers a fetch with all messages, also when there are none', async () => {
    const ask = await transport();

    await expect(ask('[2,null]')).resolves.toBe('[0,[]]');
  });

  it('answers a delete with what is left, also when there was nothing to delete', async () => {
    const ask = await transport();
    await ask('[0,{"id":"a","content":"one","status":4,"sent_at":1}]');
    await ask('[0,{"id":"b","content":"two","status":4,"sent_at":2}]');

    await expect(ask('[1,"a"]')).resolves.toBe(
      '[0,[{"id":"b","content":"two","status":2,"sent_at":2}]]',
    );
    await expect(ask('[1,"a"]')).resolves.toBe(
      '[0,[{"id":"b","content":"two","status":2,"sent_at":2}]]',
    );
  });

  it('keeps a message that is sent twice once, as it was', async () => {
    const ask = await transport();
    await ask('[0,{"id":"a","content":"mine","status":4,"sent_at":1}]');

    const answer = await ask('[0,{"id":"a","content":"changed","status":4,"sent_at":2}]');

    expect(answer).toBe('[0,[{"id":"a","content":"mine","status":2,"sent_at":1}]]');
  });

  it('drops fields and elements that a newer page sends', async () => {
    const ask = await transport();

    const answer = await ask(
      '[0,{"id":"a","content":"hi","status":4,"sent_at":1,"mood":"sunny"},{"trace":7}]',
    );

    expect(answer).toBe('[0,[{"id":"a","content":"hi","status":2,"sent_at":1}]]');
  });

  it('gives a message of more than 1,000 characters, or of none, back as a client error and keeps it from others', async () => {
    const ask = await transport();
    const fits = 'x'.repeat(1_000);

    const kept = await ask(`[0,{"id":"a","content":"${fits}","status":4,"sent_at":1}]`);
    const long = await ask(`[0,{"id":"b","content":"${fits}x","status":4,"sent_at":2}]`);
    const blank = await ask('[0,{"id":"c","content":" \\n","status":4,"sent_at":3}]');

    expect(kept).toBe(`[0,[{"id":"a","content":"${fits}","status":2,"sent_at":1}]]`);
    expect(long).toBe(
      `[0,[{"id":"a","content":"${fits}","status":2,"sent_at":1},` +
        `{"id":"b","content":"${fits}x","status":0,"sent_at":2}]]`,
    );
    expect(blank).toContain('{"id":"c","content":" \\n","status":0,"sent_at":3}');
    await expect(overHttp('[2,null]')).resolves.toBe(kept);
  });
});

describe('examples/02-chat over HTTP', () => {
  it.each([
    ['an unknown tag', '[3,null]'],
    ['a tag of the other direction’s form', '[0,[]]'],
    ['an id of more than 64 characters', `[1,"${'i'.repeat(65)}"]`],
    ['an empty id', '[1,""]'],
    ['an unknown status', '[0,{"id":"a","content":"hi","status":5,"sent_at":1}]'],
    [
      'a time that is no date to many programs',
      '[0,{"id":"a","content":"hi","status":4,"sent_at":1e300}]',
    ],
    ['a time before 1970', '[0,{"id":"a","content":"hi","status":4,"sent_at":-1}]'],
    ['a time that is no second', '[0,{"id":"a","content":"hi","status":4,"sent_at":1.5}]'],
  ])('answers 422 to %s', async (_, body) => {
    const response = await post(body);

    expect(response.status).toBe(422);
    await expect(response.json()).resolves.toMatchObject({ code: 'decode' });
  });

  it('lets no page of another host speak', async () => {
    const response = await post('[2,null]', { origin: 'https://elsewhere.example' });
    const socket = new RawClient({
      port: Number(new URL(url).port),
      path: '/omni-app-ws',
      headers: { origin: 'https://elsewhere.example' },
    });

    expect(response.status).toBe(403);
    await expect(socket.answer()).resolves.toMatchObject({ status: 403 });
  });
});

describe('the application of examples/02-chat', () => {
  /** The frames of a connection that has just been opened: all messages, and who is here. */
  async function start(): Promise<[SocketClient, (string | Buffer)[]]> {
    const client = await connect(`${url}/omni-app-ws`);
    return [client, [await client.next(), await client.next()]];
  }

  it('says all messages and how many people are here, unasked', async () => {
    await overHttp('[0,{"id":"a","content":"before","status":4,"sent_at":1}]');

    const [, frames] = await start();

    expect(frames).toEqual(['[0,[{"id":"a","content":"before","status":2,"sent_at":1}]]', '[1,2]']);
  });

  it('works with the unchanged page of the original, which never reads the tag of the people', async () => {
    const [others] = await start();
    const page = await connect(`${url}/omni-app-ws`);
    page.send('[2,null]');
    page.send('[0,{"id":"p","content":"hello","status":4,"sent_at":1763900000}]');
    await others.settled();

    const frames = await page.settled();

    const upserts = frames.filter((frame) => String(frame).startsWith('[0,'));
    expect(upserts).toEqual([
      '[0,[]]',
      '[0,[]]',
      '[0,[{"id":"p","content":"hello","status":2,"sent_at":1763900000}]]',
    ]);
    expect(frames.filter((frame) => !upserts.includes(frame))).toEqual(['[1,3]']);
  });

  it('pushes what one does to all others at once, whichever way it came', async () => {
    const [one] = await start();
    const [other] = await start();
    await one.settled();

    other.send('[0,{"id":"a","content":"from the other","status":4,"sent_at":1}]');
    const fromApplication = await one.next();
    await overHttp('[0,{"id":"b","content":"by HTTP","status":4,"sent_at":2}]');
    const fromHttp = await one.next();
    const pipe = await connect(`${url}/omni-pipe-ws`);
    pipe.send('[1,"a"]');
    const fromPipe = await one.next();

    expect([fromApplication, fromHttp, fromPipe]).toEqual([
      '[0,[{"id":"a","content":"from the other","status":2,"sent_at":1}]]',
      '[0,[{"id":"a","content":"from the other","status":2,"sent_at":1},{"id":"b","content":"by HTTP","status":2,"sent_at":2}]]',
      '[0,[{"id":"b","content":"by HTTP","status":2,"sent_at":2}]]',
    ]);
    // Who did it hears of it once, as everybody does.
    await expect(other.settled()).resolves.toEqual([fromApplication, fromHttp, fromPipe]);
  });

  it('pushes how many people are here when one comes or goes', async () => {
    const [one] = await start();
    const [other] = await start();

    const came = await one.next();
    other.socket.terminate();
    const went = await one.next();

    expect([came, went]).toEqual(['[1,3]', '[1,2]']);
  });

  it('answers its own client alone when nothing has changed', async () => {
    const [one] = await start();
    const [other] = await start();
    await one.settled();

    one.send('[2,null]');
    one.send('[1,"nothing"]');

    await expect(one.settled()).resolves.toEqual(['[0,[]]', '[0,[]]']);
    await expect(other.settled()).resolves.toEqual([]);
  });

  it('ends with its connection all that it began', () => {
    const left: string[] = [];
    const store = new Store();
    const room = {
      store: Object.assign(store, { subscribe: () => () => left.push('messages') }),
      people: Object.assign(new People(), { enter: () => () => left.push('people') }),
    };
    const program = startApplication(chatProgram, room);

    program.stop();

    expect(left).toEqual(['people', 'messages']);
  });
});

describe('the store of examples/02-chat', () => {
  const chat = (id: string, content = ''): Parameters<Store['add']>[0] => ({
    id,
    content,
    status: 2,
    sent_at: 0,
  });

  it('keeps the last 200 messages', () => {
    const store = new Store();

    for (let at = 1; at <= 200; at++) store.add(chat(String(at)));
    expect(store.all[0]?.id).toBe('1');
    store.add(chat('201'));

    expect(store.all).toHaveLength(200);
    expect([store.all[0]?.id, store.all.at(-1)?.id]).toEqual(['2', '201']);
  });

  it('keeps no more than 128 KiB of them as they are on the wire, and counts right after deletions', () => {
    const store = new Store();
    // A character of which each takes six bytes on the wire.
    const full = '\u0001'.repeat(1_000);

    for (let round = 0; round < 3; round++) {
      for (let at = 10; at < 50; at++) store.add(chat(`${round}${at}`, full));
      expect(Buffer.byteLength(JSON.stringify(store.all))).toBeLessThanOrEqual(131_072);
      expect(store.all).toHaveLength(21);
      for (const { id } of store.all) store.remove(id);
      expect(store.all).toEqual([]);
    }
  });

  it('tells of changes only, and nobody who has ended that', () => {
    const store = new Store();
    const heard: string[][] = [];
    const end = store.subscribe((all) => {
      heard.push(all.map(({ id }) => id));
    });

    store.add(chat('a'));
    store.add(chat('a'));
    store.remove('b');
    store.remove('a');
    end();
    store.add(chat('c'));

    expect(heard).toEqual([['a'], []]);
  });
});

describe('the page of examples/02-chat', () => {
  it('comes with all that it asks for, and may load nothing else', async () => {
    const response = await fetch(`${url}/`);
    const html = await response.text();
    const asked = [...html.matchAll(/(?:href|src)="\/([^"]+)"/g)].map(([, path]) => path);

    expect(new Set(asked)).toEqual(new Set(['icon.svg', 'main.js', 'style.css']));
    for (const path of asked) expect((await fetch(`${url}/${path}`)).status).toBe(200);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; /);
    const style = await (await fetch(`${url}/style.css`)).text();
    const [font] = /[\w-]+latin-opsz-normal\.woff2/.exec(style) ?? [];
    expect((await fetch(`${url}/${font}`)).headers.get('content-type')).toBe('font/woff2');
    expect((await fetch(`${url}/server.ts`)).status).toBe(404);
  });
});

describe('examples/02-chat as a program', () => {
  it('says where it listens, lets pages of ORIGINS speak, and ends with 0 at SIGTERM while sockets are open', async () => {
    const example = await startExample('examples/02-chat/server.ts', {
      HOST: '127.0.0.1',
      ORIGINS: 'http://localhost:1234,http://localhost:5173',
    });
    onTestFinished(async () => {
      await example.stop();
    });
    const origin = 'http://localhost:1234';

    const preflight = await fetch(`${example.url}/omni-http`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-encoding',
      },
    });
    const answer = await fetch(`${example.url}/omni-http`, {
      method: 'POST',
      headers: { origin, 'content-encoding': 'application/json' },
      body: '[2,null]',
    });
    const socket = await connect(`${example.url}/omni-app-ws`, { origin });
    const own = await connect(`${example.url}/omni-pipe-ws`, { origin: example.url });
    const stranger = await fetch(`${example.url}/omni-http`, {
      method: 'POST',
      headers: { origin: 'http://localhost:4321' },
      body: '[2,null]',
    });
    const code = await example.stop();

    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-encoding');
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    await expect(answer.text()).resolves.toBe('[0,[]]');
    expect(stranger.status).toBe(403);
    expect(code).toBe(0);
    await expect(socket.closed).resolves.toEqual({ code: 1001, reason: 'going-away' });
    await expect(own.closed).resolves.toEqual({ code: 1001, reason: 'going-away' });
  });
});
