import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type WebSocket } from 'ws';
import { PLACED } from '../../lib/connection/line.ts';
import { Prepared } from '../../lib/core/prepared.ts';
import { WebSocketLine } from '../../lib/websocket/line.ts';
import { attachWebSockets } from '../../lib/server/attach.ts';
import express from 'express';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { until } from '../support/until.ts';

interface Pair {
  readonly line: WebSocketLine;
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly client: SocketClient;
}

interface Kind {
  readonly protocols?: string[];
  readonly hasIds?: boolean;
  readonly asksWho?: boolean;
}

/** A line over a socket of a server, and its client. */
async function lineOn(
  start: (route: (socket: WebSocket, request: IncomingMessage) => void) => Promise<string>,
  { protocols = [], hasIds = true, asksWho = false }: Kind = {},
): Promise<Pair> {
  const arrived = deferred<Omit<Pair, 'client'>>();
  const url = await start((socket, request) => {
    const line = new WebSocketLine(socket, request, hasIds, asksWho, 65_536);
    arrived.resolve({ line, socket, request });
  });
  const client = await connect(url, {}, protocols);
  return { ...(await arrived.promise), client };
}

/** A server that chooses `omnimessage.1`. */
const attached: Parameters<typeof lineOn>[0] = async (route) => {
  const { app, server } = attachWebSockets(express());
  app.ws('/omni', route as never);
  return `${await serve(server)}/omni`;
};

const client = 'c'.repeat(22);
const token = Buffer.from(JSON.stringify({ client })).toString('base64url');
const marked: Kind = { protocols: ['omnimessage.1', `omnimessage.1.${token}`] };

/** A message that stands in the log of a topic. */
class Placed extends Prepared {
  override get isPlaced(): boolean {
    return true;
  }

  override get place(): string {
    return 'topic,1-0';
  }
}

describe.each(stacks)('a line on %s', (_, stack) => {
  it('writes messages as they are, whatever the header', async () => {
    const pair = await lineOn(stack);

    pair.line.write('text', '=1');
    pair.line.write(new Prepared('prepared'), PLACED);
    pair.line.write(new Uint8Array([1]), '');

    expect(await pair.client.next()).toBe('text');
    expect(await pair.client.next()).toBe('prepared');
    expect(await pair.client.next()).toEqual(Buffer.from([1]));
    expect(pair.line.isMarked).toBe(false);
  });

  it('reads nothing while it is paused, and all of it after that', async () => {
    const pair = await lineOn(stack);
    const read: string[] = [];
    pair.socket.on('message', (data: Buffer | string) => read.push(String(data)));
    pair.line.pause();
    pair.client.send('first');
    pair.client.send('second');
    // What a client sends to another socket after it is answered meanwhile.
    const other = await lineOn(stack);
    other.socket.on('message', () => other.line.write('other', ''));
    other.client.send('ask');
    await other.client.next();

    expect(read).toEqual([]);

    pair.line.resume();
    await until(() => read.length === 2);

    expect(read).toEqual(['first', 'second']);
  });

  it('stays paused where ws has the stream go on', async () => {
    const { line, socket, request } = await lineOn(stack);
    // ws 8 knows of its pause.
    if (typeof (socket as { pause?: unknown }).pause === 'function') return;
    line.pause();
    const resumed = once(request.socket, 'resume');
    request.socket.resume();
    await resumed;

    expect(request.socket.isPaused()).toBe(true);
    line.resume();
    expect(request.socket.isPaused()).toBe(false);
  });

  it('says how much was written, what waits, and when all was taken', async () => {
    const pair = await lineOn(stack);

    expect(pair.line.write('hello', '')).toBeGreaterThan(0);
    expect(pair.line.buffered).toBeGreaterThan(0);
    await new Promise<void>((resolve) => {
      pair.line.whenDrained(resolve);
    });

    expect(pair.line.buffered).toBe(0);
    expect(pair.line.bytesSent).toBeGreaterThanOrEqual('hello'.length);
    expect(await pair.client.next()).toBe('hello');
  });

  it('sends what waits before it closes, and nothing after that', async () => {
    const pair = await lineOn(stack);
    pair.line.write('last', '');
    pair.line.flushBeforeClose();
    pair.line.close(4_000, 'bye');

    expect(pair.line.isOpen).toBe(false);
    expect(await pair.client.next()).toBe('last');
    expect(await pair.client.closed).toEqual({ code: 4_000, reason: 'bye' });
  });
});

describe('a marked line', () => {
  it('puts the header before each message; a push to many is framed once', async () => {
    const { line, client: peer } = await lineOn(attached, marked);
    const prepared = new Prepared('push');

    line.write('reply', '=1');
    line.write(prepared, '');
    line.write(prepared, ';push=5');
    line.write(new Placed('placed'), PLACED);
    line.write(new Prepared('placed nowhere'), PLACED);
    line.write(new Uint8Array([1, 2]), '=2');

    expect(line.isMarked).toBe(true);
    const frames: unknown[] = [];
    for (let count = 0; count < 6; count += 1) frames.push(await peer.next());
    expect(frames).toEqual([
      '=1\nreply',
      '\npush',
      ';push=5\npush',
      ';place=topic,1-0\nplaced',
      '\nplaced nowhere',
      Buffer.from([...Buffer.from('=2\n'), 1, 2]),
    ]);
  });

  it('knows who its client is only where the route asks', async () => {
    const asked = await lineOn(attached, { ...marked, asksWho: true });
    const unasked = await lineOn(attached, marked);

    expect(asked.line.introduction).toMatchObject({ client });
    expect(unasked.line.introduction).toBeUndefined();
  });

  it('is none where the route knows no ids, or the client does not offer it', async () => {
    const withoutIds = await lineOn(attached, { ...marked, hasIds: false, asksWho: true });
    const plain = await lineOn(attached, { asksWho: true });

    for (const { line } of [withoutIds, plain]) {
      expect([line.isMarked, line.introduction]).toEqual([false, undefined]);
    }
  });
});
