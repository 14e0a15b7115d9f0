/**
 * Hostile frames of "Coming back" in PROTOCOL.md, on every server: each has its code or is ignored,
 * nothing of another client is found, and whoever comes next is served.
 */
import { once } from 'node:events';
import { createHub, omniSse, omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveAttached } from '../support/attached.ts';
import { type Stack, stacks } from '../support/stacks.ts';

const VICTIM = 'v'.repeat(22);
const HOSTILE = 'h'.repeat(22);
const LIMIT = 4_096;
const text = { decode: (encoded: string) => encoded, encode: (message: string) => message };

const attached: Stack = async (route) => {
  const { url } = await serveAttached((app) => {
    app.ws('/omni', route);
  });
  return `${url}/omni`;
};

interface Client {
  readonly socket: WebSocket;
  readonly frames: string[];
  readonly closed: Promise<number>;
  /** Sends, and gives all that came until the line answered a probe or ended. */
  readonly say: (...frames: string[]) => Promise<readonly string[]>;
}

async function dial(url: string, client: string, resumes = false): Promise<Client> {
  const token = Buffer.from(JSON.stringify({ client, resumes })).toString('base64url');
  return dialWith(url, token, resumes ? '!' : '@');
}

/** @param last - how the last frame begins that comes by itself */
async function dialWith(url: string, token: string, last: string): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [
    'omnimessage.1',
    `omnimessage.1.${token}`,
  ]);
  onTestFinished(() => {
    socket.terminate();
  });
  const frames: string[] = [];
  const closed = once(socket, 'close').then(([code]) => code as number);
  const heard = (isLast: (frame: string) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (data: Buffer): void => {
        if (!isLast(data.toString())) return;
        socket.off('message', look);
        resolve();
      };
      socket.on('message', look);
      void closed.then(() => resolve());
    });
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => frames.push(data.toString()));
  await heard((frame) => frame.startsWith(last));
  return {
    socket,
    frames,
    closed,
    say: async (...all) => {
      const from = frames.length;
      const answered = heard((frame) => frame === '.\n');
      for (const frame of [...all, '?\n']) socket.send(frame);
      await answered;
      return frames.slice(from).filter((frame) => frame !== '.\n');
    },
  };
}

const tokenOf = (said: unknown): string => Buffer.from(JSON.stringify(said)).toString('base64url');

const resume = (more: object = {}): string =>
  `@\n${JSON.stringify({ sent: 9, pushes: 0, places: {}, ...more })}`;

describe.each([...stacks, ['attachWebSockets', attached] as const])('on %s', (_, stack) => {
  const serve = async (): Promise<{ url: string; handled: string[] }> => {
    const handled: string[] = [];
    const route = omniWs({
      codec: text,
      handler: (message: string) => {
        handled.push(message);
        return `re:${message}`;
      },
      limit: LIMIT,
      resume: true,
      onError: () => undefined,
    });
    return { url: await stack(route), handled };
  };

  const expectServed = async (url: string): Promise<void> => {
    const honest = await dial(url, 'g'.repeat(22));

    expect(await honest.say('1\nhello')).toEqual(['=1\nre:hello']);
  };

  it.each([
    ['no JSON', '@\n{', 4400],
    ['nothing', '@\n', 4400],
    ['no object', '@\nnull', 4400],
    ['a list', '@\n[]', 4400],
    ['no places', '@\n{"sent":1,"pushes":0}', 4400],
    ['places that are null', resume({ places: null }), 4400],
    ['a count below nothing', resume({ sent: -1 }), 4400],
    ['half a count', resume({ pushes: 0.5 }), 4400],
    ['a count that is not exact', resume({ sent: 2 ** 53 }), 4400],
    ['a count that is text', resume({ sent: '1' }), 4400],
    ['a header with more', `@;a=b\n{}`, 4400],
    ['no line feed', '@{}', 4400],
    ['a message instead', '1\nhello', 4400],
    ['a repeat instead', '1;again\nhello', 4400],
    ['a probe instead', '?\n', 4400],
    ['an empty frame', '', 4400],
    ['a frame that is too long', resume({ more: 'x'.repeat(65_536) }), 1009],
  ])('a first frame with %s closes with its code', async (_title, frame, code) => {
    const { url, handled } = await serve();
    const client = await dial(url, HOSTILE, true);
    client.socket.send(frame);

    expect(await client.closed).toBe(code);
    expect(handled).toEqual([]);

    await expectServed(url);
  });

  const begun: readonly (readonly [title: string, more: object])[] = [
    ['places that are none', { places: { '': 1, a: {}, __proto__: 'x', b: ';', c: null } }],
    ['more places than it may tell', { places: Object.fromEntries(Array(300).entries()) }],
    ['an owner that is none', { owner: { toString: 1 } }],
    ['an owner of any length', { owner: 'o'.repeat(2_000) }],
    ['the largest counts', { sent: Number.MAX_SAFE_INTEGER, pushes: Number.MAX_SAFE_INTEGER }],
  ];

  it.each(begun)('a first frame with %s begins anew', async (_title, more) => {
    const { url } = await serve();
    const client = await dial(url, HOSTILE, true);
    const [answer] = await client.say(resume(more));

    expect(answer?.slice(0, 2)).toBe('@\n');
    expect(JSON.parse(answer?.slice(2) ?? '')).toMatchObject({ resumed: false });

    await expectServed(url);
  });

  it.each([
    ...begun.filter(([title]) => title !== 'more places than it may tell'),
    ['no places that it had', { places: { a: '1', b: '2' } }],
  ] as const)('a handshake that goes on from %s begins anew', async (_title, more) => {
    const { url } = await serve();
    const from = {
      sent: 9,
      pushes: 0,
      places: {},
      ...more,
      ...('owner' in more && { owner: 'o'.repeat(500) }),
    };
    const client = await dialWith(url, tokenOf({ client: HOSTILE, resumes: true, from }), '@');
    const answer = client.frames.find((frame) => frame.startsWith('@\n'));

    expect(JSON.parse(answer?.slice(2) ?? '')).toMatchObject({ resumed: false });
    expect(await client.say('9\nno id of its own')).toEqual([]);

    await expectServed(url);
  });

  it.each([
    ['null', null],
    ['a list', []],
    ['no places', { sent: 1, pushes: 0 }],
    ['a count below nothing', { sent: -1, pushes: 0, places: {} }],
  ])('a handshake that goes on from %s has not said it', async (_title, from) => {
    const { url, handled } = await serve();
    const token = tokenOf({ client: HOSTILE, resumes: true, from });
    const client = await dialWith(url, token, '!');
    client.socket.send('1\nhello');

    expect(await client.closed).toBe(4400);
    expect(handled).toEqual([]);

    await expectServed(url);
  });

  it('a handshake and a first frame that both say it: the second is a message, and is none', async () => {
    const { url, handled } = await serve();
    const from = { sent: 9, pushes: 0, places: {} };
    const client = await dialWith(url, tokenOf({ client: HOSTILE, resumes: true, from }), '@');

    expect(await client.say(resume(), '10\nhello')).toEqual(['=10\nre:hello']);
    expect(handled).toEqual(['hello']);

    await expectServed(url);
  });

  it.each([
    ['no JSON', 'abc'],
    ['nothing', ''],
    ['a list', tokenOf([VICTIM])],
    ['null', tokenOf(null)],
    ['a secret that is no text', tokenOf({ client: { toString: 1 }, resumes: true })],
    ['a secret that is too short', tokenOf({ client: 'h'.repeat(21), resumes: true })],
    ['a secret that is too long', tokenOf({ client: 'h'.repeat(65), resumes: true })],
    ['a secret of other characters', tokenOf({ client: `${'h'.repeat(21)}=`, resumes: true })],
    ['more than is read', tokenOf({ client: HOSTILE, resumes: true, more: 'x'.repeat(1_000) })],
    ['a prototype', tokenOf(JSON.parse(`{"__proto__":{"client":"${HOSTILE}"}}`))],
  ])('a token with %s is not there', async (_title, token) => {
    const { url } = await serve();
    const client = await dialWith(url, token, '!');

    expect(client.frames[0]).not.toContain('window');
    expect(await client.say('1\nhello')).toEqual(['=1\nre:hello']);

    await expectServed(url);
  });

  it('on its first line repeats nothing, and goes on from nothing', async () => {
    const { url, handled } = await serve();
    const client = await dial(url, HOSTILE);

    expect(await client.say('1;again\nhello')).toEqual(['=1\nre:hello']);
    expect(await client.say('1;again\nhello', '1\nhello', resume(), resume({ sent: 0 }))).toEqual(
      [],
    );
    expect(await client.say('2\nmore')).toEqual(['=2\nre:more']);
    expect(handled).toEqual(['hello', 'more']);
  });

  it.each([
    '0',
    '-1',
    '',
    'x',
    '1e3',
    '0x9',
    '1.5',
    ' 1',
    'Infinity',
    '999999999999999',
    '9'.repeat(200),
    '1;done=9',
    '__proto__',
  ])('that has all answers up to %j loses none but its own', async (done) => {
    const { url, handled } = await serve();
    const victim = await dial(url, VICTIM);
    await victim.say('1\nhello');
    const { owner } = JSON.parse(
      victim.frames.find((frame) => frame.startsWith('@'))?.slice(2) ?? '',
    ) as { owner: string };
    const client = await dial(url, HOSTILE);

    expect(await client.say(`1;done=${done}\na`, `2;done=${done}\nb`)).toEqual([
      '=1\nre:a',
      '=2\nre:b',
    ]);

    victim.socket.terminate();
    const back = await dial(url, VICTIM, true);
    const frames = await back.say(resume({ owner, sent: 1 }), '1;again\nhello');

    expect(frames.at(-1)).toBe('=1\nre:hello');
    expect(handled).toEqual(['hello', 'a', 'b']);
  });

  it('says what it goes on from once: after that it is an undecodable message', async () => {
    const { url, handled } = await serve();
    const client = await dial(url, HOSTILE, true);
    await client.say(resume());

    expect(await client.say(resume(), resume({ sent: 0 }))).toEqual([]);
    expect(await client.say('10\nhello')).toEqual(['=10\nre:hello']);

    for (let n = 0; n < 20; n++) client.socket.send(resume());

    expect(await client.closed).toBe(4400);
    expect(handled).toEqual(['hello']);

    await expectServed(url);
  });

  it('finds nothing of another: not with its owner, not with a guess of its secret', async () => {
    const { url, handled } = await serve();
    const victim = await dial(url, VICTIM);
    await victim.say('1\nsecret');
    const { owner } = JSON.parse(
      victim.frames.find((frame) => frame.startsWith('@'))?.slice(2) ?? '',
    ) as { owner: string };
    for (const guess of [HOSTILE, `${VICTIM.slice(1)}w`, `${VICTIM}v`]) {
      const hostile = await dial(url, guess, true);
      const [answer, ...more] = await hostile.say(resume({ owner, sent: 1 }), '1;again\nsecret');

      expect(answer).toContain('"resumed":false');
      expect(more).toEqual(['-1;forgotten\n']);
    }

    // Nor has it lost its line.
    expect(await victim.say('2\nmore')).toEqual(['=2\nre:more']);
    expect(handled).toEqual(['secret', 'more']);
  });
});

describe('a client of server-sent events', () => {
  it.each([
    ['no places', 'hello'],
    ['commas', ',,, , ,'],
    ['places of nothing', 'a, b, ,c'],
    ['a header', 'a,b;push=1'],
    ['names of every object', '__proto__,x constructor,y toString,z'],
    ['more places than it may tell', Array.from({ length: 400 }, (_, n) => `t${n},1`).join(' ')],
    ['a place that is too long', `a,${'x'.repeat(4_000)}`],
    ['bytes', 'a,\u00e9\u00ff \u0080,b'],
  ])('whose last event id has %s gets a stream, and whoever comes next', async (_title, id) => {
    const hub = createHub({ codec: text, log: {} });
    const { url } = await serveAttached((app) => {
      app.use(
        '/sse',
        omniSse({
          codec: text,
          resume: { ring: false },
          onOpen: (connection) => {
            hub.join('room', connection);
            hub.publish('room', 'hello');
          },
          onError: () => undefined,
        }),
      );
    });
    for (const lastEventId of [id, undefined]) {
      const closing = new AbortController();
      const response = await fetch(`${url.replace(/^ws/, 'http')}/sse`, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
        },
        signal: closing.signal,
      });

      expect(response.status).toBe(200);

      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let heard = '';
      while (!heard.includes('data: hello')) {
        const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
        if (done) break;
        heard += new TextDecoder().decode(value);
      }
      closing.abort();

      expect(heard).toContain('event: hello');
      expect(heard).toContain('data: hello');
    }
  });
});
