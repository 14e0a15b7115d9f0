import { beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { startApplication } from '../../lib/application/application.ts';
import * as effect from '../../lib/application/effect.ts';
import { type Dispatch, type Effect, type Subscribable } from '../../lib/application/effect.ts';
import { RunawayError } from '../../lib/application/errors.ts';
import { createHub } from '../../lib/hub/hub.ts';
import { type Hub } from '../../lib/hub/options.ts';
import { type Step } from '../../lib/application/step.ts';
import { nextTurn, withFakeClock } from '../support/clock.ts';

beforeEach(withFakeClock);

type Message = 'a' | 'b' | 'c' | 'd';

/** Runs one effect in a program that records its messages, and returns the record. */
function perform<Out>(given: Effect<Out>): { seen: Out[]; errors: unknown[]; stop: () => void } {
  const seen: Out[] = [];
  const errors: unknown[] = [];
  const { stop } = startApplication<undefined, null, Out>(
    { init: () => [null, given], update: (model) => [model, effect.none()] },
    undefined,
    { onMessage: (message) => seen.push(message), onError: (error) => errors.push(error.cause) },
  );
  onTestFinished(stop);
  return { seen, errors, stop };
}

describe('none', () => {
  it('does nothing, and is one value', () => {
    const { seen } = perform(effect.none());

    expect(seen).toEqual([]);
    expect(effect.none()).toBe(effect.none());
  });
});

describe('from', () => {
  it('gives its function a dispatch that may be called often', () => {
    const { seen } = perform<Message>(
      effect.from((dispatch) => {
        dispatch('a');
        dispatch('b');
      }),
    );

    expect(seen).toEqual(['a', 'b']);
  });

  it('takes an asynchronous function', async () => {
    const { seen } = perform<Message>(
      effect.from(async (dispatch) => {
        await Promise.resolve();
        dispatch('a');
      }),
    );
    await nextTurn();

    expect(seen).toEqual(['a']);
  });

  it('gives every effect of a program the same signal', () => {
    const signals: AbortSignal[] = [];
    const remember = effect.from<Message>((_, signal) => {
      signals.push(signal);
    });

    perform(effect.batch([remember, remember]));

    expect(signals).toHaveLength(2);
    expect(signals[0]).toBe(signals[1]);
    expect(signals[0]?.aborted).toBe(false);
  });

  it('refuses what is not a function', () => {
    expect(() => effect.from('save' as never)).toThrow(
      new TypeError('Expected `run` to be a function, got "save"'),
    );
  });
});

describe('batch', () => {
  const say = (message: Message): Effect<Message> => effect.from((dispatch) => dispatch(message));

  it('starts its effects in order', () => {
    const { seen } = perform(effect.batch([say('a'), say('b'), say('c')]));

    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('is in order inside of another', () => {
    const { seen } = perform(
      effect.batch([say('a'), effect.batch([say('b'), effect.batch([say('c')])]), say('d')]),
    );

    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('has one form for what does the same', () => {
    const a = effect.after<Message>(1, 'a');
    const b = effect.after<Message>(1, 'b');

    expect(effect.batch([])).toBe(effect.none());
    expect(effect.batch([effect.none(), effect.batch([])])).toBe(effect.none());
    expect(effect.batch([effect.none(), a])).toBe(a);
    expect(effect.batch([a, effect.batch([effect.none(), b])])).toEqual(effect.batch([a, b]));
    expect(effect.batch([a, effect.batch([b, a])])).toEqual(effect.batch([a, b, a]));
  });

  it('takes the type of its messages from its place, or from its effects', () => {
    type News = { type: 'tick' } | { type: 'said'; text: string };
    const hub: Subscribable<string> = { subscribe: () => () => {} };

    const expected: Effect<News> = effect.batch([
      effect.every(200, { type: 'tick' }),
      effect.subscribe(hub, 'room', (text) => ({ type: 'said', text })),
    ]);
    const alone = effect.batch([effect.from<number>(() => {}), effect.dispatch('a')]);

    expect(expected.kind).toBe('batch');
    expectTypeOf(alone).toEqualTypeOf<Effect<number | string>>();
    // @ts-expect-error no message of the program has this tag
    const wrong: Effect<News> = effect.batch([effect.dispatch({ type: 'tock' }), effect.none()]);
    expect(wrong.kind).toBe('dispatch');
  });
});

describe('map', () => {
  type Inner = { readonly page: number };
  type Outer = { readonly type: 'pager'; readonly inner: Inner };
  const toOuter = (inner: Inner): Outer => ({ type: 'pager', inner });

  it('turns messages that are dispatched at once', () => {
    const { seen } = perform(
      effect.map(
        effect.from<Inner>((dispatch) => dispatch({ page: 1 })),
        toOuter,
      ),
    );

    expect(seen).toEqual([{ type: 'pager', inner: { page: 1 } }]);
  });

  it('turns messages of timers', () => {
    const { seen } = perform(effect.map(effect.after<Inner>(5, { page: 2 }), toOuter));

    vi.advanceTimersByTime(5);

    expect(seen).toEqual([{ type: 'pager', inner: { page: 2 } }]);
  });

  it('nests, around batches and within them, from the inside out', () => {
    const say = (text: string): Effect<string> => effect.from((dispatch) => dispatch(text));
    const { seen } = perform(
      effect.map(
        effect.batch([
          effect.map(effect.batch([say('1'), say('2')]), (text) => `${text}x`),
          effect.map(
            effect.map(say('3'), (text) => `${text}y`),
            (text) => `${text}z`,
          ),
          say('4'),
        ]),
        (text) => `${text}.`,
      ),
    );

    expect(seen).toEqual(['1x.', '2x.', '3yz.', '4.']);
  });

  it('asks nothing of the function before there is a message', () => {
    const toMessage = vi.fn<(inner: number) => string>(String);

    const { seen } = perform(effect.map(effect.none(), toMessage));

    expect(toMessage).not.toHaveBeenCalled();
    expect(seen).toEqual([]);
    expect(effect.map(effect.none(), toMessage)).toBe(effect.none());
  });

  it('reports to onError when its function throws, and never throws at the caller of dispatch', () => {
    const fault = new Error('no such page');
    const refuse = (page: number): string => {
      if (page > 1) throw fault;
      return `page ${page}`;
    };
    let wentOn = false;
    const dispatchTwo = effect.from<number>((dispatch) => {
      dispatch(2);
      wentOn = true;
      dispatch(1);
    });

    const { seen, errors } = perform(
      effect.map(effect.batch([dispatchTwo, effect.after(10, 3)]), refuse),
    );
    vi.advanceTimersByTime(10);

    expect(wentOn).toBe(true);
    expect(seen).toEqual(['page 1']);
    expect(errors).toEqual([fault, fault]);
  });

  it('refuses what is not a function', () => {
    expect(() => effect.map(effect.none(), undefined as never)).toThrow(
      new TypeError('Expected `toMessage` to be a function, got undefined'),
    );
  });
});

describe('after', () => {
  it('dispatches once, at its time and not a millisecond earlier', () => {
    const { seen } = perform(effect.after<Message>(1000, 'a'));

    vi.advanceTimersByTime(999);
    const before = [...seen];
    vi.advanceTimersByTime(1);
    const then = [...seen];
    vi.advanceTimersByTime(100_000);

    expect(before).toEqual([]);
    expect(then).toEqual(['a']);
    expect(seen).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits any length of time, beyond what setTimeout can', () => {
    const { seen } = perform(effect.after<Message>(5_000_000_000, 'a'));

    vi.advanceTimersByTime(4_999_999_999);
    const before = [...seen];
    vi.advanceTimersByTime(1);

    expect(before).toEqual([]);
    expect(seen).toEqual(['a']);
  });

  it('counts less than 0 as 0', () => {
    expect(effect.after(-5, 'a')).toEqual(effect.after(0, 'a'));
  });

  it('stops waiting at the end of the program', () => {
    const { seen, stop } = perform(effect.after<Message>(5_000_000_000, 'a'));
    vi.advanceTimersByTime(3_000_000_000);

    stop();

    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000_000_000);
    expect(seen).toEqual([]);
  });

  it('is forgotten when its time has come: a program may wait a million times', () => {
    const { stop } = perform(
      effect.batch([effect.after(1, 'a'), effect.after(2, 'b'), effect.after(1000, 'c')]),
    );
    vi.advanceTimersByTime(10);
    const clear = vi.spyOn(globalThis, 'clearTimeout');

    stop();

    expect(clear).toHaveBeenCalledTimes(1);
    clear.mockRestore();
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['10' as never]])('refuses %s', (ms) => {
    expect(() => effect.after(ms, 'a')).toThrow(
      new TypeError(`Expected \`ms\` to be a finite number of milliseconds, got ${String(ms)}`),
    );
  });

  it('is a value that a test can compare', () => {
    expect(effect.after(1000, { type: 'tick' })).toEqual(effect.after(1000, { type: 'tick' }));
    expect(effect.after(1000, { type: 'tick' })).not.toEqual(effect.after(1001, { type: 'tick' }));
    expect(effect.after(1000, { type: 'tick' })).not.toEqual(effect.every(1000, { type: 'tick' }));
  });
});

describe('every', () => {
  it('dispatches again and again until the program ends', () => {
    const { seen, stop } = perform(effect.every<Message>(100, 'a'));

    vi.advanceTimersByTime(99);
    const before = seen.length;
    vi.advanceTimersByTime(1);
    const first = seen.length;
    vi.advanceTimersByTime(900);
    const tenth = seen.length;
    stop();
    vi.advanceTimersByTime(1000);

    expect([before, first, tenth, seen.length]).toEqual([0, 1, 10, 10]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits any length of time, beyond what setTimeout can', () => {
    const { seen } = perform(effect.every<Message>(3_000_000_000, 'a'));

    vi.advanceTimersByTime(2_999_999_999);
    const before = seen.length;
    vi.advanceTimersByTime(1);
    const first = seen.length;
    vi.advanceTimersByTime(3_000_000_000);

    expect([before, first, seen.length]).toEqual([0, 1, 2]);
  });

  it('can be ended by the very message that it dispatches', () => {
    let ticks = 0;
    const runtime = startApplication<undefined, null, 'tick'>(
      {
        init: () => [null, effect.every(10, 'tick')],
        update: (model) => {
          ticks += 1;
          runtime.stop();
          return [model, effect.none()];
        },
      },
      undefined,
    );

    vi.advanceTimersByTime(100);

    expect(ticks).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([[0], [0.5], [-1], [Number.NaN], [Number.POSITIVE_INFINITY]])('refuses %d', (ms) => {
    expect(() => effect.every(ms, 'a')).toThrow(
      new TypeError(`Expected \`ms\` to be a finite number of milliseconds from 1 up, got ${ms}`),
    );
  });
});

describe('subscribe', () => {
  interface News {
    readonly headline: string;
  }
  type Heard = `heard ${string}`;
  const toHeard = ({ headline }: News): Heard => `heard ${headline}`;
  const hubErrors: unknown[] = [];

  function newsHub(): Hub<News> {
    hubErrors.length = 0;
    return createHub<News>({
      codec: { encode: JSON.stringify, decode: (encoded) => JSON.parse(encoded) as News },
      onError: (error) => hubErrors.push(error),
    });
  }

  it('dispatches what is published on its topic, from its start to the end of the program', async () => {
    const hub = newsHub();
    hub.publish('sport', { headline: 'before' });
    const { seen, stop } = perform(effect.subscribe(hub, 'sport', toHeard));

    hub.publish('sport', { headline: 'one' });
    hub.publish('weather', { headline: 'rain' });
    hub.publish('sport', { headline: 'two' });
    const during = await hub.count('sport');
    stop();
    hub.publish('sport', { headline: 'after' });

    expect(seen).toEqual(['heard one', 'heard two']);
    expect(during).toBe(1);
    expect(await hub.count('sport')).toBe(0);
  });

  it('lets programs hear each other, in the order of publishing', () => {
    const hub = newsHub();
    const trace: string[] = [];
    /** Answers `ask` by publishing, and writes down what it hears. */
    const join = (name: string): ((message: string) => void) => {
      const { dispatch, stop } = startApplication<undefined, null, string>(
        {
          init: () => [null, effect.subscribe(hub, 'room', toHeard)],
          update: (model, message) => {
            trace.push(`${name}: ${message}`);
            return [
              model,
              message === 'ask'
                ? effect.from(() => {
                    trace.push(`${name} publishes`);
                    hub.publish('room', { headline: `${name} 1` });
                    hub.publish('room', { headline: `${name} 2` });
                    trace.push(`${name} has published`);
                  })
                : effect.none(),
            ];
          },
        },
        undefined,
      );
      onTestFinished(stop);
      return dispatch;
    };
    const ask = join('Ann');
    join('Bob');

    ask('ask');

    // Ann is busy while she publishes: what she hears waits in her line.
    expect(trace).toEqual([
      'Ann: ask',
      'Ann publishes',
      'Bob: heard Ann 1',
      'Bob: heard Ann 2',
      'Ann has published',
      'Ann: heard Ann 1',
      'Ann: heard Ann 2',
    ]);
  });

  it('reports to onError of the program, rather than of the hub, when its function throws', () => {
    const hub = newsHub();
    const fault = new Error('no headline');
    const { seen, errors } = perform(
      effect.subscribe(hub, 'sport', (news): Heard => {
        if (news.headline === '') throw fault;
        return toHeard(news);
      }),
    );

    hub.publish('sport', { headline: '' });
    hub.publish('sport', { headline: 'one' });

    expect(seen).toEqual(['heard one']);
    expect(errors).toEqual([fault]);
    expect(hubErrors).toEqual([]);
  });

  it('is a runaway like any other, when a program publishes whenever it hears of itself', async () => {
    const hub = newsHub();
    const told: unknown[] = [];
    const runtime = startApplication<undefined, null, Heard>(
      {
        init: () => [null, effect.subscribe(hub, 'echo', toHeard)],
        update: (model) => [
          model,
          effect.from(() => {
            hub.publish('echo', { headline: 'again' });
          }),
        ],
      },
      undefined,
      {
        onError: (error) => {
          told.push(error);
          runtime.stop();
        },
      },
    );

    runtime.dispatch('heard go');
    while (!runtime.signal.aborted) await nextTurn();

    expect(told).toEqual([new RunawayError(10_000)]);
  });

  it('is mapped like any effect', () => {
    const hub = newsHub();
    const { seen } = perform(
      effect.map(effect.batch([effect.subscribe(hub, 'sport', toHeard)]), (heard) => [heard]),
    );

    hub.publish('sport', { headline: 'one' });

    expect(seen).toEqual([['heard one']]);
  });

  it('begins nothing once its hub is closed', async () => {
    const hub = newsHub();
    await hub.close();

    const { seen, errors, stop } = perform(effect.subscribe(hub, 'sport', toHeard));
    stop();

    expect([...seen, ...errors]).toEqual([]);
  });

  it('reports to onError when its hub refuses', () => {
    const fault = new Error('no more subscribers');
    const full: Subscribable<News> = {
      subscribe: () => {
        throw fault;
      },
    };

    const { errors } = perform(effect.subscribe(full, 'sport', toHeard));

    expect(errors).toEqual([fault]);
  });

  it('is a value that a test can compare', () => {
    const hub = newsHub();

    expect(effect.subscribe(hub, 'a', toHeard)).toEqual(effect.subscribe(hub, 'a', toHeard));
    expect(effect.subscribe(hub, 'a', toHeard)).not.toEqual(effect.subscribe(hub, 'b', toHeard));
  });

  it.each([
    [undefined, 'a', toHeard, 'Expected `hub.subscribe` to be a function, got undefined'],
    [
      { publish: toHeard },
      'a',
      toHeard,
      'Expected `hub.subscribe` to be a function, got undefined',
    ],
    [newsHub(), 7, toHeard, 'Expected `topic` to be a string, got number'],
    [newsHub(), 'a', undefined, 'Expected `toMessage` to be a function, got undefined'],
  ])('refuses what is no hub, topic or function (%#)', (hub, topic, toMessage, text) => {
    expect(() => effect.subscribe(hub as never, topic as never, toMessage as never)).toThrow(
      new TypeError(text),
    );
  });

  it('takes the type of what is published from the hub', () => {
    const hub = newsHub();
    const heard = effect.subscribe(hub, 'a', (news) => {
      expectTypeOf(news).toEqualTypeOf<News>();
      return toHeard(news);
    });
    expectTypeOf(heard).toEqualTypeOf<Effect<Heard>>();
    const step: Step<null, 'a' | Heard> = [null, effect.subscribe(hub, 'a', toHeard)];
    // @ts-expect-error -- what is heard is not a message of this program
    const wrong: Effect<Message> = effect.subscribe(hub, 'a', toHeard);

    expect(step[1]).toEqual(wrong);
  });
});

describe('dispatch', () => {
  it('queues a message behind those that wait, in the order of its batch', () => {
    const { seen } = perform<Message>(
      effect.batch([
        effect.from((dispatch) => dispatch('a')),
        effect.dispatch('b'),
        effect.dispatch('c'),
      ]),
    );

    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('is mapped like any effect, and a value that a test can compare', () => {
    expect(perform(effect.map(effect.dispatch(1), (n) => n + 1)).seen).toEqual([2]);
    expect(effect.dispatch('a')).toEqual(effect.dispatch('a'));
  });
});

/** A program that performs the effects it is given. */
function puppet(): ReturnType<typeof startApplication<undefined, null, Effect<string> | string>> & {
  seen: string[];
  errors: unknown[];
  stopped: () => number;
} {
  const seen: string[] = [];
  const errors: unknown[] = [];
  let stops = 0;
  const runtime = startApplication<undefined, null, Effect<string> | string>(
    {
      init: () => [null, effect.none()],
      update: (model, message) => [model, typeof message === 'string' ? effect.none() : message],
    },
    undefined,
    {
      onMessage: (message) => {
        if (typeof message === 'string') seen.push(message);
      },
      onError: (error) => errors.push(error.cause),
      onStop: () => (stops += 1),
    },
  );
  onTestFinished(runtime.stop);
  return { ...runtime, signal: runtime.signal, seen, errors, stopped: () => stops };
}

describe('cancel', () => {
  const hub = (): {
    hub: Subscribable<string>;
    publish: (text: string) => void;
    size: () => number;
  } => {
    const listeners = new Set<(text: string) => unknown>();
    return {
      hub: {
        subscribe: (_, listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      publish: (text) => listeners.forEach((listener) => listener(text)),
      size: () => listeners.size,
    };
  };

  it('stops a timer', () => {
    const { dispatch, seen } = puppet();
    dispatch(effect.every(100, 'tick', { key: 'clock' }));
    dispatch(effect.after(250, 'late', { key: 'alarm' }));
    vi.advanceTimersByTime(200);
    dispatch(effect.batch([effect.cancel('clock'), effect.cancel('alarm')]));
    vi.advanceTimersByTime(1000);

    expect(seen).toEqual(['tick', 'tick']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a subscription', () => {
    const { dispatch, seen } = puppet();
    const news = hub();
    dispatch(effect.subscribe(news.hub, 'room', (text) => text, { key: 'room' }));
    news.publish('a');
    dispatch(effect.cancel('room'));
    news.publish('b');

    expect(seen).toEqual(['a']);
    expect(news.size()).toBe(0);
  });

  it('aborts the signal of a function, ignores what it still dispatches, and calls its cleanup once', () => {
    const { dispatch, seen } = puppet();
    let late: Dispatch<string> = () => {};
    let signal: AbortSignal | undefined;
    const cleanup = vi.fn();
    dispatch(
      effect.from<string>(
        (give, aborts) => {
          late = give;
          signal = aborts;
          give('early');
          return cleanup;
        },
        { key: 'work' },
      ),
    );
    dispatch(effect.cancel('work'));
    dispatch(effect.cancel('work'));
    late('late');

    expect(seen).toEqual(['early']);
    expect(signal?.aborted).toBe(true);
    expect(cleanup).toHaveBeenCalledTimes(1);
  });

  it('calls a cleanup that comes only after it, and reports no AbortError', async () => {
    const { dispatch, errors, signal } = puppet();
    const cleanup = vi.fn();
    let finish: (cleanup: () => void) => void = () => {};
    dispatch(
      effect.from<string>(() => new Promise<() => void>((resolve) => (finish = resolve)), {
        key: 'slow',
      }),
    );
    dispatch(
      effect.from<string>(
        (_, aborts) =>
          new Promise((_resolve, reject) => {
            aborts.addEventListener('abort', () => reject(aborts.reason as Error));
          }),
        { key: 'aborts' },
      ),
    );
    dispatch(effect.batch([effect.cancel('slow'), effect.cancel('aborts')]));
    finish(cleanup);
    await nextTurn();

    expect(cleanup).toHaveBeenCalledTimes(1);
    expect(errors).toEqual([]);
    expect(signal.aborted).toBe(false);
  });

  it('is what starting another effect of the same key does', () => {
    const { dispatch, seen } = puppet();
    dispatch(effect.after(100, 'first', { key: 'debounce' }));
    vi.advanceTimersByTime(99);
    dispatch(effect.after(100, 'second', { key: 'debounce' }));
    vi.advanceTimersByTime(100);
    dispatch(effect.after(100, 'third', { key: 'debounce' }));
    dispatch(effect.cancel('other'));
    vi.advanceTimersByTime(100);

    expect(seen).toEqual(['second', 'third']);
  });

  it('knows the same keys inside of map', () => {
    const { dispatch, seen } = puppet();
    dispatch(effect.map(effect.after(100, 1, { key: 'k' }), String));
    dispatch(effect.map(effect.cancel('k'), String));
    vi.advanceTimersByTime(100);

    expect(seen).toEqual([]);
  });

  it('leaves the others to the end of the program, which ends those with a key, too', () => {
    const { dispatch, stop } = puppet();
    const cleanups = [vi.fn(), vi.fn()];
    dispatch(effect.from<string>(() => cleanups[0], { key: 'a' }));
    dispatch(effect.from<string>(() => cleanups[1]));
    dispatch(effect.every(100, 'tick', { key: 'clock' }));
    dispatch(effect.cancel('b'));
    expect(cleanups.map((each) => each.mock.calls.length)).toEqual([0, 0]);
    stop();

    expect(cleanups.map((each) => each.mock.calls.length)).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reports a cleanup that throws', () => {
    const { dispatch, errors } = puppet();
    const fault = new Error('cleanup');
    const fail = (): never => {
      throw fault;
    };
    dispatch(effect.from<string>(() => fail, { key: 'a' }));
    dispatch(effect.cancel('a'));

    expect(errors).toEqual([fault]);
  });

  it('keeps nothing of effects that were replaced', () => {
    const { dispatch } = puppet();
    for (let n = 0; n < 1000; n++) dispatch(effect.after(n, 'x', { key: 'one' }));

    expect(vi.getTimerCount()).toBe(1);
  });

  it.each([
    () => effect.cancel(1 as never),
    () => effect.after(1, 'a', { key: 1 as never }),
    () => effect.from(() => {}, { key: null as never }),
  ])('refuses a key that is not a string', (make) => {
    expect(make).toThrow(/Expected `key` to be a string/);
  });
});

describe('stop and close', () => {
  it.each([
    ['stop', effect.stop()],
    ['close', effect.close(4000, 'done')],
  ])('%s ends the program, and drops the messages that wait', (_, end) => {
    const { dispatch, seen, stopped, signal } = puppet();
    dispatch(effect.batch([effect.dispatch('a'), end, effect.dispatch('b')]));
    dispatch('c');

    expect(seen).toEqual([]);
    expect(stopped()).toBe(1);
    expect(signal.aborted).toBe(true);
  });
});

describe('the mailbox of a program', () => {
  const pour = (count: number): Effect<string> =>
    effect.from((dispatch) => {
      for (let n = 0; n < count; n++) dispatch('x');
    });

  it('holds 65,536 messages', () => {
    const { dispatch, signal, errors } = puppet();
    dispatch(pour(65_536));

    expect(signal.aborted).toBe(false);
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });

  it('ends the program at one more, with the code overflow', () => {
    const codes: string[] = [];
    const { signal } = startApplication<undefined, null, string>(
      { init: () => [null, pour(65_537)], update: (model) => [model, effect.none()] },
      undefined,
      { onError: (error) => codes.push(error.code) },
    );

    expect(signal.aborted).toBe(true);
    expect(codes.filter((code) => code !== 'runaway')).toEqual(['overflow']);
  });
});

describe('Effect', () => {
  type Chat = readonly [tag: 0, text: string] | readonly [tag: 1, payload: null];

  it('fits wherever all of its messages are messages', () => {
    expectTypeOf(effect.none()).toEqualTypeOf<Effect<never>>();
    expectTypeOf<Effect<never>>().toExtend<Effect<Message>>();
    expectTypeOf<Effect<'a'>>().toExtend<Effect<Message>>();
    expectTypeOf<Effect<Message>>().not.toExtend<Effect<'a'>>();
    expectTypeOf<Effect<'e'>>().not.toExtend<Effect<Message>>();
  });

  it('takes its messages from the place where it is used', () => {
    const typed: Effect<Chat>[] = [
      effect.after(10, [0, 'hello']),
      effect.every(10, [1, null]),
      effect.from((dispatch) => {
        expectTypeOf(dispatch).toEqualTypeOf<Dispatch<Chat>>();
      }),
      effect.batch([effect.none(), effect.after(10, [1, null])]),
      effect.map(effect.after(10, 5), (inner) => {
        expectTypeOf(inner).toEqualTypeOf<number>();
        return [0, String(inner)];
      }),
    ];
    const update = (model: number): Step<number, Chat> => [model, effect.after(10, [0, 'hello'])];

    expect(typed).toHaveLength(5);
    expect(update(1)).toEqual([1, { kind: 'after', ms: 10, message: [0, 'hello'] }]);
  });

  it('does not compile with a wrong message', () => {
    const wrong: Effect<Message>[] = [
      // @ts-expect-error -- 'e' is no message
      effect.after(10, 'e'),
      // @ts-expect-error -- 'e' is no message
      effect.every(10, 'e'),
      // @ts-expect-error -- 'e' is no message
      effect.from((dispatch) => dispatch('e')),
      // @ts-expect-error -- 'e' is no message
      effect.batch([effect.none(), effect.after(10, 'e')]),
      // @ts-expect-error -- 'e' is no message
      effect.map(effect.after(10, 1), () => 'e'),
      // @ts-expect-error -- a number is no cleanup
      effect.from(() => 5),
    ];
    // @ts-expect-error -- the effect's message is not one of the step's
    const step: Step<null, Message> = [null, effect.after<'e'>(10, 'e')];

    expect(wrong).toHaveLength(6);
    expect(step).toHaveLength(2);
  });
});
