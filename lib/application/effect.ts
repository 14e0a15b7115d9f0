/**
 * Effects: side effects as values. An update returns what shall be done and does nothing itself,
 * so it can be called in a test, twice or a thousand times, and its result compared. The runtime
 * performs what it returned, and ends it when the program ends.
 *
 * Three ways of doing nothing are the same value: `none()`, `batch([])` and `batch([none()])`.
 *
 * Source: `Platform.Cmd` of Elm, `lustre/effect` of Lustre.
 */
import { expectFunction } from '../core/options.ts';

/** Hands a message to the program's update. Never throws; does nothing after the program's end. */
export type Dispatch<Message> = (message: Message) => void;

/**
 * Ends what an effect began: a listener, a watcher, a cursor. Called once, at the program's end.
 * What it returns is ignored, but a promise that rejects is told to `onError`.
 */
export type Cleanup = () => unknown;

/**
 * A side effect as a value, which may dispatch messages. Make one with the functions of this
 * module; what is inside is for the runtime, and for a test to compare.
 */
export type Effect<Message> =
  | { readonly kind: 'none' }
  | { readonly kind: 'from'; readonly run: Run<Message> }
  | { readonly kind: 'batch'; readonly effects: readonly Effect<Message>[] }
  | {
      readonly kind: 'map';
      readonly effect: Effect<unknown>;
      readonly toMessage: (message: unknown) => Message;
    }
  | {
      readonly kind: 'subscribe';
      readonly hub: Subscribable<unknown>;
      readonly topic: string;
      readonly toMessage: (message: unknown) => Message;
    }
  | { readonly kind: 'after' | 'every'; readonly ms: number; readonly message: Message }
  /** Something that only who runs the program can do, such as to speak to those who look on. */
  | { readonly kind: 'host'; readonly request: unknown };

/** What a program can listen to: a `Hub`, or whatever else tells by topic. */
export interface Subscribable<Published> {
  /** Calls the listener with what is published from now on, until what it returned is called. */
  readonly subscribe: (topic: string, listener: (message: Published) => unknown) => () => unknown;
}

/** What {@link from} makes an effect of. */
export type Run<Message> = (
  dispatch: Dispatch<Message>,
  signal: AbortSignal,
) => void | Cleanup | Promise<void | Cleanup>;

const NONE: Effect<never> = Object.freeze({ kind: 'none' });

/** Does nothing. It is the second half of most steps, and costs nothing. */
export function none(): Effect<never> {
  return NONE;
}

/**
 * Makes an effect of a function. It is called after the update that returned it; it may dispatch
 * at once, later, often or never, and may be asynchronous.
 *
 * A cleanup that it returns (or its promise gives) is called once, when the program ends; at once
 * when the program has ended before. It is kept until then: return one for what lasts as long as
 * the program, and let work that is over sooner look at `signal` instead.
 *
 * What it throws, and what its promise rejects with, is told to `onError` and ends nothing. An
 * AbortError after the end is not told: that is what `signal` is for.
 *
 * To name one in a test, make it a constant: `expect(update(model, message)).toEqual([model, save])`.
 *
 * @param run - gets `dispatch`, and a `signal` that aborts when the program ends
 */
export function from<Message>(run: Run<Message>): Effect<Message> {
  expectFunction('run', run);
  return { kind: 'from', run };
}

/**
 * Several effects as one. They are started in this order; what they dispatch at once is queued in
 * this order too, and handled after the last of them was started. There is no promise about the
 * order of what they dispatch later.
 */
export function batch<Message>(effects: readonly Effect<Message>[]): Effect<Message> {
  const some = effects.flatMap((effect) => {
    if (effect.kind === 'none') return [];
    return effect.kind === 'batch' ? effect.effects : [effect];
  });
  const [first, second] = some;
  if (first === undefined) return NONE;
  return second === undefined ? first : { kind: 'batch', effects: some };
}

/**
 * Turns the messages of an effect into other messages, so that a part of a program with messages
 * of its own can be used in a larger one. Programs that are not nested do not need it.
 *
 * @param toMessage - called for each message, when it is dispatched; what it throws is told to
 * `onError`, and that message is lost
 */
export function map<Inner, Message>(
  effect: Effect<Inner>,
  toMessage: (message: Inner) => Message,
): Effect<Message> {
  expectFunction('toMessage', toMessage);
  if (effect.kind === 'none') return NONE;
  // The inner type is known here and nowhere later: the two halves stay together in one value.
  return { kind: 'map', effect, toMessage: toMessage as (message: unknown) => Message };
}

/**
 * Dispatches what is published on a topic, until the program ends: the way in which programs hear
 * of each other, and of the rest of the server. Each program turns it into a message of its own,
 * so that its update decides what its client hears of it.
 *
 * The subscription begins when the effect is started: what was published before is not heard, so
 * return it from `init`, before (in a batch) what reads the state of things. A program hears what
 * it publishes itself, too. The processes of a hub with a backplane get decoded copies, but the
 * programs of one process the very same object: it is not theirs to change.
 *
 * @param hub - what `createHub` made, or whatever else has its `subscribe`
 * @param toMessage - called for each message that is published; what it throws is told to
 * `onError`, and that message is lost
 * @throws TypeError when an argument is not of that form
 */
export function subscribe<Published, Message>(
  hub: Subscribable<Published>,
  topic: string,
  toMessage: (message: Published) => Message,
): Effect<Message> {
  expectFunction('hub.subscribe', (hub as Subscribable<Published> | null | undefined)?.subscribe);
  if (typeof topic !== 'string') {
    throw new TypeError(`Expected \`topic\` to be a string, got ${typeof topic}`);
  }
  expectFunction('toMessage', toMessage);
  // As in `map`: the type of what is published is known here and nowhere later.
  return { kind: 'subscribe', hub, topic, toMessage: toMessage as (message: unknown) => Message };
}

/**
 * Dispatches a message once, after a time. To stop waiting before the end of the program, let the
 * update ignore the message.
 *
 * @param ms - milliseconds from 0 up, however long (a bare `setTimeout` of more than 24.8 days
 * fires at once); less than 0 counts as 0, so that `deadline - Date.now()` needs no check
 * @throws TypeError when `ms` is not a finite number
 */
export function after<Message>(ms: number, message: Message): Effect<Message> {
  if (!Number.isFinite(ms)) {
    throw new TypeError(`Expected \`ms\` to be a finite number of milliseconds, got ${String(ms)}`);
  }
  return { kind: 'after', ms: Math.max(ms, 0), message };
}

/**
 * Dispatches a message again and again, until the program ends: nothing else stops it. For a
 * ticking that shall stop, return `after` from the update that handles each tick, while it shall go on.
 *
 * A tick that comes late, because the process was busy, is dispatched once, not made up for.
 *
 * @param ms - milliseconds from 1 up, however long
 * @throws TypeError when `ms` is not a finite number, or less than 1
 */
export function every<Message>(ms: number, message: Message): Effect<Message> {
  if (!Number.isFinite(ms) || ms < 1) {
    throw new TypeError(
      `Expected \`ms\` to be a finite number of milliseconds from 1 up, got ${String(ms)}`,
    );
  }
  return { kind: 'every', ms, message };
}
