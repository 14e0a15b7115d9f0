/** How what belongs to a request looks in a log: short, and without what identifies its client. */
import { type IncomingMessage } from 'node:http';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes `console.log` print the objects of a class by their `toJSON`, which most loggers use anyway.
 * Not a method of the class: a declaration file cannot name a computed member.
 */
export function printAsJson(prototype: { readonly toJSON: () => unknown }): void {
  Object.defineProperty(prototype, INSPECT, {
    value(this: typeof prototype) {
      return this.toJSON();
    },
  });
}

/** Method and path of a request; neither headers nor the query, which may carry a token. */
export function describeRequest(request: IncomingMessage): string {
  const { method = 'GET', url = '/' } = request;
  const { originalUrl = url } = request as { originalUrl?: string };
  const path = originalUrl.split('?', 1)[0] ?? '/';
  return `${method} ${path.slice(0, 200).replaceAll(/\p{Cc}/gu, '?')}`;
}
