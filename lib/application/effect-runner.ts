/**
 * What the effects of one running program have begun: timers, listeners, work that is under way.
 * It starts them, and ends them all, once.
 */
import { Alarm } from '../process/timers.ts';
import { attempt } from '../core/attempt.ts';
import { type Cleanup, type Dispatch, type Effect, type Run } from './effect.ts';
import { ApplicationError } from './errors.ts';
import { isPromise } from '../core/exchange.ts';

/** The program whose effects are managed. */
export interface EffectHost<Message> {
  /** Takes a message that the world brought: a clock, for one. */
  readonly dispatch: (message: Message) => void;
  /** Takes a message that an effect made, maybe without ever having waited for the world. */
  readonly dispatchOwn: (message: Message) => void;
  /** Does what only who runs the program can do. @throws TypeError when nobody here can */
  readonly asked: (request: unknown) => void;
  /** Is told of what an effect or a cleanup threw. Must not throw. */
  readonly failed: (error: ApplicationError) => void;
}

/** Something that goes on until it is ended. */
interface Ongoing {
  readonly end: () => unknown;
}

/**
 * Why a signal aborted. One for all: an error of its own would hold, by its stack, the program that
 * it ended, for as long as anybody holds the signal.
 */
const ENDED = new DOMException('The program has ended', 'AbortError');

const asItIs = (message: unknown): unknown => message;

/** The effects of one running program. */
export class EffectManager<Message> {
  // Let go at the end: a dispatch that somebody keeps for ever must not keep the program with it.
  #host: EffectHost<Message> | undefined;
  #controller: AbortController | undefined;
  #ongoing: Set<Ongoing> | undefined;

  constructor(host: EffectHost<Message>) {
    this.#host = host;
  }

  /** Aborts at the end. Made when first asked for: it weighs as much as a small program. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#host === undefined) this.#controller.abort(ENDED);
    return this.#controller.signal;
  }

  /** Starts an effect, or each of a batch in order. Never throws. */
  perform(effect: Effect<Message>): void {
    this.#perform(effect, asItIs as (message: unknown) => Message);
  }

  /**
   * Ends everything: aborts the signal, then stops timers and calls cleanups, the last begun first.
   * Whatever an effect still does is ignored from now on, and a cleanup that it still gives is
   * called when it comes.
   */
  end(): void {
    const host = this.#host;
    if (host === undefined) return;
    this.#host = undefined;
    this.#controller?.abort(ENDED);
    const ongoing = this.#ongoing;
    this.#ongoing = undefined;
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
        this.#run(effect.run, toMessage, host);
        return;
      case 'batch':
        for (const each of effect.effects) this.#perform(each, toMessage);
        return;
      case 'map':
        this.#perform(effect.effect, (message) => toMessage(effect.toMessage(message)));
        return;
      case 'subscribe':
        this.#run(
          (dispatch) => effect.hub.subscribe(effect.topic, dispatch),
          (message) => toMessage(effect.toMessage(message)),
          host,
        );
        return;
      case 'after':
      case 'every':
        this.#wait(effect, toMessage);
        return;
      case 'host':
        try {
          host.asked(effect.request);
        } catch (cause) {
          this.#failed(cause, host);
        }
        return;
    }
  }

  #run(
    run: Run<unknown>,
    toMessage: (message: unknown) => Message,
    host: EffectHost<Message>,
  ): void {
    try {
      const begun: unknown = run(this.#dispatchTo(toMessage), this.signal);
      if (isPromise(begun)) {
        Promise.resolve(begun).then(
          (cleanup) => this.#keep(cleanup, host),
          (cause: unknown) => this.#failed(cause, host),
        );
      } else {
        this.#keep(begun, host);
      }
    } catch (cause) {
      this.#failed(cause, host);
    }
  }

  // In a scope of its own, where nothing else of the program is: who keeps a dispatch keeps no more.
  #dispatchTo(toMessage: (message: unknown) => Message): Dispatch<unknown> {
    return (message) => this.#pass(message, toMessage, 'dispatchOwn');
  }

  #wait(
    { kind, ms, message }: Extract<Effect<unknown>, { kind: 'after' | 'every' }>,
    toMessage: (message: unknown) => Message,
  ): void {
    const repeats = kind === 'every';
    const alarm = new Alarm(ms, repeats, () => {
      if (!repeats) this.#ongoing?.delete(alarm);
      this.#pass(message, toMessage, 'dispatch');
    });
    (this.#ongoing ??= new Set()).add(alarm);
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

  /** Keeps a cleanup for the end, or calls it now if that is past. */
  #keep(cleanup: unknown, host: EffectHost<Message>): void {
    if (typeof cleanup !== 'function') return;
    // Not the function itself: two effects may give the same one, and each is owed its call.
    const ongoing = { end: cleanup as Cleanup };
    if (this.#host === undefined) this.#finish(ongoing, host);
    else (this.#ongoing ??= new Set()).add(ongoing);
  }

  #finish(ongoing: Ongoing, host: EffectHost<Message>): void {
    attempt(
      () => ongoing.end(),
      (cause) => this.#failed(cause, host),
    );
  }

  #failed(cause: unknown, host: EffectHost<Message>): void {
    // Work that stops because the program did has not failed.
    if (this.#host === undefined && cause instanceof Error && cause.name === 'AbortError') return;
    host.failed(new ApplicationError('effect', { cause }));
  }
}
