/** The answers of a stream to what is published. */
import { type Msg } from '@nats-io/transport-node';

/** Why the stream has not written a message; undefined when it has. */
export function refusalOf(message: Msg): string | undefined {
  if (message.headers?.code === 503) return 'no stream takes what is published';
  try {
    const { error, seq } = message.json<{
      error?: { description?: unknown };
      seq?: unknown;
    }>();
    if (error === undefined && typeof seq === 'number') return undefined;
    return typeof error?.description === 'string'
      ? error.description
      : 'an acknowledgement without a sequence';
  } catch {
    return 'an acknowledgement that cannot be read';
  }
}
