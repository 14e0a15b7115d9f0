import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientMessage, LustreClient } from '../support/lustre-client.ts';
import { type Runtime, WireViolation } from '../support/lustre-wire.ts';

const never = { prevent_default: { kind: 0 }, stop_propagation: { kind: 0 } };
const click = { kind: 2, name: 'click', ...never };
const text = (content: string): object => ({ kind: 2, content });
const item = (key: string, ...children: object[]): object => ({
  kind: 1,
  key,
  tag: 'li',
  children: [text(key), ...children],
});

const mountOf = (vdom: object, more: object = {}): string =>
  JSON.stringify({
    kind: 0,
    open_shadow_root: true,
    will_adopt_styles: false,
    observed_attributes: [],
    observed_properties: [],
    requested_contexts: [],
    provided_contexts: {},
    vdom,
    ...more,
  });

interface Page {
  readonly client: LustreClient;
  readonly sent: ClientMessage[];
  readonly html: () => string;
  readonly patch: (patch: object) => void;
}

/** A page that shows a view, with all that it has sent since. */
function page(
  vdom: object,
  { runtime = '5.7.0', attributes = {}, ...more }: Record<string, object | string> = {},
): Page {
  const sent: ClientMessage[] = [];
  const client = new LustreClient({
    send: (frame) => sent.push(JSON.parse(frame) as ClientMessage),
    runtime: runtime as Runtime,
    attributes: attributes as Record<string, string>,
  });
  client.open();
  client.receive(mountOf(vdom, more));
  return {
    client,
    sent,
    html: () => client.shadowRoot.innerHTML,
    patch: (patch) => {
      client.receive(JSON.stringify({ kind: 1, patch }));
    },
  };
}

const counter = {
  kind: 1,
  tag: 'div',
  attributes: [{ kind: 0, name: 'class', value: 'counter' }],
  children: [
    { kind: 1, tag: 'button', attributes: [click], children: [text('-')] },
    { kind: 1, tag: 'p', children: [text('Count: '), text('0')] },
    { kind: 1, tag: 'button', attributes: [click], children: [text('+')] },
  ],
};

describe('the conformance client: the worked trace', () => {
  it('shows the counter, tells of a click by its path, and applies the answer', () => {
    const { client, sent, html, patch } = page(counter);

    client.click('button:last-child');
    patch({ path: [0, 1, 1], changes: [{ kind: 0, content: '1' }] });

    expect(sent).toEqual([{ kind: 1, path: '0\t2', name: 'click', event: {} }]);
    expect(html()).toBe(
      '<div class="counter"><button>-</button><p>Count: 1</p><button>+</button></div>',
    );
  });

  it('has one frame in flight, and sends what came meanwhile as one batch', () => {
    const { client, sent, patch } = page(counter);
    const fired = { kind: 1, path: '0\t2', name: 'click', event: {} };

    for (let clicks = 0; clicks < 3; clicks += 1) client.click('button:last-child');
    expect(sent).toEqual([fired]);
    patch({});
    expect(sent).toEqual([fired, { kind: 3, messages: [fired, fired] }]);
    client.click('button:last-child');
    expect(sent).toHaveLength(2);
    patch({});
    expect(sent[2]).toEqual({ kind: 3, messages: [fired] });
    patch({});
    client.click('button:first-child');
    expect(sent[3]).toEqual({ ...fired, path: '0\t0' });
  });

  it('tells the observed attributes at the first mount only, and later each change', () => {
    const { client, sent, patch } = page(counter, {
      attributes: { value: '10', lang: 'de' },
      observed_attributes: ['value'] as unknown as object,
    });
    expect(sent).toEqual([{ kind: 3, messages: [{ kind: 0, name: 'value', value: '10' }] }]);

    patch({});
    client.setAttribute('value', '11');
    client.setAttribute('lang', 'en');
    patch({});
    client.setAttributes({ value: null, lang: null });
    patch({});
    client.receive(mountOf(counter, { observed_attributes: ['value'] }));

    expect(sent.slice(1)).toEqual([
      { kind: 0, name: 'value', value: '11' },
      { kind: 0, name: 'value', value: null },
    ]);
  });

  it('loses the queue with the connection, but goes on waiting for an answer', () => {
    const { client, sent } = page(counter);

    client.click('button:first-child');
    client.click('button:first-child');
    client.close();
    client.click('button:first-child');
    client.open();
    client.click('button:last-child');
    expect(sent).toHaveLength(1);
    client.receive(mountOf(counter));

    expect(sent[1]).toEqual({
      kind: 3,
      messages: [{ kind: 1, path: '0\t2', name: 'click', event: {} }],
    });
  });
});

describe('the conformance client: nodes and attributes', () => {
  it('renders every kind', () => {
    const { client, html } = page({
      kind: 0,
      children: [
        text('hello'),
        {
          kind: 1,
          tag: 'input',
          attributes: [
            { kind: 0, name: 'disabled' },
            { kind: 2, name: 'input', include: ['target.id'], ...never, debounce: 200 },
            { kind: 0, name: 'type', value: 'text' },
            { kind: 0, name: 'value', value: 'a' },
          ],
        },
        {
          kind: 1,
          namespace: 'http://www.w3.org/2000/svg',
          tag: 'svg',
          attributes: [{ kind: 0, name: 'viewBox', value: '0 0 8 8' }],
          children: [{ kind: 1, namespace: 'http://www.w3.org/2000/svg', tag: 'circle' }],
        },
        { kind: 3, tag: 'style', inner_html: 'p{color:red}' },
        { kind: 4, child: { kind: 1, tag: 'button', attributes: [click], children: [text('ok')] } },
        {
          kind: 1,
          tag: 'progress',
          attributes: [
            { kind: 1, name: 'hidden', value: false },
            { kind: 1, name: 'value', value: 0.5 },
          ],
        },
        { kind: 2 },
      ],
    });

    expect(html()).toBe(
      'hello<input disabled="" type="text" value="a"><svg viewBox="0 0 8 8"><circle></circle></svg>' +
        '<style>p{color:red}</style><button>ok</button><progress value="0.5"></progress>',
    );
    // The head of the fragment, the text, five elements, the head of the map, the empty text.
    expect(client.shadowRoot.childNodes).toHaveLength(9);
    expect(client.find('circle').namespaceURI).toBe('http://www.w3.org/2000/svg');
  });

  it('keeps the properties beside the attributes as the runtime does', () => {
    const { client, patch } = page({
      kind: 1,
      tag: 'input',
      attributes: [
        { kind: 0, name: 'value', value: 'a' },
        { kind: 0, name: 'checked' },
      ],
    });
    const input = client.find('input') as unknown as { value: string; checked: boolean };
    client.type('input', 'typed');

    patch({
      path: [0],
      changes: [{ kind: 2, added: [{ kind: 0, name: 'value', value: 'a' }], removed: [] }],
    });
    expect(input).toMatchObject({ value: 'a', checked: true });
    patch({ path: [0], changes: [{ kind: 2, removed: [{ kind: 0, name: 'checked' }] }] });
    expect(input.checked).toBe(false);
  });

  it('sets virtual defaults as properties', () => {
    const { client } = page({
      kind: 1,
      tag: 'textarea',
      attributes: [{ kind: 0, name: 'virtual:defaultValue', value: 'draft' }],
    });

    expect(client.find('textarea').textContent).toBe('draft');
    expect(client.find('textarea').attributes).toHaveLength(0);
  });
});

describe('the conformance client: patches', () => {
  const listOf = (...keys: string[]): object => ({
    kind: 1,
    tag: 'ul',
    children: keys.map((key) => item(key)),
  });

  it('applies changes in their order, then the removal, then the children', () => {
    const { html, patch } = page(listOf('a', 'b', 'c', 'd'));

    patch({
      path: [0],
      changes: [
        { kind: 3, key: 'c', before: 0 },
        { kind: 4, index: 1 },
        { kind: 5, index: 1, with: item('x') },
        { kind: 6, before: 1, children: [item('y'), item('z')] },
      ],
      removed: 1,
      children: [
        { path: [0], changes: [{ kind: 0, content: 'C' }] },
        { index: 3, changes: [{ kind: 2, added: [{ kind: 0, name: 'id', value: 'x' }] }] },
      ],
    });

    expect(html()).toBe('<ul><li>C</li><li>y</li><li>z</li><li id="x">x</li></ul>');
  });

  it('takes all DOM nodes of fragments and maps along', () => {
    const virtual = (key: string): object => ({
      kind: 0,
      key,
      children: [
        text(`${key}1`),
        { kind: 4, child: { kind: 0, children: [text(`${key}2`), text(`${key}3`)] } },
      ],
    });
    const { client, html, patch } = page({
      kind: 1,
      tag: 'p',
      children: [virtual('a'), virtual('b'), virtual('c')],
    });

    patch({ path: [0], changes: [{ kind: 3, key: 'c', before: 0 }] });
    expect(html()).toBe('<p>c1c2c3a1a2a3b1b2b3</p>');
    patch({ path: [0, 0, 1, 0], changes: [{ kind: 6, before: 2, children: [text('+')] }] });
    expect(html()).toBe('<p>c1c2c3+a1a2a3b1b2b3</p>');
    patch({ path: [0], changes: [{ kind: 4, index: 1 }], removed: 1 });
    expect(html()).toBe('<p>c1c2c3+</p>');
    expect(client.find('p').childNodes).toHaveLength(7);
  });

  it('replaces the root by a change at the top', () => {
    const { html, patch } = page(listOf('a'));

    patch({ changes: [{ kind: 5, index: 0, with: text('gone') }] });

    expect(html()).toBe('gone');
  });

  it('changes raw HTML', () => {
    const { html, patch } = page({ kind: 3, tag: 'div', inner_html: '<b>1</b>' });

    patch({ path: [0], changes: [{ kind: 1, inner_html: '<i>2</i>' }] });

    expect(html()).toBe('<div><i>2</i></div>');
  });

  it.each([
    ['a move of what is there already', { path: [0], changes: [{ kind: 3, key: 'a', before: 0 }] }],
    ['a move backwards', { path: [0], changes: [{ kind: 3, key: 'a', before: 1 }] }],
    ['a move of a key unknown', { path: [0], changes: [{ kind: 3, key: 'x', before: 0 }] }],
    ['a path that leads nowhere', { path: [0, 4], changes: [] }],
    ['a child patch out of range', { path: [0], children: [{ index: 4, removed: 0 }] }],
    ['two patches for one child', { path: [0], children: [{ index: 1 }, { index: 1 }] }],
    ['a removal out of range', { path: [0], changes: [{ kind: 4, index: 4 }] }],
    ['more removed than there are', { path: [0], removed: 5 }],
    ['a replacement out of range', { path: [0], changes: [{ kind: 5, index: 4, with: text('') }] }],
    ['a negative index', { path: [0], changes: [{ kind: 5, index: -1, with: text('') }] }],
    [
      'an insert out of range',
      { path: [0], changes: [{ kind: 6, before: 5, children: [text('')] }] },
    ],
    ['a key twice', { path: [0], changes: [{ kind: 6, before: 4, children: [item('a')] }] }],
    ['a text change of an element', { path: [0], changes: [{ kind: 0, content: '' }] }],
    ['an inner HTML change of an element', { path: [0], changes: [{ kind: 1, inner_html: '' }] }],
    ['attributes of a text', { path: [0, 0, 0], changes: [{ kind: 2, removed: [{ name: 'x' }] }] }],
    ['an attribute removed twice', { path: [0], changes: [{ kind: 2, removed: [{ name: 'x' }] }] }],
    ['an unknown change', { path: [0], changes: [{ kind: 7 }] }],
    ['a second root', { changes: [{ kind: 6, before: 1, children: [text('')] }] }],
    ['a field unknown', { path: [0], change: [] }],
    ['an explicit null', { path: [0], changes: null }],
  ])('throws at %s', (_what, patch) => {
    const shown = page(listOf('a', 'b', 'c', 'd'));

    expect(() => {
      shown.patch(patch);
    }).toThrow(WireViolation);
  });

  it.each([
    ['a node unknown', { kind: 5 }],
    ['a memo', { kind: 5, view: null }],
    [
      'an event without its behaviours',
      { kind: 1, tag: 'p', attributes: [{ ...click, prevent_default: undefined }] },
    ],
    [
      'an event with only one of them',
      { kind: 1, tag: 'p', attributes: [{ ...click, stop_propagation: undefined }] },
    ],
    ['a nameless attribute', { kind: 1, tag: 'p', attributes: [{ kind: 0, value: 'x' }] }],
    [
      'an attribute name with a space',
      { kind: 1, tag: 'p', attributes: [{ kind: 0, name: 'a b' }] },
    ],
    [
      'a property without a value',
      { kind: 1, tag: 'p', attributes: [{ kind: 1, name: 'hidden' }] },
    ],
    ['a tag with a bracket', { kind: 1, tag: 'p><script' }],
    ['a key with a separator', { kind: 1, tag: 'p', children: [item('a\tb')] }],
    [
      'a key that is the index of its sibling',
      { kind: 1, tag: 'p', children: [text(''), item('0')] },
    ],
    ['a key twice', { kind: 1, tag: 'p', children: [item('a'), item('a')] }],
    ['a map without a child', { kind: 4 }],
  ])('throws at a mount with %s', (_what, vdom) => {
    expect(() => page(vdom)).toThrow(WireViolation);
  });

  it('throws at a patch before the mount, and at what is no frame', () => {
    const client = new LustreClient({ send: () => {} });
    client.open();

    for (const frame of ['{"kind":1,"patch":{}}', '', '[]', 'null', '{"kind":9}', '{"kind":0}']) {
      expect(() => {
        client.receive(frame);
      }).toThrow(WireViolation);
    }
  });

  it('knows neither paths nor maps when it plays an old runtime', () => {
    const old = page(listOf('a'), { runtime: '5.3.2' });

    expect(() => {
      old.patch({ path: [0], removed: 1 });
    }).toThrow(WireViolation);
    expect(() => page({ kind: 4, child: text('') }, { runtime: '5.3.2' })).toThrow(WireViolation);
    old.patch({ children: [{ removed: 1 }] });
    expect(old.html()).toBe('<ul></ul>');
  });
});

describe('the conformance client: events', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const button = (id: string, event: object = click, key = ''): object => ({
    kind: 1,
    key,
    tag: 'button',
    attributes: [event, { kind: 0, name: 'id', value: id }],
  });
  const inDiv = (...children: object[]): object => ({ kind: 1, tag: 'div', children });
  const pathOf = (vdom: object): string | undefined => {
    const { client, sent } = page(vdom);
    client.click('#b');
    const [message] = sent;
    return message?.kind === 1 ? message.path : undefined;
  };

  it('names elements as the runtime does', () => {
    const b = button('b');
    const list = (child: object): object =>
      inDiv(text(''), text(''), { kind: 1, tag: 'ul', children: [child] });

    expect(pathOf(inDiv(text(''), text(''), b))).toBe('0\t2');
    expect(pathOf({ kind: 0, children: [text(''), inDiv({ kind: 0, children: [b] })] })).toBe(
      '0\t1\t0\t0',
    );
    expect(pathOf(list(button('b', click, 'k/1 .x')))).toBe('0\t2\tk/1 .x');
    expect(
      pathOf(list({ kind: 4, key: 'm', child: { kind: 1, key: 'm', tag: 'p', children: [b] } })),
    ).toBe('0\t2\tm\rm\t0');
    expect(
      pathOf(inDiv(text(''), text(''), text(''), { kind: 4, child: { kind: 4, child: b } })),
    ).toBe('0\t3\r0\r0');
    expect(pathOf({ kind: 1, key: 'root', tag: 'div', children: [b] })).toBe('root\t0');
  });

  it('bubbles from the child to its parent, unless the child stops it', () => {
    const parent = (stop: number): object => ({
      ...inDiv(button('b', { ...click, stop_propagation: { kind: stop } })),
      attributes: [click],
    });
    const bubbling = page(parent(0));
    const stopped = page(parent(2));

    bubbling.client.click('#b');
    bubbling.patch({});
    stopped.client.click('#b');
    stopped.patch({});

    expect(bubbling.sent).toHaveLength(2);
    expect(bubbling.sent[1]).toMatchObject({ kind: 3, messages: [{ path: '0' }] });
    expect(stopped.sent).toHaveLength(1);
  });

  it('sends the value of an input, the state of a checkbox, the fields of a form', () => {
    const field = (name: string, value: string, ...more: object[]): object => ({
      kind: 1,
      tag: 'input',
      attributes: [
        { kind: 0, name: 'id', value: name + value },
        { kind: 0, name: 'name', value: name },
        ...more,
        { kind: 0, name: 'value', value },
      ],
    });
    const { client, sent, patch } = page({
      kind: 1,
      tag: 'form',
      attributes: [
        { ...click, name: 'submit', prevent_default: { kind: 2 } },
        { ...click, name: 'input', include: ['target.name'] },
        { ...click, name: 'change' },
      ],
      children: [
        field('q', 'v'),
        field('q', 'w'),
        field('c', 'on', { kind: 0, name: 'type', value: 'checkbox' }),
        field('go', '1', { kind: 0, name: 'type', value: 'submit' }),
      ],
    });

    client.type('#qv', 'typed');
    patch({});
    client.click('#con');
    patch({});
    patch({});
    client.click('#go1');

    expect(sent[0]).toMatchObject({ event: { target: { value: 'typed', name: 'q' } } });
    expect(sent[1]).toMatchObject({ name: 'input', event: { target: { checked: true } } });
    expect(sent[2]).toMatchObject({
      messages: [{ name: 'change', event: { target: { checked: true } } }],
    });
    expect(sent[3]).toMatchObject({
      event: {
        detail: {
          formData: [
            ['q', 'typed'],
            ['q', 'w'],
            ['c', 'on'],
            ['go', '1'],
          ],
        },
      },
    });
  });

  it('drops an event when what was asked for is not there', () => {
    const { client, sent } = page(button('b', { ...click, include: ['relatedTarget.id'] }));

    client.click('#b');

    expect(sent).toEqual([]);
  });

  it('debounces, throttles, and does both', () => {
    const paced = (pace: object): { clicks: (count: number) => void; sent: ClientMessage[] } => {
      const { client, sent, patch } = page(button('b', { ...click, ...pace }));
      return {
        sent,
        clicks: (count) => {
          for (let clicks = 0; clicks < count; clicks += 1) client.click('#b');
          patch({});
        },
      };
    };
    const debounced = paced({ debounce: 100 });
    debounced.clicks(3);
    expect(debounced.sent).toHaveLength(0);
    vi.advanceTimersByTime(100);
    expect(debounced.sent).toHaveLength(1);

    const throttled = paced({ throttle: 100 });
    throttled.clicks(3);
    expect(throttled.sent).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(throttled.sent).toHaveLength(1);
    throttled.clicks(1);
    expect(throttled.sent).toHaveLength(2);

    const both = paced({ debounce: 50, throttle: 100 });
    both.clicks(1);
    vi.advanceTimersByTime(100);
    expect(both.sent).toHaveLength(1);
    both.clicks(3);
    vi.advanceTimersByTime(100);
    expect(both.sent).toHaveLength(3);
  });

  it('forgets what is debounced with its element', () => {
    const { client, sent, patch } = page(inDiv(button('b', { ...click, debounce: 100 })));

    client.click('#b');
    patch({ path: [0], removed: 1 });
    vi.advanceTimersByTime(1_000);

    expect(sent).toEqual([]);
  });

  it('sends observed properties, and throws when a second mount lists them again', () => {
    const observed = { observed_properties: ['items'] as unknown as object };
    const { client, sent } = page(counter, observed);

    client.setProperty('items', [1]);
    client.setProperty('other', [1]);

    expect(sent).toEqual([{ kind: 2, name: 'items', value: [1] }]);
    expect(() => {
      client.receive(mountOf(counter, observed));
    }).toThrow(WireViolation);
  });

  it('keeps contexts and tells of what was emitted, as events on the host', () => {
    const { client } = page(counter, { provided_contexts: { theme: 'dark' } });
    const details: unknown[] = [];
    client.host.addEventListener('saved', (event) => {
      details.push((event as unknown as { detail: unknown }).detail);
    });

    client.receive(JSON.stringify({ kind: 2, name: 'saved', data: { id: 1 } }));
    client.receive(JSON.stringify({ kind: 3, key: 'theme', value: 'light' }));

    expect(details).toEqual([{ id: 1 }]);
    expect(client.emitted).toEqual([{ name: 'saved', data: { id: 1 } }]);
    expect(client.contexts).toEqual(new Map([['theme', 'light']]));
  });
});
