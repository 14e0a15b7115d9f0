/** Questions: a message, and the promise of its reply. */
import { AskError } from './errors.ts';
import { type Link } from './options.ts';
import { type Outbox } from './outgoing.ts';

/** How long to wait for an answer, in ms. */
const PATIENCE = 10_000;

/** @param deliver - called with a reply that came too late for its question */
export function createAsk<In, Out>(
  { post, withdraw }: Pick<Outbox<In, Out>, 'post' | 'withdraw'>,
  deliver: (message: In) => void,
): Link<In, Out>['ask'] {
  return (message, { timeout = PATIENCE, ...options } = {}) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (asked === undefined) return;
        if (!asked.isSent) {
          withdraw(asked, 'timeout');
          return;
        }
        reject(new AskError('timeout', true));
        // It may have been handled, and is not sent again. A late reply is a message like any other.
        asked.settle = (_code, reply) => {
          if (reply !== undefined) deliver(reply);
        };
      }, timeout);
      const [, asked] = post(message, options, (code, reply, isSent = false) => {
        clearTimeout(timer);
        if (code === undefined) {
          resolve(reply);
          return;
        }
        reject(new AskError(code, isSent));
        if (reply !== undefined) deliver(reply);
      });
    });
}
