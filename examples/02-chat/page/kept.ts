/** What a window keeps over a reload: what it wrote, and what the server has not answered yet. */
import { pageCodec, serverCodec, Status } from '../messages.ts';
import { type Conversation, empty, type Pending } from './conversation.ts';

const KEY = 'conversation';

export function keep({ outbox, mine }: Conversation): void {
  const pending = outbox.map(({ message, failure }) => [pageCodec.encode(message), failure]);
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ pending, mine }));
  } catch {
    // Full, or forbidden: the window is then as good as one without.
  }
}

/** What was kept, as far as it can be read: an earlier version of the page may have written it. */
export function kept(): Conversation {
  try {
    const { pending, mine } = JSON.parse(sessionStorage.getItem(KEY) ?? '') as Kept;
    return {
      told: [],
      outbox: pending.map(([encoded, failure]): Pending => {
        const message = serverCodec.decode(encoded);
        return failure === Status.ClientError || failure === Status.ServerError
          ? { message, failure }
          : { message };
      }),
      mine: mine.map(String),
    };
  } catch {
    return empty;
  }
}

interface Kept {
  readonly pending: readonly (readonly [encoded: string, failure: unknown])[];
  readonly mine: readonly unknown[];
}
