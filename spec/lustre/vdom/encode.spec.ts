import { number, object, string, type } from 'superstruct';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  booleanAttribute,
  classes,
  debounce,
  decodeEvent,
  type Element,
  element,
  fragment,
  html,
  keyed,
  map,
  mathml,
  memo,
  namespaced,
  noAttribute,
  none,
  on,
  onCheck,
  onClick,
  onInput,
  onKeyDown,
  onSubmit,
  preventDefault,
  property,
  stopPropagation,
  styles,
  svg,
  text,
  throttle,
  unsafeRawHtml,
} from '../../../lib/lustre.ts';
import { type EventAttribute } from '../../../lib/lustre/vdom/attribute.ts';
import { encodeElement } from '../../../lib/lustre/vdom/encode.ts';

/** As it stands on the wire. */
const wire = (node: Element<unknown>): unknown => JSON.parse(JSON.stringify(encodeElement(node)));

const NEVER = { kind: 0 };
const ALWAYS = { kind: 2 };

describe('a vnode on the wire', () => {
  it.each<[string, Element<unknown>, unknown]>([
    ['a text', text('hello'), { kind: 2, content: 'hello' }],
    ['a number', text(0), { kind: 2, content: '0' }],
    ['an empty text', text(''), { kind: 2 }],
    ['nothing', none(), { kind: 2 }],
    ['markup in a text', text('<b>&amp;'), { kind: 2, content: '<b>&amp;' }],
    ['an empty fragment', fragment([]), { kind: 0 }],
    [
      'a fragment',
      fragment([text('a'), none()]),
      { kind: 0, children: [{ kind: 2, content: 'a' }, { kind: 2 }] },
    ],
    ['an element', html.br([]), { kind: 1, tag: 'br' }],
    ['a reserved word', html.var([]), { kind: 1, tag: 'var' }],
    ['a custom element', element('my-clock', []), { kind: 1, tag: 'my-clock' }],
    [
      'an element in it',
      html.p([attribute('id', 'x')], [html.b([], [text('y')])]),
      {
        kind: 1,
        tag: 'p',
        attributes: [{ kind: 0, name: 'id', value: 'x' }],
        children: [{ kind: 1, tag: 'b', children: [{ kind: 2, content: 'y' }] }],
      },
    ],
    [
      'SVG',
      svg.svg([], [svg.circle([attribute('r', 4)])]),
      {
        kind: 1,
        namespace: 'http://www.w3.org/2000/svg',
        tag: 'svg',
        children: [
          {
            kind: 1,
            namespace: 'http://www.w3.org/2000/svg',
            tag: 'circle',
            attributes: [{ kind: 0, name: 'r', value: '4' }],
          },
        ],
      },
    ],
    [
      'MathML',
      mathml.mi([]),
      { kind: 1, namespace: 'http://www.w3.org/1998/Math/MathML', tag: 'mi' },
    ],
    ['another namespace', namespaced('urn:x', 'y', []), { kind: 1, namespace: 'urn:x', tag: 'y' }],
    [
      'markup of one’s own',
      unsafeRawHtml('div', [attribute('id', 'x')], '<i>'),
      {
        kind: 3,
        tag: 'div',
        attributes: [{ kind: 0, name: 'id', value: 'x' }],
        inner_html: '<i>',
      },
    ],
    ['no markup', unsafeRawHtml('div', [], ''), { kind: 3, tag: 'div' }],
    ['a style sheet', html.style([], 'p{}'), { kind: 3, tag: 'style', inner_html: 'p{}' }],
    [
      'a textarea',
      html.textarea([], 'x'),
      {
        kind: 1,
        tag: 'textarea',
        attributes: [{ kind: 1, name: 'value', value: 'x' }],
        children: [{ kind: 2, content: 'x' }],
      },
    ],
    [
      'keys',
      html.ul(
        [],
        keyed([
          ['a', html.li([])],
          ['b', text('')],
        ]),
      ),
      {
        kind: 1,
        tag: 'ul',
        children: [
          { kind: 1, key: 'a', tag: 'li' },
          { kind: 2, key: 'b' },
        ],
      },
    ],
    [
      'keys of a fragment, and of a fragment in it',
      fragment(
        keyed([
          ['a', fragment([])],
          ['b', unsafeRawHtml('p', [], '')],
        ]),
      ),
      {
        kind: 0,
        children: [
          { kind: 0, key: 'a' },
          { kind: 3, key: 'b', tag: 'p' },
        ],
      },
    ],
    [
      'keys that a path could not carry',
      fragment(
        keyed([
          ['a\tb', none()],
          ['c\rd\n', none()],
          ['1%', none()],
          ['', none()],
        ]),
      ),
      {
        kind: 0,
        children: [
          { kind: 2, key: 'a%09b' },
          { kind: 2, key: 'c%0Dd%0A' },
          { kind: 2, key: '1%25' },
          { kind: 2, key: '%' },
        ],
      },
    ],
    [
      'keys that are the same',
      fragment(
        keyed([
          ['a', none()],
          ['a', none()],
          ['__proto__', none()],
          ['a', none()],
        ]),
      ),
      {
        kind: 0,
        children: [
          { kind: 2, key: 'a' },
          { kind: 2, key: 'a%~1' },
          { kind: 2, key: '__proto__' },
          { kind: 2, key: 'a%~2' },
        ],
      },
    ],
    ['no map', map(html.b([]), String), { kind: 1, tag: 'b' }],
    ['no memo', memo([], () => map(html.b([]), String)), { kind: 1, tag: 'b' }],
  ])('is for %s', (_, node, expected) => {
    expect(wire(node)).toEqual(expected);
  });

  it('refuses what is no element', () => {
    expect(() => wire(html.p([], [null as unknown as Element<never>]))).toThrow(
      new TypeError('Expected an element, got null'),
    );
  });

  it.each(['', 'a b', '<p>', 'a:b', '1a', 'x"', '-a'])('refuses the tag %j', (tag) => {
    expect(() => element(tag, [])).toThrow(TypeError);
    expect(() => unsafeRawHtml(tag, [], '')).toThrow(TypeError);
  });
});

/** The attributes of an element as they stand on the wire. */
const attributes = (...list: Parameters<typeof html.p<unknown>>[0]): unknown =>
  (wire(html.p(list)) as { attributes?: unknown }).attributes;

describe('an attribute on the wire', () => {
  it.each<[string, Parameters<typeof html.p<unknown>>[0], unknown]>([
    ['a text', [attribute('id', 'x')], [{ kind: 0, name: 'id', value: 'x' }]],
    ['an empty one', [attribute('alt', '')], [{ kind: 0, name: 'alt' }]],
    ['none', [noAttribute()], undefined],
    ['an empty class', [attribute('class', '')], undefined],
    ['empty styles', [styles({ color: '' })], undefined],
    [
      'the order of names',
      [attribute('b', '1'), noAttribute(), attribute('a', '2'), attribute('C', '3')],
      [
        { kind: 0, name: 'C', value: '3' },
        { kind: 0, name: 'a', value: '2' },
        { kind: 0, name: 'b', value: '1' },
      ],
    ],
    [
      'the last of a name',
      [attribute('a', '1'), attribute('b', '2'), property('a', 3)],
      [
        { kind: 1, name: 'a', value: 3 },
        { kind: 0, name: 'b', value: '2' },
      ],
    ],
    [
      'joined classes and styles',
      [
        attribute('class', 'a'),
        styles({ color: 'red', top: '' }),
        classes({ b: true, c: false, d: true }),
        attribute('style', 'top:0'),
        styles({ width: '1px' }),
      ],
      [
        { kind: 0, name: 'class', value: 'a b d' },
        { kind: 0, name: 'style', value: 'color:red;top:0;width:1px;' },
      ],
    ],
    [
      'one declaration for one value',
      [styles({ color: 'red;background:url(//evil)', '--x': 'a}b', top: '0' })],
      [{ kind: 0, name: 'style', value: 'top:0;' }],
    ],
    ['a property', [property('p', false)], [{ kind: 1, name: 'p', value: false }]],
    ['a property null', [property('p', null)], [{ kind: 1, name: 'p', value: null }]],
    ['a deep property', [property('p', { a: [1] })], [{ kind: 1, name: 'p', value: { a: [1] } }]],
    ['a boolean that is on', [booleanAttribute('hidden', true)], [{ kind: 0, name: 'hidden' }]],
    [
      'a boolean that is off',
      [booleanAttribute('hidden', false)],
      [{ kind: 1, name: 'hidden', value: false }],
    ],
    [
      'a handler',
      [onClick('m')],
      [{ kind: 2, name: 'click', prevent_default: NEVER, stop_propagation: NEVER }],
    ],
    [
      'a handler with all options',
      [
        throttle(
          debounce(
            stopPropagation(
              preventDefault(
                on(
                  'mousemove',
                  decodeEvent(
                    object({ clientX: number(), target: type({ id: string() }) }),
                    (data) => data,
                  ),
                ),
              ),
            ),
            200,
          ),
          50,
        ),
      ],
      [
        {
          kind: 2,
          name: 'mousemove',
          include: ['clientX', 'target.id'],
          prevent_default: ALWAYS,
          stop_propagation: ALWAYS,
          debounce: 200,
          throttle: 50,
        },
      ],
    ],
    [
      'a delay below 0',
      [debounce(throttle(onClick('m'), -1), -1)],
      [{ kind: 2, name: 'click', prevent_default: NEVER, stop_propagation: NEVER }],
    ],
    [
      'what was asked for',
      [on('x', decodeEvent(string(), String, ['detail']))],
      [
        {
          kind: 2,
          name: 'x',
          include: ['detail'],
          prevent_default: NEVER,
          stop_propagation: NEVER,
        },
      ],
    ],
    [
      'onInput, which asks for nothing: it comes anyway',
      [onInput((value) => value)],
      [{ kind: 2, name: 'input', prevent_default: NEVER, stop_propagation: NEVER }],
    ],
    [
      'what comes anyway, asked for by a struct',
      [
        on(
          'input',
          decodeEvent(
            object({ target: object({ value: string(), id: string() }) }),
            (data) => data,
          ),
        ),
      ],
      [
        {
          kind: 2,
          name: 'input',
          include: ['target.id'],
          prevent_default: NEVER,
          stop_propagation: NEVER,
        },
      ],
    ],
    [
      'onCheck, which asks for older bundles',
      [onCheck(String)],
      [
        {
          kind: 2,
          name: 'change',
          include: ['target.checked'],
          prevent_default: NEVER,
          stop_propagation: NEVER,
        },
      ],
    ],
    [
      'onKeyDown',
      [onKeyDown(String)],
      [
        {
          kind: 2,
          name: 'keydown',
          include: ['key'],
          prevent_default: NEVER,
          stop_propagation: NEVER,
        },
      ],
    ],
    [
      'onSubmit, which prevents',
      [onSubmit((fields) => fields)],
      [{ kind: 2, name: 'submit', prevent_default: ALWAYS, stop_propagation: NEVER }],
    ],
  ])('is for %s', (_, list, expected) => {
    expect(attributes(...list)).toEqual(expected);
  });

  it.each(['', 'a b', 'onclick', 'OnLoad', '1', 'a=b', 'a>', '"', '@click', 'a\0'])(
    'refuses the name %j',
    (name) => {
      expect(() => attribute(name, '')).toThrow(TypeError);
    },
  );

  it.each(['', 'innerHTML', 'outerHTML', 'textContent', '__proto__', 'onclick', 'a b'])(
    'refuses the property %j',
    (name) => {
      expect(() => property(name, '')).toThrow(TypeError);
    },
  );

  it.each([
    ['href', 'javascript:alert(1)'],
    ['HREF', ' \u0001JavaScript:alert(1)'],
    ['src', 'java\nscr\tipt:alert(1)'],
    ['formaction', '\tjavascript\r:x'],
    ['action', 'JAVASCRIPT:'],
    ['xlink:href', 'javascript:x'],
  ])('makes %s harmless with %j', (name, value) => {
    expect(attributes(attribute(name, value))).toEqual([{ kind: 0, name, value: 'about:invalid' }]);
    expect(attributes(property(name, value))).toEqual([{ kind: 1, name, value: 'about:invalid' }]);
  });

  it.each([
    ['to', 'javascript:x'],
    ['from', ' JavaScript:x'],
    ['by', 'javascript:x'],
    ['values', '#a; javascript:x'],
  ])('makes an animation of an address harmless: %s with %j', (name, value) => {
    expect(attributes(attribute(name, value))).toEqual([{ kind: 0, name, value: 'about:invalid' }]);
  });

  it.each([
    ['to', '#a'],
    ['values', '0;1;0'],
  ])('leaves other animations alone: %s with %j', (name, value) => {
    expect(attributes(attribute(name, value))).toEqual([{ kind: 0, name, value }]);
  });

  it('makes a list that the browser would join harmless, too', () => {
    expect(attributes(property('href', [['javascript:x']]))).toEqual([
      { kind: 1, name: 'href', value: 'about:invalid' },
    ]);
  });

  it.each([
    ['href', '/javascript:x'],
    ['href', 'java script:x'],
    ['href', 'j'],
    ['href', ''],
    ['href', 'https://example.com/?javascript:'],
    ['title', 'javascript:alert(1)'],
  ])('leaves %s with %j alone', (name, value) => {
    expect(attributes(property(name, value))).toEqual([{ kind: 1, name, value }]);
  });

  it('sends the last event of a throttled input, which says what the page shows', () => {
    const input = (handler: EventAttribute<string>): unknown =>
      wire(html.input([throttle(handler, 50)]));

    expect(input(onCheck(String))).toMatchObject({ attributes: [{ throttle: 50, debounce: 50 }] });
    expect(input(onClick('m'))).toEqual({
      kind: 1,
      tag: 'input',
      attributes: [
        { kind: 2, name: 'click', prevent_default: NEVER, stop_propagation: NEVER, throttle: 50 },
      ],
    });
  });

  it('refuses a delay that is no whole number', () => {
    expect(() => debounce(onClick('m'), 0.5)).toThrow(TypeError);
    expect(() => throttle(onClick('m'), Number.NaN)).toThrow(TypeError);
  });

  it('refuses handlers without a function, and names that are none', () => {
    const missing = undefined as unknown as () => undefined;

    expect(() => on('click', missing)).toThrow(TypeError);
    expect(() => on('a\tb', () => 1)).toThrow(TypeError);
    expect(() => onInput(missing)).toThrow(TypeError);
    expect(() => onCheck(missing)).toThrow(TypeError);
    expect(() => onSubmit(missing)).toThrow(TypeError);
    expect(() => decodeEvent(string(), missing)).toThrow(TypeError);
    expect(() => decodeEvent({} as never, String)).toThrow(TypeError);
    expect(() => map(text(''), missing)).toThrow(TypeError);
    expect(() => memo([], missing as never)).toThrow(TypeError);
  });
});
