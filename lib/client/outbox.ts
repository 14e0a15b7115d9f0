/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
import { type Wire } from '../core/codec.ts';
import {
  type ConnectOptions,
  type DropReason,
  type SendOptions,
  type SendResult,
} from './options.ts';
import { now } from './platform.ts';
import { type Line, type LineOptions } from './transport.ts';

/** Takes what became of a message: a code of failure, or its reply if it has one. */
export type Settle<In> = (code: string | undefined, reply?: In, isSent?: boolean) => void;

/** A message on its way. */
export interface Outgoing<In, Out> {
  readonly message: Out;
  readonly encoded: Wire;
  readonly size: number;
  /** True for what `onOpen` sent: it goes first, and ends with its line. */
  readonly isOfLine: boolean;
  /** When it is too old to be sent, by the clock of `now`. */
  readonly deadline: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  isSent: boolean;
  /** Takes the outcome instead of the callbacks of the options. */
  settle: Settle<In> | undefined;
}

export interface Outbox<In, Out> {
  /** Sends or queues a message; with `settle` its outcome goes there alone. */
  readonly post: (
    message: Out,
    options?: SendOptions,
    settle?: Settle<In>,
  ) => readonly [SendResult, Outgoing<In, Out>?];
  /** Takes a message out that has not been sent. */
  readonly withdraw: (outgoing: Outgoing<In, Out>, reason: DropReason | 'bare') => void;
  /** There is a line: `greet` sends first, then the queue goes. */
  readonly opened: (line: Line, options: LineOptions, greet: () => void) => void;
  /** Sends what the line takes. */
  readonly flush: () => void;
  /** The line is gone. */
  readonly closed: (code: number) => void;
  /** The server confirmed a message, or said that it failed. */
  readonly settled: (mark: string, id: number, payload: Wire | undefined, code?: string) => void;
  /** The server refused a message before it was handled. */
  readonly refused: (id: number) => void;
  /** Sends at half the pace from now on. */
  readonly slowDown: () => void;
  /** Nothing will be sent any more, for this reason; undefined: it will again. */
  readonly refuse: (reason: DropReason | undefined) => void;
  readonly queued: () => number;
  readonly hasUnsent: () => boolean;
}

/** What the outbox calls. */
export interface OutboxEvents<In> {
  /** Calls a function of the user's. Never throws. */
  readonly guard: (act: () => unknown) => void;
  /** The number of those that wait may have changed. */
  readonly changed: () => void;
  /** Decodes a message; undefined when it cannot be, which was reported. */
  readonly decode: (payload: Wire) => { readonly message: In } | undefined;
  /** A message that no `ask` waits for. */
  readonly deliver: (message: In) => void;
}

/** How fast the queue is sent on a line whose server does not say, in messages a second. */
const BARE_RATE = 100;

const utf8 = new TextEncoder();
const sizeOf = (encoded: Wire): number =>
  typeof encoded === 'string' ? utf8.encode(encoded).length : encoded.length;

export function createOutbox<In, Out>(
  { codec, queue: bounds = {}, onUnconfirmed, onDropped, onFailed }: ConnectOptions<In, Out, Wire>,
  { guard, changed, decode, deliver }: OutboxEvents<In>,
): Outbox<In, Out> {
  const { messages = 1_000, bytes = 1_048_576 } = bounds;
  let waiting: Outgoing<In, Out>[] = [];
  let waitingBytes = 0;
  const unconfirmed = new Map<number, Outgoing<In, Out>>();
  let lastId = 0;
  let line: Line | undefined;
  let lineOptions: LineOptions = { confirms: false };
  let refusal: DropReason | undefined;
  let greeted: number | undefined;
  /** What is left of the pace: messages that may be sent now, and since when. */
  let budget = 0;
  let budgetAt = 0;
  let slowness = 1;
  let pause: ReturnType<typeof setTimeout> | undefined;

  const drop = (dropped: readonly Outgoing<In, Out>[], reason: DropReason | 'bare'): void => {
    const rest = dropped.filter(({ settle }) => {
      settle?.(reason);
      return settle === undefined;
    });
    if (rest.length > 0)
      guard(() =>
        onDropped?.(
          rest.map(({ message }) => message),
          reason as DropReason,
        ),
      );
  };

  const remove = (outgoing: Outgoing<In, Out>): void => {
    clearTimeout(outgoing.timer);
    waitingBytes -= outgoing.size;
    waiting = waiting.filter((one) => one !== outgoing);
  };

  const withdraw: Outbox<In, Out>['withdraw'] = (outgoing, reason) => {
    remove(outgoing);
    drop([outgoing], reason);
    changed();
  };

  const transmit = (outgoing: Outgoing<In, Out>, to: Line): void => {
    outgoing.isSent = true;
    const id = ++lastId;
    if (lineOptions.confirms) unconfirmed.set(id, outgoing);
    to.send(id, outgoing.encoded);
  };

  const isTooLarge = ({ size }: Outgoing<In, Out>): boolean =>
    lineOptions.limit !== undefined && size > lineOptions.limit;

  /** How long to wait for the next message of the queue, in ms. */
  const pacing = (): number => {
    if (lineOptions.rate === undefined) return 0;
    const rate = lineOptions.rate / slowness;
    const time = now();
    // No more than a second's worth, however long a timer of a hidden page took.
    budget = Math.min(Math.max(rate, 1), budget + ((time - budgetAt) * rate) / 1_000);
    budgetAt = time;
    return Math.max(0, ((1 - budget) / rate) * 1_000);
  };

  const flush = (): void => {
    clearTimeout(pause);
    while (line?.isReady() === true) {
      const [first] = waiting;
      if (first === undefined) break;
      if (first.deadline < now()) {
        withdraw(first, 'expired');
        continue;
      }
      if (isTooLarge(first)) {
        withdraw(first, 'too-large');
        continue;
      }
      if (first.settle !== undefined && !lineOptions.confirms) {
        withdraw(first, 'bare');
        continue;
      }
      if (!first.isOfLine) {
        const ms = pacing();
        if (ms > 0) {
          pause = setTimeout(flush, ms);
          break;
        }
        budget -= 1;
      }
      remove(first);
      transmit(first, line);
    }
    changed();
  };

  const post: Outbox<In, Out>['post'] = (message, { queue = true, expires } = {}, settle) => {
    const encoded = codec.encode(message);
    if (encoded === undefined) {
      settle?.('skipped');
      return ['skipped'];
    }
    const isOfLine = greeted !== undefined;
    const isIdle = (waiting.length === 0 || greeted === 0) && line?.isReady() === true;
    const outgoing: Outgoing<In, Out> = {
      message,
      encoded,
      size: sizeOf(encoded),
      isOfLine,
      deadline: expires === undefined ? Infinity : now() + expires,
      timer: undefined,
      isSent: false,
      settle,
    };
    const reason =
      refusal ??
      (isTooLarge(outgoing)
        ? 'too-large'
        : (!isIdle && waiting.length >= messages) ||
            waitingBytes + outgoing.size + (line?.buffered() ?? 0) > bytes
          ? 'full'
          : undefined);
    if (reason !== undefined) {
      drop([outgoing], reason);
      return ['dropped'];
    }
    if (isIdle && line !== undefined) {
      if (settle !== undefined && !lineOptions.confirms) {
        settle('bare');
        return ['dropped'];
      }
      transmit(outgoing, line);
      return ['sent', outgoing];
    }
    if (!queue) {
      settle?.('expired');
      return ['dropped'];
    }
    if (greeted === undefined) waiting.push(outgoing);
    else waiting.splice(greeted++, 0, outgoing);
    waitingBytes += outgoing.size;
    if (expires !== undefined) {
      outgoing.timer = setTimeout(() => {
        withdraw(outgoing, 'expired');
      }, expires);
    }
    changed();
    return ['queued', outgoing];
  };

  return {
    post,
    withdraw,
    flush,
    opened: (opened, options, greet) => {
      line = opened;
      lineOptions = options.confirms ? options : { rate: BARE_RATE, ...options };
      budget = 0;
      budgetAt = now();
      // What waits must not overtake: until the greeting is over, all that is sent stands before it.
      greeted = 0;
      guard(greet);
      greeted = undefined;
      flush();
    },
    closed: (code) => {
      clearTimeout(pause);
      line = undefined;
      const sent = [...unconfirmed.values()];
      unconfirmed.clear();
      for (const outgoing of waiting) {
        if (!outgoing.isOfLine) break;
        remove(outgoing);
        outgoing.settle?.('unconfirmed');
      }
      if (code === 1009 || code === 413) {
        // The server does not say which one it was: it was the largest.
        const largest = sent.reduce<Outgoing<In, Out> | undefined>(
          (most, one) => (one.size > (most?.size ?? 0) ? one : most),
          undefined,
        );
        if (largest !== undefined) {
          sent.splice(sent.indexOf(largest), 1);
          drop([largest], 'too-large');
        }
      }
      const told = sent.filter(({ settle, isOfLine }) => {
        settle?.('unconfirmed', undefined, true);
        return settle === undefined && !isOfLine;
      });
      if (told.length > 0) guard(() => onUnconfirmed?.(told.map(({ message }) => message)));
      changed();
    },
    settled: (mark, id, payload, code) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing === undefined) return;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const reply =
        payload === undefined || (mark !== '=' && payload.length === 0)
          ? undefined
          : decode(payload);
      if (mark === '-') {
        if (reply !== undefined) deliver(reply.message);
        if (settle === undefined) guard(() => onFailed?.(message, code ?? 'failed'));
        else settle(code ?? 'failed', undefined, true);
      } else if (settle === undefined) {
        if (reply !== undefined) deliver(reply.message);
      } else if (mark === '=' && reply === undefined) settle('decode', undefined, true);
      else settle(undefined, reply?.message);
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing === undefined || outgoing.isOfLine) return;
      unconfirmed.delete(id);
      outgoing.isSent = false;
      waiting.unshift(outgoing);
      waitingBytes += outgoing.size;
    },
    slowDown: () => {
      slowness *= 2;
    },
    refuse: (reason) => {
      refusal = reason;
      if (reason === undefined) return;
      const dropped = waiting;
      dropped.forEach(({ timer }) => {
        clearTimeout(timer);
      });
      waiting = [];
      waitingBytes = 0;
      if (dropped.length > 0) drop(dropped, reason);
    },
    queued: () => waiting.length,
    hasUnsent: () => waiting.length + unconfirmed.size + (line?.buffered() ?? 0) > 0,
  };
}
