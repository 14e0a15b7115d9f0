import { once } from 'node:events';
import { createHub, effect, omniHttp, omniWs, startApplication } from 'express-omnimessage';
import express from 'express';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createPoster } from '../../lib/client/poster.ts';
import { forgetNotices, notice, noticeFailure } from '../../lib/process/development-notice.ts';
import { HandlerError } from '../../lib/core/errors.ts';
import { textCodec } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { serve } from '../support/serve.ts';
import { stacks } from '../support/stacks.ts';

const [, stack] = stacks[2]!;

/** What the library prints until the test has finished. */
function printedIn(environment: string): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = environment;
  onTestFinished(() => {
    spy.mockRestore();
    process.env['NODE_ENV'] = before;
  });
  return lines;
}

const failing = {
  codec: textCodec,
  handler: (): never => {
    throw new Error('the table is missing');
  },
};

beforeEach(forgetNotices);

describe('a notice for developers', () => {
  it('says what to do about a refused origin, once, with or without onError', async () => {
    const lines = printedIn('development');
    const url = await stack(omniWs({ ...failing, onError: () => undefined }));
    const options = { headers: { origin: 'http://localhost:5173' } };
    for (let count = 0; count < 3; count++) {
      const socket = new WebSocket(url, options);
      await once(socket, 'close');
    }

    expect(lines).toEqual([
      `express-omnimessage: Origin http://localhost:5173 was refused, Host is ${new URL(url).host}: ` +
        "if pages of http://localhost:5173 may connect, add `origins: ['http://localhost:5173']`\n",
    ]);
  });

  it('shows a failure without onError, with its stack, once', async () => {
    const lines = printedIn('development');
    const client = await connect(await stack(omniWs(failing)));
    client.send('{"text":"a"}');
    client.send('{"text":"b"}');
    await client.settled();

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/the handler failed \(websocket, code handler\).*no onError/);
    expect(lines[0]).toContain('Error: the table is missing\n    at ');
  });

  it('shows nothing of a failure that onError gets', async () => {
    const lines = printedIn('development');
    const client = await connect(await stack(omniWs({ ...failing, onError: () => undefined })));
    client.send('{"text":"a"}');
    await client.settled();

    expect(lines).toEqual([]);
  });

  it('shows nothing at all in production', async () => {
    const lines = printedIn('production');
    const url = await stack(omniWs(failing));
    const client = await connect(url);
    client.send('{"text":"a"}');
    await client.settled();
    const foreign = new WebSocket(url, { headers: { origin: 'http://localhost:5173' } });
    await once(foreign, 'close');

    expect(lines).toEqual([]);
  });

  it('is the same for HTTP, for a hub and for a program without a client', async () => {
    const lines = printedIn('development');
    const app = express();
    app.use(omniHttp({ ...failing, path: '/omni-http', limit: 8 }));
    const url = await serve(app);
    await fetch(`${url}/omni-http`, { method: 'POST', body: '{"text":"too large"}' });
    const hub = createHub({ codec: { decode: JSON.parse, encode: JSON.stringify } });
    hub.subscribe('topic', () => {
      throw new Error('of a subscriber');
    });
    hub.publish('topic', 1);
    const program = startApplication<undefined, number, string>(
      {
        init: () => [0, effect.none()],
        update: (): never => {
          throw new Error('of a program');
        },
      },
      undefined,
    );
    program.dispatch('go');

    expect(lines).toEqual([
      expect.stringContaining('larger than `limit`'),
      expect.stringContaining('Error: of a subscriber'),
      expect.stringContaining('Error: of a program'),
    ]);
  });

  it('says of an empty body what is missing, unless it is how our client asks whether the server is back', async () => {
    const lines = printedIn('development');
    const app = express();
    app.use(omniHttp({ ...failing, path: '/omni-http', limit: 8 }));
    const url = new URL('/omni-http', await serve(app));
    const nothing = (): void => {};
    const events = {
      open: nothing,
      receive: nothing,
      refused: nothing,
      flush: nothing,
      end: nothing,
    };
    for (const binary of [false, true]) {
      const { look } = createPoster(url, { codec: { binary }, url, isReturn: true }, events);
      await new Promise<void>((found) => {
        look(found);
      });
    }
    expect(lines).toEqual([]);
    const headers = { accept: 'application/problem+json' };
    await fetch(url, { method: 'POST', headers, body: 'too large' });
    await fetch(url, { method: 'POST' });

    expect(lines).toEqual([
      expect.stringContaining('larger than `limit`'),
      expect.stringContaining('a request without a body was refused'),
    ]);
  });

  it('holds nothing that controls a terminal', () => {
    const lines = printedIn('development');
    notice('key', () => 'a\u001b[2Jb\r\nc');

    expect(lines).toEqual(['express-omnimessage: a?[2Jb?\nc\n']);
  });

  it('shows nothing of an object that was thrown: it may be a request', () => {
    const lines = printedIn('development');
    noticeFailure(new HandlerError({ cause: { headers: { cookie: 'secret' } } }), 'http');

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('secret');
  });

  it('is one of at most 100: a client cannot fill a log', () => {
    const lines = printedIn('development');
    for (let index = 0; index < 1_000; index++) {
      noticeFailure(new HandlerError({ cause: `number ${index}` }), 'http');
    }

    expect(lines).toHaveLength(100);
  });
});
