/**
 * The asynchronous context (`AsyncLocalStorage`) in which code of the user runs. Timers and ticks
 * that all connections share would otherwise run all handlers in the context of the connection
 * that came first: one user's handler would see the store of another.
 */
import { AsyncResource } from 'node:async_hooks';

/**
 * The context in which it is made, to be entered later: that of the upgrade for a connection, that of
 * the start for a program.
 */
export class AsyncContext extends AsyncResource {
  constructor() {
    super('omnimessage');
  }

  /** Calls a function in this context. It takes arguments, so that no message needs a closure. */
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
