/**
 * What is known of a socket before a route takes it. `attachWebSockets` records it at the upgrade,
 * the connection reads it; neither knows the other.
 */
/** A socket that passed the checks of `attachWebSockets`. */
export interface Admission {
  /** What `authorize` returned: the second argument of `context`. */
  readonly authorized: unknown;
  /**
   * A route has taken the socket: nothing needs to be waited for any more, and it may read. Its
   * listeners are attached already, or before the caller returns.
   *
   * @param claimant - what is called when the server shuts down. Absent: the socket is closed at once
   */
  readonly claim: (claimant?: Claimant) => void;
  /** The socket has gone. A claimant that listens to it says so: one listener less for each socket. */
  readonly closed: () => void;
}

/** What has taken a socket. */
export interface Claimant {
  /**
   * The server shuts down: no further message is to be handled. What it returns settles when the
   * running handler has replied; after that the socket is closed with 1001. Called once.
   */
  readonly shutDown: () => void | Promise<void>;
  /**
   * The socket has gone. Resolves when the message that was being handled is through; undefined where
   * none was.
   */
  readonly rest?: () => Promise<void> | undefined;
}

const admission: unique symbol = Symbol('omnimessage admission');
interface Admitted {
  [admission]?: Admission;
}

/** Records that a socket passed. */
export function admit(socket: object, how: Admission): void {
  (socket as Admitted)[admission] = how;
}

/** How a socket passed; undefined when its server was not attached. */
export function admissionOf(socket: object): Admission | undefined {
  return (socket as Admitted)[admission];
}
