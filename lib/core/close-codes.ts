/**
 * Why the server closes a connection. The reason that goes with a code is its name in kebab case.
 * PROTOCOL.md says what a client should do on each.
 *
 * Source: RFC 6455 section 7.4.1 for 1001 to 1013; 4000 to 4999 are for applications.
 */
export const CloseCode = {
  /** The server shuts down. Reconnect, later and spread out. */
  GoingAway: 1001,
  /** A message over `limit`. Do not repeat it. */
  TooLarge: 1009,
  /** Something of the server's failed, or a handler took longer than `handlerTimeout`. Reconnect, later. */
  Failed: 1011,
  /** The client reads too slowly. Reconnect and fetch the state again. */
  TooSlow: 1013,
  /** Twenty undecodable messages in a row. */
  Undecodable: 4400,
  /** `context` refused with 401, or the credentials expired. Log in, then reconnect. */
  Unauthorized: 4401,
  /** A foreign Origin, or `context` refused with another 4xx. Do not reconnect. */
  Forbidden: 4403,
  /** No route has this path. Do not reconnect. */
  NotFound: 4404,
  /** `context` took longer than `contextTimeout`. Reconnect. */
  Timeout: 4408,
  /** The client has come back on another connection. Do not reconnect with this one. */
  Replaced: 4409,
  /** `onVersion` refused the page: it is older than the server. Load it anew. */
  Outdated: 4426,
  /** Over the rate limit. Reconnect, later. */
  RateLimited: 4429,
} as const;
/** One of the codes with which we close a connection. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

const reasons = new Map<number, string>(
  Object.entries(CloseCode).map(([name, code]) => [
    code,
    name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase(),
  ]),
);

/** The reason that goes with a code of ours: its name in kebab case; empty for any other code. */
export function reasonOf(code: number): string {
  return reasons.get(code) ?? '';
}

/**
 * Whether an endpoint may put a code into a close frame.
 *
 * Source: RFC 6455 section 7.4, and the registry of its codes (1012 to 1014).
 */
export function isSendable(code: number): boolean {
  // guard: codes that may be sent → return true;
  return (
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
      (code >= 3000 && code <= 4999))
  );
}

/** @throws RangeError unless the code {@link isSendable} */
export function expectSendable(code: number): void {
  if (isSendable(code)) return;
  throw new RangeError(
    `Expected the close code to be one that may be sent (1000, 3000 to 4999), got ${code}`,
  );
}
