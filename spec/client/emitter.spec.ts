import { describe, expect, it, vi } from 'vitest';
import { createCall, createEmitter, createListeners } from '../../lib/client/emitter.ts';
import { withFakeClock } from '../support/clock.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();
const call = createCall(() => {}, signal);

describe('call', () => {
  it('gives what the function returns, and undefined for none', () => {
    expect(call((left: number, right: number) => left + right, 1, 2)).toBe(3);
    expect(call(undefined)).toBeUndefined();
  });

  it('reports what it throws, later', async () => {
    const errors: unknown[] = [];
    const reporting = createCall((error) => errors.push(error), signal);
    const error = new Error('of the page');
    reporting(() => {
      throw error;
    });
    expect(errors).toEqual([]);
    await until(() => errors.length > 0);
    expect(errors).toEqual([error]);
  });

  it('calls nothing once it is over', () => {
    let calls = 0;
    const ending = new AbortController();
    const mute = createCall(undefined, ending.signal);
    const act = (): unknown => (calls += 1);
    mute(act);
    ending.abort();
    mute(act);

    expect(calls).toBe(1);
  });

  it('reports nothing once it is over, also of what was called before', () => {
    withFakeClock();
    const errors: unknown[] = [];
    const ending = new AbortController();
    createCall(
      (error) => errors.push(error),
      ending.signal,
    )(() => {
      ending.abort();
      throw new Error('of the page');
    });
    vi.runAllTimers();

    expect(errors).toEqual([]);
  });
});

describe.each([
  ['listeners', createListeners],
  ['an emitter', createEmitter],
])('%s', (_name, create) => {
  it('are called in order, each whatever the others do', () => {
    const [subscribe, emit] = create(call);
    const heard: string[] = [];
    subscribe(() => heard.push('first'));
    subscribe(() => {
      throw new Error('of a listener');
    });
    subscribe(() => heard.push('last'));
    emit();

    expect(heard).toEqual(['first', 'last']);
  });

  it('may be the same function twice, and each is removed alone, once', () => {
    const [subscribe, emit] = create(call);
    let calls = 0;
    const listener = (): unknown => (calls += 1);
    const leave = subscribe(listener);
    subscribe(listener);
    emit();
    expect(calls).toBe(2);
    leave();
    leave();
    emit();

    expect(calls).toBe(3);
  });

  it('are not called when another one has removed them meanwhile, nor when they came meanwhile', () => {
    const [subscribe, emit] = create(call);
    const heard: string[] = [];
    let isFirst = true;
    subscribe(() => {
      if (!isFirst) return;
      isFirst = false;
      leave();
      subscribe(() => heard.push('new'));
    });
    const leave = subscribe(() => heard.push('removed'));
    emit();
    expect(heard).toEqual([]);
    emit();

    expect(heard).toEqual(['new']);
  });
});

describe('an emitter whose listener makes it happen again', () => {
  it('calls all for the first before any for the second', () => {
    const [subscribe, emit] = createEmitter(call);
    const heard: string[] = [];
    let times = 0;
    subscribe(() => {
      times += 1;
      heard.push(`a${times}`);
      if (times < 3) emit();
    });
    subscribe(() => heard.push(`b${times}`));
    emit();

    expect(heard).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });
});
