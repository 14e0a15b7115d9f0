import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as effect from '../../lib/application/effect.ts';
import { type Dispatch, type Effect } from '../../lib/application/effect.ts';
import { type OmniError } from '../../lib/core/errors.ts';
import { RunawayError } from '../../lib/application/errors.ts';
import { Loop } from '../../lib/application/program.ts';
import { nextTurn, withFakeClock } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';

beforeEach(withFakeClock);

interface Counted {
  readonly loop: Loop<undefined, null, string>;
  readonly errors: OmniError[];
  /** How many messages update has seen. */
  readonly handled: () => number;
}

/** Runs a program that does the same after every message, and counts them. */
function run(
  react: (message: string) => Effect<string>,
  first: Effect<string> = effect.none(),
  onError: (error: OmniError) => void = () => {},
): Counted {
  const errors: OmniError[] = [];
  let handled = 0;
  const loop = new Loop<undefined, null, string>(
    {
      init: () => [null, first],
      update: (model, message) => {
        handled += 1;
        return [model, react(message)];
      },
    },
    undefined,
    {
      offered: () => {},
      failed: (error) => {
        errors.push(error);
        onError(error);
      },
      ended: () => {},
    },
  );
  loop.begin();
  onTestFinished(() => loop.stop());
  return { loop, errors, handled: () => handled };
}

const again = effect.from<string>((dispatch) => dispatch('again'));
const againInMicrotask = effect.from<string>(async (dispatch) => {
  await Promise.resolve();
  dispatch('again');
});

/** Lets one promise after another settle, in one and the same turn of the event loop. */
async function manyPromises(): Promise<void> {
  for (let count = 0; count < 500; count += 1) await Promise.resolve();
}

describe('the share of a program', () => {
  it('is 64 messages in a turn of the event loop, when effects dispatch at once', async () => {
    const { handled } = run(() => again, again);
    const counts = [handled()];

    await nextTurn();
    counts.push(handled());
    await nextTurn();
    counts.push(handled());

    expect(counts).toEqual([64, 128, 192]);
  });

  it('is 64 messages also when effects dispatch in microtasks', async () => {
    const { handled } = run(() => againInMicrotask, againInMicrotask);
    const counts = [handled()];

    await manyPromises();
    counts.push(handled());
    await nextTurn();
    await manyPromises();
    counts.push(handled());

    expect(counts).toEqual([0, 64, 128]);
  });

  it('is 64 messages also when a promise loop dispatches from without any update', async () => {
    let keep: Dispatch<string> = () => {};
    const { handled } = run(
      () => effect.none(),
      effect.from((dispatch) => {
        keep = dispatch;
      }),
    );
    await nextTurn();

    for (let count = 0; count < 100; count += 1) {
      await Promise.resolve();
      keep('more');
    }
    const inOneTurn = handled();
    await nextTurn();

    expect(inOneTurn).toBe(64);
    expect(handled()).toBe(100);
  });

  it.each([
    [8, 1],
    [7, 2],
    [3, 3],
    [1, 8],
  ])('is 8 ms: %i ms a message make it %i', (ms, messages) => {
    const { handled } = run(() => {
      vi.advanceTimersByTime(ms);
      return again;
    }, again);

    expect(handled()).toBe(messages);
  });

  it('is 8 ms also in microtasks', async () => {
    const { handled } = run(() => {
      vi.advanceTimersByTime(3);
      return againInMicrotask;
    }, againInMicrotask);

    await manyPromises();

    expect(handled()).toBe(3);
  });

  it('is whole again for each message from outside that finds the program at rest', () => {
    const { loop, handled } = run((message) => (message === 'go' ? again : effect.none()));

    for (let count = 0; count < 100; count += 1) loop.dispatch('go');

    expect(handled()).toBe(200);
  });

  it('is whole again when the event loop has gone round', async () => {
    let keep: Dispatch<string> = () => {};
    const { handled } = run(
      () => effect.none(),
      effect.from((dispatch) => {
        keep = dispatch;
      }),
    );
    for (let count = 0; count < 63; count += 1) keep('more');
    await nextTurn();

    for (let count = 0; count < 64; count += 1) keep('more');

    expect(handled()).toBe(127);
  });

  it('leaves room for timers and for other programs', async () => {
    vi.useRealTimers();
    const one = run(() => again, again);
    const other = run(() => againInMicrotask, againInMicrotask);
    const third = run(() => effect.none());
    const fired = deferred();
    setTimeout(fired.resolve);

    await fired.promise;
    third.loop.dispatch('hello');

    expect(one.handled()).toBeGreaterThan(0);
    expect(other.handled()).toBeGreaterThan(0);
    expect(third.handled()).toBe(1);
  });

  it('keeps order: what comes while messages wait for the next turn comes after them', async () => {
    const seen: string[] = [];
    const { loop } = run((message) => {
      seen.push(message);
      return message === 'go'
        ? effect.from((dispatch) => {
            for (let count = 1; count <= 70; count += 1) dispatch(`own ${count}`);
          })
        : effect.none();
    }, effect.none());

    loop.dispatch('go');
    const inFirstTurn = seen.length;
    loop.dispatch('from outside');
    await nextTurn();

    expect(inFirstTurn).toBe(64);
    expect(seen.slice(-3)).toEqual(['own 69', 'own 70', 'from outside']);
    expect(seen).toHaveLength(72);
  });

  it('is not spent after the end', async () => {
    const { loop, handled } = run(() => again, again);

    loop.stop();
    await nextTurn();

    expect(handled()).toBe(64);
  });
});

describe('a runaway', () => {
  /** Makes `count` messages, one after the other, each from the one before. */
  function countdown(count: number, how: Effect<string>): (message: string) => Effect<string> {
    let left = count;
    return () => {
      left -= 1;
      return left >= 0 ? how : effect.none();
    };
  }

  it.each([
    ['at once', again],
    ['in microtasks', againInMicrotask],
  ])('is reported after 10,000 messages of its own making, dispatched %s', async (_, how) => {
    const { loop, errors, handled } = run(countdown(10_000, how));

    loop.dispatch('go');
    await untilHandled(handled, 10_001);

    expect(errors).toEqual([new RunawayError(10_000)]);
    expect(errors[0]).toMatchObject({
      code: 'runaway',
      message: 'the program dispatched 10000 messages to itself without outside input',
    });
  });

  it.each([
    ['at once', again],
    ['in microtasks', againInMicrotask],
  ])('is not reported after 9,999, dispatched %s', async (_, how) => {
    const { loop, errors, handled } = run(countdown(9_999, how));

    loop.dispatch('go');
    await untilHandled(handled, 10_000);

    expect(errors).toEqual([]);
  });

  it('is reported once per 10,000', async () => {
    const { loop, errors, handled } = run(countdown(29_999, again));

    loop.dispatch('go');
    await untilHandled(handled, 30_000);

    expect(errors).toEqual([new RunawayError(10_000), new RunawayError(20_000)]);
  });

  it('counts what one effect dispatches in one go', () => {
    const { errors } = run(
      () => effect.none(),
      effect.from((dispatch) => {
        for (let count = 0; count < 10_000; count += 1) dispatch('more');
      }),
    );

    expect(errors).toEqual([new RunawayError(10_000)]);
  });

  it('is forgiven when a message comes from outside', async () => {
    const { loop, errors, handled } = run(countdown(15_000, again));

    loop.dispatch('go');
    await untilHandled(handled, 8_000);
    loop.dispatch('still there?');
    await untilHandled(handled, 15_002);

    expect(errors).toEqual([]);
  });

  it('can be stopped by the report', async () => {
    const counted: Counted = run(
      () => again,
      effect.none(),
      () => counted.loop.stop(),
    );

    counted.loop.dispatch('go');
    await untilHandled(counted.handled, 10_000);
    await nextTurn();

    // The one from outside, and all of its own but the last: that made it one too many.
    expect(counted.handled()).toBe(10_000);
    expect(counted.errors).toHaveLength(1);
  });

  it('is not a program that a clock drives', () => {
    const { errors, handled } = run(() => effect.none(), effect.every(1, 'tick'));

    vi.advanceTimersByTime(25_000);

    expect(handled()).toBe(25_000);
    expect(errors).toEqual([]);
  });

  it('is not a program that waits for the clock after each message', () => {
    const { loop, errors, handled } = run(() => effect.after(0, 'tick'));

    loop.dispatch('go');
    vi.advanceTimersByTime(25_000);

    expect(handled()).toBeGreaterThan(20_000);
    expect(errors).toEqual([]);
  });

  it('is not a program that gets I/O in each turn of the event loop', async () => {
    const { loop, errors, handled } = run(
      countdown(
        10_001,
        effect.from((dispatch) => {
          setImmediate(dispatch, 'answer');
        }),
      ),
    );

    loop.dispatch('go');
    await untilHandled(handled, 10_002);

    expect(errors).toEqual([]);
  });

  it('is not a program to which a publisher sends thousands of messages at once', async () => {
    const listeners = new Set<Dispatch<string>>();
    const { errors, handled } = run(
      () => effect.none(),
      effect.from((dispatch) => {
        listeners.add(dispatch);
        return () => listeners.delete(dispatch);
      }),
    );
    await nextTurn();

    for (let count = 0; count < 25_000; count += 1) for (const tell of listeners) tell('news');
    await untilHandled(handled, 25_000);

    expect(errors).toEqual([]);
  });
});

describe('whenHandled', () => {
  it('is undefined at rest and after the end', () => {
    const { loop } = run(() => again);

    const atRest = loop.whenHandled();
    loop.dispatch('go');
    const busy = loop.whenHandled();
    loop.stop();

    expect(atRest).toBeUndefined();
    expect(busy).toBeInstanceOf(Promise);
    expect(loop.whenHandled()).toBeUndefined();
  });

  it('waits for what was dispatched before, and not for what comes after', async () => {
    let count = 0;
    const { loop } = run((message) => {
      if (message === 'mine') count = -1;
      if (count >= 0) count += 1;
      return again;
    });
    loop.dispatch('go');
    loop.dispatch('mine');

    const first = loop.whenHandled();
    const before = count;
    await Promise.all([first, loop.whenHandled()]);

    expect(before).toBe(64);
    expect(count).toBe(-1);
  });

  it('waits for the message that is being handled', async () => {
    const trace: string[] = [];
    const { loop } = run((message) => {
      void loop.whenHandled()?.then(() => trace.push(`${message} is handled`));
      queueMicrotask(() => trace.push(`${message} microtask`));
      return effect.none();
    });

    loop.dispatch('a');
    await nextTurn();

    expect(trace).toEqual(['a microtask', 'a is handled']);
  });

  it('counts the message that is being handled beside those in line', async () => {
    let handledThen = 0;
    const { loop, handled } = run((message) =>
      message === 'go'
        ? effect.from((dispatch) => {
            for (let count = 1; count <= 64; count += 1) dispatch(`own ${count}`);
            void loop.whenHandled()?.then(() => {
              handledThen = handled();
            });
          })
        : effect.none(),
    );

    loop.dispatch('go');
    const inFirstTurn = handled();
    await nextTurn();
    await nextTurn();

    expect(inFirstTurn).toBe(64);
    expect(handledThen).toBe(65);
  });

  it('ends with the program', async () => {
    const { loop } = run(() => again);
    loop.dispatch('go');
    const waiting = loop.whenHandled();

    loop.stop();

    await expect(waiting).resolves.toBeUndefined();
  });
});

/** Lets the event loop go round until so many messages have been handled. */
async function untilHandled(handled: () => number, count: number): Promise<void> {
  while (handled() < count) await nextTurn();
  await nextTurn();
}

describe('any program', () => {
  /** What an update may ask for: a tree of batches and maps, with a leaf for each kind of effect. */
  type Plan =
    | { readonly kind: 'now'; readonly messages: readonly number[] }
    | { readonly kind: 'micro' | 'cleanup'; readonly message: number }
    | { readonly kind: 'after'; readonly ms: number; readonly message: number }
    | { readonly kind: 'map'; readonly plan: Plan; readonly add: number }
    | { readonly kind: 'batch'; readonly plans: readonly Plan[] };
  /** For each message, what its update asks for. A message leads to higher ones only: all ends. */
  type Behaviour = readonly Plan[];

  const MESSAGES = 10;
  const plan = fc.letrec<{ plan: Plan; leaf: Plan }>((tie) => {
    const message = fc.integer({ min: 1, max: 2 });
    return {
      plan: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        tie('leaf'),
        fc.record({ kind: fc.constant('map' as const), plan: tie('plan'), add: fc.constant(1) }),
        fc.record({
          kind: fc.constant('batch' as const),
          plans: fc.array(tie('plan'), { maxLength: 3 }),
        }),
      ),
      leaf: fc.oneof(
        // Heavier than the rest: without messages in line, no share would ever be spent.
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('now' as const),
            messages: fc.array(message, { maxLength: 4, size: 'max' }),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constantFrom('micro' as const, 'cleanup' as const),
            message,
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('after' as const),
            ms: fc.integer({ min: 1, max: 5 }),
            message,
          }),
        },
      ),
    };
  }).plan;
  const behaviours = fc.array(plan, { minLength: MESSAGES, maxLength: MESSAGES });
  const inputs = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 4 });

  /** The effect of a plan. Its messages are how much higher they are than `base`. */
  function toEffect(given: Plan, trace: string[]): Effect<number> {
    if (given.kind === 'after') return effect.after(given.ms, given.message);
    if (given.kind === 'map') {
      return effect.map(toEffect(given.plan, trace), (message) => message + given.add);
    }
    if (given.kind === 'batch') {
      return effect.batch(given.plans.map((each) => toEffect(each, trace)));
    }
    if (given.kind === 'now') {
      return effect.from((dispatch) => {
        trace.push(`start now ${given.messages.join()}`);
        for (const message of given.messages) dispatch(message);
      });
    }
    if (given.kind === 'cleanup') {
      return effect.from(() => {
        trace.push(`start cleanup ${given.message}`);
        return () => trace.push(`end ${given.message}`);
      });
    }
    return effect.from(async (dispatch) => {
      trace.push(`start micro ${given.message}`);
      await Promise.resolve();
      dispatch(given.message);
    });
  }

  /** The loop as one would write it on a sheet of paper: a line, a share, and three ways into it. */
  function reference(
    behaviour: Behaviour,
    given: readonly number[],
  ): { trace: string[]; hasSpentShare: boolean } {
    const trace: string[] = [];
    const ends: string[] = [];
    const line: number[] = [];
    const micro: number[] = [];
    let timers: { readonly at: number; readonly message: number }[] = [];
    let spent = 0;
    let hasSpentShare = false;
    let now = 0;

    function work(): void {
      for (; line.length > 0 && spent < 64; spent += 1) {
        const message = line.shift()!;
        trace.push(`heard ${message}`, `update ${message}`);
        ask(behaviour[message], (more) => message + more);
      }
      hasSpentShare ||= line.length > 0;
    }
    function ask(asked: Plan | undefined, to: (more: number) => number): void {
      if (asked === undefined) return;
      if (asked.kind === 'batch') for (const each of asked.plans) ask(each, to);
      else if (asked.kind === 'map') ask(asked.plan, (more) => to(more + asked.add));
      else if (asked.kind === 'after')
        timers.push({ at: now + asked.ms, message: to(asked.message) });
      else if (asked.kind === 'now') {
        trace.push(`start now ${asked.messages.join()}`);
        line.push(...asked.messages.map(to));
      } else {
        trace.push(`start ${asked.kind} ${asked.message}`);
        if (asked.kind === 'micro') micro.push(to(asked.message));
        else ends.unshift(`end ${asked.message}`);
      }
    }
    function outside(message: number): void {
      if (line.length === 0) spent = 0;
      line.push(message);
      work();
    }
    function settle(): void {
      while (micro.length + line.length > 0) {
        for (let message = micro.shift(); message !== undefined; message = micro.shift()) {
          line.push(message);
          work();
        }
        spent = 0;
        work();
      }
    }

    for (const message of given) {
      outside(message);
      settle();
    }
    while (timers.length > 0) {
      now = Math.min(...timers.map(({ at }) => at));
      const due = timers.filter(({ at }) => at === now);
      timers = timers.filter(({ at }) => at !== now);
      for (const { message } of due) outside(message);
      settle();
    }
    return { trace: [...trace, ...ends, 'ended'], hasSpentShare };
  }

  /** The same program, in the real loop. */
  function begin(behaviour: Behaviour, trace: string[]): Loop<undefined, null, number> {
    const loop = new Loop<undefined, null, number>(
      {
        init: () => [null, effect.none()],
        update: (model, message) => {
          trace.push(`update ${message}`);
          const asked = behaviour[message];
          return [
            model,
            asked === undefined
              ? effect.none()
              : effect.map(toEffect(asked, trace), (more) => message + more),
          ];
        },
      },
      undefined,
      {
        offered: (message) => trace.push(`heard ${message}`),
        failed: (error) => trace.push(`error ${error.code}`),
        ended: () => trace.push('ended'),
      },
    );
    loop.begin();
    return loop;
  }

  /** Lets a program do all that it can do before the clock moves. */
  async function atRest(loop: Loop<undefined, null, number>): Promise<void> {
    do {
      await loop.whenHandled();
      await nextTurn();
    } while (loop.whenHandled() !== undefined);
  }

  it('does what the reference loop does', async () => {
    let howManySpendTheirShare = 0;
    await fc.assert(
      fc.asyncProperty(behaviours, inputs, async (behaviour, given) => {
        const { trace: expected, hasSpentShare } = reference(behaviour, given);
        fc.pre(expected.length < 3_000);
        if (hasSpentShare) howManySpendTheirShare += 1;

        const trace: string[] = [];
        const loop = begin(behaviour, trace);
        for (const message of given) {
          loop.dispatch(message);
          await atRest(loop);
        }
        while (vi.getTimerCount() > 0) {
          vi.advanceTimersToNextTimer();
          await atRest(loop);
        }
        loop.stop();

        expect(trace).toEqual(expected);
      }),
      { numRuns: 300 },
    );
    // It would be no test of the share if no program ever spent one.
    expect(howManySpendTheirShare).toBeGreaterThan(5);
  });

  it('does nothing more once it is stopped, and ends what it began', async () => {
    await fc.assert(
      fc.asyncProperty(behaviours, inputs, fc.nat(40), async (behaviour, given, moment) => {
        const { trace: whole } = reference(behaviour, given);
        fc.pre(whole.length < 3_000);

        const trace: string[] = [];
        const loop = begin(behaviour, trace);
        // Stopped in the midst of things: when so many lines have been written.
        const write = trace.push.bind(trace);
        trace.push = (...lines) => {
          const length = write(...lines);
          if (length === moment + 1) loop.stop();
          return length;
        };
        for (const message of given) {
          loop.dispatch(message);
          await atRest(loop);
        }
        while (vi.getTimerCount() > 0) {
          vi.advanceTimersToNextTimer();
          await atRest(loop);
        }
        loop.stop();

        const done = trace.slice(0, moment + 1).filter((line) => !line.startsWith('end'));
        const begun = trace.filter((line) => line.startsWith('start cleanup'));
        const ends = trace.filter((line) => line.startsWith('end '));
        expect(whole.slice(0, done.length)).toEqual(done);
        expect(trace.filter((line) => line === 'ended')).toHaveLength(1);
        expect(trace.filter((line) => line.startsWith('start')).length).toBeLessThanOrEqual(
          moment + 1,
        );
        expect(ends.sort()).toEqual(
          begun.map((line) => line.replace('start cleanup', 'end')).sort(),
        );
      }),
      { numRuns: 300 },
    );
  });
});
