/**
 * What an exchange or a connection prints as. Loggers print every property of what they are given,
 * and a request holds cookies, tokens and whatever else its client sent.
 */
import { type IncomingMessage } from 'node:http';

/** The method by which `util.inspect`, and so `console.log`, prints an object. */
export const inspected: unique symbol = Symbol.for('nodejs.util.inspect.custom');

const PATH_LIMIT = 200;

/** What is printed of a request: nothing that its client keeps secret. */
export interface Summary {
  readonly method: string | undefined;
  /** Without the query, which may hold a token; at most 200 characters. */
  readonly path: string;
}

/** What is printed of a request. */
export function summaryOf({ method, url = '/' }: IncomingMessage): Summary {
  const [path = '/'] = url.split('?', 1);
  return { method, path: path.slice(0, PATH_LIMIT) };
}
