/** One component, shared by many viewers. */
import { attempt } from '../core/attempt.ts';
import { publishError } from '../process/diagnostics.ts';
import { ApplicationError } from '../application/errors.ts';
import { type OmniError } from '../core/errors.ts';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { type Component, expectComponent } from './component.ts';
import { ComponentRuntime } from './component-runtime.ts';
import { type RuntimeHost } from './runtime-host.ts';
import { type Viewer } from './viewing.ts';

/** A running component. Its functions need no `this` and can be passed on. */
export interface ServerComponent<Message> {
  /** Hands a message to update: see `dispatch` of `startApplication`. Never throws; does nothing after the end. */
  readonly dispatch: (message: Message) => void;
  /**
   * Ends the component at once, as `stop` of `startApplication` does. Viewers keep the last view;
   * their connections are closed with 1000, after which a browser does not reconnect.
   */
  readonly stop: () => void;
  /** Aborts when the component ends. */
  readonly signal: AbortSignal;
  /** The number of viewers. */
  readonly viewers: number;
}

/** Callbacks that watch a component, and when it stops by itself. */
export interface ComponentWatchers<Model> {
  /**
   * Called with failures: of an effect or a cleanup, a decoder of events, `onStop`, and with a program
   * that never rests; these end nothing. An `update` or `view` that threw ends the component: viewers
   * are closed with 1011, and reconnect.
   * @defaultValue failures are only published on `node:diagnostics_channel`
   */
  readonly onError?: ((error: OmniError) => unknown) | undefined;
  /**
   * How long it runs without a viewer, in milliseconds, from its start or from the disconnect of the
   * last viewer; then it stops.
   * @defaultValue no limit
   */
  readonly idleTimeout?: number | undefined;
  /** Called once, when the component has ended, with its last model. */
  readonly onStop?: ((model: Model) => void) | undefined;
}

const WATCHER_NAMES: OptionNames<ComponentWatchers<never>> = {
  onError: true,
  idleTimeout: true,
  onStop: true,
};

/** The runtime behind each object that the user holds. */
const runtimes = new WeakMap<object, SharedRuntime>();

/** The part of a runtime that a transport needs. */
export type SharedRuntime = Pick<
  ComponentRuntime<unknown, unknown, unknown>,
  'connect' | 'disconnect' | 'receive' | 'remount'
>;

/**
 * Runs a component for many viewers: all of them see one model, and each change of it. The messages of
 * all viewers go to the same `update`, which cannot distinguish the viewers. For a state of each user
 * give each connection its own component (`omniServerComponent({ component, start })`).
 *
 * The effects of `init` are started, and messages that they dispatch at once are handled, before this
 * returns. Without a viewer no view is made.
 *
 * @param args - the argument of `init`
 * @throws ApplicationError with code `init` when `init` throws
 * @throws TypeError when a part of the component is invalid
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
    // A fault inside onError itself has no handler.
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
 * The runtime behind the result of {@link startServerComponent}.
 * @throws TypeError for anything else
 */
export function sharedOf(given: unknown): SharedRuntime {
  const shared = typeof given === 'object' && given !== null ? runtimes.get(given) : undefined;
  if (shared !== undefined) return shared;
  throw new TypeError('Expected what `startServerComponent` returned');
}

export { type Viewer };
