import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { once } from 'node:events';
import {
  type Connection,
  createHub,
  DecodeError,
  EncodeError,
  type Hub,
  type HubError,
  type HubOptions,
  type OmniError,
  omniWs,
  structCodec,
} from 'express-omnimessage';
import { object, string } from 'superstruct';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { nextTurn } from '../support/clock.ts';
import { serve } from '../support/serve.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { wireBackplane } from '../support/wire-backplane.ts';

/** A message of these tests. `private` ones are skipped by the codec, a bigint cannot be encoded. */
type News = readonly [headline: string | bigint, secret?: 'private'];

const codec = {
  decode: (encoded: string): News => {
    const value: unknown = JSON.parse(encoded);
    if (Array.isArray(value) && typeof value[0] === 'string') return [value[0]];
    throw new DecodeError('expected news');
  },
  encode: (news: News) => (news[1] === 'private' ? undefined : JSON.stringify(news)),
};

function newsHub(options: Partial<HubOptions<News>> = {}): Hub<News> & { errors: OmniError[] } {
  const errors: OmniError[] = [];
  const onError = (error: OmniError): number => errors.push(error);
  return Object.assign(createHub<News>({ codec, onError, ...options }), { errors });
}

interface Guest {
  readonly client: SocketClient;
  readonly connection: Connection<News>;
}

/** Starts a server, and lets clients in one after the other. */
async function house(maxBuffered = 1_048_576): Promise<() => Promise<Guest>> {
  const arrivals: ((connection: Connection<News>) => void)[] = [];
  const server = createServer();
  const route = omniWs<News, News>({
    codec,
    handler: () => undefined,
    onOpen: (connection) => arrivals.shift()?.(connection),
    maxBuffered,
  });
  new WebSocketServer({ server }).on('connection', route);
  const url = await serve(server);
  return async () => {
    const opened = new Promise<Connection<News>>((resolve) => arrivals.push(resolve));
    const client = await connect(url);
    return { client, connection: await opened };
  };
}

/** What a client got until now, as headlines. */
async function headlines({ client }: Guest): Promise<string[]> {
  const frames = await client.settled();
  return frames.map((frame) => (JSON.parse(String(frame)) as [string])[0]);
}

/** Ends a client, until the server has noticed. */
async function leaveHouse({ client, connection }: Guest): Promise<void> {
  const gone = once(connection.signal, 'abort');
  client.socket.close();
  await Promise.all([client.closed, gone]);
  // The signal aborts at the closing; the hub is told at the close, in the same turn or the next.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Lets the event loop go round until the condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

describe('createHub', () => {
  it('wants a codec with both directions, and functions where functions belong', () => {
    const { encode, decode } = codec;

    expect(() => createHub({ codec: { encode } as never })).toThrow(
      new TypeError(
        'Expected `codec` to be an object with the functions decode and encode, got object',
      ),
    );
    expect(() => createHub({ codec, onError: 7 as never })).toThrow(
      new TypeError('Expected `onError` to be a function, got 7'),
    );
    expect(() => createHub({ codec, onGap: {} as never })).toThrow(
      new TypeError('Expected `onGap` to be a function, got object'),
    );
    expect(() => createHub({ codec, backplane: { url: 'redis://' } as never })).toThrow(
      new TypeError(
        'Expected `backplane` to be what redisBackplane or natsBackplane returns, got object',
      ),
    );
    expect(() => createHub({ codec: { encode, decode } })).not.toThrow();
  });

  it('is typed by its messages', () => {
    const hub = newsHub();
    const connection = {} as Connection<News | 'more', { name: string }>;
    const wrong = {} as Connection<number>;

    expectTypeOf(hub.publish).parameter(1).toEqualTypeOf<News>();
    expectTypeOf(hub.count('a')).toEqualTypeOf<Promise<number>>();
    hub.subscribe('a', (news) => {
      expectTypeOf(news).toEqualTypeOf<News>();
    });
    const joins = (): void => {
      hub.join('a', connection, {
        map: (news, { context }) => {
          expectTypeOf(context).toEqualTypeOf<{ name: string }>();
          return news;
        },
      });
      // @ts-expect-error a client of this connection does not know the hub's messages
      hub.join('a', wrong);
    };
    expect(joins).toBeTypeOf('function');
  });
});

describe('publish', () => {
  it('reaches the connections that joined the topic, and nobody else', async () => {
    const hub = newsHub();
    const arrive = await house();
    const [anna, boris, carla] = [await arrive(), await arrive(), await arrive()];
    hub.join('sports', anna.connection);
    hub.join('sports', boris.connection);
    hub.join('weather', carla.connection);

    expect(hub.publish('sports', ['goal'])).toBe(true);
    expect(hub.publish('nobody', ['?'])).toBe(true);

    expect(await headlines(anna)).toEqual(['goal']);
    expect(await headlines(boris)).toEqual(['goal']);
    expect(await headlines(carla)).toEqual([]);
  });

  it('reaches 1,000 joined clients with every message, in order', async () => {
    const hub = newsHub();
    const arrive = await house();
    const guests = await Promise.all(Array.from({ length: 1_000 }, arrive));
    for (const { connection } of guests) hub.join('all', connection);
    const sent = Array.from({ length: 20 }, (_, n) => `news ${n}`);

    for (const headline of sent) hub.publish('all', [headline]);

    const heard = await Promise.all(guests.map(headlines));
    expect(heard).toEqual(guests.map(() => sent));
    expect(await hub.count('all')).toBe(1_000);
  }, 60_000);

  it('encodes a message once, however many receive it', async () => {
    let encoded = 0;
    const hub = newsHub({
      codec: {
        ...codec,
        encode: (news) => {
          encoded += 1;
          return codec.encode(news);
        },
      },
    });
    const arrive = await house();
    const guests = [await arrive(), await arrive(), await arrive()];
    for (const { connection } of guests) hub.join('all', connection, { map: (news) => news });

    hub.publish('all', ['once']);

    for (const guest of guests) expect(await headlines(guest)).toEqual(['once']);
    expect(encoded).toBe(1);
  });

  it('tells nobody what the codec skips, and says so', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const guest = await (await house())();
    const heard: News[] = [];
    hub.join('all', guest.connection);
    hub.subscribe('all', (news) => heard.push(news));

    expect(hub.publish('all', ['hush', 'private'])).toBe(false);

    expect(await headlines(guest)).toEqual([]);
    expect(heard).toEqual([]);
    expect(backplane.published).toEqual([]);
    expect(hub.errors).toEqual([]);
  });

  // FAULTS B1.
  it('throws an EncodeError when the codec’s struct refuses the message, and says where', () => {
    const News = object({ text: string() });
    const heard: unknown[] = [];
    const hub = createHub({ codec: structCodec({ incoming: News, outgoing: News }) });
    hub.subscribe('all', (message) => heard.push(message));

    expect(() => hub.publish('all', { txt: 'a' } as never)).toThrow(EncodeError);
    expect(() => hub.publish('all', { txt: 'a' } as never)).toThrow('at text: expected a string');
    expect(hub.publish('all', { text: 'a' })).toBe(true);
    expect(heard).toStrictEqual([{ text: 'a' }]);
  });

  it('throws an EncodeError when the message cannot be encoded, and tells nobody', () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const heard: News[] = [];
    hub.subscribe('all', (news) => heard.push(news));

    expect(() => hub.publish('all', [1n])).toThrow(EncodeError);

    expect(heard).toEqual([]);
    expect(backplane.published).toEqual([]);
  });

  it('leaves out one connection, or several', async () => {
    const hub = newsHub();
    const arrive = await house();
    const [anna, boris, carla] = [await arrive(), await arrive(), await arrive()];
    for (const { connection } of [anna, boris, carla]) hub.join('all', connection);

    hub.publish('all', ['not anna'], { except: anna.connection });
    hub.publish('all', ['carla alone'], { except: [anna.connection, boris.connection] });

    expect(await headlines(anna)).toEqual([]);
    expect(await headlines(boris)).toEqual(['not anna']);
    expect(await headlines(carla)).toEqual(['not anna', 'carla alone']);
  });

  it('stays in this process with `local`, at once; else it comes by the log of its topic', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const heard: News[] = [];
    hub.subscribe('all', (news) => heard.push(news));
    await nextTurn();

    expect(hub.publish('all', ['everywhere'])).toBe(true);
    expect(hub.publish('all', ['here'], { local: true })).toBe(true);
    const before = [...heard];
    backplane.echo();

    expect(before).toEqual([['here']]);
    expect(heard).toEqual([['here'], ['everywhere']]);
    expect(backplane.published).toEqual([['all', '["everywhere"]']]);
  });

  it('comes in the order of the log, between what others publish, and is the very object here', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const arrive = await house();
    const [anna, boris] = [await arrive(), await arrive()];
    const heard: News[] = [];
    hub.join('all', anna.connection);
    hub.join('all', boris.connection);
    hub.subscribe('all', (news) => heard.push(news));
    await nextTurn();
    const own: News = ['own'];

    hub.publish('all', own, { except: anna.connection });
    backplane.receive('all', '["of another"]');
    backplane.echo();

    expect(heard).toEqual([['of another'], ['own']]);
    expect(heard[1]).toBe(own);
    expect(await headlines(anna)).toEqual(['of another']);
    expect(await headlines(boris)).toEqual(['of another', 'own']);
  });

  it('reaches nobody when the backplane refuses it', async () => {
    const backplane = wireBackplane();
    backplane.accepts = false;
    const hub = newsHub({ backplane });
    const heard: News[] = [];
    hub.subscribe('all', (news) => heard.push(news));
    await nextTurn();

    expect(hub.publish('all', ['refused'])).toBe(false);
    backplane.echo();

    expect(heard).toEqual([]);
  });

  it('does not let a slow receiver hold up the others', async () => {
    const hub = newsHub();
    const arrive = await house(65_536);
    const [slow, quick] = [await arrive(), await arrive()];
    hub.join('all', slow.connection);
    hub.join('all', quick.connection);
    const large = 'x'.repeat(32_768);
    slow.client.socket.pause();

    let published = 0;
    while (!slow.connection.signal.aborted) {
      hub.publish('all', [large]);
      published += 1;
      await quick.client.next();
    }

    expect(published).toBeGreaterThan(1);
    expect(slow.connection.signal.aborted).toBe(true);
    expect(quick.connection.signal.aborted).toBe(false);
  });

  it('wants a text for a topic', () => {
    const hub = newsHub();
    const expected = new TypeError('Expected `topic` to be a string, got number');

    expect(() => hub.publish(7 as never, ['?'])).toThrow(expected);
    expect(() => hub.subscribe(7 as never, () => {})).toThrow(expected);
    expect(() => hub.join(7 as never, {} as never)).toThrow(expected);
  });

  it('takes topics with the names of what every object has', () => {
    const hub = newsHub();
    const heard: News[] = [];
    hub.subscribe('__proto__', (news) => heard.push(news));

    hub.publish('constructor', ['nobody']);
    hub.publish('__proto__', ['somebody']);

    expect(heard).toEqual([['somebody']]);
  });
});

describe('subscribe', () => {
  it('hands over the very object that was published, before publish returns', () => {
    const hub = newsHub();
    const heard: News[] = [];
    const news: News = ['same'];
    hub.subscribe('all', (message) => heard.push(message));

    hub.publish('all', news);

    expect(heard[0]).toBe(news);
  });

  it('keeps the order when a listener publishes: everybody has heard the first before the second', () => {
    // Deliveries give way to others after 8 ms, which may pass in any moment on a busy machine.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const hub = newsHub();
    const heard: string[] = [];
    hub.subscribe('all', ([headline]) => {
      heard.push(`a: ${headline}`);
      if (headline === 'question') {
        hub.publish('all', ['answer']);
        hub.publish('all', ['comment']);
      }
    });
    hub.subscribe('all', ([headline]) => heard.push(`b: ${headline}`));

    hub.publish('all', ['question']);

    expect(heard).toEqual([
      'a: question',
      'b: question',
      'a: answer',
      'b: answer',
      'a: comment',
      'b: comment',
    ]);
  });

  it('keeps the order of more messages than are held at once', () => {
    const hub = newsHub();
    const heard: string[] = [];
    hub.subscribe('start', () => {
      for (let n = 0; n < 5_000; n++) hub.publish('all', [String(n)]);
    });
    hub.subscribe('all', ([headline]) => heard.push(String(headline)));

    const done = new Promise<void>((resolve) => {
      hub.subscribe('all', ([headline]) => {
        if (headline === '4999') resolve();
      });
    });
    hub.publish('start', ['go']);

    return done.then(() => {
      expect(heard).toEqual(Array.from({ length: 5_000 }, (_, n) => String(n)));
    });
  });

  it('runs some of a backlog for everything that is pushed onto it from outside', async () => {
    const hub = newsHub();
    const heard: string[] = [];
    const busy = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    hub.subscribe('all', ([headline]) => {
      heard.push(String(headline));
      busy(3);
      if (headline === 'first') for (let n = 0; n < 20; n++) hub.publish('all', [`nested ${n}`]);
    });

    hub.publish('all', ['first']);
    const afterFirst = heard.length;
    for (let n = 0; n < 20; n++) hub.publish('all', [`outside ${n}`]);
    const afterAll = heard.length;
    await until(() => heard.length === 41);

    expect(afterFirst).toBeLessThan(21);
    // Had the twenty only been queued, not one more would have been heard.
    expect(afterAll).toBeGreaterThan(afterFirst + 10);
    expect(heard).toEqual([
      'first',
      ...Array.from({ length: 20 }, (_, n) => `nested ${n}`),
      ...Array.from({ length: 20 }, (_, n) => `outside ${n}`),
    ]);
  });

  it('lets the rest of the process live when two listeners publish to each other for ever', async () => {
    const hub = newsHub();
    const guest = await (await house())();
    let rounds = 0;
    let isOver = false;
    hub.subscribe('ping', () => {
      rounds += 1;
      if (!isOver) hub.publish('pong', ['!']);
    });
    hub.subscribe('pong', () => hub.publish('ping', ['!']));

    hub.publish('ping', ['!']);
    await guest.client.settled();
    const before = rounds;
    await guest.client.settled();
    isOver = true;

    expect(before).toBeGreaterThan(0);
    expect(rounds).toBeGreaterThan(before);
  });

  it('ends at once, also in the midst of a delivery', () => {
    const hub = newsHub();
    const heard: string[] = [];
    hub.subscribe('all', () => {
      heard.push('first');
      endSecond();
    });
    const endSecond = hub.subscribe('all', () => heard.push('second'));

    hub.publish('all', ['!']);

    expect(heard).toEqual(['first']);
  });

  it('begins with the next message when it is made in the midst of a delivery', () => {
    const hub = newsHub();
    const heard: string[] = [];
    hub.subscribe('all', ([headline]) => {
      if (headline !== 'one') return;
      hub.publish('all', ['two']);
      hub.subscribe('all', ([later]) => heard.push(String(later)));
      hub.publish('all', ['three']);
    });

    hub.publish('all', ['one']);

    expect(heard).toEqual(['three']);
  });

  it('takes the same listener twice, each with its own end', () => {
    const hub = newsHub();
    const heard: string[] = [];
    const listener = ([headline]: News): number => heard.push(String(headline));
    const end = hub.subscribe('all', listener);
    hub.subscribe('all', listener);

    hub.publish('all', ['twice']);
    end();
    end();
    hub.publish('all', ['once']);

    expect(heard).toEqual(['twice', 'twice', 'once']);
  });

  it('reports a listener that throws or rejects, and tells the others', async () => {
    const hub = newsHub();
    const heard: string[] = [];
    const thrown = new Error('thrown');
    const rejected = new Error('rejected');
    hub.subscribe('all', () => {
      throw thrown;
    });
    hub.subscribe('all', () => Promise.reject(rejected));
    hub.subscribe('all', ([headline]) => heard.push(String(headline)));

    hub.publish('all', ['news']);
    await Promise.resolve();

    expect(heard).toEqual(['news']);
    expect(
      hub.errors.map(({ name, code, cause, outgoing }) => ({ name, code, cause, outgoing })),
    ).toEqual([
      { name: 'HubError', code: 'subscriber', cause: thrown, outgoing: ['news'] },
      { name: 'HubError', code: 'subscriber', cause: rejected, outgoing: ['news'] },
    ]);
  });

  it('outlives an onError that throws or rejects', async () => {
    let told = 0;
    const heard: string[] = [];
    const hub = newsHub({
      onError: () => {
        told += 1;
        if (told === 1) throw new Error('second fault');
        return Promise.reject(new Error('second fault'));
      },
    });
    hub.subscribe('all', () => {
      throw new Error('first fault');
    });
    hub.subscribe('all', ([headline]) => heard.push(String(headline)));

    hub.publish('all', ['one']);
    hub.publish('all', ['two']);
    await Promise.resolve();

    expect(told).toBe(2);
    expect(heard).toEqual(['one', 'two']);
  });

  it('wants a function', () => {
    expect(() => newsHub().subscribe('all', 'listener' as never)).toThrow(
      new TypeError('Expected `listener` to be a function, got "listener"'),
    );
  });
});

describe('join', () => {
  it('lasts until leave, or the close', async () => {
    const hub = newsHub();
    const arrive = await house();
    const [anna, boris] = [await arrive(), await arrive()];
    hub.join('all', anna.connection);
    hub.join('all', boris.connection);
    hub.join('some', boris.connection);

    hub.leave('all', anna.connection);
    hub.leave('all', anna.connection);
    hub.leave('never joined', anna.connection);
    hub.publish('all', ['without anna']);

    expect(await headlines(anna)).toEqual([]);
    expect(await headlines(boris)).toEqual(['without anna']);
    expect(await hub.count('all')).toBe(1);

    await leaveHouse(boris);

    expect(await hub.count('all')).toBe(0);
    expect(await hub.count('some')).toBe(0);
  });

  it('holds in every topic that was not left, and ends in all of them at the close', async () => {
    const hub = newsHub();
    const enter = await house();
    const guest = await enter();
    const topics = ['one', 'two', 'three', 'four'];
    const counts = (): Promise<number[]> => Promise.all(topics.map((topic) => hub.count(topic)));
    for (const topic of topics) hub.join(topic, guest.connection);

    hub.leave('one', guest.connection);
    hub.leave('three', guest.connection);
    for (const topic of topics) hub.publish(topic, [topic]);

    expect(await headlines(guest)).toEqual(['two', 'four']);
    expect(await counts()).toEqual([0, 1, 0, 1]);
    await leaveHouse(guest);
    expect(await counts()).toEqual([0, 0, 0, 0]);
  });

  it('of one connection may be in several hubs, each with its own end', async () => {
    const [one, other] = [newsHub(), newsHub()];
    const enter = await house();
    const guest = await enter();
    one.join('topic', guest.connection);
    other.join('topic', guest.connection);

    await one.close();
    other.publish('topic', ['still']);

    expect(await headlines(guest)).toEqual(['still']);
    await leaveHouse(guest);
    expect(await other.count('topic')).toBe(0);
  });

  it('counts once, and changes the map, when it is said twice', async () => {
    const hub = newsHub();
    const guest = await (await house())();

    hub.join('all', guest.connection);
    hub.join('all', guest.connection, { map: ([headline]) => [`${headline}!`] });
    hub.publish('all', ['news']);

    expect(await headlines(guest)).toEqual(['news!']);
    expect(await hub.count('all')).toBe(1);
  });

  it('does nothing for a connection that is closed', async () => {
    const hub = newsHub();
    const guest = await (await house())();
    await leaveHouse(guest);

    hub.join('all', guest.connection);

    expect(await hub.count('all')).toBe(0);
    expect(hub.publish('all', ['nobody'])).toBe(true);
  });

  it('is what a connection may do again after it left', async () => {
    const hub = newsHub();
    const guest = await (await house())();

    hub.join('all', guest.connection);
    hub.leave('all', guest.connection);
    hub.join('all', guest.connection);
    hub.publish('all', ['back']);
    const heard = await headlines(guest);
    await leaveHouse(guest);

    expect(heard).toEqual(['back']);
    expect(await hub.count('all')).toBe(0);
  });

  it('gives a connection what its map makes of a message: the same, another, or nothing', async () => {
    const hub = newsHub();
    const arrive = await house();
    const [same, other, none] = [await arrive(), await arrive(), await arrive()];
    hub.join('all', same.connection, { map: (news) => news });
    hub.join('all', other.connection, {
      map: ([headline], { request }) => [`${headline} ${request.method}`],
    });
    hub.join('all', none.connection, {
      map: ([headline]) => (headline === 'open' ? [headline] : undefined),
    });

    hub.publish('all', ['secret']);
    hub.publish('all', ['open']);

    expect(await headlines(same)).toEqual(['secret', 'open']);
    expect(await headlines(other)).toEqual(['secret GET', 'open GET']);
    expect(await headlines(none)).toEqual(['open']);
  });

  it('reports a map that fails, and tells the others', async () => {
    const hub = newsHub();
    const arrive = await house();
    const [throwing, promising, unencodable, skipping, well] = [
      await arrive(),
      await arrive(),
      await arrive(),
      await arrive(),
      await arrive(),
    ];
    const thrown = new Error('thrown');
    hub.join('all', throwing.connection, {
      map: () => {
        throw thrown;
      },
    });
    hub.join('all', promising.connection, {
      map: (() => Promise.reject(new Error('later'))) as never,
    });
    hub.join('all', unencodable.connection, { map: () => [1n] });
    hub.join('all', skipping.connection, { map: () => ['hush', 'private'] });
    hub.join('all', well.connection);

    hub.publish('all', ['news']);

    expect(await headlines(well)).toEqual(['news']);
    for (const guest of [throwing, promising, unencodable, skipping]) {
      expect(await headlines(guest)).toEqual([]);
    }
    expect(hub.errors.map(({ code }) => code)).toEqual(['map', 'map', 'encode']);
    expect((hub.errors[0] as HubError).cause).toBe(thrown);
    expect((hub.errors[0] as HubError).outgoing).toEqual(['news']);
    expect((hub.errors[1] as HubError).cause).toEqual(
      new TypeError('Expected `map` to be synchronous, got a promise'),
    );
  });

  it('tells a connection nothing that was published before it joined', async () => {
    const hub = newsHub();
    const guest = await (await house())();
    hub.subscribe('all', ([headline]) => {
      if (headline !== 'one') return;
      hub.publish('all', ['two']);
      hub.join('all', guest.connection);
      hub.publish('all', ['three']);
    });

    hub.publish('all', ['one']);

    expect(await headlines(guest)).toEqual(['three']);
  });

  it('wants a connection, and a map that is a function', async () => {
    const hub = newsHub();
    const guest = await (await house())();
    const expected = new TypeError(
      'Expected `connection` to be a connection of omniWs, as onOpen and its handler get it',
    );

    expect(() => hub.join('all', guest.client.socket as never)).toThrow(expected);
    expect(() => hub.join('all', undefined as never)).toThrow(expected);
    expect(() => hub.join('all', guest.connection, { map: true as never })).toThrow(
      new TypeError('Expected `map` to be a function, got boolean'),
    );
  });

  it('keeps text and bytes apart, and carries bytes', async () => {
    const bytes = {
      binary: true,
      decode: (encoded: Uint8Array): News => [Buffer.from(encoded).toString()],
      encode: ([headline]: News) => Buffer.from(String(headline)),
    };
    const opened: Connection<News>[] = [];
    const server = createServer();
    const route = omniWs<News, News, undefined, never, Uint8Array>({
      codec: bytes,
      handler: () => undefined,
      onOpen: (connection) => {
        opened.push(connection);
      },
    });
    new WebSocketServer({ server }).on('connection', route as never);
    const client = await connect(await serve(server));
    await client.settled();
    const [connection] = opened as [Connection<News>];
    const text = await (await house())();
    const binaryHub = createHub<News, Uint8Array>({ codec: bytes });

    binaryHub.join('all', connection);
    binaryHub.publish('all', ['bytes']);

    expect(await client.next()).toEqual(Buffer.from('bytes'));
    expect(() => binaryHub.join('all', text.connection)).toThrow(
      new TypeError("Expected the connection's codec to speak bytes like the hub's, got text"),
    );
    expect(() => newsHub().join('all', connection)).toThrow(
      new TypeError("Expected the connection's codec to speak text like the hub's, got bytes"),
    );
  });

  it('holds nothing of a connection that has closed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const hub = newsHub();
    const arrive = await house();
    const remembered = await (async () => {
      const guests = await Promise.all(Array.from({ length: 50 }, arrive));
      for (const { connection } of guests) {
        hub.join('all', connection, { map: (news) => news });
        hub.join('some', connection);
      }
      hub.publish('all', ['news']);
      for (const guest of guests) await headlines(guest);
      await Promise.all(guests.map(leaveHouse));
      return guests.map(({ connection }) => new WeakRef(connection));
    })();

    for (let turns = 0; turns < 100 && remembered.some((ref) => ref.deref()); turns++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      collect();
    }

    expect(remembered.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    expect(await hub.count('all')).toBe(0);
  });
});

describe('count', () => {
  it('is the number of receivers, here and in the other processes', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const guest = await (await house())();

    hub.join('all', guest.connection);
    const end = hub.subscribe('all', () => {});

    expect(await hub.count('all')).toBe(2);
    backplane.elsewhere = 40;
    expect(await hub.count('all')).toBe(42);
    expect(await hub.count('other')).toBe(40);

    end();
    hub.join('all', guest.connection);
    hub.leave('all', guest.connection);

    expect(await hub.count('all')).toBe(40);
    expect(backplane.counted).toEqual([
      ['all', 1],
      ['all', 2],
      ['all', 1],
      ['all', 0],
    ]);
  });
});

describe('what other processes publish', () => {
  it('is decoded, and reaches all receivers in the form that this process gives it', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const guest = await (await house())();
    const heard: News[] = [];
    hub.join('all', guest.connection);
    hub.subscribe('all', (news) => heard.push(news));
    await nextTurn();

    backplane.receive('all', '["news", "what this process does not know"]');

    expect(await guest.client.settled()).toEqual(['["news"]']);
    expect(heard).toEqual([['news']]);
    expect(backplane.published).toEqual([]);
  });

  it('is a gap, and reported once, when it is no message: it stops nothing', async () => {
    const backplane = wireBackplane();
    const heard: string[] = [];
    const hub = newsHub({ backplane, onGap: (topic, reason) => heard.push(`${topic}: ${reason}`) });
    hub.subscribe('all', ([headline]) => heard.push(String(headline)));
    await nextTurn();

    for (let n = 0; n < 100; n++) backplane.receive('all', '{');
    backplane.receive('all', '["news"]');
    backplane.receive('all', '[7]');

    expect(heard).toEqual(['all: undecodable', 'news', 'all: undecodable']);
    expect(hub.errors.map(({ code, message }) => [code, message])).toEqual([
      ['decode', 'expected a message'],
    ]);
  });

  it('is followed from the first receiver to 5 s after the last one', async () => {
    const backplane = wireBackplane();
    const interest: string[] = [];
    const hub = newsHub({
      backplane,
      onInterest: (topic, has) => interest.push(`${topic} ${has}`),
    });
    const before = [...backplane.followed];
    const [end, endOther] = [hub.subscribe('all', () => {}), hub.subscribe('all', () => {})];
    const during = [...backplane.followed];
    end();
    endOther();
    const after = [...backplane.followed];
    hub.subscribe('all', () => {})();

    expect([before, during, after]).toEqual([[], ['all'], ['all']]);
    expect(interest).toEqual(['all true', 'all false', 'all true', 'all false']);
    await vi.waitFor(() => expect([...backplane.followed]).toEqual([]), 7_000);
  });

  it('may be missing: onGap is called for each topic that has receivers, where the gap is', () => {
    const backplane = wireBackplane();
    const heard: string[] = [];
    const hub = newsHub({ backplane, onGap: (topic) => heard.push(`gap in ${topic}`) });
    hub.subscribe('a', ([headline]) => {
      heard.push(`a: ${headline}`);
      if (headline === 'one') {
        backplane.hub.gap('a', 'log');
        backplane.hub.gap('nobody', 'log');
        hub.publish('a', ['two'], { local: true });
      }
    });
    hub.subscribe('b', () => {});

    hub.publish('a', ['one'], { local: true });
    backplane.hub.gap(undefined, 'refused');

    expect(heard).toEqual(['a: one', 'gap in a', 'a: two', 'gap in a', 'gap in b']);
    expect(hub.errors).toEqual([]);
  });

  it('is a matter for onError when there is no onGap, unless it concerns nobody', () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });

    backplane.hub.gap(undefined, 'log');
    hub.subscribe('a', () => {});
    backplane.hub.gap('other', 'log');
    backplane.hub.gap('a', 'engine');

    expect(hub.errors.map(({ code, message }) => [code, message])).toEqual([
      ['backplane', 'messages may be missing (engine), and there is no onGap'],
    ]);
  });

  it('has an onGap and an onInterest that may fail', async () => {
    const backplane = wireBackplane();
    const cause = new Error('no snapshot');
    const hub = newsHub({
      backplane,
      onGap: () => Promise.reject(cause),
      onInterest: () => {
        throw cause;
      },
    });
    hub.subscribe('a', () => {});

    backplane.hub.gap('a', 'log');
    await Promise.resolve();

    expect(hub.errors.map((error) => [error.code, error.cause])).toEqual([
      ['on-interest', cause],
      ['on-gap', cause],
    ]);
  });
});

describe('close', () => {
  it('lets everybody leave and the backplane go, once', async () => {
    const backplane = wireBackplane();
    const hub = newsHub({ backplane });
    const guest = await (await house())();
    const heard: News[] = [];
    hub.join('all', guest.connection);
    hub.subscribe('all', (news) => heard.push(news));

    await Promise.all([hub.close(), hub.close()]);
    hub.join('all', guest.connection);
    hub.subscribe('all', (news) => heard.push(news))();

    expect(backplane.closes).toBe(1);
    expect(hub.publish('all', ['late'])).toBe(false);
    expect(heard).toEqual([]);
    expect(await headlines(guest)).toEqual([]);
    expect(await hub.count('all')).toBe(0);
    expect(backplane.published).toEqual([]);
  });

  it('and ready settle at once without a backplane', async () => {
    const hub = newsHub();

    await hub.ready();
    await hub.close();

    expect(hub.publish('all', ['late'])).toBe(false);
  });
});
