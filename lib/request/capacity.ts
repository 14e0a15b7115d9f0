/**
 * How many connections may be open at a server: WebSockets, and responses without an end
 * (server-sent events). The server sets the limit; a transport takes a place.
 */
import { type IncomingMessage } from 'node:http';

/** As many connections are open as may be. */
export const tooManyConnections = {
  status: 503,
  code: 'max-connections',
  headers: { 'retry-after': '5' },
} as const;

/** The places of one server. */
export class Capacity {
  readonly #limit: number;
  readonly #sockets: () => number;
  #taken = 0;

  /**
   * @param limit - how many connections may be open, from 1 up
   * @param sockets - how many WebSockets are open or opening. A function, because a callback for each
   * socket would be most of the memory of an idle one
   */
  constructor(limit: number, sockets: () => number) {
    this.#limit = limit;
    this.#sockets = sockets;
  }

  /** Whether one more connection may be opened. */
  get hasRoom(): boolean {
    // guard: maxConnections → return true;
    return this.#sockets() + this.#taken < this.#limit;
  }

  /**
   * Takes a place.
   * @returns a function that gives it back, which may be called twice; undefined when there is none
   */
  take(): (() => void) | undefined {
    if (!this.hasRoom) return undefined;
    this.#taken += 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken -= 1;
      isTaken = false;
    };
  }
}

const capacities = new WeakMap<object, Capacity>();

/** Limits the connections of a server. */
export function limitConnections(server: object, capacity: Capacity): void {
  capacities.set(server, capacity);
}

/**
 * Takes a place for a response without an end. A server without a limit has room for all.
 *
 * @param request - as Node or Express gives it
 * @returns a function that gives the place back, to be called when the client has disconnected;
 * undefined when the request must be refused with {@link tooManyConnections}
 */
export function takePlace(request: IncomingMessage): (() => void) | undefined {
  const { server } = request.socket as { server?: object };
  const capacity = server === undefined ? undefined : capacities.get(server);
  return capacity === undefined ? ignore : capacity.take();
}

function ignore(): void {}
