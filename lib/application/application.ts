import { attempt } from '../core/attempt.ts';
import { type Codec } from '../core/codec.ts';
import { publishError } from '../process/diagnostics.ts';
import { ApplicationError } from './errors.ts';
import { type OmniError } from '../core/errors.ts';
import { expectCodec, expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { Loop, type Program } from './program.ts';

/**
 * An Elm-style program without a view: how it begins, what a message does to its model, and which
 * of its messages travel. It does nothing until it is started, once or once per connection.
 */
export interface Application<Args, Model, Message, Encoded = string> extends Program<
  Args,
  Model,
  Message
> {
  /**
   * Every message that goes through update is offered to `encode`: what it encodes is sent to the
   * client, what it skips stays private. `decode` turns what the client sent into messages.
   */
  readonly codec: Codec<Message, Message, Encoded>;
}

/**
 * Makes an application. It returns its argument: it checks the parts, and its type parameters give
 * `init`, `update` and `codec` their types in one place.
 *
 * `init` and `update` return a {@link Step}: the model, and the effect to perform. They should do
 * nothing else: what they throw ends the program.
 *
 * @throws TypeError when a part is missing
 *
 * Source: `application` of omnimessage_server; `Platform.worker` of Elm.
 *
 * @example
 * ```ts
 * const counter = application<number, number, Message>({
 *   init: (start) => [start, effect.every(1000, { type: 'tick' })],
 *   update: (count, message) => [message.type === 'tick' ? count + 1 : 0, effect.none()],
 *   codec,
 * });
 * ```
 */
export function application<Args, Model, Message, Encoded = string>(
  parts: Application<Args, Model, Message, Encoded>,
): Application<Args, Model, Message, Encoded> {
  expectOptions('application', parts, PART_NAMES);
  expectProgram(parts);
  expectCodec(parts.codec);
  return parts;
}

const PART_NAMES: OptionNames<Application<never, never, never>> = {
  init: true,
  update: true,
  codec: true,
};

/** A running program. Its functions need no `this` and can be passed on. */
export interface Runtime<Message> {
  /**
   * Hands a message to update. While the program is idle it is handled before this returns, with
   * everything that its effects dispatch at once, up to 64 messages or 8 ms; the rest follows in
   * later turns of the event loop. While the program is busy the message waits in its mailbox.
   *
   * Never throws; does nothing after the end.
   */
  readonly dispatch: (message: Message) => void;
  /**
   * Ends the program at once: `signal` aborts, timers stop, cleanups are called (the last begun
   * first), messages that wait are dropped, and `onStop` is called. Stopping twice does nothing.
   */
  readonly stop: () => void;
  /** Aborts when the program ends. */
  readonly signal: AbortSignal;
}

/** Callbacks that watch a program. */
export interface Watchers<Model, Message> {
  /**
   * Called with every message, before update. What it throws is reported to `onError`. Messages
   * that the effects of `init` dispatch at once come before `startApplication` returns.
   */
  readonly onMessage?: ((message: Message) => void) | undefined;
  /**
   * Called with what failed: an effect or a cleanup, `onMessage`, `onStop`, a program that never
   * rests (RunawayError); these end nothing. An `update` that threw, and a mailbox that is full, end
   * the program.
   * @defaultValue failures are only published on `node:diagnostics_channel`
   */
  readonly onError?: ((error: OmniError) => unknown) | undefined;
  /** Called once, when the program has ended, with its last model. */
  readonly onStop?: ((model: Model) => void) | undefined;
}

const WATCHER_NAMES: OptionNames<Watchers<never, never>> = {
  onMessage: true,
  onError: true,
  onStop: true,
};

/**
 * Runs a program without a socket: at the centre of a server, in a job, or in a test.
 *
 * The effects of `init` are started, and what they dispatch at once is handled, before this
 * returns. A program that has timers keeps the process awake until it is stopped.
 *
 * @param program - an {@link application}, or just its `init` and `update`
 * @param args - what `init` gets
 * @throws {@link ApplicationError} with code `init` when `init` throws
 *
 * Source: `start_server_component` of omnimessage_server, whose listener is `onMessage` here.
 */
export function startApplication<Args, Model, Message>(
  program: Program<Args, Model, Message>,
  args: Args,
  watchers: Watchers<Model, Message> = {},
): Runtime<Message> {
  expectProgram(program);
  expectOptions('startApplication', watchers, WATCHER_NAMES);
  expectFunction('onMessage', watchers.onMessage, true);
  expectFunction('onError', watchers.onError, true);
  expectFunction('onStop', watchers.onStop, true);
  const failed = (error: OmniError): void => {
    publishError(error, 'application', watchers.onError !== undefined);
    // A fault of onError itself has no handler left.
    attempt(
      () => watchers.onError?.(error),
      () => {},
    );
  };
  const loop = new Loop<Args, Model, Message>(program, args, {
    offered: (message) => watchers.onMessage?.(message),
    failed,
    ended: (error) => {
      if (error !== undefined) failed(error);
      attempt(
        () => watchers.onStop?.(loop.model),
        (cause) => failed(new ApplicationError('listener', { cause })),
      );
    },
  });
  loop.begin();
  return {
    dispatch: (message) => loop.dispatch(message),
    stop: () => loop.stop(),
    get signal() {
      return loop.signal;
    },
  };
}

/** @throws TypeError unless it has the two functions of a program */
export function expectProgram(program: { readonly init: unknown; readonly update: unknown }): void {
  expectFunction('init', program.init);
  expectFunction('update', program.update);
}
