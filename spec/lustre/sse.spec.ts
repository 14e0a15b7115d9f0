import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import connectApp from 'connect';
import express, { type ErrorRequestHandler } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { effect, type OmniError } from '../../lib/index.ts';
import {
  omniServerComponentSse,
  type ServerComponent,
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { serveAttached } from '../support/attached.ts';
import { counter, COUNTER_MOUNT, type CounterMessage, counts } from '../support/components.ts';
import { LustreClient } from '../support/lustre-client.ts';
import { serve } from '../support/serve.ts';

interface Stream {
  readonly response: IncomingMessage;
  /** The next block: an event's data, parsed, or a comment as it is. */
  readonly next: () => Promise<unknown>;
  readonly ended: Promise<void>;
}

/** Reads a stream of events. */
async function read(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const sent = get(url, { headers });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  onTestFinished(() => {
    response.destroy();
  });
  const blocks: string[] = [];
  const waiting: ((block: string) => void)[] = [];
  let rest = '';
  response.on('data', (chunk: string) => {
    const parts = `${rest}${chunk}`.split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const taker = waiting.shift();
      if (taker === undefined) blocks.push(part);
      else taker(part);
    }
  });
  const ended = new Promise<void>((resolve) => {
    response.once('close', resolve);
  });
  const parse = (block: string): unknown =>
    block.startsWith('data: ') ? JSON.parse(block.slice('data: '.length)) : block;
  return {
    response,
    ended,
    next: async () => {
      const block =
        blocks.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
      return parse(block);
    },
  };
}

const errors: OmniError[] = [];
const onError = (error: OmniError): void => {
  errors.push(error);
};
const codes = (): string[] => errors.splice(0).map(({ code }) => code);

type Options = Parameters<typeof omniServerComponentSse<number, number, never>>[0];

/** Serves it below /live; what reaches the error handling of the app is answered with its status. */
async function serveSse(options: object): Promise<string> {
  errors.length = 0;
  const app = express();
  app.use('/live', omniServerComponentSse({ onError, ...options } as unknown as Options));
  app.use(((error: { status?: number; code?: string }, _request, response, _next) => {
    response.status(error.status ?? 500).json({ code: error.code ?? 'none' });
  }) as ErrorRequestHandler);
  return `${await serve(app)}/live`;
}

const own = { component: counter(), start: (): number => 0 };

describe('omniServerComponentSse', () => {
  it('mounts first, then sends what changes, to all', async () => {
    const running = startServerComponent(counter({ properties: { p: () => 'more' } }), 0);
    const url = await serveSse({ shared: () => running });
    const one = await read(url);
    const other = await read(url);
    // Without properties, of which the browser could tell nothing here.
    expect([await one.next(), await other.next()]).toEqual([COUNTER_MOUNT, COUNTER_MOUNT]);

    running.dispatch('more');

    expect([await one.next(), await other.next()]).toEqual([counts('1'), counts('1')]);
    expect(one.response.statusCode).toBe(200);
    expect(one.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
  });

  it('survives a response that a middleware has written to after its end', async () => {
    const app = express();
    const responses: ServerResponse[] = [];
    app.use((_request, response, next) => {
      responses.push(response);
      next();
    });
    app.use(omniServerComponentSse(own));
    const url = await serve(app);
    const stream = await read(url);
    await stream.next();

    const [response] = responses as [ServerResponse];
    response.end();
    response.write('too late');
    await stream.ended;

    // The error is emitted in the next tick; without a listener it ends the process.
    expect(response.listenerCount('error')).toBeGreaterThan(0);
    expect(await (await read(url)).next()).toEqual(COUNTER_MOUNT);
  });

  it('writes each frame as one line of data, whatever is in it', async () => {
    const odd = 'a\n\ndata: b\r\n:\u2028\u0000';
    const { next } = await read(
      await serveSse({ component: { ...counter(), view: () => text(odd) }, start: () => 0 }),
    );

    expect(await next()).toEqual({ ...COUNTER_MOUNT, vdom: { kind: 2, content: odd } });
  });

  it('runs a component for each, which ends with the stream', async () => {
    let tell: (value: unknown) => void = () => {};
    const told = new Promise<unknown>((resolve) => {
      tell = resolve;
    });
    const cleaned: string[] = [];
    const stream = await read(
      `${await serveSse({
        component: counter(
          {},
          {
            init: effect.batch([
              effect.after(5, 'more' as const),
              effect.from(() => () => cleaned.push('cleanup')),
            ]),
          },
        ),
        start: async (_request: unknown, context: number) => Promise.resolve(context),
        context: async () => Promise.resolve(4),
        onClose: (model: number, code: number) => tell([model, code]),
      })}?csrf-token=null`,
    );
    expect(await stream.next()).toMatchObject({ kind: 0 });
    expect(await stream.next()).toEqual(counts('5'));

    stream.response.destroy();

    expect(await told).toEqual([5, 1006]);
    expect(cleaned).toEqual(['cleanup']);
  });

  it('has the parameters of the path at which it is mounted', async () => {
    const app = express();
    const rooms: unknown[] = [];
    const context = ({ params }: express.Request): number => rooms.push(params['room']);
    app.use('/:room/live', omniServerComponentSse({ ...own, context }));

    const { next } = await read(`${await serve(app)}/blue/live`);

    expect(await next()).toEqual(COUNTER_MOUNT);
    expect(rooms).toEqual(['blue']);
  });

  it('works in Connect', async () => {
    const app = connectApp();
    app.use(omniServerComponentSse({ ...own, path: '/live' }) as never);

    const { next } = await read(`${await serve(createServer(app))}/live`);

    expect(await next()).toEqual(COUNTER_MOUNT);
  });

  it.each([
    ['another method', 'POST', '/'],
    ['HEAD', 'HEAD', '/'],
    ['OPTIONS', 'OPTIONS', '/'],
    ['another path', 'GET', '/x'],
  ])('passes %s on', async (_, method, path) => {
    const url = await serveSse(own);

    expect((await fetch(`${url}${path}`, { method })).status).toBe(404);
  });

  it.each<[string, number, string, object, string[]]>([
    ['a foreign page', 403, 'origin', own, []],
    ['a token that is not right', 403, 'csrf', { ...own, origins: '*', csrf: () => false }, []],
    [
      'a context that refuses',
      401,
      'none',
      {
        ...own,
        origins: '*',
        context: () => Promise.reject(Object.assign(new Error('x'), { status: 401 })),
      },
      [],
    ],
    [
      'a context that fails',
      500,
      'context',
      { ...own, origins: '*', context: () => Promise.reject(new Error('x')) },
      ['context'],
    ],
    [
      'csrf that fails',
      500,
      'context',
      { ...own, origins: '*', csrf: () => Promise.reject(new Error('x')) },
      ['context'],
    ],
    [
      'origins that fail',
      500,
      'context',
      {
        ...own,
        origins: () => {
          throw new Error('x');
        },
      },
      ['context'],
    ],
    [
      'a start that fails',
      500,
      'start',
      { ...own, origins: '*', start: () => Promise.reject(new Error('x')) },
      ['start'],
    ],
    ['a view that fails', 500, 'view', { ...own, origins: '*', start: () => -1 }, ['view']],
    [
      'what takes too long',
      504,
      'handler-timeout',
      { ...own, origins: '*', start: () => new Promise(() => {}), handlerTimeout: 20 },
      ['handler-timeout'],
    ],
  ])('answers %s with %i %s', async (_, status, code, options, told) => {
    const response = await fetch(await serveSse(options), {
      headers: { origin: 'https://evil.example' },
    });

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(codes()).toEqual(told);
  });

  it('answers 204 when the shared component was stopped, and ends the streams that there are', async () => {
    const running = startServerComponent(counter(), 0);
    const url = await serveSse({ shared: () => running });
    const stream = await read(url);
    await stream.next();

    running.stop();

    await stream.ended;
    expect((await fetch(url)).status).toBe(204);
  });

  it('ends the stream when the component fails, and tells onError', async () => {
    const stream = await read(
      await serveSse({
        component: counter({}, { init: effect.after(5, 'boom' as const) }),
        start: () => 0,
      }),
    );

    await stream.ended;

    expect(stream.response.complete).toBe(true);
    expect(codes()).toEqual(['update']);
  });

  it('tells onError of an onClose that fails', async () => {
    let tell: (code: string) => void = () => {};
    const told = new Promise<unknown>((resolve) => {
      tell = resolve;
    });
    const stream = await read(
      await serveSse({
        ...own,
        onClose: () => Promise.reject(new Error('x')),
        onError: ({ code }: OmniError) => tell(code),
      }),
    );
    await stream.next();

    stream.response.destroy();

    expect(await told).toBe('on-close');
  });

  it('sends comments while there is nothing to say', async () => {
    const { next } = await read(await serveSse({ ...own, heartbeat: 20 }));

    expect(await next()).toEqual(COUNTER_MOUNT);
    expect(await next()).toBe(':');
    expect(await next()).toBe(':');
  });

  it('is ended by the shutdown of the server', async () => {
    const { url, close } = await serveAttached((app) => {
      app.use('/live', omniServerComponentSse(own));
    });
    const stream = await read(`${url.replace('ws:', 'http:')}/live`);
    await stream.next();

    await close({ timeout: 60_000 });

    await stream.ended;
    expect(stream.response.complete).toBe(true);
  });
});

/** A component that says more than the kernel takes, and a viewer who does not read. */
async function notReading(options: object): Promise<{
  readonly running: ServerComponent<CounterMessage>;
  readonly stream: IncomingMessage;
  readonly response: () => ServerResponse;
  /** Has the component change, in a turn of its own. */
  readonly change: () => Promise<void>;
}> {
  const running = startServerComponent(
    { ...counter(), view: (count: number) => text(`${count}:${'x'.repeat(50_000)}`) },
    0,
  );
  const responses: ServerResponse[] = [];
  const app = express();
  app.use((_request, response, next) => {
    responses.push(response);
    next();
  });
  app.use(omniServerComponentSse({ shared: () => running, highWaterMark: 100_000, ...options }));
  const [stream] = (await once(get(await serve(app)), 'response')) as [IncomingMessage];
  onTestFinished(() => {
    stream.destroy();
  });
  stream.pause();
  return {
    running,
    stream,
    response: () => responses[0] as ServerResponse,
    change: async () => {
      running.dispatch('more');
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
  };
}

describe('a viewer who reads too slowly', () => {
  it('misses patches, is shown everything anew, and holds no more than the limit meanwhile', async () => {
    const { stream, response, change } = await notReading({});
    let most = 0;
    for (let count = 0; count < 400; count++) {
      await change();
      most = Math.max(most, response().writableLength);
    }
    expect(most).toBeGreaterThan(100_000);
    expect(most).toBeLessThan(160_000);

    const client = new LustreClient({ send: () => {} });
    client.open();
    let mounts = 0;
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const frame = part.slice('data: '.length);
        if (frame.startsWith('{"kind":0')) mounts += 1;
        client.receive(frame);
      }
    });
    stream.resume();
    await expect
      .poll(() => client.shadowRoot.textContent?.split(':')[0], { timeout: 10_000 })
      .toBe('400');
    expect(mounts).toBeGreaterThanOrEqual(2);
    client.remove();
  });

  it('is cut when nothing was read for two heartbeats', async () => {
    const { running, response, change } = await notReading({ heartbeat: 30 });
    const cut = once(response(), 'close');
    while (response().writableLength <= 100_000) await change();

    await cut;

    expect(running.viewers).toBe(0);
  });
});

describe('the options of omniServerComponentSse', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['path', { ...own, path: 'x' }],
    ['context', { ...own, context: 1 }],
    ['csrf', { ...own, csrf: 1 }],
    ['onError', { ...own, onError: 1 }],
    ['origins', { ...own, origins: 'x' }],
    ['heartbeat', { ...own, heartbeat: 0 }],
    ['highWaterMark', { ...own, highWaterMark: 0 }],
    ['handlerTimeout', { ...own, handlerTimeout: -1 }],
  ])('refuses %s', (_, options) => {
    expect(() => omniServerComponentSse(options as Options)).toThrow(TypeError);
  });
});
