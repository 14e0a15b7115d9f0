/** The second half of omnimessage.1, from the server's side, frame by frame. */
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import {
  application,
  createHub,
  effect,
  type Hub,
  omniWs,
  omniWsApplication,
  type OmniWsOptions,
} from 'express-omnimessage';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Stack, stacksOfThisRun } from '../support/stacks.ts';

const SECRET = 'abcdefghijklmnopqrstuv';

const words = {
  decode: (encoded: string) => {
    if (encoded === 'garbage') throw new TypeError('garbage');
    return encoded;
  },
  encode: (message: string) => message,
};

const attached: Stack = async (route) => {
  const { url } = await serveAttached((app) => {
    app.ws('/omni', route);
  });
  return `${url}/omni`;
};
const everyStack = [...stacksOfThisRun, ['attachWebSockets', attached] as const];

/** Where a client says from where it goes on. */
const ways = ['in its handshake', 'in its first frame'] as const;
let way: (typeof ways)[number] = 'in its first frame';
const everyWay = everyStack.flatMap(([name, stack]) =>
  ways.map((its) => [name, its, stack] as const),
);

interface Client {
  readonly socket: WebSocket;
  readonly send: (...frames: string[]) => void;
  readonly next: () => Promise<string>;
  readonly closed: Promise<number>;
  /** Breaks the line without a word. */
  readonly cut: () => Promise<void>;
}

const tokenOf = (introduction: object): string =>
  `omnimessage.1.${Buffer.from(JSON.stringify(introduction)).toString('base64url')}`;

/** A client by hand; its frames wait until they are asked for. */
function dial(url: string, introduction?: object | string, headers = {}): Client {
  const token = typeof introduction === 'object' ? tokenOf(introduction) : introduction;
  const socket = new WebSocket(
    url.replace(/^http/, 'ws'),
    ['omnimessage.1', ...(token === undefined ? [] : [token])],
    { headers },
  );
  onTestFinished(() => {
    socket.terminate();
  });
  const frames: string[] = [];
  const waiting: ((frame: string) => void)[] = [];
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => {
    const taker = waiting.shift();
    if (taker === undefined) frames.push(data.toString());
    else taker(data.toString());
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  return {
    socket,
    closed,
    send: (...all) => {
      for (const frame of all) socket.send(frame);
    },
    next: () => {
      const frame = frames.shift();
      if (frame !== undefined) return Promise.resolve(frame);
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        void closed.then((code) => {
          reject(new Error(`closed with ${code}`));
        });
      });
    },
    cut: async () => {
      socket.terminate();
      await closed;
    },
  };
}

interface Resumed {
  readonly owner: string;
  readonly resumed: boolean;
  readonly pushes: number;
}

/** A first line, greeted. */
async function begin(url: string, more: object = {}, headers = {}): Promise<[Client, Resumed]> {
  const client = dial(url, { client: SECRET, ...more }, headers);
  const [header, hello] = (await client.next()).split('\n') as [string, string];

  expect(header).toBe('!');
  expect(JSON.parse(hello)).toMatchObject({ version: 1, window: 60_000 });

  return [client, await resumedOf(client)];
}

async function resumedOf(client: Client): Promise<Resumed> {
  const [header, payload] = (await client.next()).split('\n') as [string, string];

  expect(header).toBe('@');

  return JSON.parse(payload) as Resumed;
}

/** A later line, greeted. */
async function comeBack(
  url: string,
  frame: object,
  { secret = SECRET, headers = {} } = {},
): Promise<[Client, Resumed]> {
  const from = { sent: 0, pushes: 0, places: {}, ...frame };
  const isTold = way === 'in its handshake';
  const client = dial(url, { client: secret, resumes: true, ...(isTold && { from }) }, headers);
  await client.next();
  if (!isTold) client.send(`@\n${JSON.stringify(from)}`);
  return [client, await resumedOf(client)];
}

interface Route {
  readonly route: OmniWsOptions<string, string, string | undefined>;
  readonly handled: string[];
  readonly hub: Hub<string>;
}

function chat(options: Partial<OmniWsOptions<string, string, string | undefined>> = {}): Route {
  const hub = createHub({ codec: words, log: {} });
  const handled: string[] = [];
  return {
    hub,
    handled,
    route: {
      codec: words,
      resume: true,
      onOpen: (connection) => {
        hub.join('room', connection);
      },
      handler: (message, connection) => {
        handled.push(message);
        if (message.startsWith('say '))
          hub.publish('room', message.slice(4), { except: connection });
        if (message.startsWith('push ')) connection.send(message.slice(5));
        return message === 'quiet' ? undefined : `${message}!`;
      },
      ...options,
    },
  };
}

const placeIn = (frame: string): [topic: string, place: string] =>
  /;place=([^,]*),([^;\n]*)/.exec(frame)!.slice(1, 3) as [string, string];

describe.each(everyWay)('a client that comes back, on %s, and says so %s', (_, its, stack) => {
  beforeAll(() => {
    way = its;
  });

  it('gets the same answer to a repeat, and the handler does not run again', async () => {
    const { route, handled } = chat();
    const url = await stack(omniWs(route));
    const [first, { owner, resumed }] = await begin(url);
    const [topic] = placeIn(await first.next());
    first.send('3\na', '4\nquiet', '5\ngarbage');

    expect(resumed).toBe(false);
    expect(topic).toMatch(/^[\w-]{16}$/);
    expect([await first.next(), await first.next(), await first.next()]).toEqual([
      '=3\na!',
      '+4\n',
      '-5;decode\n',
    ]);

    await first.cut();
    const [second, answer] = await comeBack(url, { owner, sent: 7 });

    expect(answer).toEqual({ owner, resumed: true, pushes: 0 });
    // No place was told of the topic.
    expect(await second.next()).toBe(`.;gap=${topic}\n`);
    expect((await second.next()).split(',')[0]).toBe(`.;place=${topic}`);

    second.send(
      '3;again\na',
      '4;again\nquiet',
      '5;again\ngarbage',
      '7;again\nnever came',
      '8\nnew',
    );

    expect([
      await second.next(),
      await second.next(),
      await second.next(),
      await second.next(),
      await second.next(),
    ]).toEqual(['=3\na!', '+4\n', '-5;decode\n', '=7\nnever came!', '=8\nnew!']);
    expect(handled).toEqual(['a', 'quiet', 'never came', 'new']);
  });

  it('waits with a repeat for the first, which is still being handled', async () => {
    const began = deferred<boolean>();
    const slow = deferred<string>();
    let runs = 0;
    const { route } = chat({
      onOpen: () => {},
      handler: () => {
        runs += 1;
        began.resolve(true);
        return slow.promise;
      },
    });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    first.send('1\nslow');
    await began.promise;
    // The line is dead, and the server has not noticed.
    const [second] = await comeBack(url, { owner, sent: 1 });

    expect(await first.closed).toBe(4409);

    second.send('1;again\nslow', '?\n');

    expect(await second.next()).toBe('.\n');

    slow.resolve('done');

    expect(await second.next()).toBe('=1\ndone');
    expect(runs).toBe(1);
  });

  it('handles nothing any more of what waits on the line before', async () => {
    const began = deferred<boolean>();
    const slow = deferred<string>();
    const handled: string[] = [];
    const { route } = chat({
      onOpen: () => {},
      handler: (message) => {
        handled.push(message);
        began.resolve(true);
        return message === 'slow' ? slow.promise : message;
      },
    });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    first.send('1\nslow', '2\nwaits');
    await began.promise;
    const [second] = await comeBack(url, { owner, sent: 2 });
    await first.closed;
    second.send('1;again\nslow', '2;again\nwaits');
    slow.resolve('slow');

    expect([await second.next(), await second.next()]).toEqual(['=1\nslow', '=2\nwaits']);
    expect(handled).toEqual(['slow', 'waits']);
  });

  it('has one line, also when it begins anew or was not told yet what it is called', async () => {
    const { route } = chat();
    const url = await stack(omniWs(route));
    const [first] = await begin(url);
    const [second] = await begin(url);

    expect(await first.closed).toBe(4409);

    const [third, { resumed }] = await comeBack(url, { owner: '' });

    expect(await second.closed).toBe(4409);
    expect(resumed).toBe(false);

    await third.next();
    third.send('1\nquiet');

    expect(await third.next()).toBe('+1\n');
  });

  it('gets what a topic had meanwhile, in order and nothing twice', async () => {
    const { route, hub } = chat({ resume: { ring: false } });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    await first.next();
    hub.publish('room', 'one');
    const [topic, place] = placeIn(await first.next());
    await first.cut();
    hub.publish('room', 'two');
    hub.publish('room', 'three');
    const [second, { resumed }] = await comeBack(url, { owner, places: { [topic]: place } });

    expect(resumed).toBe(true);

    const frames = [await second.next(), await second.next()];
    hub.publish('room', 'four');
    frames.push(await second.next());

    expect(frames.map((frame) => frame.split('\n')[1])).toEqual(['two', 'three', 'four']);
    expect(new Set(frames.map((frame) => placeIn(frame)[1])).size).toBe(3);
  });

  it('has the place of a topic with the reply that was published there', async () => {
    const { route, hub } = chat({
      resume: { ring: false },
      handler: (message, connection) => {
        if (message === 'joined') hub.join('room', connection);
        hub.publish('room', `said ${message}`, { answers: connection });
      },
      onOpen: () => {},
    });
    const url = await stack(omniWs(route));
    const [client] = await begin(url);
    client.send('1\nelsewhere', '2\njoined');
    const frames = [await client.next(), await client.next(), await client.next()];

    expect(frames[0]).toBe('=1\nsaid elsewhere');
    expect(frames[1]).toMatch(/^\.;place=/);
    expect(frames[2]).toMatch(/^=2;place=[\w-]{16},.*\.2\nsaid joined$/);
  });

  it.each(['answers', 'except'] as const)(
    'gets what was published with `%s` on an earlier line once, or not at all',
    async (how) => {
      const published = deferred();
      const { route, hub } = chat({
        resume: { ring: false },
        handler: (message, connection) => {
          hub.publish('room', `said ${message}`, { [how]: connection });
          published.resolve(undefined);
        },
      });
      const url = await stack(omniWs(route));
      const [first, { owner }] = await begin(url);
      const [topic, place] = placeIn(await first.next());
      first.send('1\na');
      await published.promise;
      await first.cut();
      hub.publish('room', 'other');
      const [second] = await comeBack(url, { owner, sent: 1, places: { [topic]: place } });
      const frames = [await second.next(), await second.next()];
      second.send('1;again\na');
      frames.push(await second.next());

      expect(frames[0]).toMatch(/^\.;place=.*\n$/);
      expect(frames[1]).toMatch(/^;place=.*\nother$/);
      expect(frames[2]).toBe(how === 'answers' ? '=1\nsaid a' : '+1\n');
    },
  );

  it('hears of a gap where it may have had an answer, and does not repeat its message any more', async () => {
    const { route, hub } = chat({
      resume: { ring: false, seconds: 60 },
      handler: (message, connection) => {
        hub.publish('room', `said ${message}`, { answers: connection });
      },
    });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    const [topic, place] = placeIn(await first.next());
    first.send('1\na');
    await first.next();
    await first.cut();
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const from = { owner, sent: 1, places: { [topic]: place } };
    const [second] = await comeBack(url, from);
    const pushed = await second.next();
    second.send('1;again\na');
    const repeated = await second.next();
    await second.cut();
    const [third] = await comeBack(url, from);

    expect(pushed).toMatch(/^;place=.*\nsaid a$/);
    expect(repeated).toBe('=1\nsaid a');
    expect(await third.next()).toBe(`.;gap=${topic}\n`);
    expect(await third.next()).toMatch(/^\.;place=.*\n$/);
  });

  it('gets all of it, also more than is read at once, when nothing follows', async () => {
    const { route, hub } = chat({ resume: { ring: false } });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    const [topic, place] = placeIn(await first.next());
    await first.cut();
    const said = Array.from({ length: 300 }, (_each, n) => `number ${n}`);
    for (const word of said) hub.publish('room', word);
    const [second] = await comeBack(url, { owner, places: { [topic]: place } });
    const frames = [];
    while (frames.length < said.length) frames.push(await second.next());

    expect(frames.map((frame) => frame.split('\n')[1])).toEqual(said);
  });

  it('hears of a gap where topics of two hubs have the same name', async () => {
    const { route, hub } = chat({ resume: { ring: false } });
    const other = createHub({ codec: words, log: {} });
    const onOpen: (typeof route)['onOpen'] = (connection) => {
      hub.join('room', connection);
      other.join('room', connection);
    };
    const url = await stack(omniWs({ ...route, onOpen }));
    const [first, { owner }] = await begin(url);
    await first.next();
    await first.next();
    hub.publish('room', 'heard');
    const [topic, place] = placeIn(await first.next());
    await first.cut();
    hub.publish('room', 'one');
    other.publish('room', 'other');
    const [second, { resumed }] = await comeBack(url, { owner, places: { [topic]: place } });
    const frames = [await second.next(), await second.next(), await second.next()];

    expect(resumed).toBe(true);
    expect(frames.map((frame) => frame.split('\n')[1])).toContain('one');
    expect(frames).toContain(`.;gap=${topic}\n`);
  });

  it('hears of a gap where the log no longer reaches back', async () => {
    const { route, hub } = chat({ resume: { ring: false } });
    const small = createHub({ codec: words, log: { messages: 2 } });
    const url = await stack(
      omniWs({
        ...route,
        onOpen: (connection) => {
          small.join('room', connection);
        },
      }),
    );
    hub.publish('room', 'elsewhere');
    const [first, { owner }] = await begin(url);
    const [topic, place] = placeIn(await first.next());
    await first.cut();
    for (const word of ['a', 'b', 'c']) small.publish('room', word);
    const [second] = await comeBack(url, { owner, places: { [topic]: place } });
    const frames = [await second.next(), await second.next()];
    small.publish('room', 'd');
    frames.push(await second.next());

    expect(frames[0]).toBe(`.;gap=${topic}\n`);
    expect(frames[1]).toMatch(/^\.;place=/);
    expect(frames[2]).toMatch(/^;place=.*\nd$/);
  });

  it('gets what was sent outside of topics, as long as it is kept', async () => {
    const { route } = chat({ onOpen: () => {}, resume: { ring: 2 } });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    first.send('1\npush a', '2\npush b', '3\npush c');
    const frames = [];
    for (let n = 0; n < 6; n++) frames.push(await first.next());

    expect(frames.filter((frame) => frame.startsWith(';'))).toEqual([
      ';push=1\na',
      ';push=2\nb',
      ';push=3\nc',
    ]);

    await first.cut();
    const [second, { resumed }] = await comeBack(url, { owner, sent: 3, pushes: 1 });

    expect(resumed).toBe(true);
    expect([await second.next(), await second.next()]).toEqual([';push=2\nb', ';push=3\nc']);

    await second.cut();
    const [third, late] = await comeBack(url, { owner, sent: 3, pushes: 0 });

    expect(late).toEqual({ owner, resumed: false, pushes: 3 });

    await third.cut();
    const [, ahead] = await comeBack(url, { owner, sent: 3, pushes: 4 });

    expect(ahead.resumed).toBe(false);
  });

  it('finds nothing as another user, and nothing with another secret', async () => {
    const { route, handled } = chat({
      context: ({ headers }: IncomingMessage) => headers['x-user'] as string | undefined,
    });
    const url = await stack(omniWs(route));
    const ada = { 'x-user': 'ada' };
    const [first, { owner }] = await begin(url, {}, ada);
    await first.next();
    first.send('1\nmine');
    await first.next();
    await first.cut();
    const all = [
      await comeBack(url, { owner, sent: 1 }, { headers: { 'x-user': 'eve' } }),
      await comeBack(url, { owner, sent: 1 }, { secret: 'vutsrqponmlkjihgfedcba', headers: ada }),
      await comeBack(url, { sent: 1 }, { headers: ada }),
    ];
    for (const [client, answer] of all) {
      expect(answer.resumed).toBe(false);

      await client.next();
      client.send('1;again\nmine');

      expect(await client.next()).toBe('-1;forgotten\n');
    }
    expect(handled).toEqual(['mine']);
  });

  it('has nothing handled again for another user, though the store of that one knows nothing', async () => {
    const unknowing = {
      claim: () => Promise.resolve('new' as const),
      settle: () => {},
      release: () => {},
    };
    const { route, handled } = chat({
      onOpen: () => {},
      context: ({ headers }: IncomingMessage) => headers['x-user'] as string | undefined,
      resume: { ring: false, store: { open: () => unknowing } },
    });
    const url = await stack(omniWs(route));
    const [ada, eve] = ['ada', 'eve'].map((name) => ({ headers: { 'x-user': name } }));
    const [first, { owner }] = await begin(url, {}, ada?.headers);
    first.send('1\nmine');
    await first.next();
    await first.cut();
    let last = { owner, resumed: true, pushes: 0 };
    let client: Client;
    for (const user of [eve, eve, ada]) {
      [client, last] = await comeBack(url, { owner: last.owner, sent: 1 }, user);
      client.send('1;again\nmine');

      expect(await client.next()).toBe('-1;forgotten\n');

      await client.cut();
    }
    expect(handled).toEqual(['mine']);
  });

  it('handles nothing again that another process may have handled meanwhile', async () => {
    const [here, there] = [chat({ onOpen: () => {} }), chat({ onOpen: () => {} })];
    const urls = [await stack(omniWs(here.route)), await stack(omniWs(there.route))] as const;
    const [first, { owner }] = await begin(urls[0]);
    first.send('1\na');
    await first.next();
    await first.cut();
    const [second, elsewhere] = await comeBack(urls[1], { owner, sent: 1 });

    expect(elsewhere.resumed).toBe(false);
    expect(elsewhere.owner.slice(0, 22)).toBe(owner.slice(0, 22));

    second.send('2\npush b');
    await second.next();
    await second.cut();
    const [third, again] = await comeBack(urls[0], { owner: elsewhere.owner, sent: 2, pushes: 1 });
    third.send('1;again\na', '2;again\npush b', '3\nc');

    expect(again).toEqual({ owner, resumed: false, pushes: 0 });
    expect([await third.next(), await third.next(), await third.next()]).toEqual([
      '=1\na!',
      '-2;forgotten\n',
      '=3\nc!',
    ]);

    await third.cut();
    const [fourth, { resumed }] = await comeBack(urls[0], { owner, sent: 4 });
    fourth.send('3;again\nc', '4;again\nd');

    expect(resumed).toBe(true);
    expect([await fourth.next(), await fourth.next()]).toEqual(['=3\nc!', '=4\nd!']);
    expect(here.handled).toEqual(['a', 'c', 'd']);
  });

  it('is forgotten where its user has no name', async () => {
    const { route } = chat({ onOpen: () => {} });
    const url = await stack(
      omniWs<string, string, object>({ ...route, context: () => ({ name: 'ada' }) } as never),
    );
    const [first, { owner }] = await begin(url);

    expect(owner).toBe('');

    first.send('1\na');
    await first.next();
    await first.cut();
    const [second, { resumed }] = await comeBack(url, { owner, sent: 1 });
    second.send('1;again\na');

    expect(resumed).toBe(false);
    expect(await second.next()).toBe('-1;forgotten\n');
  });

  it('does not go on where its user has no name, though there is nothing to miss', async () => {
    const { route } = chat({ resume: { ring: false } });
    const url = await stack(
      omniWs<string, string, object>({ ...route, context: () => ({ name: 'ada' }) } as never),
    );
    const [first, { owner }] = await begin(url);
    const [topic, place] = placeIn(await first.next());
    await first.cut();
    const [, { resumed }] = await comeBack(url, { owner, places: { [topic]: place } });

    expect(resumed).toBe(false);
  });

  it('is told that a message is past the window, at the bound and one past it', async () => {
    const { route, handled } = chat({ onOpen: () => {}, resume: { messages: 2 } });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    first.send('1\na', '2\nb', '3\nc');
    for (let n = 0; n < 3; n++) await first.next();
    await first.cut();
    const [second] = await comeBack(url, { owner, sent: 3 });
    second.send('1;again\na', '2;again\nb', '3;again\nc');

    expect([await second.next(), await second.next(), await second.next()]).toEqual([
      '-1;forgotten\n',
      '=2\nb!',
      '=3\nc!',
    ]);
    expect(handled).toEqual(['a', 'b', 'c']);
  });

  it('leaves nothing behind of answers that it has, and all of the others', async () => {
    const slow = deferred<string>();
    const { route, handled } = chat({ onOpen: () => {} });
    const { handler } = route;
    const url = await stack(
      omniWs({
        ...route,
        handler: (message, connection) => {
          const reply = handler?.(message, connection);
          return message === 'slow' ? slow.promise : reply;
        },
      }),
    );
    const [first, { owner }] = await begin(url);
    first.send('1\na', '2\nb', '3\nc');
    for (let n = 0; n < 3; n++) await first.next();
    // One that comes while its message is handled is no answer to that.
    first.send('4;done=1;more=5\nd', '5;more=5;done=5\nslow');
    await first.next();
    await expect.poll(() => handled).toContain('slow');
    await first.cut();
    const [second] = await comeBack(url, { owner, sent: 5 });
    second.send('1;again\na', '2;again\nb', '4;again\nd', '5;again\nslow');
    slow.resolve('at last');
    const frames: string[] = [];
    for (let n = 0; n < 4; n++) frames.push(await second.next());

    expect(frames).toEqual(['-1;forgotten\n', '-2;forgotten\n', '-4;forgotten\n', '=5\nat last']);
    expect(handled).toEqual(['a', 'b', 'c', 'd', 'slow']);
  });

  it('is served or not by the definition that its page was built with', async () => {
    const asked: (string | undefined)[] = [];
    const url = await stack(
      omniWs({
        ...chat().route,
        resume: false,
        onVersion: (definition) => {
          asked.push(definition);
          return definition !== 'old';
        },
      }),
    );
    const old = dial(url, { client: SECRET, definition: 'old' });

    expect(await old.closed).toBe(4426);

    const now = dial(url, { client: SECRET, definition: 'new' });
    await now.next();
    now.send('1\na');

    expect(await now.next()).toBe('=1\na!');
    expect(asked).toEqual(['old', 'new']);
  });

  it('of the first half sees nothing of it', async () => {
    const { route, hub } = chat();
    const url = await stack(omniWs(route));
    for (const token of [
      undefined,
      'omnimessage.1.e30',
      'omnimessage.1.x',
      tokenOf({ client: 'short' }),
    ]) {
      const client = dial(url, token);

      expect(await client.next()).toBe('!\n{"version":1,"interval":25000,"limit":65536}');

      client.send('1\na');

      expect(await client.next()).toBe('=1\na!');

      hub.publish('room', 'pushed');

      expect(await client.next()).toBe('\npushed');

      client.send('2\npush direct');

      expect(await client.next()).toBe('\ndirect');

      await client.cut();
    }
  });

  it.each([
    ['another frame', '1\na'],
    ['a probe', '?\n'],
    ['nothing', '@\n'],
    ['no JSON', '@\n{'],
    ['null', '@\nnull'],
    ['no numbers', '@\n{"places":{}}'],
    ['a negative number', '@\n{"sent":-1,"pushes":0,"places":{}}'],
    ['places that are none', '@\n{"sent":1,"pushes":0,"places":1}'],
  ])('that says %s first is closed with 4400', async (_name, frame) => {
    const { route, handled } = chat();
    const client = dial(await stack(omniWs(route)), { client: SECRET, resumes: true });
    await client.next();
    client.send(frame, '2\nb');

    expect(await client.closed).toBe(4400);
    expect(handled).toEqual([]);
  });

  it('may have more places than a message may have bytes', async () => {
    const { route, handled } = chat({ limit: 100, onOpen: () => {} });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    await first.cut();
    const second = dial(url, { client: SECRET, resumes: true });
    await second.next();
    const from = JSON.stringify({ owner, sent: 1, pushes: 0, places: {}, more: '' });
    const frame = (size: number): string =>
      `@\n${from.replace('""', `"${'x'.repeat(size - 2 - from.length)}"`)}`;
    second.send(frame(65_536));

    expect(await resumedOf(second)).toMatchObject({ resumed: true });

    second.send(`2\n${'x'.repeat(101)}`);

    expect(await second.next()).toBe('-2;too-large\n');
    expect(await second.closed).toBe(1009);

    const third = dial(url, { client: SECRET, resumes: true });
    await third.next();
    third.send(frame(65_537));

    expect(await third.closed).toBe(1009);
    expect(handled).toEqual([]);
  });

  it('may say what it goes on from with an extension that is not known', async () => {
    const url = await stack(omniWs(chat().route));
    const [first, { owner }] = await begin(url);
    await first.cut();
    const second = dial(url, { client: SECRET, resumes: true });
    await second.next();
    second.send(`@;new=1\n${JSON.stringify({ owner, sent: 0, pushes: 0, places: {} })}`);

    expect(await resumedOf(second)).toMatchObject({ resumed: true });
  });

  it('that never says what it goes on from is closed with 4408', async () => {
    const url = await stack(omniWs({ ...chat().route, contextTimeout: 30 }));
    const client = dial(url, { client: SECRET, resumes: true });

    expect(await client.closed).toBe(4408);
  });

  it('may tell places that are none, and repeat what it never sent', async () => {
    const { route, handled } = chat({ resume: { ring: false } });
    const url = await stack(omniWs(route));
    const [first, { owner }] = await begin(url);
    const [topic] = placeIn(await first.next());
    await first.cut();
    const places = JSON.parse(
      `{"__proto__":"x","${topic}":"AAAA.9999","constructor":{},"a b":"c","b":"${'x'.repeat(200)}"}`,
    ) as object;
    const [second] = await comeBack(url, { owner, sent: 3, places });

    expect(await second.next()).toBe(`.;gap=${topic}\n`);

    await second.next();
    // Does not rise among the new ones, does not rise among the repeats.
    second.send('3\na', '2;again\nb', '2;again\nc', '1;again\nd', '4;again;more=1\ne');

    expect([await second.next(), await second.next()]).toEqual(['=2\nb!', '=4\ne!']);
    expect(handled).toEqual(['b', 'e']);
  });
});

describe('a program whose client comes back', () => {
  const counter = application({
    codec: words,
    init: (): [number, effect.Effect<string>] => [0, effect.none()],
    update: (count: number, message: string): [number, effect.Effect<string>] => {
      if (message === 'fail') throw new Error('secret');
      return [count + 1, effect.none()];
    },
  });

  it('is a new one, and answers a repeat as it did', async () => {
    const url = await attached(
      omniWsApplication({
        application: counter,
        start: () => undefined,
        resume: true,
        onError: () => undefined,
      }),
    );
    const [first, { owner }] = await begin(url);
    first.send('1\na', '2\nfail');

    expect([await first.next(), await first.next()]).toEqual(['=1\na', '=2\nfail']);
    expect(await first.closed).toBe(1011);

    const [second, { resumed }] = await comeBack(url, { owner, sent: 2 });
    second.send('1;again\na', '2;again\nfail', '3\nb');

    expect(resumed).toBe(false);
    expect([await second.next(), await second.next(), await second.next()]).toEqual([
      '=1\na',
      '=2\nfail',
      '=3\nb',
    ]);
  });
});
