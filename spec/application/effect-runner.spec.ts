import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { effect } from 'express-omnimessage';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Cleanup, type Dispatch, type Effect } from '../../lib/application/effect.ts';
import { EffectRunner } from '../../lib/application/effect-runner.ts';
import { type ApplicationError } from '../../lib/application/errors.ts';
import { deferred } from '../support/deferred.ts';
import { until } from '../support/until.ts';

/** A runner, and all that its host is asked for, in order. */
function running(): {
  readonly runner: EffectRunner<string>;
  readonly asked: string[];
  readonly causes: unknown[];
  readonly perform: (...effects: Effect<string>[]) => void;
} {
  const asked: string[] = [];
  const causes: unknown[] = [];
  const runner = new EffectRunner<string>({
    dispatch: (message) => void asked.push(`outside: ${message}`),
    dispatchOwn: (message) => void asked.push(`own: ${message}`),
    command: (command) => {
      if (command === 'unknown') throw new TypeError('no such command');
      asked.push(`command: ${String(command)}`);
    },
    stop: () => {
      asked.push('stop');
      runner.end();
    },
    close: (code, reason) => {
      if (code === 1) throw new RangeError('no such code');
      asked.push(`close: ${code} ${reason}`);
    },
    failed: (error: ApplicationError) => {
      expect(error).toMatchObject({ name: 'ApplicationError', code: 'effect' });
      causes.push(error.cause);
    },
  });
  onTestFinished(() => runner.end());
  const perform = (...effects: Effect<string>[]): void => runner.perform(effect.batch(effects));
  return { runner, asked, causes, perform };
}

/** An effect that gives its dispatch away, and notes its end. */
function kept(
  ends: string[],
  name: string,
  key?: string,
): { readonly effect: Effect<string>; readonly dispatch: Dispatch<string>; signal?: AbortSignal } {
  let inner: Dispatch<string> | undefined;
  const result: ReturnType<typeof kept> = {
    effect: effect.from<string>(
      (dispatch, signal) => {
        inner = dispatch;
        result.signal = signal;
        return () => void ends.push(name);
      },
      { key },
    ),
    dispatch: (message) => inner?.(message),
  };
  return result;
}

const failing = (cause: unknown): Effect<string> =>
  effect.from<string>(() => {
    throw cause;
  });
const abortError = (): DOMException => new DOMException('given up', 'AbortError');

describe('what the runner asks of its host', () => {
  it('comes in the order of a batch, each by what it is', () => {
    const { asked, causes, perform } = running();

    perform(
      effect.dispatch('a'),
      { kind: 'command', command: 'b' },
      effect.from<string>((dispatch) => dispatch('c')),
      effect.close(4000, 'd'),
      effect.none(),
      effect.dispatch('e'),
    );

    expect(asked).toEqual(['own: a', 'command: b', 'own: c', 'close: 4000 d', 'own: e']);
    expect(causes).toEqual([]);
  });

  it('is nothing more once an effect of the same batch has ended the program', () => {
    const { asked, perform } = running();

    perform(effect.dispatch('a'), effect.stop(), effect.dispatch('b'));

    expect(asked).toEqual(['own: a', 'stop']);
  });

  it('is from outside only where a timer has waited', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { asked, perform } = running();

    perform(effect.after(10, 'once'), effect.every(10, 'again'));
    vi.advanceTimersByTime(20);

    expect(asked).toEqual(['outside: once', 'outside: again', 'outside: again']);
  });

  it('is mapped from the inside out', () => {
    const { asked, perform } = running();
    const inner = effect.map(effect.dispatch(1), (n) => n + 1);

    perform(effect.map(inner, (n) => `${n}!`));

    expect(asked).toEqual(['own: 2!']);
  });
});

describe('a failure', () => {
  const fault = new Error('no');

  it.each<[what: string, failing: Effect<string>, cause: unknown]>([
    ['an effect that throws', failing(fault), fault],
    [
      'a map',
      effect.map(effect.dispatch('a'), () => {
        throw fault;
      }),
      fault,
    ],
    [
      'a command that the host does not know',
      { kind: 'command', command: 'unknown' },
      new TypeError('no such command'),
    ],
    ['a code that may not be sent', { kind: 'close', code: 1 }, new RangeError('no such code')],
    [
      'a subscription',
      effect.subscribe(
        {
          subscribe: () => {
            throw fault;
          },
        },
        'topic',
        String,
      ),
      fault,
    ],
  ])('of %s is reported, and the rest of the batch is performed', (_, first, cause) => {
    const { asked, causes, perform } = running();

    perform(first, effect.dispatch('after it'));

    expect(causes).toEqual([cause]);
    expect(asked).toEqual(['own: after it']);
  });

  it('of an asynchronous effect is reported when it comes', async () => {
    const { causes, perform } = running();

    perform(effect.from<string>(() => Promise.reject(fault)));
    await vi.waitUntil(() => causes.length > 0);

    expect(causes).toEqual([fault]);
  });

  it('is an effect that gives up, unless it was ended', async () => {
    const { causes, perform, runner } = running();
    const own = abortError();
    const [cancelled, ended] = [deferred<undefined>(), deferred<undefined>()];

    perform(failing(own));
    perform(effect.from<string>(() => cancelled.promise, { key: 'key' }));
    perform(effect.from<string>(() => ended.promise));
    perform(effect.cancel('key'));
    cancelled.reject(abortError());
    await cancelled.promise.catch(() => {});
    await Promise.resolve();
    expect(causes).toEqual([own]);
    runner.end();
    ended.reject(abortError());
    await ended.promise.catch(() => {});
    await Promise.resolve();

    expect(causes).toEqual([own]);
  });

  it('is a cleanup that gives up, unless the program has ended', () => {
    const { causes, perform, runner } = running();
    const own = abortError();
    const giveUp = (key: string, cause: unknown): Effect<string> =>
      effect.from<string>(
        () => () => {
          throw cause;
        },
        { key },
      );

    perform(giveUp('a', own), giveUp('b', abortError()));
    perform(effect.cancel('a'));
    runner.end();

    expect(causes).toEqual([own]);
  });

  it('of a cleanup is reported, thrown or rejected, and the others are called', async () => {
    const { causes, perform, runner } = running();
    const called: string[] = [];
    const later = new Error('later');

    perform(
      effect.from<string>(() => () => called.push('first')),
      effect.from<string>(() => () => Promise.reject(later)),
      effect.from<string>(() => () => {
        throw fault;
      }),
    );
    runner.end();
    await vi.waitUntil(() => causes.length === 2);

    expect(called).toEqual(['first']);
    expect(causes).toEqual([fault, later]);
  });
});

describe('the end', () => {
  it('aborts the signal, then calls the cleanups, the last begun first, and once', () => {
    const { perform, runner } = running();
    const ends: string[] = [];
    perform(kept(ends, 'a').effect, kept(ends, 'b', 'key').effect, kept(ends, 'c').effect);
    const { signal } = runner;
    signal.addEventListener('abort', () => ends.push('signal'));

    runner.end();
    runner.end();

    expect(ends).toEqual(['signal', 'c', 'b', 'a']);
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('calls a cleanup as often as it was returned', () => {
    const { perform, runner } = running();
    const cleanup = vi.fn<Cleanup>();
    const one = effect.from<string>(() => cleanup);

    perform(one, one);
    runner.end();

    expect(cleanup).toHaveBeenCalledTimes(2);
  });

  it('is known to a signal that is asked for afterwards', () => {
    const { runner } = running();

    runner.end();

    expect(runner.signal.aborted).toBe(true);
  });

  it('leaves no timer, and makes a late dispatch, effect or cleanup nothing', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { asked, perform, runner } = running();
    const ends: string[] = [];
    const stuck = deferred<Cleanup>();
    const one = kept(ends, 'one');
    perform(one.effect, effect.after(1, 'late'), effect.every(1, 'late'));
    perform(effect.from<string>(() => stuck.promise));

    runner.end();
    one.dispatch('late');
    perform(effect.dispatch('late'));
    vi.runAllTimers();
    expect(ends).toEqual(['one']);
    stuck.resolve(() => ends.push('at once'));
    await stuck.promise;
    await Promise.resolve();

    expect(ends).toEqual(['one', 'at once']);
    expect(asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a timer that has rung', () => {
  it('leaves nothing with the program', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const heard: unknown[] = [];
    const runner = new EffectRunner<object>({
      dispatch: (message) => void heard.push(new WeakRef(message)),
      dispatchOwn: () => {},
      command: () => {},
      stop: () => {},
      close: () => {},
      failed: () => {},
    });
    onTestFinished(() => runner.end());

    runner.perform(effect.after(0, { large: true }));
    runner.perform(effect.after(0, { large: true }, { key: 'key' }));
    await until(() => heard.length === 2);

    await until(() => {
      gc();
      return heard.every((message) => (message as WeakRef<object>).deref() === undefined);
    });
    expect(runner.signal.aborted).toBe(false);
  });
});

describe('a key', () => {
  it('is of one effect at a time: another one ends the first, and that dispatches no more', () => {
    const { asked, perform } = running();
    const ends: string[] = [];
    const [first, second] = [kept(ends, 'first', 'key'), kept(ends, 'second', 'key')];

    perform(first.effect);
    perform(second.effect);
    first.dispatch('of the first');
    second.dispatch('of the second');

    expect(ends).toEqual(['first']);
    expect(first.signal?.aborted).toBe(true);
    expect(second.signal?.aborted).toBe(false);
    expect(asked).toEqual(['own: of the second']);
  });

  it('ends its effect alone, and one that nothing has is nothing', () => {
    const { perform, runner } = running();
    const ends: string[] = [];
    perform(kept(ends, 'a', 'a').effect, kept(ends, 'b', 'b').effect);

    perform(effect.cancel('none'), effect.cancel('a'), effect.cancel('a'));
    expect(ends).toEqual(['a']);
    runner.end();

    expect(ends).toEqual(['a', 'b']);
  });

  it('ends a timer, and another timer of that name begins anew', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { asked, perform } = running();

    perform(effect.after(10, 'first', { key: 'timer' }));
    vi.advanceTimersByTime(9);
    perform(effect.after(10, 'second', { key: 'timer' }));
    vi.advanceTimersByTime(9);
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(1);
    perform(effect.every(10, 'third', { key: 'timer' }), effect.cancel('timer'));
    vi.advanceTimersByTime(20);

    expect(asked).toEqual(['outside: second']);
  });

  it('calls a cleanup at once that comes after the effect was cancelled', async () => {
    const { perform } = running();
    const ends: string[] = [];
    const stuck = deferred<Cleanup>();
    perform(effect.from<string>(() => stuck.promise, { key: 'key' }));

    perform(effect.cancel('key'));
    stuck.resolve(() => ends.push('late'));
    await stuck.promise;
    await Promise.resolve();

    expect(ends).toEqual(['late']);
  });
});
