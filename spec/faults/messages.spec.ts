/** Section 2b: messages that a naive server loses, answers in another order, or handles for nobody. */
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Says } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { closeFrame } from '../drills/wire.ts';
import { deferred } from '../support/deferred.ts';
import { randomOf } from './random.ts';
import { openRaw, say, sayFrame, serveSocket, type SocketOptions } from './served-socket.ts';

const never = (): Promise<never> => new Promise(() => {});

/** A handler that answers when its connection is over, and the promise that it got so far. */
function untilAborted(): {
  aborted: Promise<void>;
  handler: NonNullable<SocketOptions['handler']>;
} {
  const { promise, resolve } = deferred();
  return {
    aborted: promise,
    handler: async (__, { signal }) => {
      if (!signal.aborted) await once(signal, 'abort');
      resolve();
      return { said: 'to nobody' };
    },
  };
}

describe.each(stacks)('2b: omniWs on %s', (_, stack) => {
  it('W20 three messages in the packet of the handshake, a context of 50 ms: answered in order', async () => {
    const served = await serveSocket(stack, {
      context: () => after(50, undefined),
    });

    const early = Buffer.concat(['1', '2', '3'].map(sayFrame));
    const client = await openRaw(served, { early });

    for (const n of [1, 2, 3]) expect(await client.next()).toBe(`{"said":"${n}"}`);
  });

  it('W20 a flood before the context is known: nothing is lost, and nothing is closed', async () => {
    const opened = deferred();
    const served = await serveSocket(stack, {
      context: () => opened.promise as Promise<undefined>,
    });
    const client = await openRaw(served);

    for (let n = 0; n < 3_000; n++) client.write(sayFrame(String(n)));
    setTimeout(opened.resolve, 50);

    for (let n = 0; n < 3_000; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);
    expect(served.closes).toEqual([]);
  });

  it('W21 handlers of random length: one at a time, and the answers in the order of the messages', async () => {
    const random = randomOf('W21');
    let running = 0;
    let most = 0;
    const served = await serveSocket(stack, {
      handler: async ({ text }): Promise<Says> => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, random() * 4));
        running -= 1;
        return { said: text };
      },
    });
    const client = await connect(served.url);

    for (let n = 0; n < 100; n++) client.send(say(String(n)));

    for (let n = 0; n < 100; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);
    expect(most).toBe(1);
  });

  it('W22 a client that goes while its context is asked for: never opened, and never told closed', async () => {
    const opened: unknown[] = [];
    const arrived = deferred();
    const release = deferred();
    const contexts = deferred();
    const served = await serveSocket(stack, {
      context: async (request) => {
        arrived.resolve();
        await new Promise((resolve) => request.socket.once('close', resolve));
        contexts.resolve();
        await release.promise;
        return undefined;
      },
      onOpen: (connection) => {
        opened.push(connection);
      },
    });
    const client = await openRaw(served);

    await arrived.promise;
    client.reset();
    await contexts.promise;
    release.resolve();
    await new Promise((resolve) => setImmediate(resolve));

    expect(opened).toEqual([]);
    expect(served.closes).toEqual([]);
    expect(served.told).toEqual([]);
  });

  it('W23 a client that goes with 50 messages waiting: signal aborts, and no further handler starts', async () => {
    const { aborted, handler } = untilAborted();
    const served = await serveSocket(stack, { handler });
    const client = await openRaw(served);

    for (let n = 0; n < 50; n++) client.write(sayFrame(String(n)));
    await served.until(() => served.handled.length > 0);
    client.reset();
    await aborted;
    await served.until(() => served.closes.length > 0);
    await new Promise((resolve) => setImmediate(resolve));

    expect(served.handled).toEqual([{ text: '0' }]);
    expect(served.closes).toEqual([1006]);
    expect(served.told).toEqual([]);
  });

  it.each<[string, Partial<Parameters<typeof serveSocket>[1]>]>([
    ['a handler', { handler: never }],
    ['onOpen', { onOpen: never }],
  ])(
    'W24 %s that never resolves: signal, onError, 1011 after handlerTimeout',
    async (__, options) => {
      const signals: boolean[] = [];
      const served = await serveSocket(stack, {
        ...options,
        handlerTimeout: 50,
        onError: (___, { signal }) => {
          signals.push(signal.aborted);
          return undefined;
        },
      });
      const client = await openRaw(served);

      client.write(sayFrame('1'));

      expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
      expect(served.told.map(({ code, status }) => [code, status])).toEqual([
        ['handler-timeout', 504],
      ]);
      expect(signals).toEqual([true]);
      await served.until(() => served.closes.length > 0);
      expect(served.closes).toEqual([1011]);
    },
  );

  it('W24 a handler that never resolves, and an onError that never does: 1011 all the same', async () => {
    const served = await serveSocket(stack, {
      handler: never,
      onError: never,
      handlerTimeout: 30,
    });
    const client = await openRaw(served);

    client.write(sayFrame('1'));

    expect(await client.ended).toEqual({ code: 1011, reason: 'failed' });
  });

  it('W24 a context that never resolves: onError, 4408 after contextTimeout', async () => {
    const served = await serveSocket(stack, { context: never, contextTimeout: 30 });
    const client = await openRaw(served);

    client.write(sayFrame('1'));

    expect(await client.ended).toEqual({ code: 4408, reason: 'timeout' });
    expect(served.told.map(({ code }) => code)).toEqual(['context-timeout']);
    expect(served.handled).toEqual([]);
    expect(served.closes).toEqual([]);
  });

  it('W23 messages before a close frame are answered before ours, however many turns they take', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served);
    const texts = Array.from({ length: 500 }, (__, n) => String(n));

    client.write(Buffer.concat([...texts.map(sayFrame), closeFrame(1000)]));

    for (const text of texts) expect(await client.next()).toBe(`{"said":"${text}"}`);
    expect((await client.ended).code).toBe(1000);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([1000]);
  });

  it('W23 a close frame does not wait for a handler that takes its time', async () => {
    const { aborted, handler } = untilAborted();
    const served = await serveSocket(stack, { handler });
    const client = await openRaw(served);

    client.write(Buffer.concat([sayFrame('1'), sayFrame('2'), closeFrame(1000)]));

    expect((await client.ended).code).toBe(1000);
    await aborted;
    expect(served.handled).toEqual([{ text: '1' }]);
  });
});
