/** Section 2a: what ends a naive server's process. That it stays is checked by vitest: it fails on what nobody caught. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type RawPeer } from '../drills/raw-peer.ts';
import { closeFrame, frame } from '../drills/wire.ts';
import { deferred } from '../support/deferred.ts';
import { textCodec } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { openRaw, say, sayFrame, serveSocket, watched } from './served-socket.ts';

const boom = new Error('boom');
const fail = (): never => {
  throw boom;
};
const reject = (): Promise<never> => Promise.reject(boom);

describe.each(stacks)('2a: omniWs on %s', (_, stack) => {
  it.each([
    ['W1 a handler that throws', fail],
    ['W2 a handler that rejects', reject],
  ])(
    '%s: onError, no reply, and the next message of everybody is answered',
    async (__, failing) => {
      const served = await serveSocket(stack, {
        handler: ({ text }) => (text === 'boom' ? failing() : { said: text }),
      });
      const one = await connect(served.url);
      const other = await connect(served.url);

      one.send(say('boom'));
      one.send(say('same socket'));
      other.send(say('other socket'));

      expect(await one.next()).toBe('{"said":"same socket"}');
      expect(await other.next()).toBe('{"said":"other socket"}');
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['handler', boom]]);
      expect(served.closes).toEqual([]);
    },
  );

  it.each<[string, Buffer, number]>([
    ['text that is not UTF-8', frame(Buffer.from([0xc3, 0x28])), 1007],
    ['a reserved bit', frame('{"text":"a"}', { rsv: 4 }), 1002],
    ['two reserved bits', frame('{"text":"a"}', { rsv: 3 }), 1002],
    ['no mask', frame('{"text":"a"}', { masked: false }), 1002],
    ['an unknown opcode', frame('', { opcode: 3 }), 1002],
    ['an unknown control opcode', frame('', { opcode: 11 }), 1002],
    ['a control frame of 126 bytes', frame('x'.repeat(126), { opcode: 9 }), 1002],
    ['a control frame in fragments', frame('x', { opcode: 9, fin: false }), 1002],
    ['a continuation of nothing', frame('x', { opcode: 0 }), 1002],
    ['a message within a message', Buffer.concat([frame('x', { fin: false }), frame('y')]), 1002],
    ['a close frame of one byte', frame('x', { opcode: 8 }), 1002],
    ['a close code that nobody may send', closeFrame(1005), 1002],
    [
      'a close reason that is not UTF-8',
      frame(Buffer.from([3, 232, 0xc3, 0x28]), { opcode: 8 }),
      1007,
    ],
    ['a header of 100 MiB', frame('', { claims: 104_857_601 }), 1009],
    ['a header of 2^62 bytes', frame('', { claims: 2n ** 62n }), 1009],
    [
      'a message in 65 fragments',
      Buffer.concat([
        frame('x', { fin: false }),
        ...Array.from({ length: 64 }, () => frame('x', { opcode: 0, fin: false })),
      ]),
      1008,
    ],
  ])('W5 a broken frame, %s: its close code, and others are served', async (__, bytes, code) => {
    const refused = watched('refused');
    const served = await serveSocket(stack);
    const hostile = await openRaw(served);
    const other = await connect(served.url);

    hostile.write(bytes);

    expect((await hostile.ended).code).toBe(code);
    expect(refused).toMatchObject([{ transport: 'websocket', code: 'malformed', status: code }]);
    expect(served.told).toEqual([]);
    other.send(say('alive'));
    expect(await other.next()).toBe('{"said":"alive"}');
  });

  it('W5 a broken frame in the packet of the handshake: its close code', async () => {
    const served = await serveSocket(stack);

    const hostile = await openRaw(served, { early: frame('x', { rsv: 4 }) });

    expect((await hostile.ended).code).toBe(1002);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([1002]);
  });

  it.each<[string, string | Buffer]>([
    ['{', '{'],
    ['nothing', ''],
    ['a binary frame', Buffer.from('{"text":"a"}')],
  ])(
    'W7 what is no JSON, %s: onError with a DecodeError, and the connection stays',
    async (__, bad) => {
      const served = await serveSocket(stack);
      const client = await connect(served.url);

      client.send(bad);
      client.send(say('good'));

      expect(await client.next()).toBe('{"said":"good"}');
      expect(served.told.map(({ code }) => code)).toEqual(['decode']);
    },
  );

  describe('W9 every function of the user that throws or rejects', () => {
    const failures = [
      ['throws', fail],
      ['rejects', reject],
    ] as const;

    it.each(failures)('onOpen %s: onError, 1011, and onClose is told', async (__, failing) => {
      const served = await serveSocket(stack, { onOpen: failing });
      const client = await openRaw(served);

      expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
      await served.until(() => served.closes.length > 0);
      expect(served.closes).toEqual([1011]);
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['on-open', boom]]);
    });

    it.each(failures)('onClose %s: onError', async (__, failing) => {
      const served = await serveSocket(stack, { onClose: failing });
      const client = await openRaw(served);

      client.write(closeFrame(1000));
      await served.until(() => served.told.length > 0);

      expect(served.closes).toEqual([1000]);
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['on-close', boom]]);
    });

    it.each(failures)('context %s: onError, and 1011', async (__, failing) => {
      const served = await serveSocket(stack, { context: failing });
      const client = await openRaw(served);

      client.write(sayFrame('never'));

      expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['context', boom]]);
      expect(served.handled).toEqual([]);
      expect(served.closes).toEqual([]);
    });

    it.each(failures)('onError itself %s: nothing else happens', async (__, failing) => {
      const served = await serveSocket(stack, {
        handler: ({ text }) => (text === 'boom' ? fail() : { said: text }),
        onError: failing,
      });
      const client = await connect(served.url);

      for (const message of ['{', say('boom'), say('good')]) client.send(message);

      expect(await client.next()).toBe('{"said":"good"}');
      expect(served.told.map(({ code }) => code)).toEqual(['decode', 'handler']);
    });

    it.each(failures)(
      'onError %s when it is told of the end: nothing else',
      async (__, failing) => {
        const served = await serveSocket(stack, { onClose: fail, onError: failing });
        const other = await connect(served.url);
        const client = await openRaw(served);

        client.reset();
        await served.until(() => served.told.length > 0);
        other.send(say('alive'));

        expect(await other.next()).toBe('{"said":"alive"}');
      },
    );

    it('expires throws: onError, and 1011', async () => {
      const served = await serveSocket(stack, { expires: fail });
      const client = await openRaw(served);

      expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['context', boom]]);
    });

    it('expires gives no date: onError, and 1011, for nobody is let in for ever by mistake', async () => {
      const served = await serveSocket(stack, { expires: () => new Date('no date') });
      const client = await openRaw(served);

      expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
      expect(served.told.map(({ code }) => code)).toEqual(['context']);
    });

    it('encode throws: onError, and the connection stays', async () => {
      const served = await serveSocket(stack, {
        codec: {
          ...textCodec,
          encode: (message) =>
            'said' in message && message.said === 'boom' ? fail() : textCodec.encode(message),
        },
      });
      const client = await connect(served.url);

      client.send(say('boom'));
      client.send(say('good'));

      expect(await client.next()).toBe('{"said":"good"}');
      expect(served.told.map(({ code, cause }) => [code, cause])).toEqual([['encode', boom]]);
    });
  });

  it.each([124, 125, 10_000])(
    'W11 a reason of %s bytes, cut at a character: the code arrives, and the socket is gone',
    async (size) => {
      const reason = `x${'é'.repeat(size / 2)}`;
      const served = await serveSocket(stack, {
        onOpen: ({ close }) => {
          close(4400, reason);
        },
      });
      const client = await openRaw(served);

      expect(await client.ended).toEqual({ code: 4400, reason: `x${'é'.repeat(61)}` });
      await served.until(() => served.closes.length > 0);
      expect(served.closes).toEqual([4400]);
    },
  );

  it.each([42, null, {}, Symbol('reason')])(
    'W11 a reason that is no text (%s): the code arrives, and the socket is gone',
    async (reason) => {
      const served = await serveSocket(stack, {
        onOpen: ({ close }) => {
          close(4400, reason as string);
        },
      });
      const client = await openRaw(served);

      expect((await client.ended).code).toBe(4400);
      await served.until(() => served.closes.length > 0);
      expect(served.closes).toEqual([4400]);
    },
  );

  it.each([0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 1000.5, Number.NaN])(
    'W11 the code %s, which nobody may send: RangeError to who said it, and the connection stays',
    async (code) => {
      const thrown: unknown[] = [];
      const served = await serveSocket(stack, {
        onOpen: ({ close }) => {
          try {
            close(code);
          } catch (error) {
            thrown.push(error);
          }
        },
      });
      const client = await connect(served.url);

      client.send(say('good'));

      expect(await client.next()).toBe('{"said":"good"}');
      expect(thrown).toEqual([expect.any(RangeError)]);
      expect(served.closes).toEqual([]);
    },
  );

  it.each([1000, 1001, 1011, 1013, 3000, 4000, 4999])(
    'W11 the code %s arrives, and the socket is gone',
    async (code) => {
      const served = await serveSocket(stack, {
        onOpen: ({ close }) => {
          close(code);
        },
      });

      expect((await (await openRaw(served)).ended).code).toBe(code);
      await served.until(() => served.closes.length > 0);
      expect(served.closes).toEqual([code]);
    },
  );

  it.each([null, 0, true, {}, 10n, Buffer.from('x')])(
    'W12 an encode that returns %s: onError, and no frame',
    async (encoded) => {
      const served = await serveSocket(stack, {
        codec: {
          ...textCodec,
          encode: (message) =>
            'said' in message && message.said === 'odd'
              ? (encoded as unknown as string)
              : textCodec.encode(message),
        },
      });
      const client = await connect(served.url);

      client.send(say('odd'));
      client.send(say('good'));

      expect(await client.next()).toBe('{"said":"good"}');
      expect(served.told.map(({ code }) => code)).toEqual(['encode']);
    },
  );

  it.each<[string, (peer: RawPeer) => void, number]>([
    ['FIN', (peer) => peer.socket.end(), 1006],
    ['RST', (peer) => peer.reset(), 1006],
    ['a close frame', (peer) => peer.write(closeFrame(4001)), 4001],
  ])(
    'W13 %s while a handler runs: signal aborts, send gives false, the reply goes nowhere',
    async (__, leave, code) => {
      const seen: unknown[] = [];
      const left = deferred();
      const served = await serveSocket(stack, {
        handler: async ({ text }, connection) => {
          if (!connection.signal.aborted) await once(connection.signal, 'abort');
          seen.push(connection.signal.aborted, connection.send({ said: 'late' }));
          left.resolve();
          return { said: text };
        },
      });
      const client = await openRaw(served);

      client.write(sayFrame('slow'));
      await served.until(() => served.handled.length > 0);
      leave(client);
      await left.promise;
      await client.ended;
      await served.until(() => served.closes.length > 0);

      expect(seen).toEqual([true, false]);
      expect(served.closes).toEqual([code]);
      expect(served.told).toEqual([]);
      expect(client.texts).toEqual([]);
    },
  );
});
