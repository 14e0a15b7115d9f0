/** The numbers of the client, in ms where nothing else is said. A bundler puts them where they are used. */

/** How long an attempt may take, and the answer of a route to the question why it failed. */
export const PATIENCE = 10_000;
/** A line that held so long has proved itself; and how long `onUnauthorized` is not asked again. */
export const PROOF = 10_000;
/** How long a missing route is taken for a deploy. */
export const DEPLOY = 60_000;
/** Over how long the attempts of many pages are spread when a server restarts, and how long a limit is respected. */
export const SPREAD = 5_000;
/** How long the answer to a probe may take. */
export const PROBE = 5_000;
/** How much longer than its interval a silence of the server may be. */
export const GRACE = 10_000;
/** When a timer is so late, the page did not run: what has arrived may not have been read yet. */
export const LATE = 2_000;
/** A timer takes hardly more. */
export const LONGEST = 1e9;

/** The close code of a page that is left and may come back. */
export const LEFT = 3001;
/** The status with which a route says that it would accept the handshake. */
export const WOULD_ACCEPT = 426;

/** The values of `readyState`. */
export const OPEN = 1;
export const CLOSED = 3;
