/**
 * The component of a viewer: one that is started for each viewer, or one that runs for many. The same
 * for every transport.
 */
import { type IncomingMessage } from 'node:http';
import { ApplicationError } from '../application/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { expectFunction, type OptionNames } from '../core/options.ts';
import { type Component, expectComponent } from './component.ts';
import { ComponentRuntime } from './component-runtime.ts';
import { type RuntimeHost } from './runtime-host.ts';
import { type SharedRuntime, sharedOf, type ServerComponent } from './shared-component.ts';

/** Each viewer has its own component. */
export interface OwnComponent<Args, Model, Message, Context, Request extends IncomingMessage> {
  /** The component. Each connection runs its own. */
  readonly component: Component<Args, Model, Message>;
  /**
   * Returns the argument of `init`, once the context is known. It may be asynchronous, within
   * `handlerTimeout`.
   */
  readonly start: (request: Request, context: Context) => Args | PromiseLike<Args>;
  /**
   * Called once at the end of every component whose `init` returned: after its cleanups, with its last
   * model and the close code.
   */
  readonly onClose?: ((model: Model, code: number) => void | PromiseLike<void>) | undefined;
  readonly shared?: never;
}

/** One component for many viewers. */
export interface SharedComponent<Context, Request extends IncomingMessage> {
  /**
   * Returns a component that `startServerComponent` started: the same for all viewers, or one for each
   * room, once the context is known. It may be asynchronous, within `handlerTimeout`.
   */
  readonly shared: (
    request: Request,
    context: Context,
  ) => ServerComponent<never> | PromiseLike<ServerComponent<never>>;
  readonly component?: never;
  readonly start?: never;
  readonly onClose?: never;
}

/** Either of the two. */
export type Source<Args, Model, Message, Context, Request extends IncomingMessage> =
  OwnComponent<Args, Model, Message, Context, Request> | SharedComponent<Context, Request>;

/** The names of both, for the check of what a factory is given. */
export const sourceOptionNames: OptionNames<
  OwnComponent<never, never, never, never, IncomingMessage>
> = {
  component: true,
  start: true,
  onClose: true,
  shared: true,
};

/** The component of one viewer. */
export interface Opened {
  readonly shared: SharedRuntime;
  /** The viewer has disconnected. */
  readonly close: (code: number) => void | PromiseLike<void>;
}

/** @throws TypeError when it is neither of the two */
export function expectSource<Args, Model, Message, Context, Request extends IncomingMessage>(
  source: Source<Args, Model, Message, Context, Request>,
): void {
  if (source.shared !== undefined) {
    expectFunction('shared', source.shared);
    if (source.component === undefined) return;
    throw new TypeError('Expected `component` or `shared`, got both');
  }
  if (typeof source.component !== 'object' || source.component === null) {
    throw new TypeError('Expected `component` or `shared`, got neither');
  }
  expectComponent(source.component);
  expectFunction('start', source.start);
  expectFunction('onClose', source.onClose, true);
}

/**
 * Finds or starts the component of a viewer.
 * @param isWanted - whether the viewer is still there
 * @returns undefined when the viewer has disconnected
 * @throws ApplicationError of `start` or `init`; a promise of it rejects with the same
 */
export function open<Args, Model, Message, Context, Request extends IncomingMessage>(
  source: Source<Args, Model, Message, Context, Request>,
  request: Request,
  context: Context,
  host: RuntimeHost,
  isWanted: () => boolean,
): Opened | undefined | Promise<Opened | undefined> {
  if (source.shared !== undefined) {
    return settled(
      () => source.shared(request, context),
      (given) => {
        const shared = sharedOf(given);
        return isWanted() ? { shared, close: () => {} } : undefined;
      },
    );
  }
  return settled(
    () => source.start(request, context),
    (args) => (isWanted() ? begin(source, args, host) : undefined),
  );
}

function begin<Args, Model, Message, Context, Request extends IncomingMessage>(
  { component, onClose }: OwnComponent<Args, Model, Message, Context, Request>,
  args: Args,
  host: RuntimeHost,
): Opened {
  const runtime = new ComponentRuntime(component, args, host);
  runtime.begin();
  return {
    shared: runtime,
    close: (code) => {
      runtime.stop();
      return onClose?.(runtime.model, code);
    },
  };
}

/** Continues with the result of the user's function, now or later. */
function settled<Given>(
  give: () => Given | PromiseLike<Given>,
  look: (given: Given) => Opened | undefined,
): Opened | undefined | Promise<Opened | undefined> {
  const failed = (cause: unknown): never => {
    throw new ApplicationError('start', { cause });
  };
  let given: Given | PromiseLike<Given>;
  try {
    given = give();
  } catch (cause) {
    return failed(cause);
  }
  if (isPromise(given)) return Promise.resolve(given).then(look, failed);
  return look(given);
}
