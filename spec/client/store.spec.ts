import * as fc from 'fast-check';
import { type Infer, string } from 'superstruct';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createStore, type Store, type StoreOptions, type Transport } from '../../lib/client.ts';
import { structCodec, variants } from '../../lib/codecs.ts';
import { type Codec } from '../../lib/core/codec.ts';
import { type Line, type LineEvents } from '../../lib/client/transport.ts';
import { nextTurn, untilTurned } from '../support/clock.ts';

/** The model is what was said, in order: each order of events gives another one. */
type Model = readonly string[];

const codec: Codec<string, string> = {
  decode: (encoded) => encoded,
  encode: (message) => {
    if (message === 'impossible') throw new TypeError('impossible');
    return message.startsWith('local') ? undefined : message;
  },
};

/** A line of which a test says what comes, as if it were the server. */
class Wires {
  events: LineEvents | undefined;
  /** What was sent on this line: ids by message. */
  sent = new Map<string, string>();
  /** True for a line that confirms nothing. */
  isBare = false;
  readonly transport: Transport = {
    name: 'websocket',
    start: (_attempt, events): Line => {
      this.events = events;
      this.sent = new Map();
      return {
        isBare: this.isBare,
        isReady: () => true,
        buffered: () => 0,
        send: (id, encoded) => {
          this.sent.set(String(encoded), id);
        },
        close: () => {
          this.events = undefined;
        },
      };
    },
  };
  open(): void {
    this.events?.open({});
  }
  settle(mark: '=' | '+' | '-', message: string, payload = ''): void {
    const id = this.sent.get(message);
    this.events?.receive(mark === '-' ? `-${id};handler` : `${mark}${id}`, payload);
  }
}

async function store(
  options: Partial<StoreOptions<Model, string, string>> = {},
  connect: Partial<StoreOptions<Model, string, string>['connect']> = {},
  isBare = false,
): Promise<Store<Model, string, string> & { wires: Wires; calls: Model[]; errors: unknown[] }> {
  const wires = new Wires();
  wires.isBare = isBare;
  const errors: unknown[] = [];
  const made = createStore<Model, string, string>({
    init: [],
    update: (model, message) => [...model, message],
    connect: {
      url: 'ws://127.0.0.1:9',
      codec,
      transport: wires.transport,
      fetch: () => Promise.reject(new Error('not used')),
      minDelay: 0,
      onError: (error) => errors.push(error),
      ...connect,
    },
    ...options,
  });
  const calls: Model[] = [];
  made.subscribe(() => calls.push(made.getSnapshot()));
  await nextTurn();
  return Object.assign(made, { wires, calls, errors });
}

describe('a store', () => {
  it('shows what is dispatched at once, and what the server says of it instead', async () => {
    const { dispatch, getSnapshot, wires, calls, getServerSnapshot } = await store();
    dispatch('guess');
    expect(getSnapshot()).toEqual(['guess']);
    wires.open();
    wires.settle('=', 'guess', 'reply');

    expect(getSnapshot()).toEqual(['reply']);
    expect(getServerSnapshot()).toEqual([]);
    // One notification for the guess, one for the frame.
    expect(calls).toEqual([['guess'], ['reply']]);
  });

  it('keeps a guess that is acknowledged without a reply', async () => {
    const { dispatch, getSnapshot, wires } = await store();
    wires.open();
    dispatch('a');
    dispatch('b');
    wires.events?.receive('', 'push');
    expect(getSnapshot()).toEqual(['push', 'a', 'b']);
    wires.settle('+', 'a');
    wires.settle('+', 'b');

    expect(getSnapshot()).toEqual(['push', 'a', 'b']);
  });

  it('is not reverted by the older of two answers that comes last (S1)', async () => {
    const { dispatch, getSnapshot, wires } = await store({
      init: ['none'],
      update: (_model, message) => [message],
    });
    wires.open();
    dispatch('first');
    dispatch('second');
    wires.settle('+', 'first');
    expect(getSnapshot()).toEqual(['second']);
    wires.events?.receive('', 'first, as the server has it');

    // The newest state of the server, and what is still a guess over it.
    expect(getSnapshot()).toEqual(['second']);
    wires.settle('+', 'second');
    expect(getSnapshot()).toEqual(['second']);
  });

  it('takes back the one that failed, and no other (S2)', async () => {
    const { dispatch, getSnapshot, failed, retry, discard, wires, calls } = await store();
    wires.open();
    for (const message of ['a', 'b', 'c']) dispatch(message);
    wires.settle('-', 'b', 'what the server says of it');

    expect(getSnapshot()).toEqual(['what the server says of it', 'a', 'c']);
    expect(failed()).toEqual([{ id: 2, message: 'b', code: 'handler' }]);
    expect(failed()).toBe(failed());
    expect(calls).toHaveLength(4);
    retry(2);
    expect(failed()).toEqual([]);
    expect(getSnapshot()).toEqual(['what the server says of it', 'a', 'c', 'b']);
    wires.settle('-', 'b');
    discard(2);
    expect(failed()).toEqual([]);
    expect(getSnapshot()).toEqual(['what the server says of it', 'a', 'c']);
    const before = calls.length;
    retry(2);
    discard(17);
    expect(calls).toHaveLength(before);
  });

  it('gives one notification for one frame, the same object until then, and onMessage too (S3, S4)', async () => {
    const heard: string[] = [];
    const { dispatch, getSnapshot, wires, calls } = await store(
      {},
      { onMessage: (message) => heard.push(message) },
    );
    wires.open();
    dispatch('a');
    const shown = getSnapshot();
    expect(getSnapshot()).toBe(shown);
    wires.settle('=', 'a', 'A');
    wires.events?.receive('', 'B');

    expect(calls).toEqual([['a'], ['A'], ['A', 'B']]);
    expect(heard).toEqual(['A', 'B']);
  });

  it('queues what is dispatched in update and in a listener, and skips nobody (S5)', async () => {
    let again = true;
    const made = await store({
      update: (model, message) => {
        if (message === 'a' && again) {
          again = false;
          made.dispatch('from update');
        }
        return [...model, message];
      },
    });
    const { dispatch, getSnapshot, subscribe, errors } = made;
    const seen: Model[] = [];
    let times = 0;
    subscribe(() => {
      throw new Error('mine');
    });
    subscribe(() => {
      if (times++ === 0) dispatch('from a listener');
    });
    subscribe(() => seen.push(getSnapshot()));
    dispatch('a');

    expect(getSnapshot()).toEqual(['a', 'from update', 'from a listener']);
    expect(seen.at(-1)).toEqual(getSnapshot());
    await untilTurned(() => errors.length >= 2);
    expect(errors.map(String)).toEqual(['Error: mine', 'Error: mine']);
  });

  it('leaves the model as it is where update throws, and goes on', async () => {
    const { dispatch, getSnapshot, wires, errors } = await store({
      update: (model, message) => {
        if (message === 'bad') throw new Error('does not fit');
        return [...model, message];
      },
    });
    wires.open();
    dispatch('bad');
    dispatch('good');
    wires.events?.receive('', 'bad');
    // Once when it was dispatched, again over the server's, and when the server sent the same.
    await untilTurned(() => errors.length >= 3);

    expect(getSnapshot()).toEqual(['good']);
    expect(new Set(errors.map(String))).toEqual(new Set(['Error: does not fit']));
  });

  it('keeps on the page what a struct refuses: a message of the page alone', async () => {
    const Said = variants('type', { said: { text: string() } });
    type Said = Infer<typeof Said>;
    interface Selected {
      readonly type: 'selected';
    }
    const said = structCodec({ incoming: Said, outgoing: Said });
    const wires = new Wires();
    const made = createStore<readonly string[], Said, Said, Selected>({
      init: [],
      update: (model, { type }) => [...model, type],
      connect: {
        url: 'ws://127.0.0.1:9',
        codec: said,
        transport: wires.transport,
        WebSocket,
      },
    });
    onTestFinished(() => {
      made.link.close();
    });
    await nextTurn();
    wires.open();
    made.dispatch({ type: 'selected' });
    made.dispatch({ type: 'said', text: 'a' });

    expect(made.getSnapshot()).toEqual(['selected', 'said']);
    expect(made.failed()).toEqual([]);
    expect(wires.sent.size).toBe(1);
  });

  it('takes back what cannot be encoded', async () => {
    const { dispatch, getSnapshot, failed } = await store();
    dispatch('impossible');
    dispatch('possible');

    expect(getSnapshot()).toEqual(['possible']);
    expect(failed()).toMatchObject([{ message: 'impossible', code: 'encode' }]);
  });

  it('takes back what is unconfirmed when the line breaks, and keeps what waits', async () => {
    const { dispatch, getSnapshot, failed, wires } = await store({}, { minDelay: 60_000 });
    wires.open();
    dispatch('sent');
    wires.events?.end(1006);
    dispatch('waits');

    expect(getSnapshot()).toEqual(['waits']);
    expect(failed()).toMatchObject([{ message: 'sent', code: 'unconfirmed' }]);
  });

  it('sends again what may be repeated, twice at most, and shows it all the time', async () => {
    const { dispatch, getSnapshot, failed, retry, wires, link } = await store(
      { mayRepeat: (message) => message !== 'once' },
      { minDelay: 60_000 },
    );
    const reopen = async (): Promise<void> => {
      wires.events?.end(1006);
      link.retry();
      await nextTurn();
      wires.open();
    };
    wires.open();
    dispatch('twice');
    dispatch('once');
    dispatch('answered');
    await reopen();
    expect([...wires.sent.keys()]).toEqual(['twice', 'answered']);
    expect(failed()).toMatchObject([{ message: 'once', code: 'unconfirmed' }]);
    wires.settle('+', 'answered');
    await reopen();
    expect([...wires.sent.keys()]).toEqual(['twice']);
    expect(getSnapshot()).toEqual(['answered', 'twice']);
    expect(failed()).toHaveLength(1);
    await reopen();
    expect([...wires.sent.keys()]).toEqual([]);
    expect(failed()).toMatchObject([{ message: 'once' }, { message: 'twice' }]);
    expect(getSnapshot()).toEqual(['answered']);

    retry(failed()[1]!.id);
    await reopen();

    expect([...wires.sent.keys()]).toEqual(['twice']);
  });

  it.each([
    ['by itself', true],
    ['by hand', false],
  ])('stays unconfirmed where it could not be sent again %s', async (_name, mayRepeat) => {
    const { dispatch, failed, retry, wires, link } = await store(
      { mayRepeat: () => mayRepeat },
      { minDelay: 60_000, queue: { messages: 1 } },
    );
    wires.open();
    dispatch('first');
    dispatch('second');
    wires.events?.end(1006);
    dispatch('new');
    for (const { id, message } of failed()) if (message !== 'new') retry(id);

    const codes = (): unknown =>
      failed()
        .map(({ message, code }) => `${message}: ${code}`)
        .sort();
    expect(codes()).toEqual(
      mayRepeat
        ? ['new: full', 'second: unconfirmed']
        : ['first: unconfirmed', 'second: unconfirmed'],
    );
    link.close();
    expect(codes()).toEqual(
      mayRepeat
        ? ['first: unconfirmed', 'new: full', 'second: unconfirmed']
        : ['first: unconfirmed', 'new: closed', 'second: unconfirmed'],
    );
  });

  it('that the server could not handle when it was sent again has failed with what that says', async () => {
    const { dispatch, failed, wires, link } = await store(
      { mayRepeat: () => true },
      { minDelay: 60_000 },
    );
    wires.open();
    dispatch('a');
    wires.events?.end(1006);
    link.retry();
    await nextTurn();
    wires.open();
    wires.settle('-', 'a');

    expect(failed()).toMatchObject([{ message: 'a', code: 'handler' }]);
  });

  it('notifies of nothing once its link is closed, and keeps its model true', async () => {
    const { dispatch, getSnapshot, failed, wires, calls, link } = await store();
    wires.open();
    dispatch('sent');
    link.close();
    dispatch('late');

    expect(calls).toEqual([['sent']]);
    expect(getSnapshot()).toEqual([]);
    expect(failed()).toMatchObject([
      { message: 'sent', code: 'unconfirmed' },
      { message: 'late', code: 'closed' },
    ]);
  });

  it('fails on a line that confirms nothing, unless it is told what confirms', async () => {
    const plain = await store({}, {}, true);
    plain.wires.open();
    plain.dispatch('a');
    expect(plain.failed()).toMatchObject([{ message: 'a', code: 'bare' }]);
    expect(plain.getSnapshot()).toEqual([]);

    const confirms = (sent: string, received: string): boolean => received === `re: ${sent}`;
    const told = await store({ confirms }, {}, true);
    told.wires.open();
    told.dispatch('b');
    told.dispatch('c');
    expect(told.failed()).toEqual([]);
    expect(told.link.hasUnsent()).toBe(true);
    told.wires.events?.receive('', 'a push');
    told.wires.events?.receive('', 're: b');
    expect(told.getSnapshot()).toEqual(['a push', 're: b', 'c']);
    told.wires.events?.end(1006);
    expect(told.failed()).toMatchObject([{ message: 'c', code: 'unconfirmed' }]);
    expect(told.getSnapshot()).toEqual(['a push', 're: b']);
    expect(told.link.hasUnsent()).toBe(false);
  });
});

describe('whatever order things come in', () => {
  type Event =
    | { readonly kind: 'dispatch' | 'local' | 'push' }
    | { readonly kind: 'reply' | 'ack' | 'fail' | 'explained'; readonly which: number }
    | { readonly kind: 'cut' | 'open' };
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Event>({ kind: 'dispatch' }, { kind: 'push' }) },
    { weight: 1, arbitrary: fc.constantFrom<Event>({ kind: 'local' }, { kind: 'cut' }) },
    { weight: 2, arbitrary: fc.constant<Event>({ kind: 'open' }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('reply', 'ack', 'fail', 'explained'),
        which: fc.nat({ max: 5 }),
      }),
    },
  );

  it('the settled state is that of a page that saw the messages of the server alone, and no state is shown that no order explains', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
        const made = await store({}, { minDelay: 0, maxDelay: 0 });
        const { dispatch, getSnapshot, wires, calls } = made;
        /** What a page knows that guesses nothing, and what this one guesses over it. */
        const known: string[] = [];
        let guesses: string[] = [];
        let isOpen = false;
        let count = 0;
        const fold = (): void => {
          while (guesses[0]?.startsWith('local') === true) known.push(guesses.shift()!);
        };
        const settled = (message: string, ...instead: string[]): void => {
          guesses = guesses.filter((guess) => guess !== message);
          known.push(...instead);
        };
        const step = async (next: Event): Promise<void> => {
          const notified = calls.length;
          const before = getSnapshot();
          const name = `${next.kind} ${++count}`;
          if (next.kind === 'dispatch' || next.kind === 'local') {
            dispatch(name);
            guesses.push(name);
          } else if (next.kind === 'open') {
            if (isOpen) return;
            await untilTurned(() => wires.events !== undefined);
            wires.open();
            isOpen = true;
          } else if (!isOpen) return;
          else if (next.kind === 'push') {
            wires.events?.receive('', name);
            known.push(name);
          } else if (next.kind === 'cut') {
            for (const message of wires.sent.keys()) settled(message);
            wires.events?.end(1006);
            isOpen = false;
          } else if ('which' in next) {
            const messages = [...wires.sent.keys()];
            const message = messages[next.which % messages.length];
            if (message === undefined) return;
            if (next.kind === 'reply') {
              wires.settle('=', message, name);
              settled(message, name);
            } else if (next.kind === 'ack') {
              wires.settle('+', message);
              settled(message, message);
            } else {
              const said = next.kind === 'explained' ? [name] : [];
              wires.settle('-', message, said[0]);
              settled(message, ...said);
            }
            wires.sent.delete(message);
          }
          fold();
          expect(getSnapshot()).toEqual([...known, ...guesses]);
          // Notified at most once, save for several messages that one cut takes back; and never
          // without a change, or of another one.
          const notifications = calls.length - notified;
          expect(notifications).toBeLessThanOrEqual(next.kind === 'cut' ? Infinity : 1);
          expect(notifications === 0 ? before : calls.at(-1)).toBe(getSnapshot());
        };
        for (const next of events) await step(next);
        // All that is left is settled by the server.
        if (!isOpen) await step({ kind: 'open' });
        while (wires.sent.size > 0) await step({ kind: 'reply', which: 0 });

        expect(getSnapshot()).toEqual(known);
        expect(made.link.hasUnsent()).toBe(false);
        made.link.close();
      }),
      { numRuns: 300 },
    );
  });
});
