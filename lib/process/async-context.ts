/**
 * The asynchronous context (`AsyncLocalStorage`) in which code of the user runs. Timers and ticks
 * that all connections share would otherwise run everybody's code in the context of whichever
 * connection asked first: one user's handler would see the store of another.
 */
import { AsyncResource } from 'node:async_hooks';

/**
 * The context in which it is made, to be entered again later: that of the upgrade for a connection,
 * that of the starter for a program.
 */
export class AsyncContext extends AsyncResource {
  constructor() {
    super('omnimessage');
  }

  /** Calls a function in this context. It takes no closure: there is one call for each message. */
  run<This, Arguments extends unknown[], Result>(
    callback: (this: This, ...args: Arguments) => Result,
    thisArgument: This,
    ...args: Arguments
  ): Result {
    return this.runInAsyncScope(callback, thisArgument, ...args);
  }
}

/** The context of no request: for timers that are shared, so that they keep no store alive. */
export const rootContext: AsyncContext = new AsyncContext();
