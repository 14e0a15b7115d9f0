import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { AsyncContext, rootContext } from '../../lib/process/async-context.ts';

const store = new AsyncLocalStorage<string>();

describe('an asynchronous context', () => {
  it('is that in which it was made, whoever enters it', () => {
    const ada = store.run('ada', () => new AsyncContext());
    const bob = store.run('bob', () => new AsyncContext());
    const who = (): string | undefined => store.getStore();

    const seen = store.run('eve', () => [
      ada.run(who, undefined),
      bob.run(who, undefined),
      ada.run(who, undefined),
      who(),
    ]);

    expect(seen).toEqual(['ada', 'bob', 'ada', 'eve']);
    expect(who()).toBeUndefined();
  });

  it('calls with this and with all arguments, and gives what comes back', () => {
    const context = new AsyncContext();
    function sum(this: { readonly base: number }, a: number, b: number): number {
      return this.base + a + b;
    }

    expect(context.run(sum, { base: 100 }, 20, 3)).toBe(123);
  });

  it('is left when the function throws', () => {
    const ada = store.run('ada', () => new AsyncContext());

    expect(() =>
      ada.run(() => {
        throw new Error('mine');
      }, undefined),
    ).toThrow('mine');
    expect(store.getStore()).toBeUndefined();
  });

  it('of no request has no store, whoever enters it', () => {
    expect(
      store.run('ada', () => rootContext.run(() => store.getStore(), undefined)),
    ).toBeUndefined();
  });
});
