/** Optimistic state: what the page does is shown at once, and what the server says is what counts. */
import { type Wire } from '../core/codec.ts';
import { createEmitter } from './emitter.ts';
import { openLink } from './link.ts';
import { type ConnectOptions, type Link } from './options.ts';
import { type Outgoing } from './outgoing.ts';

/** Options of {@link createStore}. */
export interface StoreOptions<Model, In, Out, Local = never, Encoded = string> {
  /** The model before anything happened, or a function that makes it. */
  readonly init: Model | (() => Model);
  /**
   * Makes the next model of a message, whether the page dispatched it or the server sent it. It
   * changes nothing, for it is called again: a message that is not confirmed yet is applied anew over
   * each model of the server's.
   */
  readonly update: (model: Model, message: In | Out | Local) => Model;
  /** The options of the link that the store makes. */
  readonly connect: ConnectOptions<In, Out, Encoded>;
  /**
   * On a line that confirms nothing: true when a message of the server's is the answer to one that
   * was sent.
   * @defaultValue what is dispatched on such a line fails with the code `bare`
   */
  readonly confirms?: ((sent: Out, received: In) => boolean) | undefined;
  /**
   * True for a message that may be handled twice without harm, as one with an id that the server
   * knows. When it is unconfirmed it is sent again, twice at most, and has not failed until then.
   * @defaultValue no message is sent twice
   */
  readonly mayRepeat?: ((message: Out) => boolean) | undefined;
}

/** How often a message is sent again. */
const REPEATS = 2;

/** A message that came to nothing, and was taken back. */
export interface Failed<Out> {
  readonly id: number;
  readonly message: Out;
  /**
   * Why: the code of an `AskError`. With `unconfirmed` it may have been handled all the same; that stays
   * so when it could not be sent again.
   */
  readonly code: string;
}

/** The state of a page, and its link. */
export interface Store<Model, In, Out, Local = never> {
  /**
   * Applies a message at once, and sends it. What the codec skips stays on the page. From within
   * `update` it is applied when that has returned.
   */
  readonly dispatch: (message: Out | Local) => void;
  /** Calls a function after each change, until the link is closed. @returns the function that ends that */
  readonly subscribe: (listener: () => void) => () => void;
  /** The model as it is shown: the same object until something changed. */
  readonly getSnapshot: () => Model;
  /** The model with which a server renders the page. */
  readonly getServerSnapshot: () => Model;
  readonly link: Link<In, Out>;
  /** What came to nothing, the oldest first: the same array until something changed. */
  readonly failed: () => readonly Failed<Out>[];
  /** Dispatches a failed message again. Does nothing when there is none with this id. */
  readonly retry: (id: number) => void;
  /** Forgets a failed message. */
  readonly discard: (id: number) => void;
}

/** A message of the page that the server has not confirmed, or that only stands behind such a one. */
interface Pending<In, Out, Local> {
  readonly id: number;
  readonly message: Out | Local;
  outgoing: Outgoing<In, Out> | undefined;
  /** True for what the codec skipped: it needs no confirmation. */
  isLocal: boolean;
  /** How often it was sent again. */
  repeats: number;
  /** True once it was unconfirmed: it may have been handled, whatever becomes of it when it is to be sent again. */
  isDoubtful: boolean;
}

/**
 * Makes a store with a link of its own.
 *
 * The baseline is what the server's messages made. What was dispatched and is not confirmed is
 * applied over it again after each of them, in order, and that is what is shown. A reply replaces
 * the guess; an acknowledgement without a reply makes the guess the state; a failure takes back
 * that message alone.
 *
 * @example
 * const store = createStore({
 *   init: { total: 0 },
 *   update: (model, message) =>
 *     message.type === 'add' ? { total: model.total + message.amount } : { total: message.value },
 *   connect: { url: '/omni-ws', codec },
 * });
 * store.subscribe(() => render(store.getSnapshot()));
 * store.dispatch({ type: 'add', amount: 1 });
 */
export function createStore<Model, In, Out, Local = never, Encoded extends Wire = string>(
  options: StoreOptions<Model, In, Out, Local, Encoded>,
): Store<Model, In, Out, Local> {
  const { init, update, confirms, mayRepeat } = options;
  const connect = options.connect as unknown as ConnectOptions<In, Out, Wire>;
  const initial = typeof init === 'function' ? (init as () => Model)() : init;
  let baseline = initial;
  let shown = initial;
  let pending: Pending<In, Out, Local>[] = [];
  let failures: readonly Failed<Out>[] = [];
  /** What the queue may still have stored of those. */
  const stored = new Map<number, Outgoing<In, Out>>();
  let lastId = 0;

  const report = (error: unknown): void => {
    call(() => {
      throw error;
    });
  };

  /** When `update` throws for a message, for example one that no longer fits, the model stays. */
  const apply = (model: Model, message: In | Out | Local): Model => {
    try {
      return update(model, message);
    } catch (error) {
      report(error);
      return model;
    }
  };

  const jobs: (() => void)[] = [];
  let isWorking = false;
  /** Runs one change after the other, and notifies once when all are done and something is new. */
  const work = (job: () => void): void => {
    jobs.push(job);
    if (isWorking) return;
    isWorking = true;
    const before = [shown, failures] as const;
    for (let next = jobs.shift(); next; next = jobs.shift()) next();
    isWorking = false;
    if (before[0] !== shown || before[1] !== failures) emit();
  };

  /** What stands at the head and needs no confirmation becomes state; the rest is applied anew. */
  const replay = (): void => {
    while (pending[0]?.isLocal) {
      baseline = apply(baseline, pending[0].message);
      pending.shift();
    }
    shown = pending.reduce((model, { message }) => apply(model, message), baseline);
  };

  /** It has not failed any more. @returns what it was, and what the queue may still have stored of it */
  const takeFailed = (
    id: number,
  ): readonly [Failed<Out> | undefined, Outgoing<In, Out> | undefined] => {
    const failed = failures.find((one) => one.id === id);
    const outgoing = stored.get(id);
    if (failed) failures = failures.filter((one) => one !== failed);
    stored.delete(id);
    return [failed, outgoing];
  };

  const pendingOf = (
    id: number,
    message: Out | Local,
    outgoing?: Outgoing<In, Out>,
    isDoubtful = false,
  ): Pending<In, Out, Local> => ({ id, message, outgoing, isLocal: false, repeats: 0, isDoubtful });

  const received = (message: In): void => {
    work(() => {
      const answered = pending.find(
        ({ outgoing, message: sent }) =>
          outgoing && outgoing.id > 0 && call(confirms, sent as Out, message) === true,
      );
      if (answered?.outgoing) forget(answered.outgoing);
      pending = pending.filter((one) => one !== answered);
      baseline = apply(baseline, message);
      replay();
    });
    call(connect.onMessage, message);
  };

  const send = (added: Pending<In, Out, Local>): void => {
    const settled = (code: string | undefined, reply?: In): void => {
      settle(added, code, reply);
    };
    added.outgoing = undefined;
    try {
      [, added.outgoing] = post(added.message as Out, {}, settled, confirms !== undefined);
    } catch (error) {
      report(error);
      settled('encode');
    }
  };

  const settle = (settled: Pending<In, Out, Local>, code: string | undefined, reply?: In): void => {
    work(() => {
      const { id, message, outgoing } = settled;
      const mayGoAgain = code === 'unconfirmed' && settled.repeats < REPEATS;
      if (mayGoAgain && call(mayRepeat, message as Out) === true) {
        settled.repeats += 1;
        settled.isDoubtful = true;
        send(settled);
        // The new one is stored first: a page that ends between has it twice, not lost.
        if (outgoing) forget(outgoing);
        return;
      }
      if (code === 'left') {
        // The queue keeps it for another page or another user: this page forgets it.
        takeFailed(id);
      } else if (!pending.includes(settled)) return;
      if (code === 'skipped') settled.isLocal = true;
      else pending = pending.filter((one) => one !== settled);
      if (reply !== undefined) baseline = apply(baseline, reply);
      else if (!code) baseline = apply(baseline, message);
      if (code && code !== 'skipped' && code !== 'left') {
        const isUnsent = settled.isDoubtful && !outgoing?.id;
        failures = [
          ...failures,
          { id, message: message as Out, code: isUnsent ? 'unconfirmed' : code },
        ];
        if (outgoing) stored.set(id, outgoing);
      }
      replay();
    });
    if (reply !== undefined) call(connect.onMessage, reply);
  };

  const add = (id: number, message: Out | Local, isDoubtful?: boolean): void => {
    work(() => {
      const added = pendingOf(id, message, undefined, isDoubtful);
      pending.push(added);
      shown = apply(shown, message);
      send(added);
    });
  };

  /** What an earlier page had stored stands before what this one says. */
  const restored = (outgoing: Outgoing<In, Out>): void => {
    work(() => {
      const added = pendingOf(++lastId, outgoing.message, outgoing);
      outgoing.settle = (code, reply) => {
        settle(added, code, reply);
      };
      const at = pending.findIndex((one) => !one.outgoing?.entry?.isRestored);
      pending.splice(at < 0 ? pending.length : at, 0, added);
      replay();
    });
  };
  const link = openLink<In, Out>({ ...connect, onMessage: received }, restored);
  const { call, post, forget } = link;
  const [subscribe, emit] = createEmitter(call);

  return {
    dispatch: (message) => {
      add(++lastId, message);
    },
    subscribe,
    getSnapshot: () => shown,
    getServerSnapshot: () => initial,
    link,
    failed: () => failures,
    retry: (id) => {
      work(() => {
        const [again, before] = takeFailed(id);
        if (!again) return;
        add(id, again.message, again.code === 'unconfirmed');
        work(() => {
          // The new one is stored first: a page that ends between has it twice, not lost.
          if (before) forget(before);
        });
      });
    },
    discard: (id) => {
      work(() => {
        const [, outgoing] = takeFailed(id);
        if (outgoing) forget(outgoing);
      });
    },
  };
}
