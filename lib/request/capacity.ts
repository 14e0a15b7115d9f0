/**
 * How many connections may be open at a server, whatever carries them: WebSockets, and responses
 * that go on for ever (server-sent events). The server sets the limit; a transport takes a place.
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
   * @param sockets - how many WebSockets are open or about to be; asked rather than counted here,
   * because a function for each of very many sockets would be most of what an idle one costs
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
   * @returns what gives it back, which may be called more than once; undefined when there is none
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
 * Takes a place for a response that goes on for ever. A server without a limit has room for all.
 *
 * @param request - as Node or Express gives it
 * @returns what gives the place back, to be called when the client is gone; undefined when the
 * request is to be refused with {@link tooManyConnections}
 */
export function takePlace(request: IncomingMessage): (() => void) | undefined {
  const { server } = request.socket as { server?: object };
  const capacity = server === undefined ? undefined : capacities.get(server);
  return capacity === undefined ? ignore : capacity.take();
}

function ignore(): void {}
