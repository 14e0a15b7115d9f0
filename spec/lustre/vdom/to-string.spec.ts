import { describe, expect, it } from 'vitest';
import { effect } from '../../../lib/index.ts';
import {
  attribute,
  booleanAttribute,
  component,
  element,
  type Element,
  fragment,
  html,
  map,
  memo,
  onClick,
  property,
  renderServerComponent,
  renderToString,
  svg,
  text,
} from '../../../lib/lustre.ts';

describe('renderToString', () => {
  it.each<[string, Element<unknown>, string]>([
    ['text, escaped', text('<b>&"\''), '&lt;b&gt;&amp;"\''],
    [
      'attributes, escaped',
      html.p([attribute('title', '"><script>\'&')]),
      '<p title="&quot;&gt;&lt;script&gt;&#39;&amp;"></p>',
    ],
    [
      'elements without an end',
      html.div([], [html.br([]), html.input([])]),
      '<div><br><input></div>',
    ],
    [
      'what maps, memos and fragments show',
      fragment([map(text('a'), String), memo([], () => text('b'))]),
      'ab',
    ],
    ['no handlers', html.button<unknown>([onClick('m')], [text('x')]), '<button>x</button>'],
    [
      'the properties that HTML has',
      html.input([property('value', 'a'), booleanAttribute('checked', false), property('x', 1)]),
      '<input value="a">',
    ],
    [
      'a textarea',
      html.textarea([], '\n</textarea>'),
      '<textarea>\n\n&lt;/textarea&gt;</textarea>',
    ],
    ['markup of ours', html.style([], 'p{color:red}'), '<style>p{color:red}</style>'],
    [
      'text in raw text, which cannot end it',
      element('style', [], [text('</style><script>')]),
      '<style>\\3c /style>\\3c script></style>',
    ],
    [
      'text in a script, which cannot end it',
      element('script', [], [text('"</script>"')]),
      '<script>"\\x3C/script>"</script>',
    ],
    ['SVG', svg.svg([], [svg.circle([attribute('r', '4')])]), '<svg><circle r="4"></circle></svg>'],
  ])('writes %s', (_, view, expected) => {
    expect(renderToString(view)).toBe(expected);
  });

  it('refuses what is no element', () => {
    expect(() => renderToString(html.div([], [null as never]))).toThrow('Expected an element');
  });
});

describe('renderServerComponent', () => {
  const counter = component<number, number, never>({
    init: (count) => [count, effect.from(() => expect.fail('an effect was started'))],
    update: (count) => [count, effect.none()],
    view: (count) => html.output([], [text(count)]),
  });

  it('writes the first view as declarative shadow DOM, with the route last', () => {
    expect(
      renderServerComponent(counter, 5, { route: '/counter?a="', attributes: { step: '2' } }),
    ).toBe(
      '<lustre-server-component step="2" method="ws" route="/counter?a=&quot;">' +
        '<template shadowrootmode="open"><output>5</output></template></lustre-server-component>',
    );
  });

  it('has the mode that the mount will have', () => {
    const closed = { ...counter, options: { openShadowRoot: false } };
    expect(renderServerComponent(closed, 1, { route: '/' })).toContain('shadowrootmode="closed"');
  });

  it('refuses a name that is none', () => {
    const attributes = { '><script>': '' };
    expect(() => renderServerComponent(counter, 1, { route: '/', attributes })).toThrow(TypeError);
  });
});
