/** The function with which a page begins. */
import { type Wire } from '../core/codec.ts';
import { openLink } from './link.ts';
import { type ConnectOptions, type Link } from './options.ts';

/**
 * Connects a page to a server, and keeps it connected: lines that break are replaced, what cannot be
 * sent yet waits, and what becomes of each message is known.
 *
 * It returns at once, and calls nothing before it has returned. Where there is neither a document
 * nor a worker, as when a page is rendered on a server, it does nothing, unless `WebSocket` or
 * `fetch` is given.
 *
 * Wire: PROTOCOL.md, `omnimessage.1`; without it encoded messages alone.
 *
 * @param options - what the link connects to and calls; only `codec` is needed, and an address
 * @throws TypeError when an option is invalid
 *
 * @example
 * const link = connect({
 *   url: '/omni-ws',
 *   codec,
 *   onMessage: (message) => show(message),
 * });
 * link.send({ type: 'add', amount: 1 });
 */
export function connect<In, Out, Encoded extends Wire = string>(
  options: ConnectOptions<In, Out, Encoded>,
): Link<In, Out> {
  return openLink<In, Out>(options as unknown as ConnectOptions<In, Out, Wire>);
}
