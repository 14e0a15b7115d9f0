/** Section 2b: clients that are not there any more, and do not say so; and those that only seem so. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { closeFrame, frame } from '../drills/wire.ts';
import { type Says } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { openRaw, say, sayFrame, serveSocket } from './served-socket.ts';

/** Given up within 300 ms, beats of 10 ms included. */
const heartbeat = { interval: 100, timeout: 100 };
const GIVEN_UP = 200;
/** What a busy machine may add is less than what ends a connection otherwise: 5 s or more. */
const LATEST = GIVEN_UP + 4_000;

describe.each(stacks)('2b: omniWs on %s', (_, stack) => {
  it('W25 a client that falls silent, idle: gone in time and not before, onClose 1006', async () => {
    const served = await serveSocket(stack, { heartbeat });
    const began = performance.now();
    const client = await openRaw(served);

    await client.ended;

    const took = performance.now() - began;
    expect(took).toBeGreaterThan(GIVEN_UP - 20);
    expect(took).toBeLessThan(LATEST);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([1006]);
    expect(served.told).toEqual([]);
  });

  it('W26 the same while the server speaks all the time: what we send proves nothing', async () => {
    const served = await serveSocket(stack, {
      heartbeat,
      onOpen: ({ send, signal }) => {
        const timer = setInterval(send, 10, { said: 'tick' });
        signal.addEventListener('abort', () => {
          clearInterval(timer);
        });
      },
    });
    const client = await openRaw(served);
    const began = performance.now();

    await client.ended;

    expect(performance.now() - began).toBeLessThan(LATEST);
    expect(client.texts.length).toBeGreaterThan(3);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([1006]);
  });

  it('W27 a client that never answers our close frame: cut after 5 s', async () => {
    const served = await serveSocket(stack, {
      onOpen: ({ close }) => {
        close(4000);
      },
    });
    const began = performance.now();
    const client = await openRaw(served, { isStubborn: true });

    expect((await client.ended).code).toBe(4000);

    const took = performance.now() - began;
    expect(took).toBeGreaterThan(4_900);
    // ws itself cuts it after 30 s.
    expect(took).toBeLessThan(15_000);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([4000]);
  });

  it('W27 a client that has sent its close frame and stays, its side open: cut after 5 s', async () => {
    const served = await serveSocket(stack);
    const client = await openRaw(served, { isStubborn: true, isHalfOpen: true });
    const began = performance.now();

    client.write(closeFrame(4001));
    await served.until(() => served.closes.length > 0);

    expect(performance.now() - began).toBeLessThan(15_000);
    expect(served.closes).toEqual([4001]);
  });

  it('W28 a frozen client (nothing is read, nothing sent): gone in time, whatever waits for it', async () => {
    const served = await serveSocket(stack, {
      heartbeat,
      highWaterMark: 1_000,
      handler: (): Says => ({ said: 'x'.repeat(400_000) }),
      maxBuffered: 100_000_000,
    });
    const client = await openRaw(served);
    const began = performance.now();

    client.socket.pause();
    for (let n = 0; n < 20; n++) client.write(sayFrame('more'));
    await served.until(() => served.closes.length > 0);

    expect(performance.now() - began).toBeLessThan(LATEST + GIVEN_UP);
    expect(served.closes).toEqual([1006]);
  });

  it('W28 a frozen client of which we read nothing either, because too much waits: gone in time', async () => {
    const served = await serveSocket(stack, {
      heartbeat,
      highWaterMark: 1_000,
      handler: (): Says => ({ said: 'x'.repeat(400_000) }),
      maxBuffered: 100_000_000,
    });
    const client = await openRaw(served);
    const began = performance.now();

    client.socket.pause();
    client.write(Buffer.concat(Array.from({ length: 500 }, () => sayFrame('more'))));
    await served.until(() => served.closes.length > 0);

    expect(performance.now() - began).toBeLessThan(LATEST + GIVEN_UP);
    expect(served.closes).toEqual([1006]);
    expect(served.handled.length).toBeLessThan(100);
  });

  it('W29 a client that sends a frame byte by byte: gone in time', async () => {
    const served = await serveSocket(stack, { heartbeat });
    const client = await openRaw(served);
    const began = performance.now();

    const bytes = frame('x'.repeat(60_000));
    let at = 0;
    const timer = setInterval(() => {
      client.write(bytes.subarray(at, at + 1));
      at += 1;
    }, 10);
    await client.ended;
    clearInterval(timer);

    expect(performance.now() - began).toBeLessThan(LATEST);
    await served.until(() => served.closes.length > 0);
    expect(served.closes).toEqual([1006]);
  });

  it('W30 a good client whose messages wait for slow handlers longer than the heartbeat: all are answered', async () => {
    const served = await serveSocket(stack, {
      heartbeat: { interval: 15, timeout: 15 },
      handler: async ({ text }): Promise<Says> => {
        if (Number(text) < 8) await new Promise((resolve) => setTimeout(resolve, 40));
        return { said: text };
      },
    });
    const client = await connect(served.url);

    for (let n = 0; n < 400; n++) client.send(say(String(n)));

    for (let n = 0; n < 400; n++) expect(await client.next()).toBe(`{"said":"${n}"}`);
    expect(served.closes).toEqual([]);
  });

  it('W30 a good client that answers pings and says nothing else: stays', async () => {
    const served = await serveSocket(stack, { heartbeat: { interval: 20, timeout: 500 } });
    const client = await connect(served.url);

    for (let n = 0; n < 5; n++) await once(client.socket, 'ping');

    expect(served.closes).toEqual([]);
  });
});
