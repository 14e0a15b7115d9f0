import { effect } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { checked, type Step } from '../../lib/application/step.ts';

const asStep = (value: unknown): Step<unknown, never> => value as Step<unknown, never>;

describe('what init and update return', () => {
  it.each<[what: string, step: Step<unknown, unknown>]>([
    ['a model and an effect', [1, effect.dispatch('a')]],
    ['a model that is undefined', [undefined, effect.none()]],
    ['a model that is a promise', [Promise.resolve(), effect.none()]],
  ])('is taken as it is: %s', (_, step) => {
    expect(checked('update', step)).toBe(step);
  });

  it.each<[got: string, value: unknown]>([
    ['undefined', undefined],
    ['object', { model: 1 }],
    ['object', null],
    ['another array', []],
    ['another array', [1]],
    ['another array', [1, undefined]],
    ['another array', [1, null]],
    ['another array', [1, 'none']],
    ['another array', [1, {}]],
    ['another array', [1, effect.none(), effect.none()]],
    ['a promise', Promise.resolve([1, effect.none()])],
  ])('is refused where it is %s: %j', (got, value) => {
    expect(() => checked('init', asStep(value))).toThrow(
      new TypeError(`Expected \`init\` to return [model, effect], got ${got}`),
    );
  });

  it('names the function, and a promise that rejects is refused like any other', () => {
    // Were it not caught, this run would end with an unhandled rejection.
    expect(() => checked('update', asStep(Promise.reject(new Error('no'))))).toThrow(
      'Expected `update` to return [model, effect], got a promise',
    );
  });
});
