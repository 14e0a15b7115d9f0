/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
import { type Codec, type Wire } from '../core/codec.ts';
import { type Call } from './emitter.ts';
import {
  type ConnectOptions,
  type DropReason,
  type SendOptions,
  type SendResult,
} from './options.ts';
import { now } from './platform.ts';
import { type Line, type LineOptions } from './transport.ts';

/** Takes what became of a message: a code if it failed, and what the server says of it, if anything. */
export type Settle<In> = (code: string | undefined, reply?: In, isSent?: boolean) => void;

/** A message on its way. */
export interface Outgoing<In, Out> {
  readonly message: Out;
  readonly encoded: Wire;
  readonly size: number;
  /** True for what `onOpen` sent: it goes first, and ends with its line. */
  readonly isOfLine: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  isSent: boolean;
  readonly isTracked: boolean;
  /** Takes the outcome instead of the callbacks of the options. */
  settle: Settle<In> | undefined;
}

/** What a store may say of a message beside. */
export interface PostOptions extends SendOptions {
  /** True: on a line that confirms nothing, `forget` will be called when it is confirmed otherwise. */
  readonly isTracked?: boolean;
}

export interface Outbox<In, Out> {
  /** Sends or queues a message; with `settle` its outcome goes there alone. */
  readonly post: (
    message: Out,
    options?: PostOptions,
    settle?: Settle<In>,
  ) => readonly [SendResult, Outgoing<In, Out>?];
  /** Takes a message out that has not been sent. */
  readonly withdraw: (outgoing: Outgoing<In, Out>, reason: string) => void;
  /** A message that was sent on a line that confirms nothing is confirmed otherwise. */
  readonly forget: (outgoing: Outgoing<In, Out>) => void;
  /** There is a line: `greet` sends first, then the queue goes. */
  readonly opened: (line: Line, options: LineOptions, greet: () => void) => void;
  /** Sends what the line takes. */
  readonly flush: () => void;
  /** The line is gone. */
  readonly closed: (code: number) => void;
  /** The server confirmed a message, or said that it failed, with a header of `omnimessage.1`. */
  readonly settled: (header: string, payload: Wire) => void;
  /** The server refused a message before it was handled. */
  readonly refused: (id: number) => void;
  /** Sends at half the pace from now on. */
  readonly slow: () => void;
  /** Nothing will be sent any more, for this reason; undefined: it will again. */
  readonly refuse: (reason: DropReason | undefined) => void;
  readonly hasUnsent: () => boolean;
}

/** What the outbox calls. */
export interface OutboxEvents<In> {
  readonly call: Call;
  /** The number of those that wait may have changed. */
  readonly changed: (queued: number) => void;
  /** Decodes a message and gives it to a function; false when it cannot be decoded, which is reported. */
  readonly read: (payload: Wire, take: (message: In) => void) => boolean;
  /** A message that no `ask` waits for. */
  readonly deliver: (message: In) => void;
}

/** How fast the queue is sent on a line whose server does not say, in messages a second. */
const BARE_RATE = 100;

const utf8 = new TextEncoder();

export function createOutbox<In, Out>(
  options: ConnectOptions<In, Out, Wire>,
  { call, changed, read, deliver }: OutboxEvents<In>,
): Outbox<In, Out> {
  type Message = Outgoing<In, Out>;
  const { messages = 1_000, bytes = 1_048_576 } = options.queue ?? {};
  const { encode }: Pick<Codec<In, Out, Wire>, 'encode'> = options.codec;
  let waiting: Message[] = [];
  const unconfirmed = new Map<number, Message>();
  let lastId = 0;
  let line: Line | undefined;
  let { confirms, limit = Infinity, rate }: LineOptions = { confirms: false };
  let refusal: DropReason | undefined;
  /** True while `onOpen` runs. */
  let isGreeting = false;
  /** How many messages may be sent now, since when; and what the pace is divided by. */
  let budget = 0;
  let budgetAt = 0;
  let slowness = 1;
  let pause: ReturnType<typeof setTimeout> | undefined;

  /** Says of each that it will get no answer: to whoever waits for it, or to the function for all others. */
  const give = <Reason>(
    all: readonly Message[],
    reason: Reason & string,
    to: ((messages: readonly Out[], reason: Reason) => void) | undefined,
  ): void => {
    const rest = all.filter(({ settle, isSent, isOfLine }) => {
      settle?.(reason, undefined, isSent);
      return settle === undefined && !(isSent && isOfLine);
    });
    if (rest.length > 0) {
      call(
        to,
        rest.map(({ message }) => message),
        reason,
      );
    }
  };

  const remove = (outgoing: Message): void => {
    clearTimeout(outgoing.timer);
    waiting = waiting.filter((one) => one !== outgoing);
  };

  const withdraw = (outgoing: Message, reason: string): void => {
    remove(outgoing);
    give([outgoing], reason as DropReason, options.onDropped);
    changed(waiting.length);
  };

  const transmit = (outgoing: Message, to: Line): void => {
    outgoing.isSent = true;
    lastId += 1;
    if (confirms || outgoing.isTracked) unconfirmed.set(lastId, outgoing);
    to.send(lastId, outgoing.encoded);
  };

  /** Why a message cannot be sent on this line. */
  const obstacle = ({ size, settle, isTracked }: Message): string | undefined =>
    size > limit
      ? 'too-large'
      : line !== undefined && settle !== undefined && !confirms && !isTracked
        ? 'bare'
        : undefined;

  /** How long to wait for the next message of the queue, in ms. */
  const pacing = (): number => {
    if (rate === undefined) return 0;
    const pace = rate / slowness / 1_000;
    const time = now();
    // No more than a second's worth, however long a timer of a hidden page took.
    budget = Math.min(Math.max(pace * 1_000, 1), budget + (time - budgetAt) * pace);
    budgetAt = time;
    return (1 - budget) / pace;
  };

  const flush = (): void => {
    clearTimeout(pause);
    for (;;) {
      const [first] = waiting;
      if (first === undefined || line?.isReady() !== true) break;
      const reason = obstacle(first);
      if (reason !== undefined) {
        withdraw(first, reason);
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
    changed(waiting.length);
  };

  const post: Outbox<In, Out>['post'] = (
    message,
    { queue = true, expires, isTracked = false } = {},
    settle,
  ) => {
    const encoded = encode(message);
    if (encoded === undefined) {
      settle?.('skipped');
      return ['skipped'];
    }
    const outgoing: Message = {
      message,
      encoded,
      size: typeof encoded === 'string' ? utf8.encode(encoded).length : encoded.length,
      isOfLine: isGreeting,
      timer: undefined,
      isSent: false,
      isTracked,
      settle,
    };
    const { size } = outgoing;
    const ready = waiting.length === 0 && line?.isReady() === true ? line : undefined;
    let reason = refusal ?? obstacle(outgoing);
    const used = waiting.reduce((sum, one) => sum + one.size, line?.buffered() ?? 0);
    if (used + size > bytes || (ready === undefined && waiting.length >= messages))
      reason ??= 'full';
    if (reason !== undefined) {
      give([outgoing], reason as DropReason, options.onDropped);
      return ['dropped'];
    }
    if (ready !== undefined) {
      transmit(outgoing, ready);
      return ['sent', outgoing];
    }
    if (!queue) {
      settle?.('expired');
      return ['dropped'];
    }
    waiting.push(outgoing);
    if (expires !== undefined) outgoing.timer = setTimeout(withdraw, expires, outgoing, 'expired');
    changed(waiting.length);
    return ['queued', outgoing];
  };

  return {
    post,
    withdraw,
    forget: (outgoing) => {
      for (const [id, one] of unconfirmed) if (one === outgoing) unconfirmed.delete(id);
    },
    flush,
    opened: (opened, lineOptions, greet) => {
      line = opened;
      ({ confirms, limit = Infinity, rate = confirms ? undefined : BARE_RATE } = lineOptions);
      budget = 0;
      budgetAt = now();
      // What it sends stands before what waits.
      const before = waiting;
      waiting = [];
      isGreeting = true;
      greet();
      isGreeting = false;
      waiting.push(...before);
      flush();
    },
    closed: (code) => {
      clearTimeout(pause);
      line = undefined;
      limit = Infinity;
      const sent = [...unconfirmed.values()];
      unconfirmed.clear();
      const ofLine = waiting.filter(({ isOfLine }) => isOfLine);
      ofLine.forEach(remove);
      give(ofLine, 'unconfirmed', undefined);
      if (code === 1009) {
        // The server does not say which one it was: it was the largest.
        const largest = Math.max(...sent.map(({ size }) => size));
        const at = sent.findIndex(({ size }) => size === largest);
        give(sent.splice(at, 1), 'too-large', options.onDropped);
      }
      give(sent, 'unconfirmed', options.onUnconfirmed);
      changed(waiting.length);
    },
    settled: (header, payload) => {
      const [field, code = 'failed'] = header.slice(1).split(';');
      const id = Number(field);
      const outgoing = unconfirmed.get(id);
      if (outgoing === undefined) return;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const take = (reply: In): void => {
        if (settle === undefined) deliver(reply);
        else settle(undefined, reply);
      };
      if (header.startsWith('=')) {
        if (!read(payload, take)) settle?.('decode', undefined, true);
      } else if (header.startsWith('+')) settle?.(undefined);
      else {
        const fail = (reply?: In): void => {
          if (settle !== undefined) {
            settle(code, reply, true);
            return;
          }
          // What onError of the server says of it is a message like any other.
          if (reply !== undefined) deliver(reply);
          call(options.onFailed, message, code);
        };
        if (payload.length === 0 || !read(payload, fail)) fail();
      }
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing?.isOfLine !== false) return;
      unconfirmed.delete(id);
      outgoing.isSent = false;
      waiting.unshift(outgoing);
    },
    slow: () => {
      slowness *= 2;
    },
    refuse: (reason) => {
      refusal = reason;
      if (reason === undefined) return;
      const dropped = waiting;
      dropped.forEach(remove);
      give(dropped, reason, options.onDropped);
    },
    hasUnsent: () => waiting.length + unconfirmed.size + (line?.buffered() ?? 0) > 0,
  };
}
