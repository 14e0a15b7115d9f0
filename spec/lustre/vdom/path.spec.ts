import { describe, expect, it } from 'vitest';
import {
  type Element,
  fragment,
  html,
  keyed,
  map,
  memo,
  none,
  onClick,
  onFocus,
  text,
  unsafeRawHtml,
} from '../../../lib/lustre.ts';
import { findHandler } from '../../../lib/lustre/vdom/path.ts';

const button = (message: string): Element<string> => html.button([onClick(message)]);

const view: Element<string> = html.div(
  [onFocus('root')],
  [
    fragment([none(), html.p([], [button('in a fragment')])]),
    html.ul(
      [],
      keyed([
        ['0', button('key 0')],
        ['k/1 .x', html.li([], [button('in a key')])],
        ['__proto__', button('prototype')],
        ['a\tb', button('tab')],
        ['', button('empty')],
      ]),
    ),
    map(
      memo([], () => map(button('mapped'), (message) => `inner ${message}`)),
      (message) => `outer ${message}`,
    ),
    unsafeRawHtml('div', [onClick('raw')], '<button>'),
    text('x'),
  ],
);

const messageAt = (path: string, name = 'click'): unknown => {
  const found = findHandler(view, path, name);
  return found?.toMessage(found.handler.decode({}));
};

describe('findHandler', () => {
  it.each([
    ['0', 'root', 'focus'],
    ['0\t0\t1\t0', 'in a fragment'],
    ['0\t1\t0', 'key 0'],
    ['0\t1\tk/1 .x\t0', 'in a key'],
    ['0\t1\t__proto__', 'prototype'],
    ['0\t1\ta%09b', 'tab'],
    ['0\t1\t%', 'empty'],
    ['0\t2', 'outer inner mapped'],
    ['0\t3', 'raw'],
  ])('finds %j', (path, message, name = 'click') => {
    expect(messageAt(path, name)).toBe(message);
  });

  it.each([
    ['', 'focus'],
    ['1', 'focus'],
    ['\t', 'focus'],
    ['0', 'click'],
    ['0\t', 'click'],
    ['0\t00', 'click'],
    ['0\t-1', 'click'],
    ['0\t02', 'click'],
    ['0\t2.0', 'click'],
    ['0\t 2', 'click'],
    ['0\t2\t', 'click'],
    ['0\t9', 'click'],
    ['0\t1e0', 'click'],
    ['0\tlength', 'click'],
    ['0\t__proto__', 'click'],
    ['0\tconstructor', 'click'],
    ['0\t1\t1', 'click'],
    ['0\t1\ttoString', 'click'],
    ['0\t1\ta\tb', 'click'],
    ['0\r2', 'click'],
    ['0\t3\t0', 'click'],
    ['0\t4', 'click'],
    ['0\t4\t0', 'click'],
    ['0\t0', 'click'],
    ['0\t99999999999999999999', 'click'],
    ['0\t2', 'Click'],
    ['0\t2', '__proto__'],
    ['0\t2', 'constructor'],
    [`0${'\t0'.repeat(10_000)}`, 'click'],
  ])('finds nothing at %j for %s', (path, name) => {
    expect(findHandler(view, path, name)).toBeUndefined();
  });
});
