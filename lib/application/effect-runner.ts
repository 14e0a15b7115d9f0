/** Starts the effects of one running program, and ends them: all at its end, or one by its key. */
import { attempt } from '../core/attempt.ts';
import { isPromise } from '../core/exchange.ts';
import { Alarm } from '../process/timers.ts';
import { type Cleanup, type Dispatch, type Effect, type Run } from './effect.ts';
import { ApplicationError } from './errors.ts';

/** The program whose effects are run. */
export interface EffectHost<Message> {
  /** Takes a message that came from outside of the program: from a timer. */
  readonly dispatch: (message: Message) => void;
  /** Takes a message that an effect made, perhaps without having waited for any I/O. */
  readonly dispatchOwn: (message: Message) => void;
  /** Carries out a command that only the host can. @throws TypeError when it cannot */
  readonly command: (command: unknown) => void;
  /** Ends the program. */
  readonly stop: () => void;
  /** Closes the program's connection and ends the program. @throws RangeError for a code that may not be sent */
  readonly close: (code: number | undefined, reason: string | undefined) => void;
  /** Reports what an effect or a cleanup threw. Must not throw. */
  readonly failed: (error: ApplicationError) => void;
}

/** Something that lasts until it is ended. */
interface Ongoing {
  readonly end: () => unknown;
}

/**
 * The reason of every abort. One for all: an error of its own would keep, by its stack, the ended
 * program in memory for as long as the signal is.
 */
const ENDED = new DOMException('The program has ended', 'AbortError');

const unchanged = (message: unknown): unknown => message;

/** The effects of one running program. */
export class EffectRunner<Message> {
  // Cleared at the end: a dispatch that is kept for ever must not keep the program with it.
  #host: EffectHost<Message> | undefined;
  #controller: AbortController | undefined;
  #ongoing: Set<Ongoing> | undefined;
  #byKey: Map<string, Ongoing> | undefined;

  constructor(host: EffectHost<Message>) {
    this.#host = host;
  }

  /** Aborts at the end. Made when first used: it weighs as much as a small program. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#host === undefined) this.#controller.abort(ENDED);
    return this.#controller.signal;
  }

  /** Starts an effect, or each of a batch in order. Never throws. */
  perform(effect: Effect<Message>): void {
    this.#perform(effect, unchanged as (message: unknown) => Message);
  }

  /**
   * Ends everything: aborts the signal, then stops timers and calls cleanups, the last begun first.
   * Whatever an effect still does is ignored from now on, and a cleanup that it returns later is
   * called at once.
   */
  end(): void {
    const host = this.#host;
    if (host === undefined) return;
    this.#host = undefined;
    this.#controller?.abort(ENDED);
    const ongoing = this.#ongoing;
    this.#ongoing = undefined;
    this.#byKey = undefined;
    if (ongoing === undefined) return;
    for (const each of [...ongoing].reverse()) this.#finish(each, host);
  }

  #perform(effect: Effect<unknown>, toMessage: (message: unknown) => Message): void {
    const host = this.#host;
    // An earlier effect of the same batch may have ended the program.
    if (host === undefined) return;
    switch (effect.kind) {
      case 'none':
        return;
      case 'from':
        this.#start(effect.run, toMessage, host, effect.key);
        return;
      case 'batch':
        for (const each of effect.effects) this.#perform(each, toMessage);
        return;
      case 'map':
        this.#perform(effect.effect, (message) => toMessage(effect.toMessage(message)));
        return;
      case 'subscribe':
        this.#start(
          (dispatch) => effect.hub.subscribe(effect.topic, dispatch),
          (message) => toMessage(effect.toMessage(message)),
          host,
          effect.key,
        );
        return;
      case 'after':
      case 'every':
        this.#wait(effect, toMessage, host);
        return;
      case 'dispatch':
        this.#pass(effect.message, toMessage, 'dispatchOwn');
        return;
      case 'cancel':
        this.#cancel(effect.key, host);
        return;
      case 'stop':
        host.stop();
        return;
      case 'close':
        this.#guarded(() => host.close(effect.code, effect.reason), host);
        return;
      case 'command':
        this.#guarded(() => host.command(effect.command), host);
        return;
    }
  }

  #guarded(act: () => void, host: EffectHost<Message>): void {
    try {
      act();
    } catch (cause) {
      this.#failed(cause, host);
    }
  }

  #start(
    run: Run<unknown>,
    toMessage: (message: unknown) => Message,
    host: EffectHost<Message>,
    key: string | undefined,
  ): void {
    if (key === undefined) {
      this.#run(run, this.#dispatchTo(toMessage), this.signal, host, (cleanup) =>
        this.#keep(cleanup, host),
      );
      return;
    }
    this.#cancel(key, host);
    const task = new Task((cleanup) => this.#finish({ end: cleanup }, host));
    this.#keepAs(key, task);
    const dispatch = this.#dispatchTo(toMessage);
    this.#run(
      run,
      (message) => task.isOver || dispatch(message),
      task.signal,
      host,
      (cleanup) => task.keep(cleanup),
    );
  }

  #run(
    run: Run<unknown>,
    dispatch: Dispatch<unknown>,
    signal: AbortSignal,
    host: EffectHost<Message>,
    keep: (cleanup: unknown) => void,
  ): void {
    const failed = (cause: unknown): void => {
      // Work that stops because it was cancelled has not failed.
      if (signal.aborted && cause instanceof Error && cause.name === 'AbortError') return;
      this.#failed(cause, host);
    };
    try {
      const begun: unknown = run(dispatch, signal);
      if (isPromise(begun)) Promise.resolve(begun).then(keep, failed);
      else keep(begun);
    } catch (cause) {
      failed(cause);
    }
  }

  // In a scope of its own, which holds nothing else of the program: a kept dispatch keeps no more.
  #dispatchTo(toMessage: (message: unknown) => Message): Dispatch<unknown> {
    return (message) => this.#pass(message, toMessage, 'dispatchOwn');
  }

  #wait(
    { kind, ms, message, key }: Extract<Effect<unknown>, { kind: 'after' | 'every' }>,
    toMessage: (message: unknown) => Message,
    host: EffectHost<Message>,
  ): void {
    if (key !== undefined) this.#cancel(key, host);
    const repeats = kind === 'every';
    const alarm = new Alarm(ms, repeats, () => {
      if (!repeats) this.#forget(alarm, key);
      this.#pass(message, toMessage, 'dispatch');
    });
    if (key === undefined) (this.#ongoing ??= new Set()).add(alarm);
    else this.#keepAs(key, alarm);
  }

  #pass(
    message: unknown,
    toMessage: (message: unknown) => Message,
    how: 'dispatch' | 'dispatchOwn',
  ): void {
    const host = this.#host;
    if (host === undefined) return;
    let own: Message;
    try {
      own = toMessage(message);
    } catch (cause) {
      this.#failed(cause, host);
      return;
    }
    host[how](own);
  }

  /** Keeps a cleanup for the end, or calls it now if the program has ended. */
  #keep(cleanup: unknown, host: EffectHost<Message>): void {
    if (typeof cleanup !== 'function') return;
    // Wrapped: two effects may return the same function, and each is called for its own.
    const ongoing = { end: cleanup as Cleanup };
    if (this.#host === undefined) this.#finish(ongoing, host);
    else (this.#ongoing ??= new Set()).add(ongoing);
  }

  #keepAs(key: string, ongoing: Ongoing): void {
    (this.#ongoing ??= new Set()).add(ongoing);
    (this.#byKey ??= new Map()).set(key, ongoing);
  }

  #forget(ongoing: Ongoing, key: string | undefined): void {
    this.#ongoing?.delete(ongoing);
    if (key !== undefined && this.#byKey?.get(key) === ongoing) this.#byKey.delete(key);
  }

  #cancel(key: string, host: EffectHost<Message>): void {
    const ongoing = this.#byKey?.get(key);
    if (ongoing === undefined) return;
    this.#forget(ongoing, key);
    this.#finish(ongoing, host);
  }

  #finish(ongoing: Ongoing, host: EffectHost<Message>): void {
    attempt(
      () => ongoing.end(),
      (cause) => this.#failed(cause, host),
    );
  }

  #failed(cause: unknown, host: EffectHost<Message>): void {
    // As above, for cleanups: the program ended, and what stops because of that has not failed.
    if (this.#host === undefined && cause instanceof Error && cause.name === 'AbortError') return;
    host.failed(new ApplicationError('effect', { cause }));
  }
}

/** An effect with a key: it can be ended alone. */
class Task implements Ongoing {
  readonly #controller = new AbortController();
  readonly #finish: (cleanup: Cleanup) => void;
  #cleanup: Cleanup | undefined;

  /** @param finish - calls a cleanup that comes after the end */
  constructor(finish: (cleanup: Cleanup) => void) {
    this.#finish = finish;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  keep(cleanup: unknown): void {
    if (typeof cleanup !== 'function') return;
    if (this.isOver) this.#finish(cleanup as Cleanup);
    else this.#cleanup = cleanup as Cleanup;
  }

  end(): unknown {
    this.#controller.abort(ENDED);
    return this.#cleanup?.();
  }
}
