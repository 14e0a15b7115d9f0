/** What one window knows of the conversation. Values only: nothing here touches the page or a link. */
import { type Chat, type Directed, type FromClient, type FromServer, Status } from '../messages.ts';

export interface Conversation {
  /** The messages that the server has, and those that are on their way to it, oldest first. */
  readonly all: readonly Chat[];
  /** Messages of this window that the server did not accept. */
  readonly refused: readonly Chat[];
  /** How many people are here. Undefined where the transport does not say so. */
  readonly people: number | undefined;
}

export const empty: Conversation = { all: [], refused: [], people: undefined };

/** A message that came back as not accepted is not worth another look. */
export interface Dismissed {
  readonly from: 'page';
  readonly id: string;
}

/**
 * The next conversation, after a message of this window or one of the server. The store of the
 * client calls it for both, and again for what is not confirmed yet, over each new list.
 */
export function update(conversation: Conversation, event: Directed | Dismissed): Conversation {
  const { all, refused } = conversation;
  if (event.from === 'page') return { ...conversation, refused: without(refused, event.id) };
  const { from, message } = event;
  if (message[0] === 2) return conversation;
  if (from === 'server') {
    if (message[0] === 1) return { ...conversation, people: message[1] };
    const accepted = message[1].filter(({ status }) => !isFailure(status));
    const added = message[1].filter(({ status }) => isFailure(status));
    return { ...conversation, all: accepted, refused: [...refused, ...added] };
  }
  if (message[0] === 1) return { ...conversation, all: without(all, message[1]) };
  if (all.some(({ id }) => id === message[1].id)) return conversation;
  return {
    ...conversation,
    all: [...all, message[1]],
    refused: without(refused, message[1].id),
  };
}

/** The messages to show, oldest first; at the end those that need a person. */
export function shown(conversation: Conversation, failed: readonly Chat[]): readonly Chat[] {
  const { all, refused } = conversation;
  const notSent = failed
    .filter(({ id }) => !all.some((chat) => chat.id === id))
    .map((chat): Chat => ({ ...chat, status: Status.ServerError }));
  return [...all, ...refused, ...notSent];
}

/** Whether a list of the server's shows that it has handled a message: all that a bare line can tell. */
export function confirms({ message: sent }: FromClient, { message }: FromServer): boolean {
  if (message[0] !== 0) return false;
  const has = (id: string): boolean => message[1].some((chat) => chat.id === id);
  return sent[0] === 0 ? has(sent[1].id) : sent[0] === 2 || !has(sent[1]);
}

export const isFailure = (status: Chat['status']): boolean => status <= Status.ServerError;

const without = (chats: readonly Chat[], id: string): readonly Chat[] =>
  chats.filter((chat) => chat.id !== id);
