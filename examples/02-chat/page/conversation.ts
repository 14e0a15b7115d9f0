/** What one window knows of the conversation. Values only: nothing here touches the page or a wire. */
import { type Chat, type ClientMessage, Status } from '../messages.ts';

/** Something that the server has not answered yet. */
export interface Pending {
  readonly message: ClientMessage;
  /** Present when it was not taken: it waits for a person, not for the server. */
  readonly failure?: Failure;
}

/** Why a message was not taken: it is not as it should be, or the server failed. */
export type Failure = typeof Status.ClientError | typeof Status.ServerError;

export interface Conversation {
  /** All messages, as the server said last. */
  readonly told: readonly Chat[];
  /** What it has yet to answer, oldest first. */
  readonly outbox: readonly Pending[];
  /** The ids of what was written in this window. */
  readonly mine: readonly string[];
}

/** How many ids are remembered: as many as the server keeps messages, and some more. */
const MINE = 300;

export const empty: Conversation = { told: [], outbox: [], mine: [] };

/** Writes a message: it is there at once, as "Sending". */
export function send(
  { told, outbox, mine }: Conversation,
  { id, content, at }: { readonly id: string; readonly content: string; readonly at: Date },
): Conversation {
  const sent_at = Math.floor(at.getTime() / 1_000);
  const chat: Chat = { id, content, status: Status.Sending, sent_at };
  return { told, outbox: [...outbox, { message: [0, chat] }], mine: [...mine, id].slice(-MINE) };
}

/** Deletes a message: it is gone at once, and comes back when the server never hears of it. */
export function remove({ told, outbox, mine }: Conversation, id: string): Conversation {
  const others = outbox.filter(({ message }) => !concerns(message, id));
  // Also what is still to be sent: the server may have got it without our having its answer.
  return { told, outbox: [...others, { message: [1, id] }], mine };
}

/** Lets a message that was not taken be sent again. */
export function retry({ told, outbox, mine }: Conversation, id: string): Conversation {
  return {
    told,
    outbox: outbox.map((pending) =>
      concerns(pending.message, id) ? { message: pending.message } : pending,
    ),
    mine,
  };
}

/** Marks a message as not taken. Nobody is asked about a deletion: what it was to delete is there again. */
export function fail(
  { told, outbox, mine }: Conversation,
  failed: ClientMessage,
  failure: Failure,
): Conversation {
  return {
    told,
    outbox: outbox.flatMap((pending) => {
      if (pending.message !== failed) return [pending];
      return failed[0] === 0 ? [{ message: failed, failure }] : [];
    }),
    mine,
  };
}

/** Merges what the server says: it is right, but for what it has not answered yet. */
export function merge({ outbox, mine }: Conversation, all: readonly Chat[]): Conversation {
  const byId = new Map(all.map((chat) => [chat.id, chat]));
  return {
    told: all.filter(({ status }) => failureOf(status) === undefined),
    outbox: outbox.flatMap((pending): Pending[] => {
      const { message } = pending;
      if (!reflects(message, byId)) return [pending];
      const failure = message[0] === 0 && failureOf(byId.get(message[1].id)?.status);
      return failure === false || failure === undefined ? [] : [{ message, failure }];
    }),
    mine,
  };
}

/** Whether a message has been heard, as one sees from what the server said after it. */
export function isHeard(message: ClientMessage, all: readonly Chat[]): boolean {
  return reflects(message, new Map(all.map((chat) => [chat.id, chat])));
}

/** What to say to the server next. */
export function next({ outbox }: Conversation): ClientMessage | undefined {
  return outbox.find(({ failure }) => failure === undefined)?.message;
}

/** A message as it is to be seen. */
export interface Shown extends Chat {
  readonly isMine: boolean;
}

/** What is to be seen, oldest first: what the server said, then what it has not answered yet. */
export function shown({ told, outbox, mine }: Conversation): Shown[] {
  const own = new Set(mine);
  const removed = new Set(outbox.map(({ message }) => (message[0] === 1 ? message[1] : undefined)));
  const waiting = outbox.flatMap(({ message, failure }) =>
    message[0] === 0 ? [{ ...message[1], status: failure ?? message[1].status }] : [],
  );
  return [...told.filter(({ id }) => !removed.has(id)), ...waiting].map((chat) => ({
    ...chat,
    isMine: own.has(chat.id),
  }));
}

function concerns(message: ClientMessage, id: string): boolean {
  return (message[0] === 0 && message[1].id === id) || (message[0] === 1 && message[1] === id);
}

function reflects(message: ClientMessage, all: ReadonlyMap<string, Chat>): boolean {
  switch (message[0]) {
    case 0:
      return all.has(message[1].id);
    case 1:
      return !all.has(message[1]);
    case 2:
      return true;
  }
}

function failureOf(status: Chat['status'] | undefined): Failure | undefined {
  return status === Status.ClientError || status === Status.ServerError ? status : undefined;
}
