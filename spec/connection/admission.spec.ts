import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { admit } from '../../lib/connection/admission.ts';
import { CloseCode } from '../../lib/core/close-codes.ts';
import { ContextError, TimeoutError } from '../../lib/core/errors.ts';
import { nextTurn } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';

type Settings = Parameters<typeof admit<unknown, IncomingMessage>>[1];

/** A client that wants in, and all that happened to it. */
class Applicant {
  readonly request = { headers: {} } as IncomingMessage;
  isOpening = true;
  readonly events: unknown[][] = [];
  timer: (() => void) | undefined;

  readonly greet = (): void => this.#note('greet');
  readonly know = (context: unknown): void => this.#note('know', context);
  readonly open = (expires: number | undefined): void => this.#end('open', expires);
  readonly refuse = (code: CloseCode): void => this.#end('refuse', code);
  readonly fail = (error: Error, code?: CloseCode): void => this.#end('fail', error, code);
  readonly startTimer = (callback: () => void, delay: number): void => {
    this.#note('timer', delay);
    this.timer = callback;
  };

  #end(...event: unknown[]): void {
    this.isOpening = false;
    this.#note(...event);
  }

  #note(...event: unknown[]): void {
    this.events.push(event);
  }
}

/** Asks for a client, by settings of which the others let everybody in. */
function apply(
  settings: Partial<Settings>,
  admission?: { readonly authorized: unknown },
): Applicant {
  const applicant = new Applicant();
  admit(
    applicant,
    {
      context: undefined,
      contextTimeout: 1_000,
      expires: undefined,
      hasOrigins: false,
      isAllowed: () => true,
      ...settings,
    },
    admission && { ...admission, claim: () => {}, closed: () => {} },
  );
  return applicant;
}

describe('the Origin of a client', () => {
  const isAllowed = (): boolean => false;
  const refused = [['refuse', CloseCode.Forbidden]];
  const admitted = [['greet'], ['know', undefined], ['open', undefined]];

  it('is checked where no server has checked it, or the route has a list of its own', () => {
    const admission = { authorized: undefined };

    expect(apply({ isAllowed }).events).toEqual(refused);
    expect(apply({ isAllowed, hasOrigins: true }, admission).events).toEqual(refused);
    expect(apply({ isAllowed }, admission).events).toEqual(admitted);
  });

  it('is a fault where its check throws', () => {
    const applicant = apply({
      isAllowed: () => {
        throw new Error('no database');
      },
    });

    expect(applicant.events).toEqual([['fail', expect.any(ContextError), undefined]]);
  });
});

describe('the context of a client', () => {
  it('is asked for with the request and what authorize returned', () => {
    const asked: unknown[][] = [];
    const applicant = apply(
      {
        context: (...given) => {
          asked.push(given);
          return { user: 'ada' };
        },
      },
      { authorized: 'token' },
    );

    expect(asked).toEqual([[applicant.request, 'token']]);
    expect(applicant.events).toEqual([['greet'], ['know', { user: 'ada' }], ['open', undefined]]);
  });

  it('may take its time, which is bounded', async () => {
    const context = deferred<string>();
    const applicant = apply({ context: () => context.promise, contextTimeout: 70 });

    expect(applicant.events).toEqual([['greet'], ['timer', 70]]);

    context.resolve('ada');
    await nextTurn();

    expect(applicant.events.slice(2)).toEqual([
      ['know', 'ada'],
      ['open', undefined],
    ]);
  });

  it('closes with 4408 when it takes too long, and what comes later changes nothing', async () => {
    const context = deferred<string>();
    const applicant = apply({ context: () => context.promise });

    applicant.timer?.();
    context.resolve('ada');
    await nextTurn();

    expect(applicant.events.slice(2)).toEqual([
      ['fail', expect.any(TimeoutError), CloseCode.Timeout],
    ]);
  });

  it.each<[status: unknown, event: unknown[]]>([
    [401, ['refuse', CloseCode.Unauthorized]],
    [403, ['refuse', CloseCode.Forbidden]],
    [404, ['refuse', CloseCode.Forbidden]],
    [500, ['fail', expect.any(ContextError), undefined]],
    [undefined, ['fail', expect.any(ContextError), undefined]],
  ])('that throws an error of status %s: %j, at once and as a promise', async (status, event) => {
    const failing = (): never => {
      throw Object.assign(new Error('no'), { status });
    };
    const thrown = apply({ context: failing });
    const rejected = apply({ context: async () => failing() });
    await nextTurn();

    expect(thrown.events).toEqual([['greet'], event]);
    expect(rejected.events).toEqual([['greet'], ['timer', 1_000], event]);
  });

  it.each(['resolves', 'refuses', 'rejects'])(
    'that %s when the client is gone changes nothing',
    async (how) => {
      const context = deferred<string>();
      const applicant = apply({ context: () => context.promise });
      applicant.isOpening = false;

      if (how === 'resolves') context.resolve('ada');
      else context.reject(Object.assign(new Error('no'), how === 'refuses' && { status: 403 }));
      await nextTurn();

      expect(applicant.events).toEqual([['greet'], ['timer', 1_000]]);
    },
  );
});

describe('the time until which a client is admitted', () => {
  const context = (): string => 'ada';
  const later = Date.now() + 3_600_000;

  it.each<[given: unknown, expires: number | undefined]>([
    [new Date(later), later],
    [later, later],
    [undefined, undefined],
    [null, undefined],
  ])('is %j: %s', (given, expected) => {
    const applicant = apply({ context, expires: () => given as undefined });

    expect(applicant.events.at(-1)).toEqual(['open', expected]);
  });

  it('may be over: then the client is refused', () => {
    const applicant = apply({ context, expires: () => Date.now() });

    expect(applicant.events.at(-1)).toEqual(['refuse', CloseCode.Unauthorized]);
  });

  it.each<[name: string, expires: () => unknown]>([
    ['no date', () => 'tomorrow'],
    ['an invalid date', () => new Date(NaN)],
    ['a promise, which may reject', () => Promise.reject(new Error('late'))],
    [
      'thrown at',
      () => {
        throw new Error('no clock');
      },
    ],
  ])('is a fault where it is %s', (_name, expires) => {
    const applicant = apply({ context, expires: expires as () => number });

    expect(applicant.events.at(-1)).toEqual(['fail', expect.any(ContextError), undefined]);
  });
});
