/** The rows of FAULTS.md, section C, that need no browser; spec/browser/agreement tries the others. */
import { boolean, object, string, union } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { effect, type OmniError } from '../../lib/index.ts';
import {
  attribute,
  booleanAttribute,
  component,
  decodeEvent,
  element,
  type Element,
  html,
  omniServerComponent,
  on,
  onChange,
  onChoices,
  onClick,
  onInput,
  property,
  startServerComponent,
  styles,
  svg,
  text,
} from '../../lib/lustre.ts';
import { merge } from '../../lib/lustre/merge.ts';
import { diff } from '../../lib/lustre/vdom/diff.ts';
import { encodeElement } from '../../lib/lustre/vdom/encode.ts';
import { connectJson, UNCHANGED } from '../support/components.ts';
import { stacksOfThisRun as stacks } from '../support/stacks.ts';
import { until } from '../support/until.ts';

type Any = Element<unknown>;

const [, serveFirst] = stacks[0] as (typeof stacks)[number];

/** The attributes of an element as they are sent. */
const sent = (view: Any): readonly Record<string, unknown>[] =>
  (encodeElement(view) as { attributes?: readonly Record<string, unknown>[] }).attributes ?? [];
const namesOf = (view: Any): readonly unknown[] => sent(view).map(({ name }) => name);

describe.each(stacks)('C1: a frame past the limit, on %s', (_, serveOn) => {
  it('is reported, and closes for good, so that the page keeps its text; one at the limit does not', async () => {
    const errors: OmniError[] = [];
    const editor = component<undefined, string, string>({
      init: () => ['', effect.none()],
      update: (_before, value) => [value, effect.none()],
      view: (value) => html.textarea([onInput((entered: string) => entered)], value),
    });
    const url = await serveOn(
      omniServerComponent({
        component: editor,
        start: () => undefined,
        limit: 200_000,
        onError: (error) => void errors.push(error),
      }),
    );
    const page = await connectJson(url);
    await page.next();
    const input = (size: number): string => {
      const event = (value: string): string =>
        JSON.stringify({ kind: 1, path: '0', name: 'input', event: { target: { value } } });
      return event('x'.repeat(size - event('').length));
    };

    page.say(input(200_000));
    expect(await page.next()).toMatchObject({ kind: 1 });
    page.say(input(200_001));

    expect(await page.closed).toMatchObject({ code: 1000 });
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ code: 'decode' });
  });
});

describe('C2: what a browser refuses', () => {
  it.each<[string, Any]>([
    ['progress', html.progress([attribute('value', 0 / 0)])],
    ['progress by property', html.progress([property('value', Number.NaN)])],
    ['meter', html.meter([attribute('value', 'much')])],
    ['a file', html.input([attribute('type', 'FILE'), attribute('value', 'a.txt')])],
    ['volume', html.video([property('volume', 2)])],
    ['maxLength', html.input([property('maxLength', -1)])],
    ['contentEditable', html.div([property('contentEditable', 'maybe')])],
    ['an object without a text', html.a([property('rel', { toString: 'x' })])],
    ['an array of one', html.a([property('rel', [[{ toString: 'x' }]])])],
    ['the same on SVG', svg.a([property('rel', { toString: 'x' })])],
  ])('is left out: %s', (_, view) => {
    expect(namesOf(view).filter((name) => name !== 'type')).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['a read-only one', () => property('childNodes', 1)],
    ['a method that the runtime calls', () => property('setAttribute', 1)],
    ['one that holds elements', () => property('ariaOwnsElements', [])],
    ['one of an input', () => html.input([property('files', [])])],
    ['one of a table', () => html.table([property('tHead', null)])],
    ['one of SVG', () => svg.circle([property('cx', 1)])],
    ['a constant', () => property('TEXT_NODE', 1)],
    ['a constant of a video', () => html.video([property('HAVE_NOTHING', 1)])],
  ])('is a TypeError where it is a property: %s', (_, make) => {
    expect(make).toThrow(TypeError);
  });

  it('takes what the browser takes', () => {
    expect(namesOf(html.progress([attribute('value', 0.5), property('max', 2)]))).toEqual([
      'max',
      'value',
    ]);
  });
});

describe('C6, C13: what is asked of events', () => {
  const target = decodeEvent(
    object({ target: object({ value: string(), checked: boolean() }) }),
    String,
  );

  it('is asked for where it does not come by itself', () => {
    const [handler] = sent(
      html.input<string>([attribute('type', 'checkbox'), on<string>('change', target)]),
    );
    expect(handler?.['include']).toEqual(['target.value', 'target.checked']);
  });

  it.each<[string, () => unknown]>([
    ['a union', () => decodeEvent(union([object({ a: string() }), string()]), String)],
    ['a target that is no object struct', () => decodeEvent(object({ target: string() }), String)],
    [
      'the first of several choices',
      () => html.select<string>([booleanAttribute('multiple', true), onChange(String)]),
    ],
  ])('is a TypeError when the view is made: %s', (_, make) => {
    expect(make).toThrow(TypeError);
  });

  it('gives all choices of a select', () => {
    const handler = onChoices((values) => values.join());
    const event = { target: { selectedOptions: { 0: { _choice: 'a' }, 1: { _choice: 'b' } } } };
    expect(handler.decode(event)).toBe('a,b');
    expect(() => handler.decode({ target: { selectedOptions: { 0: {} } } })).toThrow('html.choice');
  });
});

describe('C8, C9, C10, C16: names and values', () => {
  it('off is absent where there is no such boolean property', () => {
    expect(sent(html.div([booleanAttribute('popover', false)]))).toEqual([]);
    expect(sent(html.a([booleanAttribute('download', false)]))).toEqual([]);
  });

  it('an attribute and an event of one name are two things, and go one by one', () => {
    const opened = on('open', () => 'm');
    const both = element<string>('my-dialog', [attribute('open', ''), opened]);
    expect(namesOf(both)).toEqual(['open', 'open']);
    expect(namesOf(html.dialog([attribute('open', ''), opened]))).toEqual(['open', 'open']);
    expect(diff(both, element<string>('my-dialog', [opened]))?.children?.[0]?.changes).toEqual([
      {
        kind: 2,
        removed: [
          { kind: 0, name: 'open' },
          { kind: 0, name: 'open' },
        ],
        added: [expect.objectContaining({ kind: 2, name: 'open' })],
      },
    ]);
    expect(
      diff(both, element('my-dialog', [attribute('open', '')]))?.children?.[0]?.changes,
    ).toEqual([{ kind: 2, removed: [{ kind: 0, name: 'open' }] }]);
  });

  it.each(['red/*', 'red\\', '"a', "url('a", 'rgb(1', 'a)', 'x\0'])(
    'a value of CSS never changes another: %j',
    (value) => {
      const [style] = sent(html.p([styles({ color: value, display: 'none' })]));
      expect(style?.['value']).toBe('display:none;');
    },
  );

  it.each(['red', '"a;b{"', 'url(a\\)b)', 'calc((1px + 2px) * 3)', '/* c */ red'])(
    'a whole value stays: %j',
    (value) => {
      const [style] = sent(html.p([styles({ color: value })]));
      expect(style?.['value']).toBe(`color:${value};`);
    },
  );

  it('what is an address is decided by tag and name', () => {
    const data = { a: [1] };
    expect(sent(element('my-chart', [property('data', data)]))[0]?.['value']).toEqual(data);
    const [object_] = sent(html.object([attribute('data', 'javascript:alert(1)')]));
    expect(object_?.['value']).toBe('about:invalid');
  });

  it('an attribute may begin with "on" where it is no handler', () => {
    expect(namesOf(html.p([attribute('once', '')]))).toEqual(['once']);
    expect(() => attribute('onfuture', '')).toThrow(TypeError);
  });
});

describe.each(stacks)('C11: one click that two elements hear of, on %s', (_, serveOn) => {
  it('is looked up in the view that was clicked', async () => {
    const list = component<undefined, { items: readonly string[]; log: string }, string>({
      init: () => [{ items: ['a', 'b'], log: '' }, effect.none()],
      update: ({ items, log }, message) => [
        {
          items: message.startsWith('-') ? items.filter((item) => `-${item}` !== message) : items,
          log: `${log}${message}`,
        },
        effect.none(),
      ],
      view: ({ items, log }) =>
        html.div(
          [],
          [
            html.ul(
              [],
              items.map((item): Element<string> =>
                html.li([onClick(`+${item}`)], [html.button([onClick(`-${item}`)], [text(item)])]),
              ),
            ),
            html.p([], [text(log)]),
          ],
        ),
    });
    const page = await connectJson(
      await serveOn(omniServerComponent({ component: list, start: () => undefined })),
    );
    await page.next();
    const click = (path: string): unknown => ({ kind: 1, path, name: 'click', event: {} });

    page.say(click('0\t0\t0\t0'));
    await page.next();
    page.say({ kind: 3, messages: [click('0\t0\t0')] });

    expect(JSON.stringify(await page.next())).toContain('"-a+a"');
  });
});

describe('A18: functions that must not be asynchronous', () => {
  it('end as errors, and their rejections are caught', async () => {
    const errors: OmniError[] = [];
    const late = async (): Promise<never> => Promise.reject(new Error('late'));
    const failing = startServerComponent(
      component<undefined, number, number>({
        init: () => [0, effect.none()],
        update: (model) => [model, effect.none()],
        view: late as never,
      }),
      undefined,
      { onError: (error) => void errors.push(error) },
    );
    const url = await serveFirst(omniServerComponent({ shared: () => failing }));
    const page = await connectJson(url);
    await page.closed;
    expect(errors.map(({ code }) => code)).toEqual(['view']);
  });

  it('are decoders too: the event is reported, and answered', async () => {
    const errors: OmniError[] = [];
    const view: Any = html.button([on('click', async () => Promise.reject(new Error('late')))]);
    const url = await serveFirst(
      omniServerComponent({
        component: component<undefined, number, unknown>({
          init: () => [0, effect.none()],
          update: (model) => [model, effect.none()],
          view: () => view,
        }),
        start: () => undefined,
        onError: (error) => void errors.push(error),
      }),
    );
    const page = await connectJson(url);
    await page.next();
    page.say({ kind: 1, path: '0', name: 'click', event: {} });
    expect(await page.next()).toEqual(UNCHANGED);
    expect(errors.map(({ code }) => code)).toEqual(['event']);
  });
});

describe('merge', () => {
  it.each([
    ['', 'a', '', 'a'],
    ['a', 'ab', 'A', 'Ab'],
    ['hello', 'hellox', '', 'x'],
    ['ab', 'axb', 'AB', 'AxB'],
    ['abc', 'ab', 'ABC', 'AB'],
    ['v16', 'v16a', 'v17', 'v17a'],
    ['1a', '1a2', '1', '12'],
    ['Ber', 'Berx', 'Berlin', 'Berlinx'],
  ])('of %j, typed to %j and written to %j, is %j', (base, theirs, ours, merged) => {
    expect(merge(base, theirs, ours)).toBe(merged);
  });
});
