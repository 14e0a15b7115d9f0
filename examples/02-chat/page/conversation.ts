/** What a window knows of the conversation. Values only: nothing here touches the page or a link. */
import { type Chat, type Directed, type FromClient, type FromServer, Status } from '../messages.ts';

/** The messages that the server has and those on their way to it, oldest first; how many are here. */
export type Conversation = { readonly all: readonly Chat[]; readonly people: number };

/** The next conversation, after a message of this window or one of the server. */
export function update(conversation: Conversation, { from, message }: Directed): Conversation {
  const { all } = conversation;
  if (from === 'server') {
    const [kind, content] = message;
    return kind === 0 ? { ...conversation, all: content } : { ...conversation, people: content };
  }
  const [kind, content] = message;
  if (kind === 1) return { ...conversation, all: all.filter(({ id }) => id !== content) };
  if (kind === 2 || all.some(({ id }) => id === content.id)) return conversation;
  return { ...conversation, all: [...all, content] };
}

/** What is shown of a message that was not sent; undefined for one that is not shown. */
export const notSent = ({ message: [kind, content] }: FromClient): Chat | undefined =>
  kind === 0 ? { ...content, status: Status.ServerError } : undefined;

/** Whether a list of the server's shows that it has handled a message: all that a bare line can tell. */
export const confirms = ({ message: sent }: FromClient, { message }: FromServer): boolean =>
  message[0] === 0 && (sent[0] !== 0 || message[1].some(({ id }) => id === sent[1].id));
