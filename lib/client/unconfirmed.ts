/** What was sent and is not confirmed: it waits for its answer, or for a line on which to go again. */
import { type Outgoing } from './outgoing.ts';
import { now } from './platform.ts';

export interface Unconfirmed<Message> {
  /** By what the server is told of it. */
  readonly sent: Map<number, Message>;
  /**
   * There is a line.
   * @param window - for how long a message may be sent again, in ms
   * @returns those that are to be sent again
   */
  readonly opened: (window: number | undefined) => Iterable<Message>;
  /** The line is gone. */
  readonly closed: (code: number) => void;
  /** Nobody knows what became of these; without a choice of any. */
  readonly giveUp: (isChosen?: (outgoing: Message) => boolean) => void;
}

/** @param tell - gets those of which nobody knows what became */
export function createUnconfirmed<In, Out>(
  tell: (all: readonly Outgoing<In, Out>[]) => void,
): Unconfirmed<Outgoing<In, Out>> {
  type Message = Outgoing<In, Out>;
  const sent = new Map<number, Message>();
  let window = 0;
  let expiry: ReturnType<typeof setTimeout> | undefined;

  const giveUp = (isChosen?: (outgoing: Message) => boolean): void => {
    const given: Message[] = [];
    for (const [id, outgoing] of sent) {
      if (isChosen?.(outgoing) === false) continue;
      sent.delete(id);
      given.push(outgoing);
    }
    tell(given);
  };
  const isOld = ({ sentAt = 0 }: Message): boolean => now() - sentAt >= window;

  return {
    sent,
    giveUp,
    opened: (ms = 0) => {
      clearTimeout(expiry);
      expiry = undefined;
      window = ms;
      giveUp(isOld);
      return sent.values();
    },
    closed: (code) => {
      giveUp((outgoing) => {
        // It may be the reason: it is not sent a third time.
        const isSuspect = code === 1011 && outgoing.isSuspect === true;
        if (code === 1011) outgoing.isSuspect = true;
        return isSuspect || outgoing.isOfLine || isOld(outgoing);
      });
      if (sent.size > 0) expiry ??= setTimeout(giveUp, window);
    },
  };
}
