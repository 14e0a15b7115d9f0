/** A connection that joins a topic from a place: first what it has missed, then what is published. */
import { type LogEntry, type LogPage, type Place } from './backplane.ts';
import { type CatchUp, type Delivery } from './delivery.ts';
import { Feed } from './feed.ts';

/** What {@link catchUpFrom} needs of its hub. */
export interface CatchUpOptions<Message> {
  readonly topic: string;
  readonly read: (after: Place, limit: number) => Promise<LogPage>;
  /** Makes a message of what was read: undefined when it is none, null when it is to be skipped. */
  readonly decode: (entry: LogEntry) => Delivery<Message> | null | undefined;
  /** Gives one to the connection. */
  readonly deliver: (delivery: Delivery<Message>) => void;
  /** After all was delivered: what comes next may have come already, or something before it is missing. */
  readonly lost: () => void;
}

/** An entry that was delivered to all others, so that it need not be decoded again. */
interface Delivered<Message> extends LogEntry {
  readonly delivery?: Delivery<Message>;
}

/**
 * Makes what a connection's deliveries go through until it has caught up: a feed of its own, which
 * reads from its place on, takes what is delivered meanwhile, and puts both in order.
 *
 * @param settle - called once: true when everything since the place was delivered, false when
 * something may be missing
 */
export function catchUpFrom<Message>(
  from: Place,
  options: CatchUpOptions<Message>,
  settle: (isComplete: boolean) => void,
): CatchUp<Message> {
  const { topic, read, decode, deliver, lost } = options;
  let isOver = false;
  let isComplete = false;
  /** Replies that wait for what is older. */
  let replies: Delivery<Message>[] = [];
  /** Only what is published from now on is delivered: what waits here is older than that. */
  const abandon = (): void => {
    isOver = true;
    feed.interrupted();
    // guard: a reply comes although its topic has a gap
    for (const reply of replies) deliver({ ...reply, at: undefined });
    replies = [];
    settle(false);
  };
  // The log was read further than this process has got: what it delivers next may be old, and where
  // the log does not reach back any more, nobody can tell.
  const lose = (): void => {
    abandon();
    // guard: who has caught up is told of a gap after that
    if (isComplete) lost();
  };
  const feed: Feed = new Feed({
    topic,
    read: async (after, limit) => {
      try {
        return await read(after, limit);
      } catch {
        // The engine is away: what has been missed cannot be had now.
        return { entries: [], isComplete: false, hasMore: false, end: after };
      }
    },
    deliver: (entry: Delivered<Message>) => {
      const delivery = entry.delivery ?? (entry.payload === undefined ? undefined : decode(entry));
      if (delivery === undefined) lose();
      else if (delivery !== null) deliver(delivery);
    },
    gap: lose,
    live: () => {
      isComplete = true;
      settle(true);
    },
  });
  feed.start(from, true);
  return {
    take: (delivery, isReply) => {
      if (isOver || delivery.at === undefined) {
        deliver(delivery);
        return;
      }
      if (isReply) replies.push(delivery);
      feed.pushed({ ...delivery.at, payload: delivery.encoded, delivery } as Delivered<Message>);
    },
    isAt: (place) => isOver || (feed.isLive && feed.place === place),
    abandon,
  };
}
