/** One shared component, for as many viewers as there are. */
import { attempt } from '../core/attempt.ts';
import { publishError } from '../process/diagnostics.ts';
import { ApplicationError } from '../application/errors.ts';
import { type OmniError } from '../core/errors.ts';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { type Component, expectComponent } from './component.ts';
import { ComponentRuntime } from './component-runtime.ts';
import { type RuntimeHost } from './runtime-host.ts';
import { type Viewer } from './viewing.ts';

/** A component that runs. Its functions need no `this` and can be passed on. */
export interface ServerComponent<Message> {
  /** Hands a message to update: see `dispatch` of `startApplication`. Never throws; does nothing after the end. */
  readonly dispatch: (message: Message) => void;
  /**
   * Ends the component, at once: as `stop` of `startApplication` does. Viewers keep what they see;
   * their connections are closed with 1000, after which a browser does not come back.
   */
  readonly stop: () => void;
  /** Aborts when the component ends. */
  readonly signal: AbortSignal;
  /** How many look on now. */
  readonly viewers: number;
}

/** Who watches a component. */
export interface ComponentWatchers<Model> {
  /**
   * Is told of what failed: an effect or a cleanup, a decoder of events, `onStop`, a program that
   * never rests; these end nothing. An `update` or `view` that threw ends the component; viewers
   * are closed with 1011, and come back.
   * @defaultValue nobody is told
   */
  readonly onError?: ((error: OmniError) => unknown) | undefined;
  /**
   * How long it runs while nobody looks on, in milliseconds, from the start or from when the last
   * viewer has gone; then it stops.
   * @defaultValue for ever
   */
  readonly idleTimeout?: number | undefined;
  /** Is told once, when the component has ended, with its last model. */
  readonly onStop?: ((model: Model) => void) | undefined;
}

const WATCHER_NAMES: OptionNames<ComponentWatchers<never>> = {
  onError: true,
  idleTimeout: true,
  onStop: true,
};

/** What the transports run: the runtime behind what the user holds. */
const runtimes = new WeakMap<object, SharedRuntime>();

/** The part of a runtime that a transport needs. */
export type SharedRuntime = Pick<
  ComponentRuntime<unknown, unknown, unknown>,
  'connect' | 'disconnect' | 'receive' | 'remount'
>;

/**
 * Runs a component for many viewers: all of them see one model, and each change of it. Messages
 * of every viewer go to the same `update`, which cannot tell them apart; what is one user's alone
 * is a component of one connection (`omniServerComponent({ component, start })`).
 *
 * The effects of `init` are started, and what they dispatch at once is handled, before this
 * returns. While nobody looks on, no view is made.
 *
 * @param args - what `init` gets
 * @throws ApplicationError with code `init` when `init` throws
 * @throws TypeError when a part of the component is not what it must be
 *
 * Source: `lustre.start_server_component` of Lustre.
 */
export function startServerComponent<Args, Model, Message>(
  component: Component<Args, Model, Message>,
  args: Args,
  watchers: ComponentWatchers<Model> = {},
): ServerComponent<Message> {
  expectComponent(component);
  expectOptions('startServerComponent', watchers, WATCHER_NAMES);
  expectFunction('onError', watchers.onError, true);
  expectFunction('onStop', watchers.onStop, true);
  const { idleTimeout = Infinity } = watchers;
  expectNumber('idleTimeout', idleTimeout, { above: 0 });
  const failed = (error: OmniError): void => {
    publishError(error, 'component', watchers.onError !== undefined);
    // A second fault inside onError is nobody's to handle.
    attempt(
      () => watchers.onError?.(error),
      () => {},
    );
  };
  const host: RuntimeHost = {
    failed,
    ended: (error) => {
      if (error !== undefined) failed(error);
      attempt(
        () => watchers.onStop?.(runtime.model),
        (cause) => failed(new ApplicationError('listener', { cause })),
      );
    },
  };
  const runtime = new ComponentRuntime(component, args, host, idleTimeout);
  const shared: ServerComponent<Message> = {
    dispatch: (message) => runtime.dispatch(message),
    stop: () => runtime.stop(),
    get signal() {
      return runtime.signal;
    },
    get viewers() {
      return runtime.viewers;
    },
  };
  runtimes.set(shared, runtime);
  runtime.begin();
  return shared;
}

/**
 * The runtime behind what {@link startServerComponent} gave.
 * @throws TypeError for anything else
 */
export function sharedOf(given: unknown): SharedRuntime {
  const shared = typeof given === 'object' && given !== null ? runtimes.get(given) : undefined;
  if (shared !== undefined) return shared;
  throw new TypeError('Expected what `startServerComponent` returned');
}

export { type Viewer };
