import { once } from 'node:events';
import { type Socket } from 'node:net';
import {
  type Connection,
  type Codec,
  type OmniError,
  omniWs,
  type OmniWsOptions,
} from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { withFakeClock } from '../support/clock.ts';
import { bytesCodec, type Said, type Says, textCodec } from '../support/codecs.ts';
import { deferred } from '../support/deferred.ts';
import { connect, dial } from '../support/socket-client.ts';
import { stacksOfThisRun as stacks } from '../support/stacks.ts';

type Options<Context = undefined> = OmniWsOptions<Said, Says, Context>;
type Made = Connection<Says>;

const boom = new Error('boom');
const echo = ({ text }: Said): Says => ({ said: text });
const text = (said: string): string => JSON.stringify({ text: said });
const refusal = (status: number): Error => Object.assign(new Error('no'), { status });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The stream beneath a client's socket, to write many frames at once. */
function rawStream(socket: unknown): Socket {
  return (socket as { _socket: Socket })._socket;
}

describe.each(stacks)('omniWs on %s', (_, stack) => {
  const serve = <Context = undefined>(options: Partial<Options<Context>>): Promise<string> =>
    stack(omniWs({ codec: textCodec, handler: echo, ...options }));

  describe('messages', () => {
    it('are answered in their order, one at a time', async () => {
      let running = 0;
      let most = 0;
      const url = await serve({
        handler: async (message) => {
          running += 1;
          most = Math.max(most, running);
          for (let turns = 5 - Number(message.text); turns > 0; turns--) await turn();
          running -= 1;
          return echo(message);
        },
      });
      const client = await connect(url);

      for (const n of ['0', '1', '2', '3', '4']) client.send(text(n));

      for (const n of ['0', '1', '2', '3', '4']) {
        expect(await client.next()).toBe(`{"said":"${n}"}`);
      }
      expect(most).toBe(1);
    });

    it('wait for the context, and none is lost', async () => {
      const known = deferred<undefined>();
      const url = await serve({ context: () => known.promise });
      const client = await connect(url);

      await client.settled();
      for (let n = 0; n < 200; n++) client.send(text(String(n)));
      while (client.socket.bufferedAmount > 0) await turn();
      known.resolve(undefined);

      for (let n = 0; n < 200; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);
    });

    it('are bytes for a binary codec', async () => {
      const url = await stack(omniWs({ codec: bytesCodec, handler: echo }));
      const client = await connect(url);

      client.send(Buffer.from([0xff, 0x00, 0x41]));

      expect(await client.next()).toEqual(Buffer.from([0xff, 0x00, 0x41]));
    });

    it('are not decodable when a text codec gets bytes', async () => {
      const url = await serve({ onError: ({ message }) => ({ said: message }) });
      const client = await connect(url);

      client.send(Buffer.from(text('hello')));

      expect(await client.next()).toBe('{"said":"expected a text frame"}');
    });

    it('are not decodable when a binary codec gets a text', async () => {
      const url = await stack(
        omniWs({ codec: bytesCodec, handler: echo, onError: ({ message }) => ({ said: message }) }),
      );
      const client = await connect(url);

      client.send('hello');

      expect(String(await client.next())).toBe('expected a binary frame');
    });

    it('are handled 16 at a time, and then others have their turn', async () => {
      // A turn would end earlier when a busy machine lets its 8 ms go by.
      withFakeClock();
      const perTurn: number[] = [0];
      const done = deferred();
      // It is always there before ours is, so it runs first in every round of the event loop.
      const round = (): void => {
        perTurn.push(0);
        immediate = setImmediate(round);
      };
      let immediate = setImmediate(round);
      const url = await serve({
        handler: ({ text: n }) => {
          perTurn.push((perTurn.pop() ?? 0) + 1);
          if (n === '99') done.resolve();
        },
      });
      const client = await connect(url);

      const stream = rawStream(client.socket);
      stream.cork();
      for (let n = 0; n < 100; n++) client.send(text(String(n)));
      stream.uncork();
      await done.promise;
      clearImmediate(immediate);

      expect(Math.max(...perTurn)).toBe(16);
      expect(perTurn.filter((n) => n > 0)).toHaveLength(7);
    });

    it('that wait are dropped when the client has disconnected, and the signal aborts', async () => {
      const handled: string[] = [];
      const began = deferred();
      const closed = deferred();
      const url = await serve({
        handler: async ({ text: said }, { signal }) => {
          handled.push(said);
          began.resolve();
          await once(signal, 'abort');
          return undefined;
        },
        onClose: () => {
          setImmediate(closed.resolve);
        },
      });
      const client = await connect(url);

      for (let n = 0; n < 10; n++) client.send(text(String(n)));
      await began.promise;
      client.socket.close();
      await closed.promise;

      expect(handled).toEqual(['0']);
    });
  });

  describe('onOpen', () => {
    it('gets the connection with its context and its own url, and may send first', async () => {
      const url = await serve<{ user: string }>({
        context: ({ url: own }) => ({ user: `lucy at ${own}` }),
        onOpen: ({ context, send }) => {
          send({ said: `welcome ${context.user}` });
        },
      });
      const client = await connect(`${url}?a=b`);

      expect(await client.next()).toBe('{"said":"welcome lucy at /omni?a=b"}');
    });

    it('holds the messages back as long as it takes', async () => {
      const open = deferred();
      const url = await serve({
        onOpen: async ({ send }) => {
          await open.promise;
          send({ said: 'open' });
        },
      });
      const client = await connect(url);

      client.send(text('hello'));
      await client.settled();
      open.resolve();

      expect(await client.next()).toBe('{"said":"open"}');
      expect(await client.next()).toBe('{"said":"hello"}');
    });

    it.each([
      [
        'throws',
        () => {
          throw boom;
        },
      ],
      ['rejects', () => Promise.reject(boom)],
    ])(
      'that %s closes with 1011; onError is told and may answer, onClose is told',
      async (_name, onOpen) => {
        const told: OmniError[] = [];
        const closes = deferred<number>();
        const url = await serve({
          onOpen,
          onError: (error) => {
            told.push(error);
            return { said: error.code };
          },
          onClose: (_connection, code) => {
            closes.resolve(code);
          },
        });
        const client = dial(url);

        expect(await client.next()).toBe('{"said":"on-open"}');
        expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
        expect(await closes.promise).toBe(1011);
        expect(told.map(({ code, cause }) => [code, cause])).toEqual([['on-open', boom]]);
      },
    );

    it('that takes longer than handlerTimeout closes with 1011', async () => {
      const url = await serve({ handlerTimeout: 20, onOpen: () => new Promise(() => {}) });

      expect(await dial(url).closed).toEqual({ code: 1011, reason: 'failed' });
    });
  });

  describe('onClose', () => {
    it('gets the code of the client', async () => {
      const closes = deferred<number>();
      const url = await serve({
        onClose: (_connection, code) => {
          closes.resolve(code);
        },
      });
      const client = await connect(url);

      client.socket.close(4242);

      expect(await closes.promise).toBe(4242);
    });

    it('gets 1006 when the client is cut', async () => {
      const closes = deferred<number>();
      const url = await serve({
        onClose: (_connection, code) => {
          closes.resolve(code);
        },
      });
      const client = await connect(url);

      client.socket.terminate();

      expect(await closes.promise).toBe(1006);
    });

    it('is not called for a connection that was never open', async () => {
      const calls: string[] = [];
      const known = deferred<undefined>();
      const gone = deferred();
      const url = await serve({
        context: ({ socket }) => {
          socket.once('close', () => {
            gone.resolve();
          });
          return known.promise;
        },
        onOpen: () => {
          calls.push('open');
        },
        onClose: () => {
          calls.push('close');
        },
      });
      const client = await connect(url);

      client.socket.terminate();
      await gone.promise;
      known.resolve(undefined);
      await turn();

      expect(calls).toEqual([]);
    });

    it.each([
      [
        'throws',
        () => {
          throw boom;
        },
      ],
      ['rejects', () => Promise.reject(boom)],
    ])('that %s is told to onError', async (_name, onClose) => {
      const told = deferred<OmniError>();
      const url = await serve({ onClose, onError: told.resolve });
      const client = await connect(url);

      client.socket.close();

      expect(await told.promise).toMatchObject({ code: 'on-close', cause: boom });
    });
  });

  describe('context', () => {
    it.each([
      [400, 4403, 'forbidden'],
      [401, 4401, 'unauthorized'],
      [403, 4403, 'forbidden'],
      [404, 4403, 'forbidden'],
      [499, 4403, 'forbidden'],
    ])(
      'that refuses with %s closes with %s, and onError is not told',
      async (status, code, reason) => {
        const told: OmniError[] = [];
        const url = await serve({
          context: () => Promise.reject(refusal(status)),
          onError: (error) => {
            told.push(error);
          },
        });

        expect(await dial(url).closed).toEqual({ code, reason });
        expect(told).toEqual([]);
      },
    );

    it.each([
      [
        'throws',
        () => {
          throw boom;
        },
      ],
      ['rejects', () => Promise.reject(boom)],
      [
        'throws a status of 500',
        () => {
          throw refusal(500);
        },
      ],
    ])('that %s closes with 1011, and onError is told and may answer', async (_name, context) => {
      const told: OmniError[] = [];
      const url = await serve({
        context,
        onError: (error) => {
          told.push(error);
          return { said: error.code };
        },
      });
      const client = dial(url);

      expect(await client.next()).toBe('{"said":"context"}');
      expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
      expect(told).toHaveLength(1);
    });

    it('that takes longer than contextTimeout closes with 4408, and onError is called', async () => {
      const told: OmniError[] = [];
      const url = await serve({
        contextTimeout: 20,
        context: () => new Promise<undefined>(() => {}),
        onError: (error) => {
          told.push(error);
        },
      });

      expect(await dial(url).closed).toEqual({ code: 4408, reason: 'timeout' });
      expect(told.map(({ code }) => code)).toEqual(['context-timeout']);
    });
  });

  describe('origins', () => {
    it('closes a foreign one with 4403 before the context is made', async () => {
      let asked = false;
      const url = await serve({
        context: () => {
          asked = true;
          return undefined;
        },
      });

      const { closed } = dial(url, { origin: 'https://evil.example' });

      expect(await closed).toEqual({ code: 4403, reason: 'forbidden' });
      expect(asked).toBe(false);
    });

    it('lets in its own, those in the list, and those without', async () => {
      const url = await serve({});
      const listing = await serve({ origins: ['https://page.example'] });

      for (const [address, options] of [
        [url, { origin: new URL(url).origin }],
        [url, {}],
        [listing, { origin: 'https://page.example' }],
      ] as const) {
        const client = await connect(address, options);
        client.send(text('hello'));
        expect(await client.next()).toBe('{"said":"hello"}');
      }
    });

    it('that fail are reported to onError, and close with 1011', async () => {
      const told: OmniError[] = [];
      const url = await serve({
        origins: () => {
          throw boom;
        },
        onError: (error) => {
          told.push(error);
        },
      });

      expect(await dial(url).closed).toEqual({ code: 1011, reason: 'failed' });
      expect(told.map(({ cause }) => cause)).toEqual([boom]);
    });
  });

  describe('limits', () => {
    it('closes with 4400 at the 20th undecodable message in a row', async () => {
      const url = await serve({});
      const client = await connect(url);

      for (let n = 0; n < 19; n++) client.send('{');
      client.send(text('still here'));
      for (let n = 0; n < 19; n++) client.send('{');
      client.send(text('and again'));
      for (let n = 0; n < 20; n++) client.send('{');

      expect(await client.next()).toBe('{"said":"still here"}');
      expect(await client.next()).toBe('{"said":"and again"}');
      expect(await client.closed).toEqual({ code: 4400, reason: 'undecodable' });
    });

    it('closes with 1009 over the limit', async () => {
      const url = await serve({ limit: 11 });
      const client = await connect(url);

      client.send(text('x'));

      expect(await client.closed).toEqual({ code: 1009, reason: 'too-large' });
    });

    it('closes with 1011 when a handler takes longer than handlerTimeout, and onError is called', async () => {
      const told: OmniError[] = [];
      const url = await serve({
        handlerTimeout: 20,
        handler: () => new Promise(() => {}),
        onError: (error) => {
          told.push(error);
        },
      });
      const client = await connect(url);

      client.send(text('hello'));

      expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
      expect(told.map(({ code, message }) => [code, message])).toEqual([
        ['handler-timeout', 'the handler took longer than 20 ms'],
      ]);
    });

    it('closes with 4429 at one message more than the burst, before it is parsed', async () => {
      let decoded = 0;
      const codec: Codec<Said, Says> = {
        ...textCodec,
        decode: (encoded) => {
          decoded += 1;
          return textCodec.decode(encoded);
        },
      };
      const url = await serve({ codec, rateLimit: { perSecond: 0.001, burst: 3 } });
      const client = await connect(url);

      for (const n of ['0', '1', '2']) {
        client.send(text(n));
        expect(await client.next()).toBe(`{"said":"${n}"}`);
      }
      client.send(text('3'));

      expect(await client.closed).toEqual({ code: 4429, reason: 'rate-limited' });
      expect(decoded).toBe(3);
    });

    it.each([
      ['a Date', () => new Date(Date.now() + 40)],
      ['milliseconds', () => Date.now() + 40],
      ['a time that is past', () => 0],
    ])('closes with 4401 when the credentials expire at %s', async (_name, expires) => {
      const url = await serve({ expires, heartbeat: { interval: 100, timeout: 100 } });

      expect(await dial(url).closed).toEqual({ code: 4401, reason: 'unauthorized' });
    });

    it('stays open when the credentials never expire', async () => {
      const url = await serve({ expires: () => undefined });
      const client = await connect(url);

      client.send(text('hello'));

      expect(await client.next()).toBe('{"said":"hello"}');
    });
  });

  describe('heartbeat', () => {
    it('pings a client that is silent, and keeps one that answers', async () => {
      const url = await serve({ heartbeat: { interval: 20, timeout: 400 } });
      const client = await connect(url);

      for (let n = 0; n < 3; n++) await once(client.socket, 'ping');
      client.send(text('hello'));

      expect(await client.next()).toBe('{"said":"hello"}');
    });

    it('cuts a client that does not answer', async () => {
      const closes = deferred<number>();
      const url = await serve({
        heartbeat: { interval: 30, timeout: 30 },
        onClose: (_connection, code) => {
          closes.resolve(code);
        },
      });
      const client = await connect(url, { autoPong: false });

      expect((await client.closed).code).toBe(1006);
      expect(await closes.promise).toBe(1006);
    });

    it('judges no client whose connection we paused', async () => {
      const closes: number[] = [];
      let handled = 0;
      const url = await serve({
        // The pong of a busy machine may take a while.
        heartbeat: { interval: 15, timeout: 100 },
        handler: async (message) => {
          handled += 1;
          if (handled <= 10) await new Promise((resolve) => setTimeout(resolve, 30));
          return echo(message);
        },
        onClose: (_connection, code) => {
          closes.push(code);
        },
      });
      const client = await connect(url);

      for (let n = 0; n < 500; n++) client.send(text(String(n)));

      for (let n = 0; n < 500; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);
      expect(closes).toEqual([]);
    });
  });

  describe('a message that is sent', () => {
    it('reports whether a frame was given to the socket', async () => {
      const results: boolean[] = [];
      const done = deferred();
      const url = await serve({
        onOpen: (connection) => {
          results.push(connection.send({ said: 'a' }), connection.send({ private: true }));
        },
        onClose: (connection) => {
          results.push(connection.send({ said: 'too late' }));
          done.resolve();
        },
      });
      const client = await connect(url);

      expect(await client.next()).toBe('{"said":"a"}');
      client.socket.close();
      await done.promise;

      expect(results).toEqual([true, false, false]);
    });

    it('reports a message that cannot be encoded to onError, and does not throw', async () => {
      const told: OmniError[] = [];
      const results: boolean[] = [];
      const codec: Codec<Said, Says> = {
        ...textCodec,
        encode: (message) => {
          if ('said' in message && message.said === 'bad') throw boom;
          return textCodec.encode(message);
        },
      };
      const url = await serve({
        codec,
        onOpen: ({ send }) => {
          results.push(send({ said: 'bad' }), send({ said: 'good' }));
        },
        onError: (error) => {
          told.push(error);
        },
      });
      const client = await connect(url);

      expect(await client.next()).toBe('{"said":"good"}');
      expect(results).toEqual([false, true]);
      expect(told.map(({ code, cause }) => [code, cause])).toEqual([['encode', boom]]);
    });

    it('leaves before the close that follows it', async () => {
      const url = await serve({
        onOpen: ({ send, close }) => {
          send({ said: 'one' });
          send({ said: 'two' });
          close(4000, 'done');
        },
      });
      const client = dial(url);

      expect(await client.next()).toBe('{"said":"one"}');
      expect(await client.next()).toBe('{"said":"two"}');
      expect(await client.closed).toEqual({ code: 4000, reason: 'done' });
    });

    it('closes with 1013 a client that reads too slowly, and not one that reads', async () => {
      const made = deferred<Made>();
      const sent = { said: 'x'.repeat(65_536) };
      const url = await serve({ onOpen: made.resolve });
      const client = await connect(url);
      const connection = await made.promise;
      const closed = once(connection.signal, 'abort');

      // Who reads gets more than the limit, as long as it keeps up.
      for (let n = 0; n < 40; n++) {
        expect(connection.send(sent)).toBe(true);
        await client.next();
      }
      client.socket.pause();
      let count = 0;
      while (connection.send(sent)) {
        count += 1;
        await turn();
      }
      await closed;
      client.socket.resume();

      expect(count).toBeGreaterThan(16);
      expect(await client.closed).toEqual({ code: 1013, reason: 'too-slow' });
    });

    it('counts many small messages that wait as more than their bytes', async () => {
      const made = deferred<Made>();
      const url = await serve({ onOpen: made.resolve, maxBuffered: 65_536 });
      const client = await connect(url);
      const connection = await made.promise;

      client.socket.pause();
      // First until the kernel takes no more, then tiny ones.
      const { socket } = connection.request;
      while (socket.writableLength === 0) {
        connection.send({ said: 'x'.repeat(60_000) });
        await turn();
      }
      let bytes = 0;
      while (connection.send({ said: 'x' })) bytes += 12;

      expect(bytes).toBeLessThan(65_536 / 20);
      client.socket.resume();
      expect((await client.closed).code).toBe(1013);
    });

    it('holds the messages of a client back that does not read, and loses none', async () => {
      let handled = 0;
      const url = await serve({
        handler: ({ text: said }) => {
          handled += 1;
          return { said: said.repeat(50_000) };
        },
        maxBuffered: Infinity,
      });
      const client = await connect(url);

      client.socket.pause();
      for (let n = 0; n < 400; n++) client.send(text('x'));
      let before = -1;
      while (before !== handled) {
        before = handled;
        for (let n = 0; n < 20; n++) await turn();
      }
      expect(handled).toBeLessThan(400);
      client.socket.resume();

      for (let n = 0; n < 400; n++) expect(String(await client.next())).toHaveLength(50_011);
      expect(handled).toBe(400);
    });
  });

  describe('close', () => {
    it('ends with 1000 by default', async () => {
      const url = await serve({
        onOpen: ({ close }) => {
          close();
        },
      });

      expect(await dial(url).closed).toEqual({ code: 1000, reason: '' });
    });

    it('sends the name of our code when no reason is given', async () => {
      const url = await serve({
        onOpen: ({ close }) => {
          close(4401);
          close(4403);
        },
      });

      expect(await dial(url).closed).toEqual({ code: 4401, reason: 'unauthorized' });
    });

    it.each([
      ['é'.repeat(62), 'é'.repeat(61)],
      ['x'.repeat(123), 'x'.repeat(123)],
      ['x'.repeat(124), 'x'.repeat(123)],
      [`${'x'.repeat(120)}😀`, 'x'.repeat(120)],
      [`${'x'.repeat(119)}😀`, `${'x'.repeat(119)}😀`],
    ])('cuts a reason at a character', async (reason, cut) => {
      const url = await serve({
        onOpen: ({ close }) => {
          close(4000, reason);
        },
      });

      expect(await dial(url).closed).toEqual({ code: 4000, reason: cut });
    });

    it.each([0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 1000.5, Number.NaN])(
      'throws when the code is %s, and the connection stays',
      async (code) => {
        const url = await serve({
          handler: (message, { close }) => {
            if (message.text === 'close') close(code);
            return echo(message);
          },
          onError: ({ cause }) => ({ said: (cause as Error).message }),
        });
        const client = await connect(url);

        client.send(text('close'));
        client.send(text('hello'));

        expect(await client.next()).toBe(
          `{"said":"Expected the close code to be one that may be sent (1000, 3000 to 4999), got ${code}"}`,
        );
        expect(await client.next()).toBe('{"said":"hello"}');
      },
    );
  });

  it.each([
    ['handler', { handler: undefined }, /Expected `handler` to be a function, got undefined/],
    ['onOpen', { onOpen: 1 }, /Expected `onOpen` to be a function/],
    ['onClose', { onClose: 1 }, /Expected `onClose` to be a function/],
    ['expires', { expires: 1 }, /Expected `expires` to be a function/],
    ['codec', { codec: undefined }, /Expected `codec` to be an object/],
    ['limit', { limit: -1 }, /Expected `limit` to be an integer from 1 up, got -1/],
    ['highWaterMark', { highWaterMark: 0 }, /Expected `highWaterMark` to be a number from 1 up/],
    [
      'maxBuffered',
      { maxBuffered: '1' },
      /Expected `maxBuffered` to be a number from 1 up, got "1"/,
    ],
    ['contextTimeout', { contextTimeout: 0 }, /Expected `contextTimeout` to be a number above 0/],
    ['handlerTimeout', { handlerTimeout: 0 }, /Expected `handlerTimeout` to be a number above 0/],
    [
      'heartbeat.interval',
      { heartbeat: { interval: 0 } },
      /Expected `heartbeat.interval` to be a number above 0/,
    ],
    [
      'heartbeat.timeout',
      { heartbeat: { timeout: -1 } },
      /Expected `heartbeat.timeout` to be a number above 0/,
    ],
    [
      'rateLimit.perSecond',
      { rateLimit: { perSecond: 0, burst: 1 } },
      /Expected `rateLimit.perSecond` to be a number above 0/,
    ],
    [
      'rateLimit.burst',
      { rateLimit: { perSecond: 1, burst: 0 } },
      /Expected `rateLimit.burst` to be a number from 1 up/,
    ],
    ['origins', { origins: ['x'] }, /Expected every entry of `origins`/],
  ])('throws when %s is invalid', (_name, wrong, message) => {
    expect(() => omniWs({ codec: textCodec, handler: echo, ...wrong } as never)).toThrow(message);
  });
});
