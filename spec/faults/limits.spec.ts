/** Section 2c: what a client may cost, and what it costs the others. */
import { createServer } from 'node:http';
import { type Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import express from 'express';
import expressWs from 'express-ws';
import expressWs8 from 'express-ws-8';
import { omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeFrame, frame, pingFrame } from '../drills/wire.ts';
import { bytesCodec, type Says, textCodec } from '../support/codecs.ts';
import { serve } from '../support/serve.ts';
import { dial } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { until } from '../support/until.ts';
import { deferred } from '../support/deferred.ts';
import { openRaw, say, sayFrame, serveSocket, watched, watchman } from './served-socket.ts';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe.each([
  ['express-ws as it comes', expressWs],
  ['express-ws on ws 8', expressWs8],
] as const)("2c: a server of the user's that compresses, on %s", (_, install) => {
  it('W45 50 MB in a frame of 49 kB: it is not inflated past the limit', async () => {
    const handled: unknown[] = [];
    const application = express();
    const server = createServer(application);
    const wsOptions = { perMessageDeflate: true };
    const { app } = install(application, server, { wsOptions });
    const closes: number[] = [];
    const { until: hold, look } = watchman();
    app.ws(
      '/omni',
      omniWs({
        codec: textCodec,
        handler: (message): Says => {
          handled.push(message);
          return { private: true };
        },
        onClose: (_connection, code) => {
          closes.push(code);
          look();
        },
      }),
    );
    const bomb = frame(deflateRawSync(Buffer.alloc(50_000_000)), { rsv: 4 });
    const headers = { 'sec-websocket-extensions': 'permessage-deflate' };
    const client = await openRaw({ url: `${await serve(server)}/omni` }, { headers });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 1);
    onTestFinished(() => clearInterval(looking));
    client.write(bomb);
    await hold(() => closes.length > 0);

    expect(handled).toEqual([]);
    // ws 7 calls what it cannot inflate invalid, and may cut it.
    expect([1006, 1007, 1009]).toContain(closes[0]);
    expect(most).toBeLessThan(10_000_000);
  });
});

describe.each(stacks)('2c: omniWs on %s', (_, stack) => {
  it.each([
    ['W40 large ones', 'x'.repeat(50_000)],
    ['W41 small ones', 'x'.repeat(100)],
  ])(
    '%s to a client that never reads: at most maxBuffered waits, then 1013, and cut',
    async (__, said) => {
      const refused = watched('refused');
      let most = 0;
      const served = await serveSocket(stack, {
        maxBuffered: 300_000,
        onOpen: async ({ send, request }) => {
          for (let n = 0; n < 2_000_000 && send({ said }); n++) {
            most = Math.max(most, request.socket.writableLength);
            if (said.length > 100) await turn();
          }
        },
      });
      const client = await openRaw(served, { isStubborn: true });
      client.socket.pause();
      await served.until(() => served.closes.length > 0);

      expect(most).toBeLessThan(300_000 + 60_000);
      expect(served.closes).toEqual([1013]);
      expect(refused).toMatchObject([{ transport: 'websocket', code: 'too-slow', status: 1013 }]);
      expect(served.told).toEqual([]);
    },
  );

  it('W40 a client that reads late, but reads: 1013 too-slow reaches it', async () => {
    const refused = watched('refused');
    const served = await serveSocket(stack, {
      maxBuffered: 300_000,
      onOpen: async ({ send }) => {
        for (let n = 0; n < 10_000 && send({ said: 'x'.repeat(50_000) }); n++) await turn();
      },
    });
    const client = await openRaw(served);
    client.socket.pause();
    await until(() => refused.length > 0);
    client.socket.resume();

    expect(await client.ended).toEqual({ code: 1013, reason: 'too-slow' });
  });

  it('W41 a flood whose answers nobody reads: its messages wait in the kernel, and nothing is closed', async () => {
    const served = await serveSocket(stack, {
      handler: (): Says => ({ said: 'x'.repeat(5_000) }),
      maxBuffered: 1_000_000,
    });
    const client = await openRaw(served);
    client.socket.pause();

    for (let n = 0; n < 2_000; n++) client.write(sayFrame(String(n)));
    let before = -1;
    while (before !== served.handled.length) {
      before = served.handled.length;
      for (let turns = 0; turns < 50; turns++) await turn();
    }

    expect(served.handled.length).toBeLessThan(2_000);
    expect(served.closes).toEqual([]);
    client.socket.resume();
    for (let n = 0; n < 2_000; n++) await client.next();
    expect(served.handled.length).toBe(2_000);
  });

  it('W42 a message of the limit is answered, one byte more closes with 1009, from its header alone', async () => {
    const served = await serveSocket(stack, { limit: 1_000 });
    const client = await openRaw(served);
    const text = 'x'.repeat(1_000 - say('').length);

    client.write(sayFrame(text));
    expect(await client.next()).toBe(`{"said":"${text}"}`);
    client.write(frame('', { claims: 1_001 }));

    expect((await client.ended).code).toBe(1009);
    expect(served.handled.length).toBe(1);
  });

  it('W42 where the inside of ws is not what we know: 1009 all the same, once the message is there', async () => {
    const handled: unknown[] = [];
    const route = omniWs({
      codec: textCodec,
      limit: 1_000,
      handler: (message): Says => {
        handled.push(message);
        return { private: true };
      },
    });
    const url = await stack((socket, request) => {
      const inside = socket as unknown as { _receiver: unknown };
      const receiver = inside._receiver;
      inside._receiver = undefined;
      route(socket, request);
      inside._receiver = receiver;
    });
    const client = await openRaw({ url });

    client.write(sayFrame('x'.repeat(1_000)));

    expect(await client.ended).toEqual({ code: 1009, reason: 'too-large' });
    expect(handled).toEqual([]);
  });

  it('W42 the limit counts bytes: 334 characters of three bytes are over 1,000', async () => {
    const served = await serveSocket(stack, { limit: 1_000 });
    const client = dial(served.url);
    await new Promise((resolve) => client.socket.once('open', resolve));

    client.send('€'.repeat(334));

    expect((await client.closed).code).toBe(1009);
  });

  it('W44 64 fragments are taken, an unfinished message in 65 closes with 1008', async () => {
    const served = await serveSocket(stack);
    const parts = (count: number, isEnded: boolean): Buffer =>
      Buffer.concat(
        Array.from(`{"text":"${'x'.repeat(count - 11)}"}`, (character, at) =>
          frame(character, { opcode: at === 0 ? 1 : 0, fin: isEnded && at === count - 1 }),
        ),
      );
    const good = await openRaw(served);
    const hostile = await openRaw(served);

    good.write(parts(64, true));
    hostile.write(parts(65, false));

    expect(await good.next()).toBe(`{"said":"${'x'.repeat(53)}"}`);
    expect((await hostile.ended).code).toBe(1008);
  });

  it('W46 a flood beside a quiet client: at most 16 of its messages before the quiet one is answered', async () => {
    let quietAt = -1;
    let before = -1;
    const served = await serveSocket(stack, {
      handler: ({ text }): Says => {
        if (text === 'quiet') quietAt = served.handled.length - 1 - before;
        return { private: true };
      },
    });
    const flood = await openRaw(served);
    const quiet = await openRaw(served);

    flood.write(Buffer.concat(Array.from({ length: 2_000 }, (__, n) => sayFrame(String(n)))));
    await served.until(() => served.handled.length > 0);
    before = served.handled.length;
    quiet.write(sayFrame('quiet'));
    await served.until(() => quietAt !== -1);

    // A packet takes a few turns to arrive and be read, each with 16 of the others.
    expect(quietAt).toBeLessThan(16 * 20);
  });

  it('W47 one connection handles at most 16 messages, or those of 8 ms, in a turn of the event loop', async () => {
    const perTurn: number[] = [];
    let inTurn = 0;
    const served = await serveSocket(stack, {
      handler: ({ text }): Says => {
        if (inTurn === 0) {
          setImmediate(() => {
            perTurn.push(inTurn);
            inTurn = 0;
          });
        }
        inTurn += 1;
        const end = performance.now() + (text === 'slow' ? 3 : 0);
        while (performance.now() < end);
        return { private: true };
      },
    });
    const client = await openRaw(served);

    client.write(Buffer.concat(Array.from({ length: 200 }, () => sayFrame('fast'))));
    await served.until(() => served.handled.length === 200);
    await turn();
    await turn();
    // Our own immediate stands behind that of the next turn, so it may count two.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2 * 16);
    expect(perTurn.reduce((sum, count) => sum + count, 0)).toBe(200);
    perTurn.length = 0;
    client.write(Buffer.concat(Array.from({ length: 30 }, () => sayFrame('slow'))));
    await served.until(() => served.handled.length === 230);
    await turn();
    await turn();

    // Of 3 ms each: after the third its 8 ms are used up.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2 * 3);
  });

  it('W48 a flood of messages for an asynchronous handler: one runs, and the socket is paused', async () => {
    let release = (): void => {};
    const served = await serveSocket(stack, {
      handler: () =>
        new Promise((resolve) => {
          release = () => {
            resolve({ private: true });
          };
        }),
    });
    const client = await openRaw(served);
    const message = sayFrame('x'.repeat(1_000));

    // 20 MB: the kernel takes a few, the rest stays with the client.
    for (let n = 0; n < 20_000; n++) client.write(message);
    await served.until(() => served.handled.length === 1);
    let before = -1;
    while (before !== client.socket.writableLength) {
      before = client.socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    expect(client.socket.writableLength).toBeGreaterThan(5_000_000);
    expect(served.handled.length).toBe(1);
    release();
  });

  it.each([
    // Of 3.6 MB: 256 KiB, the message that is one too many, and what was read in one go with it.
    ['large messages, by their bytes', 60, 60_000, 500_000],
    // Of 3.6 MB: two packets at most, for 64 of them are in the first.
    ['tiny messages, by their number', 200_000, 1, 200_000],
  ])('W48 a flood for an asynchronous handler is paused: %s', async (__, count, length, most) => {
    const opened = deferred<Socket>();
    const served = await serveSocket(stack, {
      handler: () => new Promise(() => {}),
      onOpen: ({ request }) => {
        opened.resolve(request.socket);
      },
    });
    const client = await openRaw(served);
    const connection = await opened.promise;

    const message = sayFrame('x'.repeat(length));
    client.write(Buffer.concat(Array.from({ length: count }, () => message)));
    await served.until(() => served.handled.length === 1);
    let before = -1;
    while (before !== connection.bytesRead) {
      before = connection.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    expect(connection.bytesRead).toBeLessThan(most);
  });

  it('W49 a flood of pings whose pongs nobody reads: ws cuts it at 60 that wait, and others are served', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);
    const other = await openRaw(served);
    client.socket.pause();

    client.write(Buffer.concat(Array.from({ length: 20_000 }, pingFrame)));
    await served.until(() => served.closes.length > 0);

    expect(served.closes).toEqual([1006]);
    other.write(sayFrame('alive'));
    expect(await other.next()).toBe('{"said":"alive"}');
  });

  it.each([
    ['another host', 'http://evil.example'],
    ['null', 'null'],
  ])(
    'W51 a page of %s, on a server that was not attached: 4403, and no context',
    async (__, origin) => {
      const asked: unknown[] = [];
      const served = await serveSocket(stack, {
        context: (request) => {
          asked.push(request);
          return undefined;
        },
      });
      const client = await openRaw(served, { headers: { origin, cookie: 'session=1' } });

      client.write(sayFrame('never'));

      expect(await client.ended).toEqual({ code: 4403, reason: 'forbidden' });
      expect(asked).toEqual([]);
      expect(served.handled).toEqual([]);
    },
  );

  it('W52 a binary frame at a text codec is no message: onError, and the connection stays', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);

    client.write(frame(say('binary'), { opcode: 2 }));
    client.write(sayFrame('text'));

    expect(await client.next()).toBe('{"said":"text"}');
    expect(served.told.map(({ code, message }) => [code, message])).toEqual([
      ['decode', 'expected a text frame'],
    ]);
  });

  it('W52 a text frame at a binary codec likewise', async () => {
    const served = await serveSocket(stack, { codec: bytesCodec as unknown as typeof textCodec });
    const client = await openRaw(served);

    client.write(frame('text'));
    client.write(frame('bytes', { opcode: 2 }));

    expect((await client.nextFrame((opcode) => opcode === 2)).payload.toString()).toBe('bytes');
    expect(served.told.map(({ message }) => message)).toEqual(['expected a binary frame']);
  });

  it('W55 the 20th undecodable message in a row closes with 4400; 19, a good one, and 19 do not', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);
    const bad = Array.from({ length: 19 }, () => frame('{'));

    client.write(Buffer.concat([...bad, sayFrame('good'), ...bad, sayFrame('still')]));
    expect(await client.next()).toBe('{"said":"good"}');
    expect(await client.next()).toBe('{"said":"still"}');
    client.write(Buffer.concat([...bad, frame('{')]));

    expect(await client.ended).toEqual({ code: 4400, reason: 'undecodable' });
    expect(served.told.length).toBe(19 + 19 + 20);
  });

  it('W47 over the rate limit: 4429, and what is over it is not parsed', async () => {
    const parsed: string[] = [];
    const served = await serveSocket(stack, {
      rateLimit: { perSecond: 0.001, burst: 3 },
      codec: {
        ...textCodec,
        decode: (encoded) => {
          parsed.push(encoded);
          return textCodec.decode(encoded);
        },
      },
    });
    const client = await openRaw(served);

    for (const n of [1, 2, 3, 4]) client.write(sayFrame(String(n)));

    expect(await client.ended).toEqual({ code: 4429, reason: 'rate-limited' });
    // Those before it were, unless they had not had their turn when it came.
    expect(parsed.length).toBeLessThanOrEqual(3);
    expect(parsed).not.toContain(say('4'));
  });

  it('credentials that expire: 4401, and at once when they have already', async () => {
    const served = await serveSocket(stack, {
      heartbeat: { interval: 50, timeout: 5_000 },
      expires: () => Date.now() + 100,
    });
    const already = await serveSocket(stack, { expires: () => 0 });

    expect(await (await openRaw(served)).ended).toEqual({ code: 4401, reason: 'unauthorized' });
    expect(await (await openRaw(already)).ended).toEqual({ code: 4401, reason: 'unauthorized' });
    expect(already.closes).toEqual([]);
  });

  it('a client that closes while all this goes on is told its own code', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);

    client.write(closeFrame(4999, 'bye'));

    expect(await client.ended).toEqual({ code: 4999, reason: 'bye' });
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([4999]);
  });
});
