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
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { serveAttached } from '../support/attached.ts';
import {
  connectJson,
  counter,
  COUNTER_MOUNT,
  counts,
  openPage,
  PLUS,
  UNCHANGED,
  serveComponent,
} from '../support/components.ts';

const errors: OmniError[] = [];
const onError = (error: OmniError): void => {
  errors.push(error);
};
const codes = (): string[] => errors.splice(0).map(({ code }) => code);

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
      await serveComponent(omniServerComponent({ component: observing, start: () => 0 })),
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
      await serveComponent(
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
    const url = await serveComponent(omniServerComponent({ shared: () => running }));
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
      await serveComponent(
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
    const page = await connectJson(
      await serveComponent(omniServerComponent({ shared: () => running })),
    );

    expect(await page.next()).toEqual({ ...COUNTER_MOUNT, provided_contexts: { theme: 'dark' } });
  });

  it('shows once what several messages of one turn did', async () => {
    const running = startServerComponent(counter(), 0);
    const page = await connectJson(
      await serveComponent(omniServerComponent({ shared: () => running })),
    );
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
    const url = await serveComponent(omniServerComponent({ shared: () => running }));
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
    const url = await serveComponent(omniServerComponent({ shared: () => running }));
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
      await serveComponent(
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
      `${await serveComponent(
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
      void serveComponent(
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
      await serveComponent(omniServerComponent({ component: form, start: () => undefined })),
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
    const url = await serveComponent(omniServerComponent({ shared: () => running }));
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
      await serveComponent(omniServerComponent({ component: form, start: () => undefined })),
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
        await serveComponent(omniServerComponent({ component: form, start: () => undefined })),
      );
      await page.next();

      page.say({ kind: 1, path: '0', name: 'submit', event });

      expect(await page.next()).toEqual(UNCHANGED);
    },
  );

  it('tells onError of a decoder that throws something else, and answers', async () => {
    errors.length = 0;
    const page = await connectJson(
      await serveComponent(
        omniServerComponent({ component: form, start: () => undefined, onError }),
      ),
    );
    await page.next();

    page.say({ kind: 1, path: '0\t2', name: 'click', event: {} });

    expect(await page.next()).toEqual(UNCHANGED);
    expect(codes()).toEqual(['event']);
  });
});
