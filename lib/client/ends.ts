/** What the end of a line means: the close codes of WebSocket, and the statuses of HTTP below 1000. */

/**
 * `back`: comes back after a pause. `later`: the same, spread over five seconds or after
 * `Retry-After`. `slower`: after five seconds, at half the pace. `login`: asks `onUnauthorized`.
 * `gone`: comes back, but not for long. `app`: the application's own code, `shouldReconnect`
 * decides.
 */
export type Verdict = 'back' | 'later' | 'slower' | 'login' | 'gone' | 'app' | 'final';

/** Why a link is in its state: a code to translate. Read as words it is the English text. */
export type Reason =
  | 'connecting'
  | 'connected'
  | 'connection-lost'
  | 'offline'
  | 'server-failed'
  | 'server-restarting'
  | 'server-busy'
  | 'server-too-slow'
  | 'rate-limited'
  | 'message-too-large'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'not-understood'
  | 'outdated'
  | 'ended-by-server'
  | 'invalid-address'
  | 'blocked-by-this-page'
  | 'page-left'
  | 'closed';

/** English words for a reason, to be shown to a person. */
export const textOf = (reason: Reason): string =>
  reason.charAt(0).toUpperCase() + reason.slice(1).replaceAll('-', ' ');

const MEANINGS: readonly (readonly [Verdict, Reason, ...codes: number[]])[] = [
  ['later', 'server-restarting', 1001, 1012],
  ['later', 'server-busy', 503, 1013],
  ['slower', 'rate-limited', 429, 4429],
  ['login', 'unauthorized', 401, 4401],
  ['gone', 'not-found', 404, 4404],
  ['final', 'forbidden', 403, 4403],
  ['final', 'not-understood', 1002, 1003, 1007, 1008, 1010, 4400],
  ['final', 'outdated', 4426],
  ['final', 'ended-by-server', 1000],
  ['back', 'server-failed', 500, 1011],
  ['back', 'server-too-slow', 408, 4408],
  ['back', 'message-too-large', 413, 1009],
];

/**
 * The meaning of an end.
 * @param code - a close code, an HTTP status, or 0 for none
 */
export function meaningOf(code: number): readonly [Verdict, Reason, ...codes: number[]] {
  return (
    MEANINGS.find((meaning) => meaning.includes(code)) ??
    // 4409: another connection of this link took its place.
    (code >= 3000 && code !== 4409 ? ['app', 'ended-by-server'] : ['back', 'connection-lost'])
  );
}
