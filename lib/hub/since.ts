/** The messages of a topic's log after a place, page by page. */
import { type LogEntry, type LogPage, type Place } from './backplane.ts';
import { type Delivery } from './delivery.ts';
import { type Since } from './options.ts';

/** How many entries are read at once. */
const PAGE = 128;

/** Where {@link readSince} reads. */
export interface SinceSource<Message> {
  readonly read: (after: Place, limit: number) => Promise<LogPage>;
  /** Undefined when it is no message, null when the codec skips it. */
  readonly decode: (entry: LogEntry) => Delivery<Message> | null | undefined;
}

/** @param limit - how many messages at most */
export async function readSince<Message>(
  from: Place,
  limit: number,
  { read, decode }: SinceSource<Message>,
): Promise<Since<Message>> {
  const messages: { message: Message; place: Place }[] = [];
  let place = from;
  let isComplete = true;
  let hasMore = true;
  try {
    while (hasMore && messages.length < limit && isComplete) {
      const page = await read(place, Math.min(PAGE, limit - messages.length));
      isComplete &&= page.isComplete;
      hasMore = page.hasMore && page.entries.length > 0;
      for (const entry of page.entries) {
        const delivery = entry.payload === undefined ? undefined : decode(entry);
        if (delivery === undefined) isComplete = false;
        else if (delivery !== null)
          messages.push({ message: delivery.message, place: entry.place });
        place = entry.place;
      }
    }
  } catch {
    isComplete = false;
  }
  return { messages, place, isComplete, hasMore };
}
