/** The CSRF token that Lustre's browser runtime puts into every URL it connects to. */
import { type IncomingMessage } from 'node:http';
import { ContextError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';

/** Whether a token is valid. Only `true` is a yes. */
export type Csrf<Context, Request extends IncomingMessage> = (
  token: string | undefined,
  request: Request,
  context: Context,
) => boolean | PromiseLike<boolean>;

/**
 * Checks the token of a request. The browser sends `null` as a text where there is none.
 * @throws ContextError when `csrf` throws; a promise of it rejects with the same
 */
export function isGenuine<Context, Request extends IncomingMessage>(
  csrf: Csrf<Context, Request>,
  request: Request,
  context: Context,
): boolean | Promise<boolean> {
  const failed = (cause: unknown): never => {
    throw new ContextError({ cause });
  };
  let verdict: unknown;
  try {
    verdict = csrf(tokenOf(request.url), request, context);
  } catch (cause) {
    return failed(cause);
  }
  if (!isPromise(verdict)) return verdict === true;
  return Promise.resolve(verdict).then((settled) => settled === true, failed);
}

function tokenOf(url = '/'): string | undefined {
  const start = url.indexOf('?');
  if (start === -1) return undefined;
  const token = new URLSearchParams(url.slice(start)).get('csrf-token');
  return token === null || token === '' || token === 'null' ? undefined : token;
}
