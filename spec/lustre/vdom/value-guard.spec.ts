import { describe, expect, it } from 'vitest';
import { type Carried, type Json } from '../../../lib/lustre/vdom/attribute.ts';
import { fitsForeign, fitting } from '../../../lib/lustre/vdom/value-guard.ts';

const property = (name: string, value: Json): Extract<Carried<never>, { kind: 'property' }> => ({
  kind: 'property',
  name,
  value,
});
const attribute = (name: string, value: string): Carried<never> => ({
  kind: 'attribute',
  name,
  value,
});

describe('a property that an element may have', () => {
  it.each<[tag: string, name: string, value: Json, fits: boolean]>([
    ['video', 'volume', 0, true],
    ['video', 'volume', 1, true],
    ['video', 'volume', 1.01, false],
    ['video', 'volume', -0.01, false],
    ['video', 'playbackRate', 0.0625, true],
    ['video', 'playbackRate', 0.06, false],
    ['video', 'playbackRate', 16, true],
    ['video', 'playbackRate', 16.1, false],
    ['input', 'maxLength', 0, true],
    ['input', 'maxLength', -1, false],
    ['input', 'maxLength', 2_147_483_647, true],
    ['input', 'maxLength', 2_147_483_648, false],
    ['input', 'size', 0, false],
    ['input', 'size', 1, true],
    ['progress', 'max', Number.NaN, false],
    ['meter', 'low', '0.5', true],
    ['meter', 'low', '', false],
    ['meter', 'low', null, false],
    ['div', 'contentEditable', 'plaintext-only', true],
    ['div', 'contentEditable', 'perhaps', false],
    ['a', 'rel', {}, true],
    ['a', 'rel', { toString: 1 }, false],
    ['a', 'rel', [[{ toString: 1 }]], false],
    ['my-link', 'rel', { toString: 1 }, true],
  ])('%s %s %j: %s', (tag, name, value, fits) => {
    expect(fitting(tag, property(name, value), false) !== undefined).toBe(fits);
  });

  it.each([
    ['input', 'files'],
    ['video', 'NETWORK_IDLE'],
    ['track', 'LOADED'],
    ['td', 'cellIndex'],
  ])('is a TypeError where it can never be set: %s %s', (tag, name) => {
    expect(() => fitting(tag, property(name, 1), false)).toThrow(`on ${tag}, got ${name}`);
  });

  it('keeps an address from being a program, also in an array', () => {
    const fit = (tag: string, value: Json): unknown =>
      (fitting(tag, property('href', value), false) as { value: unknown }).value;

    expect(fit('a', ['javascript:alert(1)'])).toBe('about:invalid');
    expect(fit('a', ['/a'])).toBe('/a');
    expect(fit('my-link', ['javascript:alert(1)'])).toEqual(['javascript:alert(1)']);
  });
});

describe('an attribute that an element may have', () => {
  it('is the value of a file input only where it is empty', () => {
    expect(fitting('input', attribute('value', ''), true)).toBeDefined();
    expect(fitting('input', attribute('value', 'a.txt'), true)).toBeUndefined();
    expect(fitting('input', attribute('value', 'a.txt'), false)).toBeDefined();
  });

  it('is a number for the value of a progress', () => {
    expect(fitting('progress', attribute('value', '0.5'), false)).toBeDefined();
    expect(fitting('progress', attribute('value', 'NaN'), false)).toBeUndefined();
  });

  it('is the same object where nothing has to change', () => {
    const given = attribute('class', 'row');
    expect(fitting('div', given, false)).toBe(given);
  });
});

describe('elements of SVG and MathML', () => {
  it('take properties that are plain values, and texts', () => {
    expect(fitsForeign('a', property('rel', 'x'))).toBe(true);
    expect(fitsForeign('a', property('rel', { toString: 1 }))).toBe(false);
    expect(() => fitsForeign('circle', property('cx', 1))).toThrow(TypeError);
    expect(() => fitsForeign('circle', property('SVG_UNIT_TYPE', 1))).toThrow(TypeError);
  });
});
