import { describe, expect, it } from 'vitest';
import { type WebSocket } from 'ws';
import { type LineListener } from '../../lib/connection/line.ts';
import { listen } from '../../lib/websocket/listeners.ts';
import { limitReceiver } from '../../lib/websocket/ws-internals.ts';
import { deferred } from '../support/deferred.ts';
import { closeFrame, frame, RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';
import { stacks, type Stack } from '../support/stacks.ts';
import { until } from '../support/until.ts';

/** What a socket has told, in order. `finish` decides how it answers the client's close frame. */
class Recorder implements LineListener {
  readonly events: unknown[][] = [];
  finish: LineListener['finish'] = () => false;

  receive: LineListener['receive'] = (data, isBinary) => {
    const text = typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString();
    this.events.push(['receive', text, isBinary]);
  };
  heard = (): void => void this.events.push(['heard']);
  malformed = (code: number): void => void this.events.push(['malformed', code]);
  closed = (code: number): void => void this.events.push(['closed', code]);
  flushBeforeClose = (): void => void this.events.push(['flush']);
}

/** A server whose next socket is listened to. */
async function listening(stack: Stack): Promise<{
  readonly url: string;
  readonly port: number;
  readonly recorder: Recorder;
  readonly socket: Promise<WebSocket>;
}> {
  const recorder = new Recorder();
  const arrived = deferred<WebSocket>();
  const url = await stack((socket) => {
    listen(socket, recorder, recorder);
    limitReceiver(socket, 1_000);
    arrived.resolve(socket);
  });
  return { url, port: Number(new URL(url).port), recorder, socket: arrived.promise };
}

describe.each(stacks)('the listeners of a socket on %s', (_, stack) => {
  it('tell texts from bytes, and pings and pongs from messages', async () => {
    const { url, recorder } = await listening(stack);
    const client = await connect(url);

    client.send('text');
    client.send(new Uint8Array([65]));
    client.socket.ping();
    client.socket.pong();
    await until(() => recorder.events.length === 4);

    expect(recorder.events).toEqual([
      ['receive', 'text', false],
      ['receive', 'A', true],
      ['heard'],
      ['heard'],
    ]);
  });

  it.each<[name: string, bytes: Buffer, code: number]>([
    ['a reserved opcode', frame('', { opcode: 3 }), 1002],
    ['a frame without a mask', frame('a', { masked: false }), 1002],
    ['a text that is no UTF-8', frame(Buffer.from([0xff])), 1007],
    ['a message that is too large', frame('x'.repeat(1_001)), 1009],
  ])('report %s once, with its close code', async (_name, bytes, code) => {
    const { port, recorder, url } = await listening(stack);
    const client = new RawClient({ port, path: new URL(url).pathname, head: bytes });
    await client.answer();
    await until(() => recorder.events.some(([event]) => event === 'closed'));

    expect(recorder.events.filter(([event]) => event === 'malformed')).toEqual([
      ['malformed', code],
    ]);
  });

  it('report an end without a close frame as 1006, and nothing else', async () => {
    const { url, recorder, socket } = await listening(stack);
    const client = await connect(url);
    await socket;

    client.socket.terminate();
    await until(() => recorder.events.length > 0);

    expect(recorder.events).toEqual([['closed', 1006]]);
  });

  it('answer a close frame when what waits was handled, after what was sent', async () => {
    const { port, recorder, url } = await listening(stack);
    let finished = (): void => {};
    recorder.finish = (callback) => {
      finished = callback;
      recorder.events.push(['finish']);
      return true;
    };
    const client = new RawClient({ port, path: new URL(url).pathname, head: closeFrame(4_001) });
    await client.answer();
    await until(() => recorder.events.length === 1);

    expect(recorder.events).toEqual([['finish']]);
    finished();

    expect(recorder.events).toEqual([['finish'], ['flush']]);
    expect(await client.closeCode()).toBe(4_001);
    await until(() => recorder.events.length === 3);
    expect(recorder.events.at(-1)).toEqual(['closed', 4_001]);
  });

  it('keep the order where the user sends or closes by the socket itself', async () => {
    const { url, recorder, socket } = await listening(stack);
    const client = await connect(url);

    (await socket).send('by hand');
    expect(recorder.events).toEqual([['flush']]);
    (await socket).close(1009);
    expect(recorder.events).toEqual([['flush'], ['flush']]);

    expect(await client.next()).toBe('by hand');
    // The reason is ours, where there is none.
    expect(await client.closed).toEqual({ code: 1009, reason: 'too-large' });
  });
});
