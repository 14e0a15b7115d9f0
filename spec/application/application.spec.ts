import { beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import {
  type Application,
  application,
  type Runtime,
  startApplication,
} from '../../lib/application/application.ts';
import { onErrorChannel } from '../../lib/process/diagnostics.ts';
import * as effect from '../../lib/application/effect.ts';
import { type Dispatch, type Effect } from '../../lib/application/effect.ts';
import { ApplicationError } from '../../lib/application/errors.ts';
import { type OmniError } from '../../lib/core/errors.ts';
import { type Program } from '../../lib/application/program.ts';
import { type Step } from '../../lib/application/step.ts';
import { nextTurn, withFakeClock } from '../support/clock.ts';

beforeEach(withFakeClock);

interface Traced {
  readonly trace: string[];
  readonly errors: OmniError[];
  readonly runtime: Runtime<string>;
}

/**
 * Runs a program whose model is the list of its messages, and that answers each with the effect
 * named after it. What happens is written into `trace` in the order in which it happens.
 */
function run(effects: Readonly<Record<string, Effect<string>>>, trace: string[] = []): Traced {
  const errors: OmniError[] = [];
  const runtime = startApplication<undefined, string, string>(
    {
      init: () => ['', effects['init'] ?? effect.none()],
      update: (model, message) => {
        trace.push(`update ${message}`);
        return [model + message, effects[message] ?? effect.none()];
      },
    },
    undefined,
    {
      onMessage: (message) => trace.push(`heard ${message}`),
      onError: (error) => {
        trace.push(`error ${error.code}`);
        errors.push(error);
      },
      onStop: (model) => trace.push(`stopped with ${model}`),
    },
  );
  onTestFinished(runtime.stop);
  return { trace, errors, runtime };
}

describe('application', () => {
  const codec = { encode: String, decode: Number };
  const init = (count: number): Step<number, number> => [count, effect.none()];
  const update = (count: number, add: number): Step<number, number> => [count + add, effect.none()];

  it('returns its parts, with types for all of them', () => {
    const parts = { init, update, codec };

    const counter = application(parts);

    expect(counter).toBe(parts);
    expectTypeOf(counter).toEqualTypeOf<Application<number, number, number>>();
    expectTypeOf(counter).toExtend<Program<number, number, number>>();
  });

  it('types model and message of an update that is written in place', () => {
    application<string, { readonly name: string }, 'a' | 'b'>({
      init: (name) => {
        expectTypeOf(name).toEqualTypeOf<string>();
        return [{ name }, effect.after(10, 'a')];
      },
      update: (model, message) => {
        expectTypeOf(model).toEqualTypeOf<{ readonly name: string }>();
        expectTypeOf(message).toEqualTypeOf<'a' | 'b'>();
        return [model, effect.none()];
      },
      codec: { encode: (message) => message, decode: () => 'a' },
    });
    application<undefined, null, 'a' | 'b'>({
      // @ts-expect-error -- 'c' is no message
      init: () => [null, effect.after(10, 'c')],
      // @ts-expect-error -- a model without an effect is no step
      update: (model) => model,
      codec: { encode: (message) => message, decode: () => 'a' },
    });
    expect.assertions(0);
  });

  it.each([
    [{ update, codec }, 'Expected `init` to be a function, got undefined'],
    [{ init, update: 5, codec }, 'Expected `update` to be a function, got 5'],
    [
      { init, update },
      'Expected `codec` to be an object with the functions decode and encode, got undefined',
    ],
    [
      { init, update, codec: { encode: String } },
      'Expected `codec` to be an object with the functions decode and encode, got object',
    ],
  ])('refuses a program that lacks a part', (parts, text) => {
    expect(() => application(parts as never)).toThrow(new TypeError(text));
  });
});

describe('startApplication', () => {
  it('offers a message to onMessage, then to update, then starts the effects', () => {
    const trace: string[] = [];
    const act = (name: string): Effect<string> =>
      effect.from(() => {
        trace.push(`effect ${name}`);
      });
    const { runtime } = run({ a: effect.batch([act('a1'), act('a2')]), b: act('b1') }, trace);

    runtime.dispatch('a');
    runtime.dispatch('b');

    expect(trace).toEqual([
      'heard a',
      'update a',
      'effect a1',
      'effect a2',
      'heard b',
      'update b',
      'effect b1',
    ]);
  });

  it('starts the effects of init before any message is handled, and before it returns', () => {
    const trace: string[] = [];
    const { runtime } = run(
      {
        init: effect.batch([
          effect.from((dispatch) => {
            trace.push('effect 1');
            dispatch('a');
          }),
          effect.from(() => {
            trace.push('effect 2');
          }),
        ]),
      },
      trace,
    );
    trace.push('started');

    expect(trace).toEqual(['effect 1', 'effect 2', 'heard a', 'update a', 'started']);
    expect(runtime.signal.aborted).toBe(false);
  });

  it('queues what an effect dispatches before it returns', () => {
    const trace: string[] = [];
    const ask = effect.from<string>((dispatch) => {
      trace.push('ask begins');
      dispatch('asked');
      trace.push('ask ends');
    });
    const look = effect.from<string>(() => {
      trace.push('look');
    });
    const { runtime } = run({ start: effect.batch([ask, look]) }, trace);

    runtime.dispatch('start');

    expect(trace).toEqual([
      'heard start',
      'update start',
      'ask begins',
      'ask ends',
      'look',
      'heard asked',
      'update asked',
    ]);
  });

  it('handles messages first in, first out, from every source', () => {
    const say = (...messages: string[]): Effect<string> =>
      effect.from((dispatch) => {
        for (const message of messages) dispatch(message);
      });
    const { trace, runtime } = run({ a: say('b', 'c'), b: say('d'), c: say('e') });

    runtime.dispatch('a');
    runtime.dispatch('f');

    expect(trace.filter((line) => line.startsWith('update'))).toEqual([
      'update a',
      'update b',
      'update c',
      'update d',
      'update e',
      'update f',
    ]);
  });

  it('does not enter update again when onMessage, update or an effect dispatch by the runtime', () => {
    const trace: string[] = [];
    const runtime: Runtime<string> = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (model, message) => {
          trace.push(`update ${message} begins`);
          if (message === 'a') runtime.dispatch('from update');
          trace.push(`update ${message} ends`);
          return [
            model,
            message === 'a' ? effect.from(() => runtime.dispatch('from effect')) : effect.none(),
          ];
        },
      },
      undefined,
      {
        onMessage: (message) => {
          if (message === 'a') runtime.dispatch('from onMessage');
        },
      },
    );

    runtime.dispatch('a');

    expect(trace).toEqual([
      'update a begins',
      'update a ends',
      'update from onMessage begins',
      'update from onMessage ends',
      'update from update begins',
      'update from update ends',
      'update from effect begins',
      'update from effect ends',
    ]);
  });

  it('takes messages from effects in microtasks, from timers and from the outside', async () => {
    const { trace, runtime } = run({
      init: effect.batch([
        effect.after(20, 'late'),
        effect.from(async (dispatch) => {
          await Promise.resolve();
          dispatch('micro');
        }),
      ]),
    });
    runtime.dispatch('first');
    await nextTurn();
    vi.advanceTimersByTime(20);

    expect(trace.filter((line) => line.startsWith('update'))).toEqual([
      'update first',
      'update micro',
      'update late',
    ]);
  });

  it('hands out functions that need no this', () => {
    const { trace, runtime } = run({});
    const { dispatch, stop } = runtime;

    dispatch('a');
    stop();

    expect(trace).toEqual(['heard a', 'update a', 'stopped with a']);
  });

  it('needs no callbacks', () => {
    const seen: string[] = [];
    const runtime = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (model, message) => {
          seen.push(message);
          if (message === 'bad') throw new Error('bad');
          return [model, effect.none()];
        },
      },
      undefined,
    );

    runtime.dispatch('a');
    runtime.dispatch('bad');
    runtime.dispatch('b');

    expect(seen).toEqual(['a', 'bad']);
  });

  it('takes what makes a program, and refuses anything else', () => {
    const program: Program<number, number, number> = {
      init: (count) => [count, effect.none()],
      update: (count) => [count, effect.none()],
    };
    const lacking = { init: program.init } as never;

    expect(() => startApplication(lacking, 1)).toThrow(
      new TypeError('Expected `update` to be a function, got undefined'),
    );
    for (const name of ['onMessage', 'onError', 'onStop']) {
      expect(() => startApplication(program, 1, { [name]: 5 })).toThrow(
        new TypeError(`Expected \`${name}\` to be a function, got 5`),
      );
    }
  });

  it('keeps the types of args, model and message together', () => {
    const program: Program<string, { readonly name: string }, 'a' | 'b'> = {
      init: (name) => [{ name }, effect.none()],
      update: (model) => [model, effect.none()],
    };

    const runtime = startApplication(program, 'Ann', {
      onMessage: (message) => expectTypeOf(message).toEqualTypeOf<'a' | 'b'>(),
      onError: (error) => expectTypeOf(error).toEqualTypeOf<OmniError>(),
      onStop: (model) => expectTypeOf(model).toEqualTypeOf<{ readonly name: string }>(),
    });

    expectTypeOf(runtime).toEqualTypeOf<Runtime<'a' | 'b'>>();
    // @ts-expect-error -- 'c' is no message
    runtime.dispatch('c');
    // @ts-expect-error -- a number is no name
    startApplication(program, 5).stop();
    runtime.stop();
    expect(runtime.signal.aborted).toBe(true);
  });
});

describe('a failure', () => {
  it('throws when init throws', () => {
    const cause = new Error('no database');
    const onError = vi.fn<() => void>();
    const onStop = vi.fn<() => void>();
    const start = (): unknown =>
      startApplication(
        {
          init: (): Step<null, string> => {
            throw cause;
          },
          update: (model: null): Step<null, string> => [model, effect.none()],
        },
        undefined,
        { onError, onStop },
      );

    expect(start).toThrow(ApplicationError);
    expect(start).toThrow(expect.objectContaining({ code: 'init', cause }));
    expect(onError).not.toHaveBeenCalled();
    expect(onStop).not.toHaveBeenCalled();
  });

  it.each([
    ['a promise', 'a promise', Promise.resolve([null, effect.none()])],
    ['a model alone', 'object', null],
    ['a model and no effect', 'another array', [null]],
    ['a model and what is no effect', 'another array', [null, 5]],
    ['nothing', 'undefined', undefined],
  ])('throws when init returns %s', (_, got, step) => {
    expect(() =>
      startApplication({ init: () => step as never, update: () => step as never }, undefined),
    ).toThrow(
      expect.objectContaining({
        code: 'init',
        cause: new TypeError(`Expected \`init\` to return [model, effect], got ${got}`),
      }),
    );
  });

  it('ends the program when update throws, and reports the message', () => {
    const trace: string[] = [];
    const cause = new Error('boom');
    const errors: OmniError[] = [];
    const runtime = startApplication<undefined, string, string>(
      {
        init: () => ['', effect.from(() => () => trace.push('cleanup'))],
        update: (model, message) => {
          if (message === 'bad') throw cause;
          return [
            model + message,
            effect.from((dispatch) => {
              dispatch('bad');
              dispatch('never');
            }),
          ];
        },
      },
      undefined,
      {
        onMessage: (message) => trace.push(`heard ${message}`),
        onError: (error) => {
          trace.push(`error ${error.code}`);
          errors.push(error);
        },
        onStop: (model) => trace.push(`stopped with ${model}`),
      },
    );

    runtime.dispatch('a');
    runtime.dispatch('b');

    expect(trace).toEqual(['heard a', 'heard bad', 'cleanup', 'error update', 'stopped with a']);
    expect(errors[0]).toBeInstanceOf(ApplicationError);
    expect(errors[0]).toMatchObject({ code: 'update', cause, incoming: 'bad' });
    expect(runtime.signal.aborted).toBe(true);
  });

  it('ends the program when update is asynchronous', () => {
    const errors: OmniError[] = [];
    const runtime = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (() => Promise.resolve([null, effect.none()])) as never,
      },
      undefined,
      { onError: (error) => errors.push(error) },
    );

    runtime.dispatch('a');

    expect(errors.map((error) => error.cause)).toEqual([
      new TypeError('Expected `update` to return [model, effect], got a promise'),
    ]);
  });

  it('goes on when onMessage throws', () => {
    const cause = new Error('deaf');
    const errors: OmniError[] = [];
    const updated: string[] = [];
    const runtime = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (model, message) => {
          updated.push(message);
          return [model, effect.none()];
        },
      },
      undefined,
      {
        onMessage: () => {
          throw cause;
        },
        onError: (error) => errors.push(error),
      },
    );

    runtime.dispatch('a');
    runtime.dispatch('b');

    expect(updated).toEqual(['a', 'b']);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ code: 'listener', cause, outgoing: 'a' });
  });

  it('goes on when an effect throws, with the rest of its batch', () => {
    const cause = new Error('boom');
    const { trace, errors, runtime } = run({
      a: effect.batch([
        effect.from(() => {
          throw cause;
        }),
        effect.from((dispatch) => dispatch('b')),
      ]),
    });

    runtime.dispatch('a');

    expect(trace).toEqual(['heard a', 'update a', 'error effect', 'heard b', 'update b']);
    expect(errors[0]).toBeInstanceOf(ApplicationError);
    expect(errors[0]).toMatchObject({ code: 'effect', cause });
  });

  it('goes on when an effect rejects', async () => {
    const cause = new Error('boom');
    const { trace, errors, runtime } = run({ a: effect.from(() => Promise.reject(cause)) });

    runtime.dispatch('a');
    await nextTurn();
    runtime.dispatch('b');

    expect(trace).toEqual(['heard a', 'update a', 'error effect', 'heard b', 'update b']);
    expect(errors[0]).toMatchObject({ code: 'effect', cause });
  });

  it('survives an onError and an onStop that fail themselves', async () => {
    const told: string[] = [];
    const runtime = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (model) => [
          model,
          effect.from(() => {
            throw new Error('effect');
          }),
        ],
      },
      undefined,
      {
        onError: (error) => {
          told.push(error.code);
          if (told.length === 1) throw new Error('onError throws');
          return Promise.reject(new Error('onError rejects'));
        },
        onStop: () => {
          throw new Error('onStop throws');
        },
      },
    );

    runtime.dispatch('a');
    runtime.dispatch('b');
    runtime.stop();
    // An unhandled rejection would show before the event loop has gone round.
    await nextTurn();

    expect(told).toEqual(['effect', 'effect', 'listener']);
  });

  it('publishes the codes of failures on the diagnostics channel', () => {
    const events: unknown[] = [];
    const watch = (event: unknown): void => {
      events.push(event);
    };
    onErrorChannel.subscribe(watch);
    onTestFinished(() => {
      onErrorChannel.unsubscribe(watch);
    });
    const { runtime } = run({
      a: effect.from(() => {
        throw new Error('boom');
      }),
    });

    runtime.dispatch('a');

    expect(events).toEqual([{ transport: 'application', code: 'effect' }]);
  });
});

describe('the end', () => {
  it('aborts the signal, calls cleanups once, the last begun first, then calls onStop', () => {
    const trace: string[] = [];
    const begin = (name: string): Effect<string> =>
      effect.from((_, signal) => {
        signal.addEventListener('abort', () => trace.push(`abort ${name}`));
        return () => trace.push(`cleanup ${name}`);
      });
    const { runtime } = run({ init: begin('1'), a: effect.batch([begin('2'), begin('3')]) }, trace);
    runtime.dispatch('a');

    runtime.stop();
    runtime.stop();

    expect(trace).toEqual([
      'heard a',
      'update a',
      'abort 1',
      'abort 2',
      'abort 3',
      'cleanup 3',
      'cleanup 2',
      'cleanup 1',
      'stopped with a',
    ]);
  });

  it('calls a cleanup once for each effect that gave it', () => {
    const release = vi.fn<() => void>();
    const acquire = effect.from<string>(() => release);
    const { runtime } = run({ a: effect.batch([acquire, acquire]) });
    runtime.dispatch('a');

    runtime.stop();

    expect(release).toHaveBeenCalledTimes(2);
  });

  it('keeps a cleanup that an asynchronous effect gives', async () => {
    const release = vi.fn<() => void>();
    const { trace, runtime } = run({
      a: effect.from(async (dispatch) => {
        await Promise.resolve();
        dispatch('acquired');
        return release;
      }),
    });
    runtime.dispatch('a');
    await nextTurn();
    const before = release.mock.calls.length;

    runtime.stop();

    expect(trace).toEqual([
      'heard a',
      'update a',
      'heard acquired',
      'update acquired',
      'stopped with aacquired',
    ]);
    expect(before).toBe(0);
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('calls a cleanup at once when it comes after the end, and only once', async () => {
    const release = vi.fn<() => void>();
    let give: (cleanup: () => void) => void = () => {};
    const acquiring = new Promise<() => void>((resolve) => {
      give = resolve;
    });
    const { runtime } = run({ a: effect.from(() => acquiring) });
    runtime.dispatch('a');

    runtime.stop();
    give(release);
    await nextTurn();
    runtime.stop();

    expect(release).toHaveBeenCalledTimes(1);
  });

  it('calls all cleanups when one throws or rejects, and reports those', async () => {
    const trace: string[] = [];
    const begin = (cleanup: () => unknown): Effect<string> => effect.from(() => cleanup);
    const { errors, runtime } = run(
      {
        init: effect.batch([
          begin(() => trace.push('cleanup 1')),
          begin(() => {
            throw new Error('throws');
          }),
          begin(() => Promise.reject(new Error('rejects'))),
          begin(() => trace.push('cleanup 4')),
        ]),
      },
      trace,
    );

    runtime.stop();
    await nextTurn();

    expect(trace).toEqual([
      'cleanup 4',
      'error effect',
      'cleanup 1',
      'stopped with ',
      'error effect',
    ]);
    expect(errors.map((error) => error.cause)).toEqual([new Error('throws'), new Error('rejects')]);
  });

  it('ignores what is dispatched after it, by the runtime and by every effect', async () => {
    let keep: Dispatch<string> = () => {};
    let finish: () => void = () => {};
    const { trace, runtime } = run({
      init: effect.batch([
        effect.after(10, 'timer'),
        effect.every(10, 'interval'),
        effect.from((dispatch) => {
          keep = dispatch;
        }),
        effect.from(async (dispatch) => {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
          dispatch('async');
          trace.push('async ended');
        }),
      ]),
    });

    runtime.stop();
    runtime.dispatch('runtime');
    keep('kept');
    vi.advanceTimersByTime(100);
    finish();
    await nextTurn();

    expect(trace).toEqual(['stopped with ', 'async ended']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('drops the messages that wait', () => {
    const { trace, runtime } = run({
      a: effect.from((dispatch) => {
        dispatch('b');
        dispatch('c');
      }),
      b: effect.from(() => runtime.stop()),
    });

    runtime.dispatch('a');

    expect(trace).toEqual(['heard a', 'update a', 'heard b', 'update b', 'stopped with ab']);
  });

  it('may come from within update: what that returns comes too late', () => {
    const trace: string[] = [];
    const runtime: Runtime<string> = startApplication<undefined, string, string>(
      {
        init: () => ['first', effect.from(() => () => trace.push('cleanup'))],
        update: () => {
          runtime.stop();
          return [
            'second',
            effect.from(() => {
              trace.push('effect');
            }),
          ];
        },
      },
      undefined,
      { onStop: (model) => trace.push(`stopped with ${model}`) },
    );

    runtime.dispatch('a');

    expect(trace).toEqual(['cleanup', 'stopped with first']);
  });

  it('may come from onMessage: update is not asked any more', () => {
    const trace: string[] = [];
    const runtime: Runtime<string> = startApplication<undefined, null, string>(
      {
        init: () => [null, effect.none()],
        update: (model) => {
          trace.push('update');
          return [model, effect.none()];
        },
      },
      undefined,
      {
        onMessage: () => runtime.stop(),
        onStop: () => trace.push('stopped'),
      },
    );

    runtime.dispatch('a');

    expect(trace).toEqual(['stopped']);
  });

  it('may come from an effect: the rest of its batch is not started, its cleanup is called', () => {
    const trace: string[] = [];
    const { runtime } = run(
      {
        a: effect.batch([
          effect.from(() => {
            runtime.stop();
            return () => trace.push('cleanup');
          }),
          effect.from(() => {
            trace.push('second effect');
          }),
        ]),
      },
      trace,
    );

    runtime.dispatch('a');

    expect(trace).toEqual(['heard a', 'update a', 'stopped with a', 'cleanup']);
  });

  it('is no failure of the work that stops because of it', async () => {
    const trace: string[] = [];
    const { errors, runtime } = run(
      {
        init: effect.batch([
          effect.from(
            (_, signal) =>
              new Promise((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason as Error));
              }),
          ),
          effect.from(
            (_, signal) =>
              new Promise((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(new Error('rolled back')));
              }),
          ),
        ]),
      },
      trace,
    );

    runtime.stop();
    await nextTurn();

    expect(errors.map((error) => error.cause)).toEqual([new Error('rolled back')]);
  });

  it('does not excuse an AbortError before it', async () => {
    const { errors } = run({
      init: effect.from(() => Promise.reject(AbortSignal.abort().reason as Error)),
    });

    await nextTurn();

    expect(errors[0]).toMatchObject({ code: 'effect', cause: { name: 'AbortError' } });
  });

  it('shows in a signal that is asked for only then', () => {
    const { runtime } = run({});

    runtime.stop();

    expect(runtime.signal.aborted).toBe(true);
    expect(runtime.signal).toBe(runtime.signal);
  });
});
