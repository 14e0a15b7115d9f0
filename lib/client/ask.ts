/** Questions: a message, and the promise of its reply. */
import { AskError } from './errors.ts';
import { type OpenLink } from './link.ts';
import { type AskOptions, type Link } from './options.ts';
import { type Outgoing } from './outgoing.ts';

/** How long to wait for an answer, in ms. */
const PATIENCE = 10_000;

/**
 * Sends a message and waits for its reply, which `onMessage` does not get. A function of its own, so
 * that only pages that ask load it.
 *
 * @param link - made by `connect`, or the `link` of a store
 * @returns the reply; undefined when the server handled the message and has none
 * @throws {@link AskError}, with the code
 *
 * @example
 * const total = await ask(link, { type: 'add', amount: 1 }, { timeout: 2_000 });
 */
export function ask<In, Out>(
  link: Link<In, Out>,
  message: Out,
  { timeout = PATIENCE, ...options }: AskOptions = {},
): Promise<In | undefined> {
  const { post, withdraw, deliver } = link as OpenLink<In, Out>;
  return new Promise((resolve, reject) => {
    /** What may fail before it is posted is not sent. */
    let asked: Partial<Outgoing<In, Out>> = {};
    const fail = (code: string): void => {
      reject(new AskError(code, !!asked.id));
    };
    const timer = setTimeout(() => {
      if (asked.id === 0) withdraw(asked as Outgoing<In, Out>, 'timeout');
      if (!asked.id) return;
      fail('timeout');
      // It may have been handled, and is not sent again. A late reply is a message like any other.
      asked.settle = (_code, reply) => {
        if (reply !== undefined) deliver(reply);
      };
    }, timeout);
    [, asked = asked] = post(message, options, (code, reply) => {
      clearTimeout(timer);
      if (!code) {
        resolve(reply);
        return;
      }
      fail(code);
      if (reply !== undefined) deliver(reply);
    });
  });
}
