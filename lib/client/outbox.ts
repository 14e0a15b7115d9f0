/** What is to be sent: what waits for a line, and what was sent and is not confirmed. */
import { type Wire } from '../core/codec.ts';
import { encodedOf, sizeOf } from './encoded.ts';
import { type ConnectOptions, type DropReason } from './options.ts';
import { type Outbox, type OutboxEvents, type Outgoing, type Settle } from './outgoing.ts';
import { clocks, now } from './platform.ts';
import { type Line } from './transport.ts';
import { LONGEST } from './limits.ts';

/** What only the client itself says of a message. */
const OWN = /^(left|skipped)?$/;
/** An answer: its mark, the id of its message, and a code. */
const ANSWER = /^([=+-])([1-9]\d*)(?:;([^;]*)|$)/;

export function createOutbox<In, Out>(
  options: ConnectOptions<In, Out, Wire>,
  events: OutboxEvents<In, Out>,
): Outbox<In, Out> {
  type Message = Outgoing<In, Out>;
  const { call, changed, read, deliver } = events;
  const { onDropped } = options;
  const { messages = 1_000, bytes = 1_048_576, keep } = options.queue ?? {};
  let waiting: Message[] = [];
  /** What the keeper lets wait again later. */
  const aside = new Set<Message>();
  let lastId = 0;
  let line: Line | undefined;
  /** The same, and while it is looked whether it is for the same user. */
  let coming: Line | undefined;
  let limit = Infinity;
  let refusal: DropReason | undefined;
  /** True while `onOpen` runs, or `onGap` of a page that resumes: what they send is of this line. */
  let isGreeting = false;
  /** The time between two messages of the queue in ms, when the next one may go, and a thousand times what slows it down. */
  let gap = 0;
  let nextAt = 0;
  let slowness = 1_000;
  let pause: ReturnType<typeof setTimeout> | undefined;

  const count = (): void => {
    changed({ queued: waiting.length + aside.size });
  };

  const remove = (outgoing: Message): void => {
    clearTimeout(outgoing.timer);
    waiting = waiting.filter((one) => one !== outgoing);
  };

  /** What was sent and is not confirmed, by its id. */
  const unconfirmed = new Map<number, Message>();
  /** It neither waits nor is unconfirmed any more. */
  const takeOut = (outgoing: Message): void => {
    unconfirmed.delete(outgoing.id);
    remove(outgoing);
  };

  /** Gives those that the user of now may have. Not while `onOpen` runs: that comes before the queue goes. */
  const look = (all: readonly Message[] = []): readonly Message[] =>
    (isGreeting ? undefined : keeper?.look(all)) ?? all;

  /** Takes all out, and reports each as without an answer: to the caller that waits for it, or else to the function for all others. */
  const give = <Reason>(
    all: readonly Message[],
    reason: Reason & string,
    to?: (messages: readonly Out[], reason: Reason) => void,
  ): void => {
    const given = look(all);
    given.forEach(takeOut);
    count();
    const rest = given.filter(({ settle, id, isOfLine }) => {
      settle?.(reason);
      return !settle && !(id && isOfLine);
    });
    if (rest[0]) {
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
  const giveUp = (isChosen?: (outgoing: Message) => boolean | undefined): void => {
    give(
      [...unconfirmed.values()].filter(isChosen ?? Boolean),
      'unconfirmed',
      options.onUnconfirmed,
    );
  };
  const resumption = options.resume?.({
    sent: unconfirmed,
    lastId: () => lastId,
    giveUp,
    missed: () => {
      isGreeting = true;
      call(options.onGap);
      isGreeting = false;
    },
  });

  const withdraw = (outgoing: Message, reason: string): void => {
    give([outgoing], reason as DropReason, onDropped);
  };

  const transmit = (outgoing: Message, to: Line): void => {
    const more = outgoing.id ? ';again' : (resumption?.done() ?? '');
    outgoing.id ||= ++lastId;
    outgoing.sentAt ??= clocks();
    if (!to.isBare || outgoing.isTracked) unconfirmed.set(outgoing.id, outgoing);
    else drop(outgoing);
    to.send(outgoing.id + more, outgoing.encoded);
  };

  /** Why a message cannot be sent on this line. */
  const obstacle = ({ size, settle, isTracked }: Message): string | undefined =>
    size > limit ? 'too-large' : settle && line?.isBare && !isTracked ? 'bare' : undefined;

  const flush = (): void => {
    clearTimeout(pause);
    while (line?.isReady()) {
      const time = now();
      // No more than a second's worth at once, however late a timer of a hidden page was.
      nextAt = Math.max(nextAt, time - 999);
      // The keeper is asked also when nothing waits: the page may have another user now.
      if (keeper?.mayLeave((time - nextAt) / gap) === false) break;
      const [first] = waiting;
      if (!first) break;
      const reason = obstacle(first);
      if (reason) {
        withdraw(first, reason);
        continue;
      }
      if (!first.isOfLine) {
        if (nextAt > time) {
          pause = setTimeout(flush, nextAt - time);
          break;
        }
        nextAt += gap;
      }
      remove(first);
      transmit(first, line);
    }
    count();
  };

  /** @throws TypeError when the codec refuses the message, and what the codec throws */
  const prepare = (message: Out, settle?: Settle<In>, isTracked?: boolean): Message | undefined => {
    const encoded = encodedOf(options.codec, message, isTracked !== undefined);
    return encoded === undefined
      ? undefined
      : { message, encoded, size: sizeOf(encoded), isOfLine: isGreeting, isTracked, id: 0, settle };
  };

  /** What stands before a message that comes now: what `onOpen` sends goes before what waits. */
  const ahead = (): Message[] => waiting.filter(({ isOfLine }) => isOfLine || !isGreeting);

  /** Why there is no room for a message. */
  const isFull = (size: number, isLeaving?: unknown): boolean =>
    ahead().reduce((sum, one) => sum + one.size, line?.buffered() ?? 0) + size > bytes ||
    (!isLeaving && ahead().length >= messages);

  const expire = (outgoing: Message, ms: number | undefined): void => {
    if (ms !== undefined) outgoing.timer = setTimeout(withdraw, ms, outgoing, 'expired');
  };

  const post: Outbox<In, Out>['post'] = (
    message,
    { queue = true, expires } = {},
    settle,
    isTracked,
  ) => {
    look();
    const outgoing = prepare(message, settle, isTracked);
    if (!outgoing) {
      settle?.('skipped');
      return ['skipped'];
    }
    outgoing.isNow = !queue;
    const ready = !ahead()[0] && line?.isReady() ? line : undefined;
    const reason =
      refusal ?? obstacle(outgoing) ?? (isFull(outgoing.size, ready) ? 'full' : undefined);
    if (reason) {
      give([outgoing], reason as DropReason, onDropped);
      return ['dropped'];
    }
    if (queue && !isGreeting && (!settle || isTracked !== undefined)) {
      keeper?.add(outgoing, !!ready, expires);
    }
    if (ready && !outgoing.entry) {
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

  const keeper = keep?.<In, Out>({
    ...events,
    options,
    aside,
    waiting: () => waiting,
    unconfirmed,
    prepare,
    isFull,
    expire,
    give,
    takeOut,
    flush,
  });

  return {
    post,
    withdraw,
    forget: (outgoing) => {
      takeOut(outgoing);
      drop(outgoing);
    },
    flush,
    opened: (opened, lineOptions, greet) => {
      coming = opened;
      look();
      // The page may have closed it meanwhile.
      if (coming !== opened) return;
      const isOld = resumption?.opened(lineOptions);
      line = opened;
      const { limit: most = 0, rate = 0 } = lineOptions;
      limit = most > 0 ? most : Infinity;
      gap = slowness / rate;
      if (!(gap < LONGEST)) gap = 0;
      nextAt = now() + gap;
      waiting.unshift(...unconfirmed.values());
      isGreeting = true;
      greet();
      isGreeting = false;
      waiting.sort((one, other) => Number(other.isOfLine) - Number(one.isOfLine));
      // The page may send again what is given up here: after what `onOpen` sends.
      if (isOld) giveUp(isOld);
      flush();
    },
    closed: (code) => {
      clearTimeout(pause);
      coming = line = undefined;
      isGreeting = false;
      limit = Infinity;
      waiting = waiting.filter((one) => !unconfirmed.has(one.id));
      const ofLine = waiting.filter(({ isOfLine }) => isOfLine);
      give(ofLine, 'unconfirmed');
      if (code === 1009) {
        // The server does not say which one it was: it was the largest.
        const [largest] = [...unconfirmed.values()].sort((one, other) => other.size - one.size);
        if (largest) withdraw(largest, 'too-large');
      }
      if (resumption) resumption.closed(code, ofLine[0]);
      else giveUp();
      count();
    },
    received: (header, payload) => {
      look();
      resumption?.heard(header, payload);
      if (/^(;|$)/.test(header)) read(payload)?.forEach(deliver);
      const [, mark, digits, code = ''] = ANSWER.exec(header) ?? [];
      const id = Number(digits);
      const outgoing = unconfirmed.get(id);
      // What waits to be repeated cannot have been answered on this line.
      if (!outgoing || waiting.includes(outgoing)) return false;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const failure = mark !== '-' ? undefined : OWN.test(code) ? 'failed' : code;
      if (!settle || !failure) drop(outgoing);
      const reply = mark === '=' || (failure && payload.length) ? read(payload) : [];
      if (settle) settle(failure ?? (reply ? undefined : 'decode'), reply?.[0]);
      else {
        // What onError of the server says of a failure is a message like any other.
        reply?.forEach(deliver);
        if (failure) call(options.onFailed, message, failure);
      }
      return true;
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing?.isOfLine !== false) return;
      unconfirmed.delete(id);
      outgoing.id = 0;
      if (outgoing.isNow) withdraw(outgoing, 'expired');
      else waiting.unshift(outgoing);
    },
    slow: () => {
      slowness *= 2;
    },
    refuse: (reason) => {
      refusal = reason;
      if (!reason) return;
      giveUp();
      resumption?.closed(0);
      // The page may have said `retry` meanwhile.
      if (refusal !== reason) return;
      // A user who is not logged in may log in later: what is stored waits for that.
      give(
        waiting.filter(({ entry }) => reason !== 'unauthorized' || !entry?.isWritten),
        reason,
        onDropped,
      );
    },
    hasUnsent: () =>
      !!line?.buffered() ||
      [...waiting, ...unconfirmed.values()].some(({ entry }) => !entry?.isWritten),
    returning: resumption?.returning,
  };
}
