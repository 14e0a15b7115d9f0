import { describe, expect, it } from 'vitest';
import { type Authorize, Gate, type GateOptions } from '../../lib/server/gate.ts';
import { type OmniError } from '../../lib/core/errors.ts';
import { Capacity } from '../../lib/request/capacity.ts';
import { deferred } from '../support/deferred.ts';
import { received } from '../support/received.ts';

function gateWith(options: Partial<GateOptions>): { gate: Gate; errors: OmniError[] } {
  const errors: OmniError[] = [];
  const gate = new Gate({
    origins: undefined,
    authorize: undefined,
    openTimeout: 10_000,
    capacity: new Capacity(10, () => 0),
    isEnding: () => false,
    find: () => undefined,
    report: (error) => void errors.push(error),
    ...options,
  });
  return { gate, errors };
}

/** What becomes of a request, in words. */
async function outcome(gate: Gate): Promise<string> {
  const { request } = await received();
  const said = deferred<string>();
  gate.ask(request, {
    pass: (authorized) => said.resolve(`passes with ${JSON.stringify(authorized)}`),
    refuse: ({ status, code }) => said.resolve(`refused with ${status} ${code}`),
  });
  return said.promise;
}

const throws = (error: unknown) => (): never => {
  throw error;
};
const refusal = Object.assign(new Error('no'), { status: 403 });

describe('authorize', () => {
  it.each<[string, Authorize | undefined, string]>([
    ['is not there', undefined, 'passes with undefined'],
    ['gives a user', () => ({ name: 'Ada' }), 'passes with {"name":"Ada"}'],
    ['resolves with a user', async () => Promise.resolve('Ada'), 'passes with "Ada"'],
    ['gives undefined', () => undefined, 'passes with undefined'],
    ['gives false', () => false, 'refused with 401 authorize'],
    ['gives null', () => null, 'refused with 401 authorize'],
    ['gives 0', () => 0, 'refused with 401 authorize'],
    ['gives an empty name', () => '', 'refused with 401 authorize'],
    ['resolves with false', async () => Promise.resolve(false), 'refused with 401 authorize'],
    ['throws a refusal', throws(refusal), 'refused with 403 authorize'],
    ['rejects with a refusal', async () => Promise.reject(refusal), 'refused with 403 authorize'],
  ])('that %s', async (_name, authorize, expected) => {
    const { gate, errors } = gateWith({ authorize });

    expect(await outcome(gate)).toBe(expected);
    expect(errors).toEqual([]);
    expect(gate.undecided).toBe(0);
  });

  it.each<[string, Authorize]>([
    ['throws', throws(new Error('a fault'))],
    ['rejects', async () => Promise.reject(new Error('a fault'))],
  ])('that %s is a fault: refused with 500, and reported', async (_name, authorize) => {
    const { gate, errors } = gateWith({ authorize });

    expect(await outcome(gate)).toBe('refused with 500 authorize');
    expect(errors).toMatchObject([{ code: 'authorize', cause: { message: 'a fault' } }]);
  });

  it('that never decides is refused after openTimeout, and its later result is ignored', async () => {
    const late = deferred<boolean>();
    const { gate, errors } = gateWith({ authorize: () => late.promise, openTimeout: 20 });
    const asked = outcome(gate);

    expect(await asked).toBe('refused with 504 authorize-timeout');
    expect(errors).toMatchObject([{ code: 'authorize-timeout' }]);
    expect(gate.undecided).toBe(0);
    late.resolve(true);
    await late.promise;
    expect(gate.undecided).toBe(0);
  });

  it('that decides when the server has begun to shut down admits no client', async () => {
    let isEnding = false;
    const decision = deferred<string>();
    const { gate } = gateWith({ authorize: () => decision.promise, isEnding: () => isEnding });
    const asked = outcome(gate);
    isEnding = true;
    decision.resolve('Ada');

    expect(await asked).toBe('refused with 503 shutting-down');
  });

  it('has the route looked for only where it takes it', async () => {
    let looked = 0;
    const target = { route: '/a', baseUrl: '', params: {} };
    const find = (): typeof target => {
      looked += 1;
      return target;
    };

    await outcome(gateWith({ find, authorize: (_request) => true }).gate);
    expect(looked).toBe(0);
    expect(
      await outcome(gateWith({ find, authorize: (_request, found) => found?.route }).gate),
    ).toBe('passes with "/a"');
  });
});

describe('the checks before authorize', () => {
  it.each<[string, Partial<GateOptions>, string | undefined]>([
    ['nothing', {}, undefined],
    ['a shutdown', { isEnding: () => true, origins: [] }, 'shutting-down'],
    ['a foreign page', { origins: [], capacity: new Capacity(1, () => 1) }, 'origin'],
    ['no room', { capacity: new Capacity(1, () => 1) }, 'max-connections'],
    ['room for one', { capacity: new Capacity(2, () => 1) }, undefined],
  ])('is %s', async (_name, options, code) => {
    const { request } = await received({ origin: 'http://page.example', host: 'page.example' });

    expect(gateWith(options).gate.refusalOf(request)?.code).toBe(code);
  });

  it('is no, where the function for origins throws; it is reported', async () => {
    const { request } = await received({ origin: 'http://page.example' });
    const { gate, errors } = gateWith({ origins: throws(new Error('a fault')) });

    expect(gate.isAllowed(request)).toBe(false);
    expect(errors).toMatchObject([{ code: 'authorize', cause: { message: 'a fault' } }]);
  });
});
