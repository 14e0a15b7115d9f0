/** How what belongs to a request looks in a log: short, and without what identifies its client. */
import { type IncomingMessage } from 'node:http';

/** The name of the method by which `console.log` prints an object. */
export const INSPECT: unique symbol = Symbol.for(
  'nodejs.util.inspect.custom',
) as unknown as typeof INSPECT;

/** Method and path of a request; neither headers nor the query, which may carry a token. */
export function describeRequest(request: IncomingMessage): string {
  const { method = 'GET', url = '/' } = request;
  const { originalUrl = url } = request as { originalUrl?: string };
  const path = originalUrl.split('?', 1)[0] ?? '/';
  return `${method} ${path.slice(0, 200).replaceAll(/\p{Cc}/gu, '?')}`;
}
