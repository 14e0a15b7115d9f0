/**
 * The loop of one running program: messages wait in line, are handled one at a time, and each is
 * followed by its effects. Nothing here knows of sockets.
 *
 * Effects must queue, not call. Say that `start` returns an effect that dispatches `asked` before
 * it returns. Were `asked` given to update at once, update would run inside the handling of
 * `start`: effects would begin in the wrong order, a listener would hear the end before the
 * beginning, and a program that answers itself would overflow the stack. So a dispatch while the
 * loop is busy only puts the message in line; a flag says so, not the line's length, because the
 * line is empty while the last of it is being handled.
 */
import { type Effect } from './effect.ts';
import { type EffectHost, EffectManager } from './effect-runner.ts';
import { ApplicationError, RunawayError } from './errors.ts';
import { type OmniError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';

/** What `init` and `update` return: the model, and what shall be done. */
export type Step<Model, Message> = readonly [model: Model, effect: Effect<Message>];

/** The two functions that make a program. */
export interface Program<Args, Model, Message> {
  /** Makes the first model of a program. */
  readonly init: (args: Args) => Step<Model, Message>;
  /** From a model and a message to the next model, and what shall be done. */
  readonly update: (model: Model, message: Message) => Step<Model, Message>;
}

/** Who runs a program. None of these may throw but `offered` and `asked`. */
export interface LoopHost<Message> {
  /** A message is about to be given to update. What this throws is told to `failed`. */
  readonly offered: (message: Message) => void;
  /** An effect asks for something that only the host can do. What this throws is told to `failed`. */
  readonly asked?: (request: unknown) => void;
  /** Something failed, and the program goes on. */
  readonly failed: (error: OmniError) => void;
  /** The program has ended: because it was stopped, or because of `error`. Told once. */
  readonly ended: (error?: ApplicationError) => void;
}

/** How many messages a program may handle before the event loop goes round. */
const SHARE = 64;
/** After so many messages of its own making, without one from outside, a program is told of. */
const RUNAWAY = 10_000;

/** A running program. `init` is called when it is made; nothing is handled before `begin`. */
export class Loop<Args, Model, Message> implements EffectHost<Message>, Resumable {
  readonly #program: Program<Args, Model, Message>;
  readonly #host: LoopHost<Message>;
  #model: Model;
  #first: Effect<Message> | undefined;
  #effects: EffectManager<Message> | undefined;
  #hasEnded = false;

  readonly #share = new Turn(SHARE);
  #line: (Message | undefined)[] = [];
  #head = 0;
  /** Not at rest: a message is being handled, or some wait for the next turn. */
  #isBusy = true;
  #isHandling = false;
  #handled = 0;
  #waiting: Waiting[] | undefined;

  /** Messages of its own making since the last one from outside. */
  #made = 0;
  #isCounted = false;

  /** @throws ApplicationError with code `init` when `init` throws, or returns no step */
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
    const manager = this.#manager;
    if (this.#hasEnded) manager.end();
    return manager.signal;
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
   * Takes a message from outside. When the program is at rest it is handled before this returns.
   */
  dispatch(message: Message): void {
    if (this.#hasEnded) return;
    this.#made = 0;
    if (this.#isBusy) {
      this.#line.push(message);
      return;
    }
    this.#share.renew();
    this.#share.take();
    this.#isBusy = true;
    this.#handle(message);
    this.#drain();
  }

  /** Takes several messages from outside, in this order, as one. */
  dispatchAll(messages: readonly Message[]): void {
    if (this.#hasEnded || messages.length === 0) return;
    this.#made = 0;
    for (const message of messages) this.#line.push(message);
    if (this.#isBusy) return;
    this.#share.renew();
    this.#isBusy = true;
    this.#drain();
  }

  /** Takes a message from one of the program's own effects. */
  dispatchOwn(message: Message): void {
    if (this.#hasEnded) return;
    // The event loop went round while the program was at rest: the world has had its say.
    if (!this.#isBusy && this.#share.isOver) this.#made = 0;
    this.#countOwn();
    // Whoever was told of a runaway may have stopped it.
    if (this.#hasEnded) return;
    this.#line.push(message);
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#drain();
  }

  /**
   * Ends the program at once. Messages that wait are dropped; what is being handled is its last.
   * @param error - why, when it has failed
   */
  stop(error?: ApplicationError): void {
    this.#end(error);
  }

  /**
   * Waits until all that was dispatched so far has been handled, or the program has ended.
   * @returns undefined when that is so already
   */
  whenHandled(): Promise<void> | undefined {
    if (this.#hasEnded || !this.#isBusy) return undefined;
    const last = this.#handled + this.#line.length - this.#head + (this.#isHandling ? 1 : 0);
    return new Promise((resolve) => {
      (this.#waiting ??= []).push({ last, resolve });
    });
  }

  /** For the effects: they ask for what the host alone can do. @throws TypeError when it cannot */
  asked(request: unknown): void {
    if (this.#host.asked === undefined) {
      throw new TypeError('Expected an effect of an application, got one of a server component');
    }
    this.#host.asked(request);
  }

  /** For the effects: something of theirs failed. */
  failed(error: ApplicationError): void {
    this.#host.failed(error);
  }

  /** Goes on, after the event loop went round. */
  resume(): void {
    this.#drain();
  }

  get #manager(): EffectManager<Message> {
    return (this.#effects ??= new EffectManager(this));
  }

  #drain(): void {
    while (!this.#hasEnded && this.#head < this.#line.length) {
      // guard: fairness of programs → if (this.#share === null) { resumeNextTurn(this); return; }
      if (!this.#share.take()) {
        resumeNextTurn(this);
        return;
      }
      this.#handle(this.#shift());
    }
    // At rest it keeps no room for a line: there may be very many programs.
    this.#line.length = 0;
    this.#head = 0;
    this.#isBusy = false;
  }

  #shift(): Message {
    const message = this.#line[this.#head] as Message;
    this.#line[this.#head] = undefined;
    this.#head += 1;
    // A program that always has one message in line would otherwise leave a longer and longer tail.
    if (this.#head >= SHARE && this.#head * 2 >= this.#line.length) {
      this.#line.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** One message: listener, update, effects. */
  #handle(message: Message): void {
    this.#isCounted = false;
    this.#isHandling = true;
    try {
      this.#host.offered(message);
    } catch (cause) {
      this.#host.failed(new ApplicationError('listener', { cause, outgoing: message }));
    }
    if (!this.#hasEnded) this.#step(message);
    this.#isHandling = false;
    this.#handled += 1;
    if (this.#waiting !== undefined) this.#tellWaiting();
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
    // Stopped by its own update: what that returned comes too late.
    if (this.#hasEnded) return;
    this.#model = step[0];
    this.#perform(step[1]);
  }

  #perform(effect: Effect<Message>): void {
    if (effect.kind !== 'none') this.#manager.perform(effect);
  }

  #end(error?: ApplicationError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#first = undefined;
    this.#line = [];
    this.#head = 0;
    // guard: effects end with their program
    this.#effects?.end();
    this.#host.ended(error);
    if (this.#waiting !== undefined) this.#tellWaiting();
  }

  #tellWaiting(): void {
    const still: Waiting[] = [];
    for (const each of this.#waiting ?? []) {
      if (this.#hasEnded || each.last <= this.#handled) each.resolve();
      else still.push(each);
    }
    this.#waiting = still.length === 0 ? undefined : still;
  }

  /**
   * Counts a message that an effect dispatched. While one is being handled each counts: nobody but
   * the program's own effects is at work then. Otherwise one counts for each that was handled: when
   * a publisher pours out thousands in one go, the program made none of them.
   */
  #countOwn(): void {
    if (!this.#isHandling && this.#isCounted) return;
    this.#isCounted = true;
    this.#made += 1;
    // guard: runaways are told of → if (this.#made < 0) this.#host.failed(new RunawayError(this.#made));
    if (this.#made % RUNAWAY === 0) this.#host.failed(new RunawayError(this.#made));
  }
}

/** Somebody who waits until so many messages have been handled. */
interface Waiting {
  readonly last: number;
  readonly resolve: () => void;
}

/** @throws TypeError for what is no step: an asynchronous update gives a promise */
function checked<Model, Message>(
  name: 'init' | 'update',
  step: Step<Model, Message>,
): Step<Model, Message> {
  if (Array.isArray(step) && step.length === 2 && isEffect(step[1])) return step;
  const got = isPromise(step) ? 'a promise' : Array.isArray(step) ? 'another array' : typeof step;
  throw new TypeError(`Expected \`${name}\` to return [model, effect], got ${got}`);
}

function isEffect(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
