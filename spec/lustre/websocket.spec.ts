import { describe, expect, it } from 'vitest';
import { type OmniError } from '../../lib/index.ts';
import { component, omniServerComponent, startServerComponent } from '../../lib/lustre.ts';
import {
  connectJson,
  counter,
  COUNTER_MOUNT,
  counts,
  MINUS,
  openPage,
  PLUS,
  UNCHANGED,
} from '../support/components.ts';
import { dial } from '../support/socket-client.ts';
import { stacksOfThisRun as stacks } from '../support/stacks.ts';

const errors: OmniError[] = [];
const onError = (error: OmniError): void => {
  errors.push(error);
};
const codes = (): string[] => errors.splice(0).map(({ code }) => code);

describe.each(stacks)('omniServerComponent on %s', (_, serveOn) => {
  it('mounts first, and answers each click with what has changed', async () => {
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: counter(), start: () => 0 })),
    );

    expect(await page.next()).toEqual(COUNTER_MOUNT);
    page.say(PLUS);
    expect(await page.next()).toEqual(counts('1'));
    page.say(MINUS);
    expect(await page.next()).toEqual(counts('0'));
  });

  it('shows a page what it clicks', async () => {
    const { client, receive } = await openPage(
      await serveOn(omniServerComponent({ component: counter(), start: () => 9 })),
    );

    client.click('button + p + button');
    client.click('button + p + button');
    client.click('button + p + button');
    // Clicks that arrive together are answered together.
    const seen: unknown[] = [client.find('p').textContent];
    while (seen.at(-1) !== 'Count: 12') {
      await receive();
      seen.push(client.find('p').textContent);
    }

    expect(seen[0]).toBe('Count: 9');
  });

  it.each([
    ['no JSON', '{"kind":'],
    ['another shape', '{"kind":1}'],
    ['a path that leads nowhere', JSON.stringify({ ...PLUS, path: '0\t7\t__proto__' })],
    ['a handler that is not there', JSON.stringify({ ...PLUS, name: 'constructor' })],
    ['an attribute that nobody observes', '{"kind":0,"name":"toString","value":"x"}'],
    ['a property that nobody observes', '{"kind":2,"name":"constructor","value":{}}'],
    ['a context', '{"kind":4,"key":"x","value":1}'],
    ['a kind of the future', '{"kind":99}'],
    ['an empty batch', '{"kind":3,"messages":[]}'],
    ['batches in batches of it', '{"kind":3,"messages":[{"kind":3,"messages":[{"kind":99}]}]}'],
    ['nesting past the limit', `${'{"kind":3,"messages":['.repeat(40)}${']}'.repeat(40)}`],
  ])('answers %s, and goes on', async (_name, frame) => {
    errors.length = 0;
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: counter(), start: () => 0, onError })),
    );
    await page.next();

    page.say(frame);

    expect(await page.next()).toEqual(UNCHANGED);
    page.say(PLUS);
    expect(await page.next()).toEqual(counts('1'));
    expect(codes().every((code) => code === 'decode')).toBe(true);
  });

  it('handles a batch in order, and answers it once', async () => {
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: counter(), start: () => 0 })),
    );
    await page.next();

    page.say({ kind: 3, messages: [PLUS, { kind: 3, messages: [PLUS, MINUS] }, PLUS] });

    expect(await page.settled()).toEqual([counts('2')]);
  });

  it('answers what changed nothing', async () => {
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: counter(), start: () => 0 })),
    );
    await page.next();

    page.say({ kind: 3, messages: [PLUS, MINUS] });

    expect(await page.settled()).toEqual([UNCHANGED]);
  });

  it('closes with 1011 when update throws, and tells onError', async () => {
    errors.length = 0;
    const page = await connectJson(
      await serveOn(
        omniServerComponent({
          component: counter({ attributes: { boom: () => 'boom' } }),
          start: () => 0,
          failureDelay: 0,
          onError,
        }),
      ),
    );
    await page.next();

    page.say({ kind: 0, name: 'boom', value: '' });

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual(['update']);
  });

  it('closes with 1011 when the view throws: at first, and later', async () => {
    errors.length = 0;
    const url = await serveOn(
      omniServerComponent({
        component: counter(),
        start: ({ url: path }) => (path?.endsWith('?blind') === true ? -1 : 0),
        failureDelay: 0,
        onError,
      }),
    );
    const blind = dial(`${url}?blind`);
    expect(await blind.closed).toEqual({ code: 1011, reason: 'failed' });
    const page = await connectJson(url);
    await page.next();

    page.say(MINUS);

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual(['view', 'view']);
  });

  const refuse = (): never => {
    throw new Error('no');
  };
  it.each<[string, () => number | Promise<number>, ReturnType<typeof counter>]>([
    ['start', () => Promise.reject(new Error('no')), counter()],
    ['start', refuse, counter()],
    ['init', () => 0, { ...counter(), init: refuse }],
  ])('closes with 1011 when %s fails', async (code, start, failing) => {
    errors.length = 0;
    const page = dial(
      await serveOn(omniServerComponent({ component: failing, start, failureDelay: 0, onError })),
    );

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual([code]);
  });

  it('keeps one that fails at once for a while, because it will come back at once', async () => {
    errors.length = 0;
    let starts = 0;
    const url = await serveOn(
      omniServerComponent({
        component: counter(),
        start: () => {
          starts += 1;
          return refuse();
        },
        failureDelay: 300,
        onError,
      }),
    );
    const began = performance.now();
    const page = await connectJson(url);
    page.say(PLUS);

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(performance.now() - began).toBeGreaterThan(140);
    expect(starts).toBe(1);
    expect(codes()).toEqual(['start']);
  });

  it('refuses a foreign page for good: with 1000', async () => {
    const route = omniServerComponent({ component: counter(), start: () => 0 });
    const page = dial(await serveOn(route), { origin: 'https://evil.example' });

    expect(await page.closed).toEqual({ code: 1000, reason: 'forbidden' });
  });

  it.each([
    [401, { code: 1000, reason: 'unauthorized' }],
    [403, { code: 1000, reason: 'forbidden' }],
    [503, { code: 1011, reason: 'failed' }],
  ])(
    'closes for good when context refuses with a status below 500 (%i)',
    async (status, closed) => {
      const page = dial(
        await serveOn(
          omniServerComponent({
            component: counter(),
            start: () => 0,
            failureDelay: 0,
            context: () => Promise.reject(Object.assign(new Error('no'), { status })),
          }),
        ),
      );

      expect(await page.closed).toEqual(closed);
    },
  );

  it('closes for good after twenty frames in a row that are none', async () => {
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: counter(), start: () => 0 })),
    );
    await page.next();
    for (let count = 0; count < 19; count++) page.say('x');
    page.say(PLUS);
    for (let count = 0; count < 19; count++) page.say('x');
    for (let count = 0; count < 39; count++) await page.next();

    page.say('x');

    expect(await page.closed).toEqual({ code: 1000, reason: 'undecodable' });
  });

  it('closes for good after sixty frames that are none, also with events between them', async () => {
    const reported: OmniError[] = [];
    const page = await connectJson(
      await serveOn(
        omniServerComponent({
          component: counter(),
          start: () => 0,
          onError: (error) => void reported.push(error),
        }),
      ),
    );
    await page.next();

    for (let count = 0; count < 150; count++) page.say(count % 2 === 0 ? 'x' : PLUS);

    expect(await page.closed).toEqual({ code: 1000, reason: 'undecodable' });
    expect(reported.length).toBeGreaterThan(60);
    expect(reported.length).toBeLessThan(75);
  });

  it('closes for good when the credentials have expired', async () => {
    const page = await connectJson(
      await serveOn(
        omniServerComponent({
          component: counter(),
          start: () => 0,
          expires: () => Date.now() + 50,
          heartbeat: { interval: 100 },
        }),
      ),
    );

    expect(await page.closed).toEqual({ code: 1000, reason: 'unauthorized' });
  });

  it('asks about the token of the URL', async () => {
    const asked: unknown[] = [];
    const url = await serveOn(
      omniServerComponent({
        component: counter(),
        start: () => 0,
        context: () => 'Ada',
        csrf: async (token, request, context) => {
          await Promise.resolve();
          asked.push([token, typeof request.url, context]);
          return token === 'good token';
        },
      }),
    );

    const good = await connectJson(`${url}?x=1&csrf-token=good+token`);
    expect(await good.next()).toEqual(COUNTER_MOUNT);
    for (const query of ['?csrf-token=bad', '?csrf-token=null', '?csrf-token=', '']) {
      expect(await dial(`${url}${query}`).closed).toEqual({ code: 1000, reason: 'forbidden' });
    }
    expect(asked).toEqual([
      ['good token', 'string', 'Ada'],
      ['bad', 'string', 'Ada'],
      [undefined, 'string', 'Ada'],
      [undefined, 'string', 'Ada'],
      [undefined, 'string', 'Ada'],
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('closes with 1011 when csrf %s', async (_how, csrf) => {
    errors.length = 0;
    const page = dial(
      await serveOn(
        omniServerComponent({
          component: counter(),
          start: () => 0,
          csrf,
          failureDelay: 0,
          onError,
        }),
      ),
    );

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual(['context']);
  });

  it('shows one component to many, and each sees every patch', async () => {
    const running = startServerComponent(counter(), 0);
    const url = await serveOn(omniServerComponent({ shared: () => running }));
    const one = await connectJson(url);
    const other = await connectJson(url);
    expect([await one.next(), await other.next()]).toEqual([COUNTER_MOUNT, COUNTER_MOUNT]);

    one.say(PLUS);
    expect([await one.next(), await other.next()]).toEqual([counts('1'), counts('1')]);
    other.say({ kind: 99 });
    expect(await other.next()).toEqual(UNCHANGED);
    running.dispatch({ set: 7 });

    // To nobody else: `one` had nothing to be told.
    expect([await one.next(), await other.next()]).toEqual([counts('7'), counts('7')]);
    expect(running.viewers).toBe(2);
  });

  it('closes with 1000 when a shared component is stopped, and whoever comes later', async () => {
    const running = startServerComponent(counter(), 0);
    const url = await serveOn(omniServerComponent({ shared: () => Promise.resolve(running) }));
    const page = await connectJson(url);
    await page.next();

    running.stop();

    expect(await page.closed).toEqual({ code: 1000, reason: '' });
    expect(await dial(url).closed).toEqual({ code: 1000, reason: '' });
  });

  it('closes all viewers with 1011 when a shared component fails', async () => {
    errors.length = 0;
    const running = startServerComponent(counter(), 0, { onError });
    const url = await serveOn(omniServerComponent({ shared: () => running, failureDelay: 0 }));
    const page = await connectJson(url);
    await page.next();

    running.dispatch('boom');

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(await dial(url).closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual(['update']);
  });

  it('closes with 1011 when running gives something else', async () => {
    errors.length = 0;
    const page = dial(
      await serveOn(omniServerComponent({ shared: () => ({}) as never, failureDelay: 0, onError })),
    );

    expect(await page.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(codes()).toEqual(['on-open']);
  });
});

describe('the options', () => {
  const start = (): number => 0;
  it.each<[string, unknown]>([
    ['nothing', {}],
    ['both', { component: counter(), start, shared: start }],
    ['no start', { component: counter() }],
    ['no view', { component: { ...counter(), view: 1 }, start }],
    ['no update', { component: { ...counter(), update: 1 }, start }],
    [
      'an attribute without a function',
      { component: { ...counter(), options: { attributes: { a: 1 } } }, start },
    ],
    [
      'a property without a function',
      { component: { ...counter(), options: { properties: { a: 1 } } }, start },
    ],
    ['shared without a function', { shared: {} }],
    ['csrf', { component: counter(), start, csrf: 1 }],
    ['isRemount', { component: counter(), start, isRemount: true }],
    ['onClose', { component: counter(), start, onClose: true }],
    ['limit', { component: counter(), start, limit: 0 }],
    ['failureDelay', { component: counter(), start, failureDelay: -1 }],
  ])('refuses %s', (_, options) => {
    expect(() => omniServerComponent(options as never)).toThrow(TypeError);
  });

  it('refuses a component without its parts', () => {
    expect(() => component({} as never)).toThrow(TypeError);
    expect(() => startServerComponent({} as never, 0)).toThrow(TypeError);
    expect(() => startServerComponent(counter(), 0, { onError: 1 as never })).toThrow(TypeError);
    expect(() => startServerComponent(counter(), 0, { onStop: 1 as never })).toThrow(TypeError);
    expect(() => startServerComponent(counter(), 0, { idleTimeout: 0 })).toThrow(TypeError);
  });
});
