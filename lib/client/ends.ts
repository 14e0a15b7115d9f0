/** What the end of a line means: the close codes of WebSocket, and the statuses of HTTP below 1000. */

/**
 * `back`: comes back after a pause. `later`: the same, spread over five seconds or after
 * `Retry-After`. `slower`: after five seconds, at half the pace. `login`: asks `onUnauthorized`.
 * `gone`: comes back, but not for long. `app`: the application's own code, `shouldReconnect`
 * decides.
 */
export type Verdict = 'back' | 'later' | 'slower' | 'login' | 'gone' | 'app' | 'final';

/** Why a link is in its state: a code to translate. */
export type Reason = keyof typeof TEXTS;

/** English words for each reason, to be shown to a person. */
export const TEXTS = {
  connecting: 'Connecting',
  open: 'Connected',
  lost: 'The connection was lost',
  offline: 'This device is offline',
  failed: 'The server failed',
  'going-away': 'The server restarts',
  overloaded: 'The server is busy',
  'rate-limited': 'Too much was sent at once',
  timeout: 'The server took too long',
  'too-large': 'A message was too large',
  unauthorized: 'Not logged in',
  forbidden: 'Not allowed',
  'not-found': 'Nothing answers at this address',
  undecodable: 'The server does not understand this page',
  protocol: 'The server ended the connection for good',
  ended: 'The server ended the connection',
  'invalid-url': 'The address of the server is wrong',
  blocked: 'The policy of this page forbids the connection',
  hidden: 'The page was left',
  closed: 'Closed',
} as const;

/**
 * The meaning of an end.
 * @param code - a close code, an HTTP status, or 0 for none
 */
export function meaningOf(code: number): readonly [Verdict, Reason] {
  switch (code) {
    case 1001:
    case 1012:
      return ['later', 'going-away'];
    case 503:
    case 1013:
      return ['later', 'overloaded'];
    case 429:
    case 4429:
      return ['slower', 'rate-limited'];
    case 401:
    case 4401:
      return ['login', 'unauthorized'];
    case 404:
    case 4404:
      return ['gone', 'not-found'];
    case 403:
    case 4403:
      return ['final', 'forbidden'];
    case 4400:
      return ['final', 'undecodable'];
    case 500:
    case 1011:
      return ['back', 'failed'];
    case 408:
    case 4408:
      return ['back', 'timeout'];
    case 413:
    case 1009:
      return ['back', 'too-large'];
    case 1000:
      return ['final', 'ended'];
    case 1002:
    case 1003:
    case 1007:
    case 1008:
    case 1010:
      return ['final', 'protocol'];
    default:
      return code >= 3000 ? ['app', 'ended'] : ['back', 'lost'];
  }
}
