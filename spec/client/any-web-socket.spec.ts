import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { anyWebSocket, ask } from '../../lib/client.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { gate } from '../support/gate.ts';
import { linkTo } from '../support/linked.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

/** Nothing is answered. */
const silent = (): void => {};

describe('a link to any server', () => {
  const anyServer = (): Parameters<typeof linkTo>[1] => ({ transport: anyWebSocket() });

  it('a line is bare: frames are the messages alone, and nothing can be confirmed (L16)', async () => {
    const server = await serveProtocol({ choose: () => false });
    const { link, messages, unconfirmed, opened } = linkTo(server.url, anyServer());
    link.send('waited');
    await until(() => messages.length === 1);

    await expect(ask(link, 'a')).rejects.toMatchObject({ code: 'bare', isSent: false });
    link.send('b');
    await until(() => messages.length === 2);
    server.peers.at(-1)!.socket.terminate();
    await until(() => opened.length === 2);

    expect(server.received()).toEqual(['waited', 'b']);
    expect(unconfirmed).toEqual([]);
    // What worked is tried first from then on.
    expect(server.peers.map(({ offered }) => offered.length)).toEqual([1, 0, 0]);
  });

  it('a server that chooses it and does not speak it gets nothing, until it is tried bare (L16)', async () => {
    withFakeClock();
    const server = await serveProtocol({ hello: false });
    const { link } = linkTo(server.url, anyServer());
    link.send('a');
    await untilTurned(() => server.peers.length === 1);
    await untilTurned(() => vi.getTimerCount() > 0);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(server.received()).toEqual([]);
    expect(link.getSnapshot().state).toBe('connecting');

    await vi.advanceTimersByTimeAsync(2_000);
    await untilTurned(() => server.peers[0]!.closed !== undefined);
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => server.peers.length === 2);

    expect(server.peers[1]!.offered).toEqual([]);
  });

  it('a first frame that is no hello ends the attempt (L16)', async () => {
    const server = await serveProtocol({
      hello: false,
      greet: (peer) => {
        peer.socket.send('{"type":"welcome"}');
      },
    });
    const { messages } = linkTo(server.url, anyServer());
    const bare = await server.peer(1);
    await until(() => messages.length === 1);

    expect(bare.offered).toEqual([]);
    expect(messages).toEqual(['{"type":"welcome"}']);
  });

  it('is offered for ever once a server has spoken it, however often it is away', async () => {
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    const { link, opened } = linkTo(`ws://127.0.0.1:${door.port}`, anyServer());
    await ask(link, 'a');
    let attempts = 0;
    link.subscribe(() => {
      if (link.getSnapshot().state === 'connecting') attempts += 1;
    });
    await door.shut();
    await until(() => attempts >= 4);
    await door.open();
    await until(() => opened.length === 2);

    expect(await ask(link, 'b')).toBe('b');
    expect(server.peers[1]!.offered).toEqual(['omnimessage.1']);
  });

  it('is offered again after a bare line when the first attempt met a server that was down', async () => {
    const server = await serveProtocol();
    const door = await gate('127.0.0.1', server.port);
    await door.shut();
    const pause = { ...anyServer(), minDelay: 600_000, maxDelay: 600_000 };
    const { link, opened } = linkTo(`ws://127.0.0.1:${door.port}`, pause);
    await until(() => link.getSnapshot().state === 'waiting');
    await door.open();
    link.retry();
    await until(() => opened.length === 1);
    expect(server.peers.map(({ offered }) => offered)).toEqual([[]]);
    server.peers[0]!.socket.terminate();
    await until(() => link.getSnapshot().state === 'waiting');
    link.retry();
    await until(() => opened.length === 2);

    expect(server.peers[1]!.offered).toContain('omnimessage.1');
    expect(await ask(link, 'a')).toBe('a');
  });

  it('is offered again when bare does not work either, in turn', async () => {
    const server = await serveProtocol();
    server.server.removeAllListeners('upgrade');
    const offered: (string | undefined)[] = [];
    server.server.on('upgrade', (request, socket) => {
      offered.push(request.headers['sec-websocket-protocol']?.split(',')[0]);
      socket.on('error', silent).end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    linkTo(server.url, anyServer());
    // A question may hang until the link gives it up, after ten seconds.
    await until(() => offered.length === 4, 40_000);

    expect(offered).toEqual(['omnimessage.1', undefined, 'omnimessage.1', undefined]);
  }, 60_000);
});

describe('a bare line', () => {
  it.each([
    [60_000, 1],
    [60_100, 2],
  ])('is replaced after more than a minute out of sight: %i ms, %i lines', async (ms, lines) => {
    withFakeClock();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const show = (visibilityState: string): void => {
      Object.assign(page, { visibilityState });
      page.dispatchEvent(new Event('visibilitychange'));
    };
    const server = await serveProtocol({ choose: () => false });
    const { link } = linkTo(server.url, { transport: anyWebSocket({ protocol: 'bare' }) });
    await untilTurned(() => link.getSnapshot().state === 'open');
    show('hidden');
    await vi.advanceTimersByTimeAsync(ms);
    show('visible');
    await vi.advanceTimersByTimeAsync(100);
    await untilTurned(() => link.getSnapshot().state === 'open' && server.peers.length >= lines);

    expect(server.peers).toHaveLength(lines);
  });
});
