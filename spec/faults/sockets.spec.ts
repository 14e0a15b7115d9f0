/**
 * Faults that were found by trying what people met elsewhere, on sockets: bounded in pieces as well
 * as in bytes, each in its own asynchronous context, every frame within the budgets, clocks that
 * stand still or are replaced, values of the user's that are not what they should be.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { connect as connectTcp, createServer } from 'node:net';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Connection,
  effect,
  type OmniError,
  omniWs,
  startApplication,
} from 'express-omnimessage';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type WebSocket } from 'ws';
import { Inbox } from '../../lib/connection/inbox.ts';
import { Bucket } from '../../lib/connection/rate-limit.ts';
import { attempt } from '../../lib/core/attempt.ts';
import { forgetNotices } from '../../lib/process/development-notice.ts';
import { limitReceiver } from '../../lib/websocket/ws-internals.ts';
import { frame } from '../drills/wire.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { deferred } from '../support/deferred.ts';
import { openRaw, say, sayFrame, serveSocket, watchman } from './served-socket.ts';

const pong = frame('', { opcode: 10 });
const many = (count: number, one: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => one));

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

beforeEach(forgetNotices);

describe('A5: what waits for a handler', () => {
  it('weighs what was sent, not a hundred times that, and keeps its order', () => {
    collectGarbage();
    const before = process.memoryUsage();
    const inboxes = Array.from({ length: 100 }, () => {
      const inbox = new Inbox();
      for (let index = 0; index < 9_000; index++) {
        inbox.push(
          index % 3 === 0 ? String(index % 10) : Buffer.from([48 + (index % 10)]),
          index % 3 === 2,
        );
      }
      return inbox;
    });
    collectGarbage();
    const after = process.memoryUsage();
    const weight = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;

    // 0.9 MB were sent. As one object each they weigh 100 MB and more.
    expect(weight).toBeLessThan(20_000_000);

    const [first] = inboxes;
    const wrong: number[] = [];
    for (let index = 0; index < 9_000; index++) {
      const item = first?.shift();
      const isString = typeof item?.data === 'string';
      const text = item === undefined ? '' : Buffer.from(item.data as Buffer).toString();
      const isRight =
        text === String(index % 10) &&
        isString === (index % 3 === 0) &&
        item?.isBinary === (index % 3 === 2);
      if (!isRight) wrong.push(index);
    }

    expect(wrong).toEqual([]);
    expect(first?.shift()).toBeUndefined();
    expect(first?.length).toBe(0);
    expect(first?.hasRoom).toBe(true);
  });
});

describe.each(stacks)('sockets on %s', (_, stack) => {
  it('A5 thousands of tiny messages that wait are all handled, in order', async () => {
    const begin = deferred();
    const served = await serveSocket(stack, {
      onOpen: () => begin.promise,
    });
    const client = await openRaw(served);
    client.write(Buffer.concat(Array.from({ length: 5_000 }, (__, n) => sayFrame(String(n)))));
    await new Promise((resolve) => setImmediate(resolve));
    begin.resolve();
    await served.until(() => served.handled.length === 5_000);

    expect(served.handled.map(({ text }) => Number(text))).toEqual([...Array(5_000).keys()]);
  });

  it('A8 what runs for a connection runs in its own context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: [user: string, store: string | undefined, where: string][] = [];
    const { until: hold, look } = watchman();
    const note = (where: string, { request }: { readonly request: IncomingMessage }): void => {
      seen.push([new URL(request.url ?? '', 'http://x').search, storage.getStore(), where]);
      look();
    };
    const route = omniWs<Said, Says>({
      codec: textCodec,
      handler: async ({ text }, connection) => {
        if (text === 'signal')
          connection.signal.addEventListener('abort', () => note('abort', connection));
        if (text === 'later') await new Promise((resolve) => setImmediate(resolve));
        note('handler', connection);
        return { said: text };
      },
      onOpen: (connection) => note('onOpen', connection),
      onClose: (connection) => note('onClose', connection),
      onError: (_error: OmniError, exchange) => note('onError', exchange),
    });
    const url = await stack((socket, request) => {
      storage.run(new URL(request.url ?? '', 'http://x').search, route, socket, request);
    });
    const alice = await openRaw({ url: `${url}?alice` });
    const bob = await openRaw({ url: `${url}?bob` });
    // Many turns' worth of both at once, so that they go on in the same later turns.
    const frames = [sayFrame('signal'), many(160, sayFrame('now')), many(40, sayFrame('later'))];
    for (const peer of [alice, bob, alice]) peer.write(Buffer.concat([...frames, frame('{}')]));
    await hold(() => seen.filter(([, , where]) => where === 'handler').length === 3 * 201);
    alice.socket.destroy();
    bob.socket.destroy();
    await hold(() => seen.filter(([, , where]) => where === 'onClose').length === 2);

    expect(new Set(seen.map(([, , where]) => where))).toEqual(
      new Set(['onOpen', 'handler', 'onError', 'abort', 'onClose']),
    );
    expect(seen.filter(([user, store]) => user !== store)).toEqual([]);
  });

  it('A12 pongs count toward the rate limit', async () => {
    const served = await serveSocket(stack, { rateLimit: { perSecond: 1, burst: 100 } });
    const client = await openRaw(served);
    client.write(many(101, pong));

    expect(await client.ended).toEqual({ code: 4429, reason: 'rate-limited' });
  });

  it('A12 a client that floods with pongs is paused, and heard again', async () => {
    let pauses = 0;
    const served = await serveSocket(stack, {
      onOpen: ({ request }) => {
        request.socket.on('pause', () => (pauses += 1));
      },
    });
    const client = await openRaw(served);
    await served.until(() => true);
    // No more than is given to ws at once, so that nothing else has a reason to pause.
    client.write(many(150, pong));
    client.write(sayFrame('after'));
    await served.until(() => served.handled.length === 1);

    expect(pauses).toBeGreaterThan(0);
    expect(served.handled).toEqual([{ text: 'after' }]);
  });

  it('A12 a client that floods while it is being closed is cut', async () => {
    const served = await serveSocket(stack, {
      handler: (_message, connection) => connection.close(4_000),
    });
    const client = await openRaw(served, { isStubborn: true });
    client.write(sayFrame('close'));
    client.write(many(5_000, pong));
    await once(client.socket, 'close');

    expect(served.closes).toEqual([4_000]);
  });

  it('A14 a clock that a test replaces takes nothing with it', async () => {
    const opened: Connection<Says>[] = [];
    const served = await serveSocket(stack, {
      onOpen: (connection) => {
        opened.push(connection);
      },
      heartbeat: { interval: 40, timeout: 100_000 },
    });
    const first = await connect(served.url);
    await served.until(() => opened.length === 1);
    const nextTick = process.nextTick.bind(process);
    vi.useFakeTimers({
      toFake: ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date'],
    });
    process.nextTick = () => {};
    opened[0]?.send({ said: 'under a fake clock' });
    process.nextTick = nextTick;
    vi.useRealTimers();

    expect(await first.next()).toBe('{"said":"under a fake clock"}');

    const second = await connect(served.url);
    second.send(say('later'));

    expect(await second.next()).toBe('{"said":"later"}');
    await once(second.socket, 'ping');
  });

  it('A15 undecodable messages have a budget, also with decodable ones between', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);
    const round = Buffer.concat([many(19, frame('{}')), sayFrame('good')]);
    client.write(many(10, round));

    expect(await client.ended).toEqual({ code: 4400, reason: 'undecodable' });
    // 60 at once, and one a second: far fewer than the 190 that were sent.
    expect(served.told.length).toBeLessThan(100);
  });

  it('A15 a connection prints as its path, without headers', async () => {
    const printed: string[] = [];
    const { until: hold, look } = watchman();
    const url = await stack(
      omniWs<Said, Says>({
        codec: textCodec,
        handler: () => undefined,
        onOpen: (connection) => {
          printed.push(inspect(connection, { depth: 10 }), JSON.stringify(connection));
          look();
        },
      }),
    );
    await openRaw({ url: `${url}?token=secret` }, { headers: { cookie: 'secret' } });
    await hold(() => printed.length === 2);

    for (const text of printed) {
      expect(text).toContain('/omni');
      expect(text).not.toContain('secret');
      expect(text.length).toBeLessThan(200);
    }
  });

  const hostile: unknown = Object.defineProperty({}, ['th', 'en'].join(''), {
    get: () => {
      throw new Error('a getter that throws');
    },
  });
  const rejecting = (): never => Promise.reject(new Error('rejected')) as never;
  const thrower = (): never => {
    throw Object.defineProperty(new Error('of a getter'), 'status', {
      get: () => {
        throw new Error('status');
      },
    });
  };

  it.each([
    ['context that gives a thenable that throws', { context: () => hostile as never }, 'context'],
    ['context whose error has a status that throws', { context: thrower }, 'context'],
    ['expires that rejects', { expires: rejecting }, 'context'],
    ['onOpen that gives a thenable that throws', { onOpen: () => hostile as never }, 'on-open'],
    ['onOpen that rejects', { onOpen: rejecting }, 'on-open'],
  ])('A18 %s is an error, and the process goes on', async (__, options, code) => {
    const served = await serveSocket(stack, options);
    const client = await openRaw(served);

    expect((await client.ended).code).toBe(1011);
    expect(served.told.map((error) => error.code)).toEqual([code]);
  });

  it.each([
    ['a handler that gives a thenable that throws', { handler: () => hostile as never }, 'handler'],
    ['an encode that rejects', { codec: { ...textCodec, encode: rejecting } }, 'encode'],
    ['a decode that rejects', { codec: { ...textCodec, decode: rejecting } }, 'decode'],
    [
      'an onError that gives a thenable that throws',
      { handler: thrower, onError: () => hostile as never },
      'handler',
    ],
    [
      'an onClose that gives a thenable that throws',
      { handler: thrower, onClose: () => hostile as never },
      'handler',
    ],
  ])('A18 %s closes nothing', async (__, options, code) => {
    const served = await serveSocket(stack, options);
    const client = await openRaw(served);
    client.write(sayFrame('a'));
    await served.until(() => served.told.length > 0);

    expect(served.told[0]?.code).toBe(code);
    expect(served.closes).toEqual([]);
    client.socket.destroy();
    await served.until(() => served.closes.length > 0);
  });

  it('A19 a handler whose answer waited in the kernel while the process stood still', async () => {
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as { port: number };
    const database = connectTcp(address.port, '127.0.0.1');
    onTestFinished(() => {
      database.destroy();
      server.close();
    });
    await once(database, 'connect');
    const served = await serveSocket(stack, {
      handlerTimeout: 200,
      handler: async ({ text }) => {
        const answer = once(database, 'data');
        setImmediate(() => {
          database.write(text);
          // The whole process stands still, as after SIGSTOP.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
        });
        return { said: String(await answer) };
      },
    });
    const client = await connect(served.url);
    client.send(say('late'));

    expect(await client.next()).toBe('{"said":"late"}');
    expect(served.told).toEqual([]);
  });

  it('A19 what came while the process stood still is within the rate limit', async () => {
    const served = await serveSocket(stack, {
      rateLimit: { perSecond: 50, burst: 2 },
      handler: ({ text }) => {
        // The whole process stands still, as after SIGSTOP: what is sent now waits in the kernel.
        if (text === 'stand') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
        return { said: text };
      },
    });
    const client = await openRaw(served);
    client.write(sayFrame('stand'));
    await client.next();
    client.write(many(70, sayFrame('waited')));
    for (let count = 0; count < 70; count += 1) await client.next();
    client.write(many(70, sayFrame('flood')));

    expect(await client.ended).toEqual({ code: 4429, reason: 'rate-limited' });
  });

  it('A20 a ws that does not bound fragments is named, once', async () => {
    const lines: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      lines.push(String(chunk));
      return true;
    });
    onTestFinished(() => spy.mockRestore());
    const route = omniWs<Said, Says>({ codec: textCodec, handler: ({ text }) => ({ said: text }) });
    const url = await stack((socket, request) => {
      delete (socket as unknown as { _receiver: { _maxFragments?: number } })._receiver
        ._maxFragments;
      route(socket, request);
    });
    for (let count = 0; count < 2; count++) {
      const client = await connect(url);
      client.send(say('a'));
      await client.next();
    }

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('install ws 7.5.14 or 8.21.1');
  });

  it('A25 what an application sends by the socket itself keeps its place', async () => {
    let own: WebSocket | undefined;
    const route = omniWs<Said, Says>({
      codec: textCodec,
      handler: (_message, connection) => {
        connection.send({ said: '1' });
        own?.send('2');
        connection.send({ said: '3' });
      },
    });
    const url = await stack((socket, request) => {
      own = socket;
      route(socket, request);
    });
    const client = await connect(url);
    client.send(say('a'));

    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      '{"said":"1"}',
      '2',
      '{"said":"3"}',
    ]);
  });

  it('A26 a socket without a receiver (Bun) is served', () => {
    expect(() => {
      limitReceiver({ _receiver: null } as unknown as WebSocket, 1_000);
    }).not.toThrow();
  });
});

describe('A14: a rate limit', () => {
  it('A14 goes by the clock of Node, also where a test has replaced it', () => {
    const realNow = performance.now.bind(performance);
    const bucket = new Bucket({ perSecond: 1_000, burst: 1 });
    bucket.take();
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    for (const end = realNow() + 5; realNow() < end;);

    expect(bucket.take()).toBe(true);
  });
});

describe('A8: a program', () => {
  it('runs in the context of its starter, whoever dispatches', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    let publish: (message: string) => void = () => {};
    const program = storage.run('starter', () =>
      startApplication<undefined, number, string>(
        {
          init: () => [
            0,
            effect.from((dispatch) => {
              publish = dispatch;
            }),
          ],
          update: (count) => {
            seen.push(storage.getStore());
            return [
              count + 1,
              effect.from(() => {
                seen.push(storage.getStore());
              }),
            ];
          },
        },
        undefined,
      ),
    );
    storage.run('other', () => {
      program.dispatch('a');
      publish('b');
    });

    expect(seen).toEqual(['starter', 'starter', 'starter', 'starter']);
  });

  it.each(['init', 'update'])(
    'A18 an asynchronous %s is an error, and its rejection is caught',
    async (name) => {
      const rejecting = (): never => Promise.reject(new Error('rejected')) as never;
      const errors: unknown[] = [];
      const run = (): void => {
        const program = startApplication<undefined, number, string>(
          {
            init: name === 'init' ? rejecting : () => [0, effect.none()],
            update: rejecting,
          },
          undefined,
          { onError: (error) => errors.push(error) },
        );
        program.dispatch('a');
      };
      attempt(run, (error) => errors.push(error));
      await new Promise((resolve) => setImmediate(resolve));

      expect(errors).toHaveLength(1);
    },
  );
});
