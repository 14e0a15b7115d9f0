/** Messages over HTTP: a POST each, one after the other. */
import { createPoster } from './poster.ts';
import { type AddressSource, type Transport } from './transport.ts';

/** Options of {@link http}. */
export interface HttpOptions {
  /** Where `omniHttp` is. @defaultValue the `url` of `connect` */
  readonly url?: AddressSource | undefined;
}

/**
 * Messages as POST requests to `omniHttp`, one at a time and in order. Their answers confirm them.
 * The server cannot speak first.
 *
 * `open` means here that nothing failed since the last answer. Credentials and headers are those of
 * `fetch`: give one of your own to `connect` to change them.
 */
export function http({ url }: HttpOptions = {}): Transport {
  return {
    name: 'http',
    url,
    start: (attempt, events) => {
      const poster = createPoster(attempt.url, attempt, events);
      const open = (): void => {
        // Nothing is to be watched: answers are all that comes.
        events.open({});
      };
      if (attempt.isReturn) poster.look(open);
      else queueMicrotask(open);
      return poster.line;
    },
  };
}
