import { once } from 'node:events';
import { object, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { effect, type OmniError } from '../../lib/index.ts';
import {
  attribute,
  component,
  decodeEvent,
  emit,
  html,
  on,
  onCheck,
  onClick,
  onInput,
  onSubmit,
  omniServerComponent,
  property,
  provide,
  type ServerComponent,
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { serveAttached } from '../support/attached.ts';
import {
  connectJson,
  counter,
  COUNTER_MOUNT,
  type CounterMessage,
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
    await receive();
    await receive();

    expect(client.find('p').textContent).toBe('Count: 12');
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

/** A page that is open on a component, on an attached server. */
const serve = async (route: ReturnType<typeof omniServerComponent>): Promise<string> =>
  `${(await serveAttached((app) => app.ws('/omni', route as never))).url}/omni`;

describe('a component', () => {
  it('is told of the attributes and properties that it observes', async () => {
    const observing = counter({
      attributes: { value: (value) => ({ set: Number(value ?? 100) }), none: () => undefined },
      properties: {
        count: decodeEvent(object({ n: string() }), ({ n }) => ({ set: Number(n) })),
        undefined: (value) => (value === undefined ? { set: 55 } : undefined),
      },
    });
    const { client, receive } = await openPage(
      await serve(omniServerComponent({ component: observing, start: () => 0 })),
      { value: '5', other: 'x' },
    );
    expect(client.mounted).toMatchObject({
      observed_attributes: ['value', 'none'],
      observed_properties: ['count', 'undefined'],
    });
    const shows = async (): Promise<string | null> => {
      await receive();
      return client.find('p').textContent;
    };

    expect(await shows()).toBe('Count: 5');
    client.setAttribute('value', null);
    expect(await shows()).toBe('Count: 100');
    client.setAttributes({ value: '6', none: 'y' });
    expect(await shows()).toBe('Count: 6');
    client.setProperty('count', { n: '8' });
    expect(await shows()).toBe('Count: 8');
    client.setProperty('count', { n: 9 });
    expect(await shows()).toBe('Count: 8');
    client.setProperty('undefined', undefined);
    expect(await shows()).toBe('Count: 55');
  });

  it('has its options in the mount', async () => {
    const page = await connectJson(
      await serve(
        omniServerComponent({
          component: counter({
            openShadowRoot: false,
            adoptStyles: true,
            contexts: { theme: 'dark', __proto: [1] },
          }),
          start: () => 0,
        }),
      ),
    );

    expect(await page.next()).toEqual({
      ...COUNTER_MOUNT,
      open_shadow_root: false,
      will_adopt_styles: true,
      provided_contexts: { theme: 'dark', __proto: [1] },
    });
  });

  it('is told when somebody looks on, and when they have gone', async () => {
    const running = startServerComponent(
      counter({ onConnect: 'more', onDisconnect: { set: 0 } }),
      0,
    );
    const url = await serve(omniServerComponent({ shared: () => running }));
    const one = await connectJson(url);
    expect(await one.next()).toEqual(COUNTER_MOUNT);
    expect(await one.next()).toEqual(counts('1'));

    const other = await connectJson(url);
    expect(await one.next()).toEqual(counts('2'));
    other.socket.terminate();

    expect(await one.next()).toEqual(counts('0'));
    expect(running.viewers).toBe(1);
  });

  it('emits after what was seen by then, and provides only what has changed', async () => {
    const page = await connectJson(
      await serve(
        omniServerComponent({
          component: counter(
            { contexts: { theme: { a: 1, b: 2 } } },
            {
              more: effect.batch([
                emit('counted', { by: 1 }),
                provide('theme', { b: 2, a: 1 }),
                provide('theme', 'light'),
                provide('theme', 'light'),
              ]),
            },
          ),
          start: () => 0,
        }),
      ),
    );
    await page.next();

    page.say(PLUS);

    expect(await page.settled()).toEqual([
      counts('1'),
      { kind: 2, name: 'counted', data: { by: 1 } },
      { kind: 3, key: 'theme', value: 'light' },
      UNCHANGED,
    ]);
  });

  it('keeps what it provides for who comes later', async () => {
    const running = startServerComponent(counter({}, { init: provide('theme', 'dark') }), 0);
    const page = await connectJson(await serve(omniServerComponent({ shared: () => running })));

    expect(await page.next()).toEqual({ ...COUNTER_MOUNT, provided_contexts: { theme: 'dark' } });
  });

  it('shows once what several messages of one turn did', async () => {
    const running = startServerComponent(counter(), 0);
    const page = await connectJson(await serve(omniServerComponent({ shared: () => running })));
    await page.next();

    for (let count = 0; count < 10; count++) running.dispatch('more');

    expect(await page.settled()).toEqual([counts('10')]);
  });

  it('makes no view while nobody looks on', async () => {
    let views = 0;
    const running = startServerComponent(
      component<undefined, number, 'more'>({
        init: () => [0, effect.none()],
        update: (count) => [count + 1, effect.none()],
        view: (count) => {
          views += 1;
          return text(count);
        },
      }),
      undefined,
    );
    const url = await serve(omniServerComponent({ shared: () => running }));
    running.dispatch('more');
    const page = await connectJson(url);
    await page.next();
    expect(views).toBe(1);
    page.socket.close();
    await page.closed;
    running.dispatch('more');

    const later = await connectJson(url);

    expect(await later.next()).toMatchObject({ vdom: { kind: 2, content: '2' } });
    expect(views).toBe(2);
  });

  it('mounts what is seen now, also for those who come together', async () => {
    const running = startServerComponent(
      counter({ contexts: { theme: 'dark' } }, { less: provide('theme', 'light') }),
      0,
    );
    const url = await serve(omniServerComponent({ shared: () => running }));
    const seen = async (): Promise<unknown> => {
      const page = await connectJson(url);
      const mount = (await page.next()) as { vdom: unknown; provided_contexts: unknown };
      const count = /"content":"(\d+)"/.exec(JSON.stringify(mount.vdom))?.[1];
      return [count, mount.provided_contexts];
    };

    for (let count = 0; count < 3; count++) expect(await seen()).toEqual(['0', { theme: 'dark' }]);
    running.dispatch('more');
    for (let count = 0; count < 3; count++) expect(await seen()).toEqual(['1', { theme: 'dark' }]);
    running.dispatch('less');
    expect(await seen()).toEqual(['0', { theme: 'light' }]);
  });

  it('writes paths for those who ask for it', async () => {
    const page = await connectJson(
      await serve(
        omniServerComponent({ component: counter({ compactPatches: true }), start: () => 0 }),
      ),
    );
    await page.next();

    page.say(PLUS);

    expect(await page.next()).toEqual({
      kind: 1,
      patch: { path: [0, 1, 1], changes: [{ kind: 0, content: '1' }] },
    });
  });

  it('does not tell of properties again to a page that comes back', async () => {
    const page = await connectJson(
      `${await serve(
        omniServerComponent({
          component: counter({ properties: { p: () => 'more' } }),
          start: () => 0,
          isRemount: ({ url }) => url?.includes('again') === true,
        }),
      )}?again`,
    );

    expect(await page.next()).toEqual(COUNTER_MOUNT);
    page.say({ kind: 2, name: 'p', value: 1 });
    expect(await page.next()).toEqual(counts('1'));
  });

  it('ends with its connection: cleanups, then onClose with the last model', async () => {
    const told: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      void serve(
        omniServerComponent({
          component: counter(
            { onDisconnect: 'more' },
            { init: effect.from(() => () => told.push('cleanup')) },
          ),
          start: () => 5,
          onClose: (model, code) => {
            told.push([model, code]);
            resolve();
          },
        }),
      ).then(async (url) => {
        const page = await connectJson(url);
        await page.next();
        page.socket.close(1001);
      });
    });

    await ended;

    expect(told).toEqual(['cleanup', [6, 1001]]);
  });

  it('does not begin for whom is gone before start is through', async () => {
    let inits = 0;
    let release = (): void => {};
    const started = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { server, url } = await serveAttached((app) =>
      app.ws(
        '/omni',
        omniServerComponent({
          component: component<undefined, number, never>({
            init: () => {
              inits += 1;
              return [0, effect.none()];
            },
            update: (model) => [model, effect.none()],
            view: () => text(''),
          }),
          start: async () => {
            await started;
            return undefined;
          },
        }) as never,
      ),
    );
    const socketGone = once(server, 'connection').then(([stream]) =>
      once(stream as NodeJS.EventEmitter, 'close'),
    );
    const page = await connectJson(`${url}/omni`);
    page.socket.terminate();
    await socketGone;

    release();
    const next = await connectJson(`${url}/omni`);
    await next.next();

    expect(inits).toBe(1);
  });
});

interface Form {
  readonly name: string;
  readonly agreed: boolean;
  readonly sent: unknown;
}
type FormMessage =
  { readonly name: string } | { readonly agreed: boolean } | { readonly sent: unknown };

const form = component<undefined, Form, FormMessage>({
  init: () => [{ name: '', agreed: false, sent: null }, effect.none()],
  // Names are upper case, and have three letters at most. Nobody may disagree.
  update: (model, message) => {
    if ('name' in message) {
      const name = message.name.slice(0, 3).toUpperCase();
      return [{ ...model, name }, effect.none()];
    }
    if ('agreed' in message) return [{ ...model, agreed: true }, effect.none()];
    return [{ ...model, sent: message.sent }, effect.none()];
  },
  view: ({ name, agreed, sent }) =>
    html.form(
      [onSubmit((fields) => ({ sent: fields }))],
      [
        html.input([attribute('value', name), onInput((value) => ({ name: value }))]),
        html.input([
          attribute('type', 'checkbox'),
          agreed ? attribute('checked', '') : property('checked', false),
          onCheck((isChecked) => ({ agreed: isChecked })),
        ]),
        html.button([
          on('click', () => {
            throw new Error('a decoder of the user’s');
          }),
        ]),
        html.i([onClick({ sent: 1 } as const)]),
        html.output([], [text(JSON.stringify(sent))]),
      ],
    ),
});

describe('a form', () => {
  /** What was typed, in a page that has seen our writes up to this number. */
  const input = (value: unknown, seen?: number): unknown => ({
    kind: 1,
    path: '0\t0',
    name: 'input',
    event: { target: { value, _omni: seen } },
  });
  const added = (index: object, written: unknown): unknown => ({
    kind: 1,
    patch: {
      children: [
        {
          children: [
            {
              ...index,
              changes: [
                {
                  kind: 2,
                  added: [written, { kind: 1, name: '_omni', value: expect.any(Number) as number }],
                },
              ],
            },
          ],
        },
      ],
    },
  });

  it('leaves alone what was typed as the model has it, and undoes the rest', async () => {
    const page = await connectJson(
      await serve(omniServerComponent({ component: form, start: () => undefined })),
    );
    await page.next();
    const says = async (message: unknown): Promise<unknown> => {
      page.say(message);
      return await page.next();
    };

    expect(await says(input('A'))).toEqual(UNCHANGED);
    expect(await says(input('Ab'))).toEqual(added({}, { kind: 0, name: 'value', value: 'AB' }));
    expect(await says(input('ABC', 2))).toEqual(UNCHANGED);
    expect(await says(input('ABCD', 2))).toEqual(
      added({}, { kind: 0, name: 'value', value: 'ABC' }),
    );
    expect(await says(input(7, 4))).toEqual(added({}, { kind: 0, name: 'value', value: 'ABC' }));
    const check = (checked: boolean): unknown => ({
      kind: 1,
      path: '0\t1',
      name: 'change',
      event: { target: { checked } },
    });
    expect(await says(check(true))).toEqual(UNCHANGED);
    expect(await says(check(false))).toEqual(added({ index: 1 }, { kind: 0, name: 'checked' }));
  });

  it('shows the others what one has typed', async () => {
    const running = startServerComponent(form, undefined);
    const url = await serve(omniServerComponent({ shared: () => running }));
    const author = await connectJson(url);
    const reader = await connectJson(url);
    await author.next();
    await reader.next();

    author.say(input('A'));

    expect(await author.next()).toEqual(UNCHANGED);
    expect(await reader.next()).toEqual(added({}, { kind: 0, name: 'value', value: 'A' }));
  });

  it('gives the fields of a form, without files and whatever else is none', async () => {
    const page = await connectJson(
      await serve(omniServerComponent({ component: form, start: () => undefined })),
    );
    await page.next();

    page.say({
      kind: 1,
      path: '0',
      name: 'submit',
      event: {
        detail: { formData: [['q', 'v'], ['q', 'w'], ['f', {}], 'x', ['a'], ['b', 'c', 'd']] },
      },
    });

    expect(JSON.stringify(await page.next())).toContain(
      JSON.stringify(
        JSON.stringify([
          ['q', 'v'],
          ['q', 'w'],
        ]),
      ),
    );
  });

  it.each([{}, { detail: null }, { detail: { formData: {} } }, { detail: [] }])(
    'ignores a form with %j, and answers',
    async (event) => {
      const page = await connectJson(
        await serve(omniServerComponent({ component: form, start: () => undefined })),
      );
      await page.next();

      page.say({ kind: 1, path: '0', name: 'submit', event });

      expect(await page.next()).toEqual(UNCHANGED);
    },
  );

  it('tells onError of a decoder that throws something else, and answers', async () => {
    errors.length = 0;
    const page = await connectJson(
      await serve(omniServerComponent({ component: form, start: () => undefined, onError })),
    );
    await page.next();

    page.say({ kind: 1, path: '0\t2', name: 'click', event: {} });

    expect(await page.next()).toEqual(UNCHANGED);
    expect(codes()).toEqual(['event']);
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

describe('startServerComponent', () => {
  it('throws what init throws', () => {
    const failing = {
      ...counter(),
      init: (): never => {
        throw new Error('no');
      },
    };

    expect(() => startServerComponent(failing, 0)).toThrow("the application's init failed");
  });

  it('tells onStop of the last model, once', () => {
    const told: number[] = [];
    const running = startServerComponent(counter(), 0, { onStop: (model) => told.push(model) });
    running.dispatch('more');

    running.stop();
    running.stop();
    running.dispatch('more');

    expect(told).toEqual([1]);
    expect(running.signal.aborted).toBe(true);
  });

  it('stops when nobody has looked on for so long: from the start, and again later', async () => {
    const started = (start: number): [Promise<number>, ServerComponent<CounterMessage>] => {
      let tell: (model: number) => void = () => {};
      const told = new Promise<number>((resolve) => {
        tell = resolve;
      });
      const onStop = (model: number): void => tell(model);
      return [told, startServerComponent(counter(), start, { idleTimeout: 500, onStop })];
    };
    const [told, running] = started(2);
    const page = await connectJson(await serve(omniServerComponent({ shared: () => running })));
    await page.next();
    // As long as it would have run without a viewer.
    expect(await started(3)[0]).toBe(3);
    expect(running.signal.aborted).toBe(false);
    page.socket.close();

    expect(await told).toBe(2);
  });

  it('tells onError of an onStop that throws, and of an effect', () => {
    errors.length = 0;
    const failing = effect.from<CounterMessage>(() => {
      throw new Error('no');
    });
    const running = startServerComponent(counter({}, { more: failing }), 0, {
      onError,
      onStop: () => {
        throw new Error('no');
      },
    });

    running.dispatch('more');
    running.stop();

    expect(codes()).toEqual(['effect', 'listener']);
  });
});
