import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { attempt, dropRejection, expectNoPromise } from '../../lib/core/attempt.ts';
import { nextTurn } from '../support/clock.ts';

const fault = new Error('a fault');
const throwing = (): never => {
  throw fault;
};

/** A rejection that nobody has handled by the end of the turn, if there is one. */
async function unhandled(act: () => void): Promise<unknown> {
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  try {
    const seen = once(process, 'unhandledRejection').then(([reason]: unknown[]) => reason);
    act();
    return await Promise.race([seen, nextTurn().then(nextTurn)]);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
}

describe('an attempt', () => {
  it.each<[string, () => unknown, unknown[]]>([
    ['returns', () => 1, []],
    ['throws', throwing, [fault]],
    ['resolves', async () => Promise.resolve(), []],
    ['rejects', async () => Promise.reject(fault), [fault]],
  ])('at a function that %s reports what failed', async (_name, act, expected) => {
    const failed: unknown[] = [];

    const rejection = await unhandled(() => attempt(act, (cause) => failed.push(cause)));

    expect([failed, rejection]).toEqual([expected, undefined]);
  });

  it('reports at once what is thrown', () => {
    const failed: unknown[] = [];

    attempt(throwing, (cause) => failed.push(cause));

    expect(failed).toEqual([fault]);
  });
});

describe('a promise where none is expected', () => {
  it('is no rejection that ends the process', async () => {
    expect(await unhandled(() => dropRejection(Promise.reject(fault)))).toBeUndefined();
    expect(await unhandled(() => void Promise.reject(fault))).toBe(fault);
  });

  it('is refused by the name of what returned it, and its rejection is dropped', async () => {
    const rejection = await unhandled(() => {
      expect(() => expectNoPromise('update', Promise.reject(fault))).toThrow(
        new TypeError('Expected `update` to be synchronous, got a promise'),
      );
    });

    expect(rejection).toBeUndefined();
  });

  it.each([undefined, null, 0, 'then', {}])('is not %j', (value) => {
    expect(() => expectNoPromise('update', value)).not.toThrow();
  });
});
