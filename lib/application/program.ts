/**
 * The loop of one running program: messages wait in a mailbox, are handled one at a time, and each
 * is followed by its effects. Nothing here knows of sockets.
 *
 * Effects must queue, not call. Say that `start` returns an effect that dispatches `asked` before
 * it returns. If update got `asked` at once, it would run inside the handling of `start`: effects
 * would begin in the wrong order, a listener would see the end before the beginning, and a program
 * that answers itself would overflow the stack. So a dispatch while the loop is busy only adds to
 * the mailbox. A flag decides, not the mailbox's length: it is empty while its last message is
 * being handled.
 */
import { type Effect } from './effect.ts';
import { type EffectHost, EffectRunner } from './effect-runner.ts';
import { ApplicationError, RunawayError } from './errors.ts';
import { Mailbox } from './mailbox.ts';
import { type LoopHost } from './loop-host.ts';
import { type Origin, Origins } from './origins.ts';
import { checked, type Step } from './step.ts';
import { AsyncContext } from '../process/async-context.ts';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';

/** The two functions that make a program. */
export interface Program<Args, Model, Message> {
  /** Makes the first model of a program. */
  readonly init: (args: Args) => Step<Model, Message>;
  /** From a model and a message to the next model, and the effect to perform. */
  readonly update: (model: Model, message: Message) => Step<Model, Message>;
}

/** How many messages a program may handle before the event loop goes round. */
const SHARE = 64;
/** After so many messages of its own making, without one from outside, a program is reported. */
const RUNAWAY = 10_000;

/** A running program. `init` is called when it is made; nothing is handled before `begin`. */
export class Loop<Args, Model, Message> implements EffectHost<Message>, Resumable {
  readonly #program: Program<Args, Model, Message>;
  readonly #host: LoopHost<Message>;
  #model: Model;
  #first: Effect<Message> | undefined;
  #effects: EffectRunner<Message> | undefined;
  #hasEnded = false;

  /** The context of the code that started it: its functions and effects run in it, also for messages dispatched elsewhere. */
  readonly asyncContext: AsyncContext = new AsyncContext();
  readonly #share = new Turn(SHARE);
  readonly #mailbox = new Mailbox<Message>();
  /** A message is being handled, or some wait for the next turn. */
  #isBusy = true;
  #isHandling = false;
  #handled = 0;
  #waiting: Waiting[] | undefined;

  /** Messages of its own making since the last one from outside. */
  #made = 0;
  #isCounted = false;

  /** Where messages have ids: the origin of the message that is being handled, and of those that wait. */
  #origin: Origin | undefined;
  #origins: Origins | undefined;

  /** @throws ApplicationError with code `init` when `init` throws, or does not return a step */
  constructor(program: Program<Args, Model, Message>, args: Args, host: LoopHost<Message>) {
    this.#program = program;
    this.#host = host;
    try {
      const step = checked('init', program.init(args));
      this.#model = step[0];
      this.#first = step[1];
    } catch (cause) {
      throw new ApplicationError('init', { cause });
    }
  }

  /** The model of now; after the end, the last one. */
  get model(): Model {
    return this.#model;
  }

  /** Aborts when the program ends. */
  get signal(): AbortSignal {
    const runner = this.#runner;
    if (this.#hasEnded) runner.end();
    return runner.signal;
  }

  /** Starts the effects of `init`, then handles what has been dispatched meanwhile. */
  begin(): void {
    const first = this.#first;
    if (this.#hasEnded || first === undefined) return;
    this.#first = undefined;
    this.#share.renew();
    this.#isHandling = true;
    this.#perform(first);
    this.#isHandling = false;
    this.#drain();
  }

  /**
   * Takes a message from outside. When the program is idle it is handled before this returns.
   * @param origin - the id of the message at its client, if it has one
   */
  dispatch(message: Message, origin?: Origin): void {
    if (this.#hasEnded) return;
    this.#made = 0;
    if (origin !== undefined) this.#origins ??= new Origins();
    if (this.#isBusy) {
      this.#queue(message, origin ?? this.#origin);
      return;
    }
    this.#share.renew();
    this.#share.take();
    this.#isBusy = true;
    if (origin !== undefined) this.#origins?.count(origin);
    // guard: a program in the context of its starter → handleFirst.call(this, message, origin);
    this.asyncContext.run(handleFirst<Args, Model, Message>, this, message, origin);
  }

  /** Handles a message that came while the program was idle, and what came of it. */
  handleFirst(message: Message, origin: Origin | undefined): void {
    this.#handle(message, origin);
    this.#drain();
  }

  /** Takes several messages from outside, in this order, as one. */
  dispatchAll(messages: readonly Message[]): void {
    if (this.#hasEnded || messages.length === 0) return;
    this.#made = 0;
    for (const message of messages) this.#queue(message, this.#origin);
    if (this.#isBusy || this.#hasEnded) return;
    this.#share.renew();
    this.#isBusy = true;
    this.asyncContext.run(resume, this);
  }

  /** Takes a message from one of the program's own effects. */
  dispatchOwn(message: Message): void {
    if (this.#hasEnded) return;
    // The event loop went round while the program was idle: I/O ran, so the count starts anew.
    if (!this.#isBusy && this.#share.isOver) this.#made = 0;
    this.#countOwn();
    // The report of a runaway may have stopped the program, and so does a full mailbox.
    if (this.#hasEnded || !this.#queue(message, this.#origin)) return;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.asyncContext.run(resume, this);
  }

  /**
   * Ends the program at once. Messages that wait are dropped; what is being handled is its last.
   * @param error - why, when it has failed
   */
  stop(error?: ApplicationError): void {
    // guard: cleanups in the context of their program → this.#end(error);
    this.asyncContext.run(() => this.#end(error), undefined);
  }

  /**
   * Waits until all that was dispatched so far has been handled, or the program has ended.
   * @returns undefined when that is so already
   */
  whenHandled(): Promise<void> | undefined {
    if (this.#hasEnded || !this.#isBusy) return undefined;
    const last = this.#lastPlace + 1;
    return new Promise((resolve) => {
      (this.#waiting ??= []).push({ last, resolve });
    });
  }

  /** For the effects: a command for the host. @throws TypeError when this host has none */
  command(command: unknown): void {
    if (this.#host.command === undefined) {
      throw new TypeError('Expected an effect of an application, got one of a server component');
    }
    this.#host.command(command);
  }

  /** For the effects: closes the connection, and ends the program. */
  close(code: number | undefined, reason: string | undefined): void {
    this.#host.close?.(code, reason, this.#origin);
    this.#end();
  }

  /** For the effects: something of theirs failed. */
  failed(error: ApplicationError): void {
    this.#host.failed(error);
  }

  /** Continues in a later turn of the event loop. */
  resume(): void {
    this.#drain();
  }

  get #runner(): EffectRunner<Message> {
    return (this.#effects ??= new EffectRunner(this));
  }

  /** @returns false when the mailbox was full: then the program has ended */
  #queue(message: Message, origin: Origin | undefined): boolean {
    if (this.#mailbox.push(message)) {
      if (origin !== undefined) this.#origins?.put(this.#lastPlace, origin);
      return true;
    }
    this.#end(new ApplicationError('overflow', { incoming: message }));
    return false;
  }

  #drain(): void {
    while (!this.#hasEnded && this.#mailbox.length > 0) {
      // guard: fairness of programs → if (this.#share === null) { resumeNextTurn(this); return; }
      if (!this.#share.take()) {
        resumeNextTurn(this);
        return;
      }
      this.#handle(this.#mailbox.shift(), this.#origins?.take(this.#handled));
    }
    this.#mailbox.clear();
    this.#isBusy = false;
  }

  /** One message: listener, update, effects. */
  #handle(message: Message, origin: Origin | undefined): void {
    this.#isCounted = false;
    this.#isHandling = true;
    this.#origin = origin;
    try {
      this.#host.offered(message, origin);
    } catch (cause) {
      this.#host.failed(new ApplicationError('listener', { cause, outgoing: message }));
    }
    if (!this.#hasEnded) this.#step(message);
    this.#isHandling = false;
    this.#handled += 1;
    if (origin !== undefined) this.#settle(origin);
    if (this.#waiting !== undefined) this.#resolveWaiting();
  }

  #settle(origin: Origin): void {
    this.#origin = undefined;
    const isLast = this.#origins?.handled(origin) === true;
    if (isLast && !this.#hasEnded) this.#host.settled?.(origin);
  }

  /** The place, in the order in which messages are handled, of the last one that waits. */
  get #lastPlace(): number {
    return this.#handled + this.#mailbox.length - (this.#isHandling ? 0 : 1);
  }

  #step(message: Message): void {
    let step: Step<Model, Message>;
    try {
      step = checked('update', this.#program.update(this.#model, message));
    } catch (cause) {
      // guard: update is guarded → throw cause;
      this.#end(new ApplicationError('update', { cause, incoming: message }));
      return;
    }
    // Stopped from within its own update: what that returned comes too late.
    if (this.#hasEnded) return;
    this.#model = step[0];
    this.#perform(step[1]);
  }

  #perform(effect: Effect<Message>): void {
    if (effect.kind !== 'none') this.#runner.perform(effect);
  }

  #end(error?: ApplicationError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#first = undefined;
    this.#mailbox.clear();
    // guard: effects end with their program
    this.#effects?.end();
    this.#host.ended(error, this.#origin);
    if (this.#waiting !== undefined) this.#resolveWaiting();
  }

  #resolveWaiting(): void {
    const still: Waiting[] = [];
    for (const each of this.#waiting ?? []) {
      if (this.#hasEnded || each.last <= this.#handled) each.resolve();
      else still.push(each);
    }
    this.#waiting = still.length === 0 ? undefined : still;
  }

  /**
   * Counts a message that an effect dispatched. While a message is being handled each one counts:
   * only the program's own effects run then. Otherwise one counts for each message handled: when a
   * publisher sends thousands at once, the program made none of them.
   */
  #countOwn(): void {
    if (!this.#isHandling && this.#isCounted) return;
    this.#isCounted = true;
    this.#made += 1;
    // guard: runaways are reported → if (this.#made < 0) this.#host.failed(new RunawayError(this.#made));
    if (this.#made % RUNAWAY === 0) this.#host.failed(new RunawayError(this.#made));
  }
}

function handleFirst<Args, Model, Message>(
  this: Loop<Args, Model, Message>,
  message: Message,
  origin: Origin | undefined,
): void {
  this.handleFirst(message, origin);
}

function resume(this: Resumable): void {
  this.resume();
}

/** A promise that waits until so many messages have been handled. */
interface Waiting {
  readonly last: number;
  readonly resolve: () => void;
}
