import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  type Children,
  debounce,
  element,
  type Element,
  fragment,
  html,
  keyed,
  map,
  memo,
  none,
  on,
  onClick,
  preventDefault,
  property,
  stopPropagation,
  svg,
  text,
  throttle,
  unsafeRawHtml,
} from '../../../lib/lustre.ts';
import { compact, diff } from '../../../lib/lustre/vdom/diff.ts';
import { encodeElement } from '../../../lib/lustre/vdom/encode.ts';
import { type WireChange, type WirePatch } from '../../../lib/lustre/vdom/wire.ts';
import { LustreClient } from '../../support/lustre-client.ts';

type Any = Element<unknown>;

/** As it stands on the wire. */
const wire = (before: Any, after: Any): unknown => {
  const patch = diff(before, after);
  return patch === undefined ? undefined : JSON.parse(JSON.stringify(patch));
};

const p = (...attributes: Parameters<typeof html.p<unknown>>[0]): Any => html.p(attributes);
const ul = (children: Children<unknown>): Any => html.ul([], children);
/** A list of texts, each with a key: `'a b'`. */
const list = (keys: string): Any =>
  ul(
    keyed(
      keys
        .split(' ')
        .filter(Boolean)
        .map((key) => [key, html.li([], [text(key)])]),
    ),
  );
const li = (key: string): unknown => ({
  kind: 1,
  key,
  tag: 'li',
  children: [{ kind: 2, content: key }],
});

/** A patch of the root element. */
const ofRoot = (patch: object): object => ({ children: [patch] });
const changes = (...listed: unknown[]): object => ofRoot({ changes: listed });
const HANDLER = {
  kind: 2,
  name: 'click',
  prevent_default: { kind: 0 },
  stop_propagation: { kind: 0 },
};

describe('a patch', () => {
  it.each<[string, Any, Any, unknown]>([
    ['nothing', list('a b'), list('a b'), undefined],
    ['another text', text('a'), text('b'), changes({ kind: 0, content: 'b' })],
    ['an empty text', text('a'), none(), changes({ kind: 0 })],
    [
      'another view altogether',
      text('a'),
      html.br([]),
      { changes: [{ kind: 5, with: { kind: 1, tag: 'br' } }] },
    ],
    [
      'another tag',
      ul([none(), html.b([])]),
      ul([none(), html.i([])]),
      changes({ kind: 5, index: 1, with: { kind: 1, tag: 'i' } }),
    ],
    [
      'another namespace',
      ul([html.a([])]),
      ul([svg.a([])]),
      changes({ kind: 5, with: { kind: 1, namespace: 'http://www.w3.org/2000/svg', tag: 'a' } }),
    ],
    [
      'a fragment in the place of an element',
      ul([html.b([])]),
      ul([fragment([])]),
      changes({ kind: 5, with: { kind: 0 } }),
    ],
    [
      'other markup, and other attributes of it',
      unsafeRawHtml('div', [attribute('a', '1')], '<b>'),
      unsafeRawHtml('div', [attribute('a', '2')], '<i>'),
      changes(
        { kind: 1, inner_html: '<i>' },
        { kind: 2, added: [{ kind: 0, name: 'a', value: '2' }] },
      ),
    ],
    [
      'no markup',
      unsafeRawHtml('div', [], '<b>'),
      unsafeRawHtml('div', [], ''),
      changes({ kind: 1 }),
    ],
    [
      'markup in another tag',
      unsafeRawHtml('div', [], ''),
      unsafeRawHtml('p', [], ''),
      { changes: [{ kind: 5, with: { kind: 3, tag: 'p' } }] },
    ],
    [
      'a child more',
      ul([none()]),
      ul([none(), none()]),
      changes({ kind: 6, before: 1, children: [{ kind: 2 }] }),
    ],
    [
      'the first child',
      ul([]),
      ul([text('a')]),
      changes({ kind: 6, children: [{ kind: 2, content: 'a' }] }),
    ],
    ['two children less', ul([none(), text('a'), none()]), ul([none()]), ofRoot({ removed: 2 })],
    [
      'a text far down, and one beside it',
      ul([none(), ul([none(), text('a')]), ul([fragment([text('a')])])]),
      ul([none(), ul([none(), text('b')]), ul([fragment([text('b')])])]),
      ofRoot({
        children: [
          { index: 1, children: [{ index: 1, changes: [{ kind: 0, content: 'b' }] }] },
          {
            index: 2,
            children: [{ children: [{ changes: [{ kind: 0, content: 'b' }] }] }],
          },
        ],
      }),
    ],
    [
      'children before attributes, so that a select finds its options',
      html.select([attribute('value', 'a')], [html.option([], 'a')]),
      html.select([attribute('value', 'b')], [html.option([], 'a'), html.option([], 'b')]),
      changes(
        {
          kind: 6,
          before: 1,
          children: [{ kind: 1, tag: 'option', children: [{ kind: 2, content: 'b' }] }],
        },
        { kind: 2, added: [{ kind: 0, name: 'value', value: 'b' }] },
      ),
    ],
    [
      'a child that is inserted',
      list('a c'),
      list('a b c'),
      changes({ kind: 6, before: 1, children: [li('b')] }),
    ],
    [
      'two that are inserted side by side, and one elsewhere',
      list('c d'),
      list('a b c e d'),
      changes(
        { kind: 6, children: [li('a'), li('b')] },
        { kind: 6, before: 3, children: [li('e')] },
      ),
    ],
    ['one that is removed', list('a b c'), list('a c'), changes({ kind: 4, index: 1 })],
    ['the first that is removed', list('a b'), list('b'), changes({ kind: 4 })],
    ['those at the end', list('a b c'), list('a'), ofRoot({ removed: 2 })],
    [
      'some here and some there',
      list('a b c d e'),
      list('b d'),
      ofRoot({ removed: 1, changes: [{ kind: 4, index: 2 }, { kind: 4 }] }),
    ],
    ['one that moves to the front', list('a b c'), list('c a b'), changes({ kind: 3, key: 'c' })],
    [
      'one that moves by one',
      list('a b c'),
      list('a c b'),
      changes({ kind: 3, key: 'c', before: 1 }),
    ],
    [
      'one that goes back: the others come before it',
      list('a b c'),
      list('b c a'),
      changes({ kind: 3, key: 'b' }, { kind: 3, key: 'c', before: 1 }),
    ],
    [
      'a reversal',
      list('a b c'),
      list('c b a'),
      changes({ kind: 3, key: 'c' }, { kind: 3, key: 'b', before: 1 }),
    ],
    [
      'another list',
      list('a b'),
      list('c d'),
      ofRoot({ removed: 2, changes: [{ kind: 6, children: [li('c'), li('d')] }] }),
    ],
    [
      'one that moves and changes inside',
      list('a b'),
      ul(
        keyed([
          ['b', html.li([], [text('x')])],
          ['a', html.li([], [text('a')])],
        ]),
      ),
      ofRoot({
        changes: [{ kind: 3, key: 'b' }],
        children: [{ children: [{ changes: [{ kind: 0, content: 'x' }] }] }],
      }),
    ],
    [
      'one that moves and changes its tag: it goes, and comes anew',
      list('a b'),
      ul(
        keyed([
          ['b', html.p([])],
          ['a', html.li([], [text('a')])],
        ]),
      ),
      changes({ kind: 4, index: 1 }, { kind: 6, children: [{ kind: 1, key: 'b', tag: 'p' }] }),
    ],
    [
      'one that stays and changes its tag',
      ul(keyed([['a', html.b([])]])),
      ul(keyed([['a', html.i([])]])),
      changes({ kind: 4 }, { kind: 6, children: [{ kind: 1, key: 'a', tag: 'i' }] }),
    ],
    [
      'children that get keys',
      ul([text('a')]),
      ul(keyed([['a', text('a')]])),
      ofRoot({
        removed: 1,
        changes: [{ kind: 6, children: [{ kind: 2, key: 'a', content: 'a' }] }],
      }),
    ],
  ])('of %s', (_, before, after, expected) => {
    expect(wire(before, after)).toEqual(expected);
  });

  it.each<[string, Any, Any, unknown]>([
    [
      'none',
      p(attribute('a', '1'), property('b', [1, { c: 2 }])),
      p(property('b', [1, { c: 2 }]), attribute('a', '1')),
      undefined,
    ],
    ['an added one', p(), p(attribute('a', '')), { added: [{ kind: 0, name: 'a' }] }],
    [
      'a changed one',
      p(attribute('a', '1')),
      p(attribute('a', '2')),
      { added: [{ kind: 0, name: 'a', value: '2' }] },
    ],
    ['a removed one', p(attribute('a', '1')), p(), { removed: [{ kind: 0, name: 'a' }] }],
    ['a removed handler', p(onClick(1)), p(), { removed: [{ kind: 0, name: 'click' }] }],
    [
      'several, by name',
      p(attribute('b', '1'), attribute('d', '1'), attribute('e', '1')),
      p(attribute('a', '2'), attribute('b', '2'), attribute('c', '2'), attribute('e', '1')),
      {
        added: [
          { kind: 0, name: 'a', value: '2' },
          { kind: 0, name: 'b', value: '2' },
          { kind: 0, name: 'c', value: '2' },
        ],
        removed: [{ kind: 0, name: 'd' }],
      },
    ],
    [
      'an attribute that becomes a property',
      p(attribute('hidden', '')),
      p(property('hidden', false)),
      {
        added: [{ kind: 1, name: 'hidden', value: false }],
        removed: [{ kind: 0, name: 'hidden' }],
      },
    ],
    [
      'a deep difference',
      p(property('b', [{ c: 2 }])),
      p(property('b', [{ c: 3 }])),
      { added: [{ kind: 1, name: 'b', value: [{ c: 3 }] }] },
    ],
    [
      'a missing key',
      p(property('b', { c: 2 })),
      p(property('b', { d: 2 })),
      { added: [{ kind: 1, name: 'b', value: { d: 2 } }] },
    ],
    [
      'an array for an object',
      p(property('b', {})),
      p(property('b', [])),
      { added: [{ kind: 1, name: 'b', value: [] }] },
    ],
    ['another function, which does not travel', p(onClick(1)), p(onClick(2)), undefined],
    [
      'prevented',
      p(onClick(1)),
      p(preventDefault(onClick(1))),
      { added: [{ ...HANDLER, prevent_default: { kind: 2 } }] },
    ],
    [
      'stopped',
      p(onClick(1)),
      p(stopPropagation(onClick(1))),
      { added: [{ ...HANDLER, stop_propagation: { kind: 2 } }] },
    ],
    [
      'debounced',
      p(onClick(1)),
      p(debounce(onClick(1), 5)),
      { added: [{ ...HANDLER, debounce: 5 }] },
    ],
    [
      'throttled',
      p(throttle(onClick(1), 1)),
      p(throttle(onClick(1), 5)),
      { added: [{ ...HANDLER, throttle: 5 }] },
    ],
    [
      'asked for more',
      p(onClick(1)),
      p(
        on(
          'click',
          Object.assign(() => 1, { include: ['x'] }),
        ),
      ),
      { added: [{ ...HANDLER, include: ['x'] }] },
    ],
  ])('of attributes: %s', (_, before, after, update) => {
    expect(wire(before, after)).toEqual(
      update === undefined ? undefined : changes({ kind: 2, ...(update as object) }),
    );
  });
});

describe('a memo', () => {
  it('is not made again while it depends on the same', () => {
    let times = 0;
    const view = (...dependencies: unknown[]): Any =>
      map(
        memo(dependencies, () => {
          times += 1;
          return memo([times], () => text(times));
        }),
        String,
      );
    const shared = {};

    const first = view(1, Number.NaN, shared);
    encodeElement(first);
    const second = view(1, Number.NaN, shared);

    expect(wire(first, second)).toBeUndefined();
    expect(times).toBe(1);
    expect(wire(second, view(1, Number.NaN, {}))).toEqual(changes({ kind: 0, content: '2' }));
    expect(wire(second, view(1, Number.NaN))).toEqual(changes({ kind: 0, content: '3' }));
  });

  it('moves with its key without being made again', () => {
    let times = 0;
    const row = (key: string): readonly [string, Any] => [
      key,
      memo([key], () => {
        times += 1;
        return html.li([], [text(key)]);
      }),
    ];
    const before = ul(keyed([row('a'), row('b')]));
    encodeElement(before);

    expect(wire(before, ul(keyed([row('b'), row('a')])))).toEqual(changes({ kind: 3, key: 'b' }));
    expect(times).toBe(2);
  });

  it('may take the place of what is none, and the reverse', () => {
    expect(
      wire(
        text('a'),
        memo([], () => text('b')),
      ),
    ).toEqual(changes({ kind: 0, content: 'b' }));
    expect(
      wire(
        memo([], () => text('b')),
        map(text('a'), String),
      ),
    ).toEqual(changes({ kind: 0, content: 'a' }));
  });
});

describe('compact', () => {
  it.each<[string, WirePatch, WirePatch]>([
    ['leaves nothing alone', {}, {}],
    [
      'writes a path, with the zeros in it',
      { children: [{ children: [{ index: 2, changes: [{ kind: 0 }] }] }] },
      { path: [0, 2], changes: [{ kind: 0 }] },
    ],
    [
      'stops where something is done, and where ways part',
      {
        children: [
          {
            children: [
              { index: 1, removed: 1, children: [{ index: 3, changes: [{ kind: 0 }] }] },
              { index: 2, children: [{ changes: [{ kind: 1 }] }] },
            ],
          },
        ],
      },
      {
        path: [0],
        children: [
          { index: 1, removed: 1, children: [{ index: 3, changes: [{ kind: 0 }] }] },
          { index: 2, path: [0], changes: [{ kind: 1 }] },
        ],
      },
    ],
  ])('%s', (_, patch, expected) => {
    expect(compact(patch)).toEqual(expected);
  });
});

/** Shows the first view, patches it to each of the others, and gives what the page then shows. */
function shownAfter(views: readonly Any[]): string {
  const client = new LustreClient({ send: () => {} });
  client.open();
  client.receive(
    JSON.stringify({
      kind: 0,
      open_shadow_root: true,
      will_adopt_styles: false,
      observed_attributes: [],
      observed_properties: [],
      requested_contexts: [],
      provided_contexts: {},
      vdom: encodeElement(views[0] as Any),
    }),
  );
  for (const [at, view] of views.slice(1).entries()) {
    const patch = diff(views[at] as Any, view) ?? {};
    client.receive(JSON.stringify({ kind: 1, patch }));
  }
  const shown = client.shadowRoot.innerHTML;
  client.remove();
  return shown;
}

/** Keys in an order, each as a row of its own kind. */
const rows = (order: readonly number[], tags: readonly string[]): Any =>
  ul(
    keyed(
      order.map((key) => [
        `k${key}`,
        html.li([], [tags[key % tags.length] === 'input' ? html.input([]) : text(key)]),
      ]),
    ),
  );

const movesOf = (before: Any, after: Any): { moves: number; others: number } => {
  const listed: readonly WireChange[] = diff(before, after)?.children?.[0]?.changes ?? [];
  const moves = listed.filter(({ kind }) => kind === 3).length;
  return { moves, others: listed.length - moves };
};

describe('long lists', () => {
  const numbers = Array.from({ length: 100 }, (_, at) => at);

  it('come out right, whatever comes, goes and moves', () => {
    const order = fc.shuffledSubarray(numbers.slice(0, 40), { minLength: 0 });
    const nearly = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map(([from, to, swapped]) => {
      const moved = numbers.filter((key) => key !== from);
      moved.splice(to, 0, from);
      [moved[0], moved[swapped]] = [moved[swapped] as number, moved[0] as number];
      return [...new Set(moved)];
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(order, nearly), { minLength: 2, maxLength: 4 }),
        fc.constantFrom(['li'], ['li', 'input'], ['input']),
        (orders, tags) => {
          const views = orders.map((each) => rows(each, tags));
          expect(shownAfter(views)).toBe(shownAfter(views.slice(-1)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('move one row to the front with one move', () => {
    const after = [99, ...numbers.slice(0, 99)];

    expect(movesOf(rows(numbers, ['']), rows(after, ['']))).toEqual({ moves: 1, others: 0 });
  });

  it.each(['', 'input'])('move all others when one row goes to the end (%j)', (tag) => {
    const after = [...numbers.slice(1), 0];

    // C7: a row that is made anew would lose its focus.
    expect(movesOf(rows(numbers, [tag]), rows(after, [tag]))).toEqual({ moves: 99, others: 0 });
  });

  it('leave one of two rows that change places where it is', () => {
    const after = numbers.with(1, 98).with(98, 1);

    expect(movesOf(rows(numbers, ['']), rows(after, ['']))).toEqual({ moves: 97, others: 0 });
  });

  it('make a row anew that changes places and its tag', () => {
    const before = ul(keyed(['a', 'b', 'c'].map((key) => [key, html.li([], [text(key)])])));
    const after = ul(keyed(['c', 'b', 'a'].map((key) => [key, html.p([], [text(key)])])));

    expect(shownAfter([before, after])).toBe(shownAfter([after]));
  });

  it.each([
    // First: once a view had one, all are searched.
    ['markup', () => unsafeRawHtml('p', [], '<lustre-server-component/>')],
    ['an element', () => element('lustre-server-component', [])],
  ])('make a component in a row anew where it would move, as %s (C12)', (_title, make) => {
    const components = (order: readonly number[]): Any =>
      ul(keyed(order.map((key) => [`k${key}`, html.li([], [key === 9 ? make() : text(key)])])));
    const before = components(numbers.slice(0, 10));

    expect(movesOf(before, components([9, ...numbers.slice(0, 9)]))).toEqual({
      moves: 0,
      others: 2,
    });
  });

  it('move each row but one when the list is reversed', () => {
    expect(movesOf(rows(numbers, ['']), rows(numbers.toReversed(), ['']))).toEqual({
      moves: 99,
      others: 0,
    });
  });
});
