import { describe, expect, it } from 'vitest';
import { decide, refusalStatus } from '../../lib/request/verdict.ts';

const throwing = {
  get status(): number {
    throw new Error('a getter');
  },
};
const fault = new Error('a fault');
const refusal = Object.assign(new Error('no'), { status: 403 });

/** What becomes of a client, in words. */
async function verdictOf(ask: () => unknown): Promise<string> {
  return new Promise((resolve) => {
    let when = 'at once';
    const isPending = decide(ask, {
      admit: (value) => resolve(`${when} admitted ${String(value)}`),
      refuse: (status) => resolve(`${when} refused ${status}`),
      fail: (cause) => resolve(`${when} failed ${(cause as Error).message}`),
    });
    when = 'later';
    if (isPending) return;
    resolve('nothing was decided');
  });
}

describe('the status of a refusal', () => {
  it.each<[string, unknown, number | undefined]>([
    ['status 400', { status: 400 }, 400],
    ['statusCode 499', { statusCode: 499 }, 499],
    ['status 399', { status: 399 }, undefined],
    ['status 500', { status: 500 }, undefined],
    ['a status that is a string', { status: '401' }, undefined],
    ['a status with a fraction', { status: 401.5 }, undefined],
    ['undefined', undefined, undefined],
    ['null', null, undefined],
    ['a string', '401', undefined],
    ['a status whose getter throws', throwing, undefined],
    ['a function', Object.assign(() => {}, { status: 401 }), undefined],
  ])('of %s', (_name, thrown, expected) => {
    expect(refusalStatus(thrown)).toBe(expected);
  });
});

describe('a verdict', () => {
  it.each<[string, () => unknown, string]>([
    ['a value', () => 'Ada', 'at once admitted Ada'],
    ['undefined', () => undefined, 'at once admitted undefined'],
    ['a promise', async () => Promise.resolve('Ada'), 'later admitted Ada'],
    [
      'a throw with a status from 400 to 499',
      () => {
        throw refusal;
      },
      'at once refused 403',
    ],
    [
      'a rejection with a status from 400 to 499',
      async () => Promise.reject(refusal),
      'later refused 403',
    ],
    [
      'another throw',
      () => {
        throw fault;
      },
      'at once failed a fault',
    ],
    ['another rejection', async () => Promise.reject(fault), 'later failed a fault'],
    [
      'a thenable whose then throws',
      () => ({
        // eslint-disable-next-line unicorn/no-thenable
        then: () => {
          throw refusal;
        },
      }),
      'later refused 403',
    ],
    [
      'a thenable that answers twice',
      () => ({
        // eslint-disable-next-line unicorn/no-thenable
        then: (resolve: (value: string) => void, reject: (cause: unknown) => void) => {
          resolve('Ada');
          reject(fault);
          resolve('Eve');
        },
      }),
      'later admitted Ada',
    ],
    [
      'a value whose then is a getter that throws',
      () => ({
        // eslint-disable-next-line unicorn/no-thenable
        get then(): never {
          throw fault;
        },
      }),
      'later failed a fault',
    ],
  ])('on %s', async (_name, ask, expected) => {
    await expect(verdictOf(ask)).resolves.toBe(expected);
  });

  it('takes a status that throws for a fault', async () => {
    const causes: unknown[] = [];
    const never = (): never => {
      throw new Error('not this one');
    };
    decide(
      () => {
        throw throwing;
      },
      { admit: never, refuse: never, fail: (cause) => causes.push(cause) },
    );
    expect(causes).toHaveLength(1);
    expect(causes[0]).toBe(throwing);
  });
});
