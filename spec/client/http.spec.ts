import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ask, http } from '../../lib/client.ts';
import { type Codec } from '../../lib/core/codec.ts';
import { omniHttp } from '../../lib/http/route.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { type Linked, linkTo, words } from '../support/linked.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

/** The server's half of the words, which answers by rules. */
function route(
  handled: string[],
  refuse: () => number | undefined = () => undefined,
  codec = words,
) {
  const app = express();
  app.set('env', 'test');
  app.use(
    omniHttp<string, string>({
      path: '/omni-http',
      codec,
      context: () => {
        const status = refuse();
        if (status !== undefined) throw Object.assign(new Error('refused'), { status });
        return undefined;
      },
      handler: (message) => {
        handled.push(message);
        if (message === 'fail') throw new Error('secret');
        return message.startsWith('quiet') ? undefined : `re: ${message}`;
      },
    }),
  );
  return app;
}

/** The same messages as bytes: an empty body is one of them. */
const bytes: Codec<string, string, Uint8Array> = {
  binary: true,
  decode: (encoded) => new TextDecoder().decode(encoded),
  encode: (message) => new TextEncoder().encode(message),
};

const over = (url: string, options: Parameters<typeof linkTo>[1] = {}): Linked =>
  linkTo(`${url}/omni-http`, { transport: http(), ...options });

/** A server by hand, whose answers are taken from a list; the last one stays. */
async function answering(
  ...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]
): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      (answers.length > 1 ? answers.shift() : answers[0])?.(request, response);
    });
  });
  return { url, bodies };
}
type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end(body);
  };
const problem = (code: number, name: string, headers: Record<string, string> = {}): Answer =>
  status(code, JSON.stringify({ status: code, code: name }), {
    'content-type': 'application/problem+json',
    ...headers,
  });
const empty = problem(400, 'empty');

describe('a link over HTTP', () => {
  it('sends a POST each, in order, and gets replies and acknowledgements', async () => {
    const handled: string[] = [];
    const { link, messages, opened } = over(await serve(route(handled)));
    const sent = ['a', 'b', 'quiet', 'c', 'd'];

    sent.forEach((message) => link.send(message));
    expect(await ask(link, 'asked')).toBe('re: asked');
    expect(await ask(link, 'quiet, too')).toBeUndefined();

    expect(handled).toEqual([...sent, 'asked', 'quiet, too']);
    expect(messages).toEqual(['re: a', 're: b', 're: c', 're: d']);
    expect(opened).toHaveLength(1);
    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'http' });
  });

  it('says what has failed, and goes on', async () => {
    const handled: string[] = [];
    const { link, failed, messages } = over(await serve(route(handled)));

    link.send('garbage in');
    link.send('x'.repeat(65_537));
    link.send('fine');
    await until(() => messages.length === 1);

    expect(failed.map(([message, code]) => [message.slice(0, 10), code])).toEqual([
      ['garbage in', 'decode'],
      ['xxxxxxxxxx', 'too-large'],
    ]);
    expect(handled).toEqual(['fine']);
    await expect(ask(link, 'garbage')).rejects.toMatchObject({ code: 'decode' });
    expect(link.getSnapshot().state).toBe('open');
  });

  it('tells a failure that was answered from a reply, by its mark', async () => {
    const { url } = await answering(
      status(200, 'what the server says of it', { omnimessage: 'failed; code=handler' }),
    );
    const { link, failed, messages } = over(url);
    link.send('a');
    await until(() => failed.length === 1);

    expect(failed).toEqual([['a', 'handler']]);
    expect(messages).toEqual(['what the server says of it']);
  });

  it.each([
    ['text', words],
    ['bytes', bytes],
  ])('comes back when the server does, with what waited: %s', async (_name, codec) => {
    const handled: string[] = [];
    const app = route(handled, undefined, codec as typeof words);
    const first = createServer(app).listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const { link, unconfirmed, messages, states } = over(`http://127.0.0.1:${port}`, {
      codec: codec as typeof words,
    });
    await ask(link, 'before');
    first.closeAllConnections();
    first.close();
    await once(first, 'close');

    link.send('into the silence');
    await until(() => unconfirmed.length === 1);
    link.send('waits');
    // It has looked for the server in vain, and what waits was not sent for that.
    await until(
      () => states().filter((state) => state === 'waiting: connection-lost').length === 3,
    );
    const second = createServer(app).listen(port, '127.0.0.1');
    onTestFinished(() => {
      second.closeAllConnections();
      second.close();
    });
    await until(() => messages.length === 1);

    expect(unconfirmed).toEqual([['into the silence']]);
    expect(handled).toEqual(['before', 'waits']);
    expect(states().at(-1)).toBe('open: connected');
    expect(states()).toContain('waiting: connection-lost');
  });

  it.each([
    ['a proxy says 502', status(502, '<h1>Bad Gateway</h1>', { 'content-type': 'text/html' })],
    ['a captive portal says 200', status(200, '<form>', { 'content-type': 'text/html' })],
    ['a captive portal sends it elsewhere', status(302, '', { location: 'http://127.0.0.1:9/' })],
    [
      'the answer breaks off',
      (_request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
    ],
  ])('%s: the message is unconfirmed, and the link comes back', async (_name, answer) => {
    const { url, bodies } = await answering(answer, answer, empty, status(200, 'a reply'));
    const { link, unconfirmed, messages } = over(url);
    link.send('a');
    await until(() => unconfirmed.length === 1);
    link.send('b');
    await until(() => messages.length === 1);

    expect(unconfirmed).toEqual([['a']]);
    // Twice it looked whether the server is back, with an empty body.
    expect(bodies).toEqual(['a', '', '', 'b']);
    expect(messages).toEqual(['a reply']);
  });

  it('waits as long as the server asks, and sends again what was refused before it was handled', async () => {
    const { url, bodies } = await answering(
      problem(503, 'shutting-down', { 'retry-after': '1' }),
      empty,
      status(200, 'a reply'),
    );
    const begun = performance.now();
    const { link, messages, unconfirmed, snapshots } = over(url);
    link.send('a');
    link.send('b');
    await until(() => messages.length === 2);

    expect(performance.now() - begun).toBeGreaterThan(999);
    expect(bodies).toEqual(['a', '', 'a', 'b']);
    expect(unconfirmed).toEqual([]);
    expect(snapshots.find(({ state }) => state === 'waiting')).toMatchObject({
      reason: 'server-busy',
      code: 503,
      queued: 2,
    });
  });

  it('waits, and sends again, when another server says 404: a deploy may be under way', async () => {
    const { url, bodies } = await answering(
      status(404, 'Not Found', { 'content-type': 'text/plain' }),
      status(404, '<h1>Not Found</h1>', { 'content-type': 'text/html' }),
      empty,
      status(200, 'a reply'),
    );
    const { link, messages, unconfirmed } = over(url);
    link.send('a');
    await until(() => messages.length === 1);

    expect(bodies).toEqual(['a', '', '', 'a']);
    expect(unconfirmed).toEqual([]);
  });

  it('ends after a minute of 404s of the route, also where it cannot look before it sends: bytes', async () => {
    withFakeClock();
    const { url, bodies } = await answering(problem(404, 'context'));
    const dice = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    onTestFinished(() => dice.mockRestore());
    const { link, dropped } = over(url, {
      codec: { ...words, binary: true },
      minDelay: 20_000,
      maxDelay: 20_000,
    });
    link.send('a');
    for (let attempts = 1; attempts <= 4; attempts++) {
      await untilTurned(() => bodies.length === attempts);
      await untilTurned(() => /waiting|closed/.test(link.getSnapshot().state));
      await vi.advanceTimersByTimeAsync(20_000);
    }

    expect(link.getSnapshot()).toMatchObject({ state: 'closed', reason: 'not-found', code: 404 });
    expect(dropped).toEqual([[['a'], 'not-found']]);
  });

  it('asks for a login with 401, and sends then', async () => {
    const handled: string[] = [];
    let isLoggedIn = false;
    const { link, messages } = over(
      await serve(route(handled, () => (isLoggedIn ? undefined : 401))),
      {
        onUnauthorized: () => {
          isLoggedIn = true;
          return true;
        },
      },
    );
    link.send('second');
    await until(() => messages.length === 1);

    expect(handled).toEqual(['second']);
    expect(link.getSnapshot().state).toBe('open');
  });

  it('ends with 403', async () => {
    const { url } = await answering(problem(403, 'origin'));
    const { link, dropped } = over(url);
    link.send('a');
    link.send('b');
    await until(() => link.getSnapshot().state === 'closed');

    expect(link.getSnapshot()).toMatchObject({ reason: 'forbidden', code: 403 });
    expect(dropped).toEqual([[['a', 'b'], 'forbidden']]);
  });
});
