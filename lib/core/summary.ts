/**
 * The printed form of an exchange or a connection. Loggers print every property of an object, and a
 * request holds cookies, tokens and other secrets of its client.
 */
import { type IncomingMessage } from 'node:http';

const PATH_LIMIT = 200;

/** The printed form of a request, without secrets of its client. */
export interface Summary {
  readonly method: string | undefined;
  /** Without the query, which may hold a token, and without control characters; at most 200 characters. */
  readonly path: string;
}

/** The printed form of a request. */
export function summaryOf(request: IncomingMessage): Summary {
  const { method, url = '/' } = request;
  const { originalUrl = url } = request as { originalUrl?: string };
  const [path = '/'] = originalUrl.split('?', 1);
  return { method, path: path.slice(0, PATH_LIMIT).replaceAll(/\p{Cc}/gu, '?') };
}

/**
 * Makes `util.inspect`, and so `console.log`, print the objects of a class as one line.
 * Not a method of the class: a declaration file cannot name a computed member.
 */
export function printAs<Printed extends object>(
  prototype: Printed,
  describe: (object: Printed) => string,
): void {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: Printed) {
      return describe(this);
    },
  });
}
