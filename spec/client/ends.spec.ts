import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { anyWebSocket, ask, type Transport, webSocket } from '../../lib/client.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { type Linked, linkTo } from '../support/linked.ts';
import { type ProtocolServer, serveProtocol } from '../support/protocol-server.ts';

/** Opens a link, which the server closes with a code. */
async function closedWith(
  code: number | 'cut',
  options: Parameters<typeof linkTo>[1] = {},
  reason = '',
): Promise<Linked & { readonly server: ProtocolServer; readonly wait: number }> {
  withFakeClock();
  const server = await serveProtocol();
  const linked = linkTo(server.url, { minDelay: 500, maxDelay: 15_000, ...options });
  const { link } = linked;
  await untilTurned(() => link.getSnapshot().state === 'open');
  const [peer] = server.peers;
  if (code === 'cut') peer!.socket.terminate();
  else if (code === 1005) peer!.socket.close();
  else peer!.socket.close(code, reason);
  await untilTurned(() => link.getSnapshot().state !== 'open');
  const { retryAt } = link.getSnapshot();
  return Object.assign(linked, {
    server,
    wait: retryAt === undefined ? Infinity : retryAt - Date.now(),
  });
}

describe('the end of a line', () => {
  it.each([
    [1005, 'connection-lost'],
    ['cut', 'connection-lost'],
    [1011, 'server-failed'],
    [1014, 'connection-lost'],
    [1009, 'message-too-large'],
    [4408, 'server-too-slow'],
  ] as const)('%s: the link comes back within half a second', async (code, reason) => {
    const { link, server, wait } = await closedWith(code);

    expect(link.getSnapshot()).toMatchObject({ state: 'waiting', reason });
    expect(wait).toBeLessThanOrEqual(500);
    await vi.advanceTimersByTimeAsync(500);
    await untilTurned(() => server.peers.length === 2);
  });

  it.each([
    [1001, 'server-restarting'],
    [1012, 'server-restarting'],
    [1013, 'server-busy'],
  ])('%i: the link comes back, spread over five seconds', async (code, reason) => {
    // The dice are thrown where they say most.
    const dice = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const { link, wait } = await closedWith(code);
    dice.mockRestore();

    expect(link.getSnapshot()).toMatchObject({ state: 'waiting', reason, code });
    expect(wait).toBeGreaterThan(4_900);
    expect(wait).toBeLessThanOrEqual(5_000);
  });

  it('1013: the page is told of the gap once there is a line again', async () => {
    const linked = await closedWith(1013);
    expect(linked.gaps).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    await untilTurned(() => linked.link.getSnapshot().state === 'open');
    expect(linked.gaps).toBe(1);

    linked.server.peers[1]!.socket.terminate();
    await untilTurned(() => linked.link.getSnapshot().state === 'waiting');
    await vi.advanceTimersByTimeAsync(5_000);
    await untilTurned(() => linked.link.getSnapshot().state === 'open');
    expect(linked.gaps).toBe(1);
  });

  it('4429: the link comes back after five seconds at the earliest', async () => {
    const { wait } = await closedWith(4429);

    expect(wait).toBeGreaterThanOrEqual(5_000);
    expect(wait).toBeLessThanOrEqual(5_500);
  });

  it.each([
    [1000, 'ended-by-server'],
    [1002, 'not-understood'],
    [1003, 'not-understood'],
    [1007, 'not-understood'],
    [1008, 'not-understood'],
    [1010, 'not-understood'],
    [4400, 'not-understood'],
    [4403, 'forbidden'],
    [3000, 'ended-by-server'],
    [3999, 'ended-by-server'],
    [4000, 'ended-by-server'],
    [4999, 'ended-by-server'],
  ])('%i: the link ends for good, and gives back what waits', async (code, reason) => {
    const { link, server, wait, dropped } = await closedWith(code);

    expect(link.getSnapshot()).toMatchObject({ state: 'closed', reason, code });
    expect(wait).toBe(Infinity);
    expect(link.send('late')).toBe('dropped');
    await expect(ask(link, 'late')).rejects.toMatchObject({ code: reason });
    expect(dropped).toEqual([[['late'], reason]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.peers).toHaveLength(1);

    link.retry();
    await untilTurned(() => link.getSnapshot().state === 'open');
    expect(link.send('again')).toBe('sent');
  });

  it("the application's own code is for shouldReconnect to decide", async () => {
    const asked: unknown[] = [];
    const { link, wait } = await closedWith(
      4242,
      {
        shouldReconnect: (code, reason) => {
          asked.push([code, reason]);
          return true;
        },
      },
      'moved on',
    );

    expect(asked).toEqual([[4242, 'moved on']]);
    expect(link.getSnapshot().state).toBe('waiting');
    expect(wait).toBeLessThanOrEqual(500);
  });

  it('a shouldReconnect that throws is reported, and ends the link', async () => {
    const { link, errors } = await closedWith(4242, {
      shouldReconnect: () => {
        throw new Error('mine');
      },
    });
    await vi.advanceTimersByTimeAsync(0);

    expect(link.getSnapshot().state).toBe('closed');
    expect(errors.map(String)).toEqual(['Error: mine']);
  });

  it.each<[string, false | object, Transport]>([
    ['before the hello', false, webSocket()],
    ['after the hello', {}, webSocket()],
    ['on a bare line', {}, anyWebSocket({ protocol: 'bare' })],
  ])(
    '4404 %s is final after three in a row over a minute: a deploy may be under way',
    async (_name, hello, transport) => {
      withFakeClock();
      const server = await serveProtocol({
        greet: (peer) => {
          peer.socket.close(4404, 'not-found');
        },
        hello,
      });
      const { link } = linkTo(server.url, { transport, minDelay: 20_000, maxDelay: 20_000 });
      const dice = vi.spyOn(Math, 'random').mockReturnValue(0.999);
      onTestFinished(() => dice.mockRestore());
      for (let attempts = 1; attempts <= 4; attempts++) {
        await untilTurned(() => server.peers[attempts - 1]?.closed !== undefined);
        await untilTurned(() => /waiting|closed/.test(link.getSnapshot().state));
        await vi.advanceTimersByTimeAsync(20_000);
      }

      expect(link.getSnapshot()).toMatchObject({
        state: 'closed',
        reason: 'not-found',
        code: 4404,
      });
      expect(server.peers.length).toBe(4);
    },
  );

  it('4404 is counted anew after a line that held ten seconds', async () => {
    withFakeClock();
    const server = await serveProtocol();
    const { link } = linkTo(server.url, { minDelay: 0, maxDelay: 0 });
    for (let lines = 1; lines <= 8; lines++) {
      await untilTurned(() => server.peers.length === lines && link.getSnapshot().state === 'open');
      await vi.advanceTimersByTimeAsync(10_000);
      server.peers.at(-1)!.socket.close(4404, 'not-found');
      await untilTurned(() => link.getSnapshot().state === 'waiting');
      await vi.advanceTimersByTimeAsync(0);
    }

    expect(link.getSnapshot().state).not.toBe('closed');
  });
});

describe('a server that does not know the page (4401)', () => {
  it('is come back to after a login, at once', async () => {
    let logins = 0;
    const { link, server } = await closedWith(4401, {
      onUnauthorized: () => {
        logins += 1;
        return Promise.resolve(true);
      },
    });
    link.send('waited');
    await untilTurned(() => server.received().length === 1);

    expect(logins).toBe(1);
    expect(server.received()).toEqual(['waited']);
  });

  it('is waited for as long as the login takes, whatever wakes the link', async () => {
    let login = (_is: boolean): void => {};
    const { link, server } = await closedWith(4401, {
      onUnauthorized: () =>
        new Promise<boolean>((resolve) => {
          login = resolve;
        }),
    });
    await vi.advanceTimersByTimeAsync(600_000);

    expect(link.getSnapshot()).toMatchObject({
      state: 'waiting',
      reason: 'unauthorized',
      retryAt: undefined,
    });
    expect(link.send('meanwhile')).toBe('queued');
    login(true);
    await untilTurned(() => server.received().length === 1);
  });

  it.each([
    ['no such function', undefined],
    ['anything but true', (): unknown => 'true'],
    ['a promise of anything else', (): unknown => Promise.resolve(1)],
    ['a rejection', (): unknown => Promise.reject(new Error('cancelled'))],
    [
      'an error',
      (): unknown => {
        throw new Error('cancelled');
      },
    ],
  ])('is left with %s', async (_name, onUnauthorized) => {
    const { link, dropped } = await closedWith(4401, { onUnauthorized });
    link.send('a');
    await untilTurned(() => link.getSnapshot().state === 'closed');

    expect(link.getSnapshot()).toMatchObject({ reason: 'unauthorized', code: 4401 });
    expect(dropped).toEqual([[['a'], 'unauthorized']]);
  });

  it('is not asked for a login twice within ten seconds: the second is a failed attempt', async () => {
    withFakeClock();
    let logins = 0;
    const server = await serveProtocol({
      greet: (peer) => {
        peer.socket.close(4401, 'unauthorized');
      },
    });
    const { link } = linkTo(server.url, {
      minDelay: 9_000,
      maxDelay: 9_000,
      onUnauthorized: () => {
        logins += 1;
        return true;
      },
    });
    await untilTurned(() => server.peers.length === 2 && link.getSnapshot().retryAt !== undefined);

    expect(logins).toBe(1);
    expect(link.getSnapshot()).toMatchObject({ state: 'waiting', reason: 'unauthorized' });
    await vi.advanceTimersByTimeAsync(9_000);
    await untilTurned(() => server.peers.length === 3);
    await vi.advanceTimersByTimeAsync(9_000);
    await untilTurned(() => logins === 2);
  });
});

describe('what a line has unconfirmed when it was closed with 1009', () => {
  it('is the largest message, which is dropped, and others, of which one cannot know', async () => {
    withFakeClock();
    const server = await serveProtocol({
      answer: (message, _id, peer) => {
        if (message === 'last') peer.socket.close(1009, 'too-large');
      },
    });
    const { link, dropped, unconfirmed } = linkTo(server.url);
    for (const message of ['small', 'the largest one', 'last']) link.send(message);
    await untilTurned(() => link.getSnapshot().state === 'waiting');

    expect(dropped).toEqual([[['the largest one'], 'too-large']]);
    expect(unconfirmed).toEqual([['small', 'last']]);
  });
});
