/**
 * Effects: side effects as values. An update returns what should be done and does nothing itself,
 * so a test can call it and compare its result. The runtime performs the effects, and ends them
 * when the program ends.
 *
 * Three ways of doing nothing are the same value: `none()`, `batch([])` and `batch([none()])`.
 *
 * Source: `Platform.Cmd` of Elm, `lustre/effect` of Lustre.
 */
import { expectFunction } from '../core/options.ts';

/** Hands a message to the program's update. Never throws; does nothing after the program's end. */
export type Dispatch<Message> = (message: Message) => void;

/**
 * Ends what an effect began: a listener, a watcher, a cursor. Called once, when the program ends or
 * the effect is cancelled. What it returns is ignored, but a promise that rejects is reported to
 * `onError`.
 */
export type Cleanup = () => unknown;

/** Options of the effects that last: `from`, `after`, `every` and `subscribe`. */
export interface EffectOptions {
  /**
   * A name by which {@link cancel} ends the effect. At most one effect of a name is active in a
   * program: starting another one cancels the first. `map` does not change names.
   * @defaultValue no name: the effect lasts until it is done or the program ends
   */
  readonly key?: string | undefined;
}

/** An effect that may have a key. */
interface Keyed {
  readonly key?: string;
}

/**
 * A side effect as a value, which may dispatch messages. Make one with the functions of this
 * module; its fields are for the runtime, and for a test to compare.
 */
export type Effect<Message> =
  | { readonly kind: 'none' }
  | (Keyed & { readonly kind: 'from'; readonly run: Run<Message> })
  | { readonly kind: 'batch'; readonly effects: readonly Effect<Message>[] }
  | {
      readonly kind: 'map';
      readonly effect: Effect<unknown>;
      readonly toMessage: (message: unknown) => Message;
    }
  | (Keyed & {
      readonly kind: 'subscribe';
      readonly hub: Subscribable<unknown>;
      readonly topic: string;
      readonly toMessage: (message: unknown) => Message;
    })
  | (Keyed & { readonly kind: 'after' | 'every'; readonly ms: number; readonly message: Message })
  | { readonly kind: 'dispatch'; readonly message: Message }
  | { readonly kind: 'cancel'; readonly key: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close'; readonly code?: number; readonly reason?: string }
  /** A command that only the host of the program can carry out, such as an event for the viewers. */
  | { readonly kind: 'command'; readonly command: unknown };

/** What a program can subscribe to: a `Hub`, or anything else that publishes by topic. */
export interface Subscribable<Published> {
  /** Calls the listener with everything published from now on, until the returned function is called. */
  readonly subscribe: (topic: string, listener: (message: Published) => unknown) => () => unknown;
}

/** The function of a {@link from} effect. */
export type Run<Message> = (
  dispatch: Dispatch<Message>,
  signal: AbortSignal,
) => void | Cleanup | Promise<void | Cleanup>;

/** The messages of an effect: by the one form that every effect's type has. */
type MessageOf<Given> = Given extends { readonly kind: 'from'; readonly run: Run<infer Message> }
  ? Message
  : never;

type Silent = 'none' | 'cancel' | 'stop' | 'close';
const SILENT: ReadonlySet<string> = new Set<Silent>(['none', 'cancel', 'stop', 'close']);

const NONE: Effect<never> = Object.freeze({ kind: 'none' });
const STOP: Effect<never> = Object.freeze({ kind: 'stop' });

/** Does nothing. It is the second half of most steps, and costs nothing. */
export function none(): Effect<never> {
  return NONE;
}

/**
 * Makes an effect of a function. The function is called after the update that returned the effect;
 * it may dispatch at once, later, often or never, and may be asynchronous.
 *
 * A cleanup that it returns (or its promise resolves with) is called once, when the program ends or
 * the effect is cancelled; at once when that has happened already. It is kept until then: return one
 * for what lasts as long as the program, and let shorter work watch `signal` instead.
 *
 * What it throws, and what its promise rejects with, is reported to `onError` and ends nothing. An
 * AbortError after the end is not reported: it is what `signal` is for.
 *
 * To recognise one in a test, make it a constant: `expect(update(model, message)).toEqual([model, save])`.
 *
 * @param run - gets `dispatch`, and a `signal` that aborts when the program ends or, with a `key`,
 * when the effect is cancelled
 * @throws TypeError when `run` is not a function
 */
export function from<Message>(run: Run<Message>, options?: EffectOptions): Effect<Message> {
  expectFunction('run', run);
  return { kind: 'from', run, ...keyOf(options) };
}

/**
 * Dispatches a message: the shortest way for a program to send one to its client, or to go on with
 * another of its own messages. It is queued behind the messages that wait already.
 */
export function dispatch<Message>(message: Message): Effect<Message> {
  return { kind: 'dispatch', message };
}

/**
 * Several effects as one. They are started in this order; what they dispatch at once is queued in
 * this order too, and handled after the last of them was started. The order of what they dispatch
 * later is not defined.
 *
 * The type of its messages is the one expected where it stands, else that of its effects together.
 */
export function batch<
  Effects extends readonly Effect<unknown>[],
  Message = MessageOf<Effects[number]>,
>(effects: Effects & readonly Effect<NoInfer<Message>>[]): Effect<Message> {
  const given: readonly Effect<Message>[] = effects;
  const some = given.flatMap((effect) => {
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
 * @param toMessage - called for each message, when it is dispatched; what it throws is reported to
 * `onError`, and that message is lost
 */
export function map<Inner, Message>(
  effect: Effect<Inner>,
  toMessage: (message: Inner) => Message,
): Effect<Message> {
  expectFunction('toMessage', toMessage);
  if (isSilent(effect)) return effect;
  // The inner type is known here and nowhere later: the two halves stay together in one value.
  return { kind: 'map', effect, toMessage: toMessage as (message: unknown) => Message };
}

/**
 * Dispatches what is published on a topic, until the program ends or the effect is cancelled: the
 * way in which programs hear from each other and from the rest of the server. Each program turns a
 * published message into one of its own, so that its update decides what its client receives.
 *
 * The subscription begins when the effect is started, and what was published before is not heard.
 * So return it from `init`, and in a batch before the effect that reads the current state. A program
 * also hears what it publishes itself. The processes of a hub with a backplane get decoded copies,
 * but the programs of one process share one object: do not change it.
 *
 * @param hub - what `createHub` made, or anything else with its `subscribe`
 * @param toMessage - called for each published message; what it throws is reported to `onError`,
 * and that message is lost
 * @throws TypeError when an argument is not of that form
 */
export function subscribe<Published, Message>(
  hub: Subscribable<Published>,
  topic: string,
  toMessage: (message: Published) => Message,
  options?: EffectOptions,
): Effect<Message> {
  expectFunction('hub.subscribe', (hub as Subscribable<Published> | null | undefined)?.subscribe);
  if (typeof topic !== 'string') {
    throw new TypeError(`Expected \`topic\` to be a string, got ${typeof topic}`);
  }
  expectFunction('toMessage', toMessage);
  return {
    kind: 'subscribe',
    hub,
    topic,
    // As in `map`: the type of what is published is known here and nowhere later.
    toMessage: toMessage as (message: unknown) => Message,
    ...keyOf(options),
  };
}

/**
 * Dispatches a message once, after a time. Give it a `key` to be able to {@link cancel} it.
 *
 * @param ms - milliseconds from 0 up, of any size (a bare `setTimeout` of more than 24.8 days
 * fires at once); less than 0 counts as 0, so that `deadline - Date.now()` needs no check
 * @throws TypeError when `ms` is not a finite number
 */
export function after<Message>(
  ms: number,
  message: Message,
  options?: EffectOptions,
): Effect<Message> {
  if (!Number.isFinite(ms)) {
    throw new TypeError(`Expected \`ms\` to be a finite number of milliseconds, got ${String(ms)}`);
  }
  return { kind: 'after', ms: Math.max(ms, 0), message, ...keyOf(options) };
}

/**
 * Dispatches a message again and again, until the program ends or the effect is cancelled by its
 * `key`.
 *
 * A tick that comes late, because the process was busy, is dispatched once, not made up for.
 *
 * @param ms - milliseconds from 1 up, of any size
 * @throws TypeError when `ms` is not a finite number, or less than 1
 */
export function every<Message>(
  ms: number,
  message: Message,
  options?: EffectOptions,
): Effect<Message> {
  if (!Number.isFinite(ms) || ms < 1) {
    throw new TypeError(
      `Expected \`ms\` to be a finite number of milliseconds from 1 up, got ${String(ms)}`,
    );
  }
  return { kind: 'every', ms, message, ...keyOf(options) };
}

/**
 * Ends the effect that was started with this `key`: its timer stops, its subscription ends, its
 * cleanup is called, its signal aborts, and what it still dispatches is ignored. Does nothing when
 * there is none.
 * @throws TypeError when the key is not a string
 */
export function cancel(key: string): Effect<never> {
  expectKey(key);
  return { kind: 'cancel', key };
}

/**
 * Ends the program: messages that wait are dropped, and the effects end. Over WebSocket what was
 * sent before still leaves, then the connection closes with 1000.
 */
export function stop(): Effect<never> {
  return STOP;
}

/**
 * Closes the connection of the program with a code of your own, and ends the program as {@link stop}
 * does. A program without a connection just ends.
 *
 * @param code - 1000 or 3000 to 4999; another code is reported to `onError`, and nothing ends
 * @param reason - at most 123 bytes of UTF-8, cut at a character
 */
export function close(code = 1000, reason?: string): Effect<never> {
  return { kind: 'close', code, ...(reason === undefined ? {} : { reason }) };
}

/** Whether an effect never dispatches, so that there is nothing for `map` to turn. */
function isSilent(effect: Effect<unknown>): effect is Extract<Effect<never>, { kind: Silent }> {
  return SILENT.has(effect.kind);
}

function keyOf(options: EffectOptions | undefined): Keyed {
  const key = options?.key;
  if (key === undefined) return {};
  expectKey(key);
  return { key };
}

function expectKey(key: unknown): void {
  if (typeof key === 'string') return;
  throw new TypeError(`Expected \`key\` to be a string, got ${typeof key}`);
}
