/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
import { type Wire } from '../core/codec.ts';
import { encodedOf, sizeOf } from './encoded.ts';
import { type ConnectOptions, type DropReason } from './options.ts';
import {
  type Outbox,
  type OutboxEvents,
  type Outgoing,
  type PostOptions,
  type Settle,
} from './outgoing.ts';
import { createPace } from './pace.ts';
import { now } from './platform.ts';
import { type Line } from './transport.ts';

/** How fast the queue is sent on a line whose server does not say, in messages a second. */
const BARE_RATE = 100;
/** What only the client itself says of a message. */
const OWN = /^(left|skipped)$/;
/** An answer: its mark, the id of its message, and a code. */
const ANSWER = /^([=+-])([1-9]\d*)(?:;([^;]*)|$)/;

export function createOutbox<In, Out>(
  options: ConnectOptions<In, Out, Wire>,
  { call, changed, read, deliver, restored }: OutboxEvents<In, Out>,
): Outbox<In, Out> {
  type Message = Outgoing<In, Out>;
  const { messages = 1_000, bytes = 1_048_576 } = options.queue ?? {};
  let waiting: Message[] = [];
  let lastId = 0;
  let line: Line | undefined;
  let confirms = false;
  let limit = Infinity;
  let refusal: DropReason | undefined;
  /** True while `onOpen` runs. */
  let isGreeting = false;
  const pace = createPace();
  let pause: ReturnType<typeof setTimeout> | undefined;

  const count = (): void => {
    changed({ queued: waiting.length });
  };

  /** Reports each as without an answer: to the caller that waits for it, or else to the function for all others. */
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
      rest.forEach(drop);
    }
  };
  /** The store need not have it any more. */
  const drop = (outgoing: Message): void => {
    keeper?.remove(outgoing);
  };

  /** What was sent and is not confirmed, by its id. */
  const unconfirmed = new Map<number, Message>();
  const forget = (outgoing: Message): void => {
    unconfirmed.delete(outgoing.id ?? 0);
  };
  const giveUp = (isChosen?: (outgoing: Message) => boolean): void => {
    const given = [...unconfirmed.values()].filter((one) => isChosen?.(one) !== false);
    given.forEach((one) => {
      forget(one);
      remove(one);
    });
    give(given, 'unconfirmed', options.onUnconfirmed);
  };
  const resumption = options.resume?.({
    sent: unconfirmed,
    lastId: () => lastId,
    giveUp,
    missed: () => call(options.onGap),
  });

  const remove = (outgoing: Message): void => {
    clearTimeout(outgoing.timer);
    waiting = waiting.filter((one) => one !== outgoing);
  };

  const withdraw = (outgoing: Message, reason: string): void => {
    remove(outgoing);
    forget(outgoing);
    give([outgoing], reason as DropReason, options.onDropped);
    count();
  };

  const transmit = (outgoing: Message, to: Line): void => {
    const { id = ++lastId } = outgoing;
    const isRepeat = outgoing.id !== undefined;
    if (!isRepeat && resumption !== undefined) outgoing.sentAt = now();
    outgoing.isSent = true;
    outgoing.id = id;
    if (confirms || outgoing.isTracked) unconfirmed.set(id, outgoing);
    else drop(outgoing);
    to.send(id, outgoing.encoded, isRepeat);
  };

  /** Why a message cannot be sent on this line. */
  const obstacle = ({ size, settle, isTracked }: Message): string | undefined =>
    size > limit
      ? 'too-large'
      : line !== undefined && settle !== undefined && !confirms && !isTracked
        ? 'bare'
        : undefined;

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
      if (keeper?.mayLeave() === false) break;
      if (!first.isOfLine) {
        const ms = pace.wait();
        if (ms > 0) {
          pause = setTimeout(flush, ms);
          break;
        }
        pace.spend();
      }
      remove(first);
      transmit(first, line);
    }
    count();
  };

  /** @throws TypeError when the codec refuses the message, and what the codec throws */
  const prepare = (
    message: Out,
    settle?: Settle<In>,
    { isTracked = false, isKept = false }: PostOptions = {},
  ): Message | undefined => {
    const encoded = encodedOf(options.codec, message, isKept);
    if (encoded === undefined) return undefined;
    return {
      message,
      encoded,
      size: sizeOf(encoded),
      isOfLine: isGreeting,
      timer: undefined,
      isSent: false,
      isTracked,
      settle,
    };
  };

  /** Why there is no room for a message. */
  const isFull = (size: number, isLeaving: boolean): boolean =>
    waiting.reduce((sum, one) => sum + one.size, line?.buffered() ?? 0) + size > bytes ||
    (!isLeaving && waiting.length >= messages);

  const expire = (outgoing: Message, ms: number | undefined): void => {
    if (ms !== undefined) outgoing.timer = setTimeout(withdraw, ms, outgoing, 'expired');
  };

  const post: Outbox<In, Out>['post'] = (message, postOptions = {}, settle) => {
    const { queue = true, expires, isKept } = postOptions;
    keeper?.look();
    const outgoing = prepare(message, settle, postOptions);
    if (outgoing === undefined) {
      settle?.('skipped');
      return ['skipped'];
    }
    const ready = waiting.length === 0 && line?.isReady() === true ? line : undefined;
    const reason =
      refusal ??
      obstacle(outgoing) ??
      (isFull(outgoing.size, ready !== undefined) ? 'full' : undefined);
    if (reason !== undefined) {
      give([outgoing], reason as DropReason, options.onDropped);
      return ['dropped'];
    }
    if (queue && !isGreeting && (isKept ?? settle === undefined)) {
      const expiresAt = expires === undefined ? undefined : Date.now() + expires;
      keeper?.add(outgoing, ready !== undefined, expiresAt);
    }
    if (ready !== undefined && outgoing.entry === undefined) {
      transmit(outgoing, ready);
      return ['sent', outgoing];
    }
    if (!queue) {
      settle?.('expired');
      return ['dropped'];
    }
    waiting.push(outgoing);
    expire(outgoing, expires);
    count();
    return ['queued', outgoing];
  };

  const keeper = options.queue?.keep?.<In, Out>({
    options,
    call,
    restored,
    changed,
    waiting: () => waiting,
    prepare,
    isFull,
    expire,
    give,
    remove,
    forget,
    flush,
  });

  return {
    post,
    withdraw,
    forget: (outgoing) => {
      forget(outgoing);
      drop(outgoing);
    },
    flush,
    opened: (opened, lineOptions, greet) => {
      // A store may send again what is given up here: after what `onOpen` sends.
      resumption?.opened(lineOptions);
      line = opened;
      keeper?.look();
      ({ confirms, limit = Infinity } = lineOptions);
      pace.start(lineOptions.rate ?? (confirms ? undefined : BARE_RATE));
      // What `onOpen` sends goes before what waits.
      const before = [...unconfirmed.values(), ...waiting];
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
      waiting = waiting.filter(({ id = 0 }) => !unconfirmed.has(id));
      for (const outgoing of waiting) {
        if (!outgoing.isOfLine) continue;
        remove(outgoing);
        outgoing.settle?.('unconfirmed');
      }
      if (code === 1009) {
        // The server does not say which one it was: it was the largest.
        const [largest] = [...unconfirmed.values()].sort((one, other) => other.size - one.size);
        if (largest !== undefined) withdraw(largest, 'too-large');
      }
      if (resumption === undefined) giveUp();
      else resumption.closed(code);
      count();
    },
    settled: (header, payload) => {
      const [, mark, digits, code] = ANSWER.exec(header) ?? [];
      const id = Number(digits);
      const outgoing = unconfirmed.get(id);
      // What waits to be repeated cannot have been answered on this line.
      if (outgoing === undefined || waiting.includes(outgoing)) return false;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const failure = mark !== '-' ? undefined : !code || OWN.test(code) ? 'failed' : code;
      const end = (reply?: In): void => {
        if (settle !== undefined) {
          settle(failure, reply, true);
          return;
        }
        // What onError of the server says of a failure is a message like any other.
        if (reply !== undefined) deliver(reply);
        if (failure !== undefined) call(options.onFailed, message, failure);
      };
      if (settle === undefined || failure === undefined) drop(outgoing);
      const hasMessage = mark === '=' || (failure !== undefined && payload.length > 0);
      if (hasMessage && read(payload, end)) return true;
      if (mark === '=') settle?.('decode', undefined, true);
      else end();
      return true;
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing?.isOfLine !== false) return;
      unconfirmed.delete(id);
      outgoing.isSent = false;
      delete outgoing.id;
      waiting.unshift(outgoing);
    },
    slow: pace.slow,
    refuse: (reason) => {
      refusal = reason;
      if (reason === undefined) return;
      giveUp();
      // Whoever is not logged in may be so later: what is stored waits for that.
      const dropped = waiting.filter(
        ({ entry }) => reason !== 'unauthorized' || entry?.isWritten !== true,
      );
      dropped.forEach(remove);
      give(dropped, reason, options.onDropped);
    },
    resumption,
    stop: () => {
      keeper?.stop();
    },
    hasUnsent: () =>
      [...waiting, ...unconfirmed.values()].some(({ entry }) => entry?.isWritten !== true) ||
      (!confirms && (line?.buffered() ?? 0) > 0),
  };
}
