/** What the server does with a message, over every transport. */
import { type ClientMessage, CONTENT_LIMIT, type ServerMessage, Status } from './messages.ts';
import { type Messages } from './store.ts';

/** Handles a client's message; the answer is always all messages. */
export function handle(store: Messages, message: ClientMessage): ServerMessage {
  switch (message[0]) {
    case 0: {
      const [, chat] = message;
      if (chat.content.length > CONTENT_LIMIT || chat.content.trim() === '') {
        // It is not kept, and only its sender learns of it, by the status.
        const others = store.all.filter(({ id }) => id !== chat.id);
        return [0, [...others, { ...chat, status: Status.ClientError }]];
      }
      store.add({ ...chat, status: Status.Sent });
      break;
    }
    case 1:
      store.remove(message[1]);
      break;
    case 2:
      break;
  }
  return [0, store.all];
}
