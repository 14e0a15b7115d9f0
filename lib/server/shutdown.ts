/**
 * The end of a server: nothing new is taken, what runs is finished, and what does not end by itself
 * is cut.
 */
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { type Duplex } from 'node:stream';
import { publishRefused } from '../process/diagnostics.ts';
import { startTimer } from '../process/timers.ts';
import { problemOf, shuttingDown } from './handshake.ts';

const endings = new WeakMap<ServerResponse, () => void>();

/** Has a response that would go on for ever end when its server shuts down. */
export function endAtShutdown(response: ServerResponse, end: () => void): void {
  endings.set(response, end);
}

/** Knows what is going on at a server, so that it can be ended in order. */
export class Shutdown {
  readonly #server: Server;
  /** Every connection, upgraded ones too: Node's own list forgets those. */
  readonly #connections = new Set<Duplex>();
  /** The responses that have not been sent to their end. */
  readonly #responses = new Set<ServerResponse>();
  #ended: Promise<void> | undefined;

  /** @param server - before anything has been sent to it */
  constructor(server: Server) {
    this.#server = server;
    const connections = this.#connections;
    const responses = this.#responses;
    // One function each for all of them: there may be very many.
    const forgetConnection = function (this: Duplex): void {
      connections.delete(this);
    };
    const closeIdle = (): void => {
      if (this.isRunning) this.#closeIdle();
    };
    const forgetResponse = function (this: ServerResponse): void {
      responses.delete(this);
      closeIdle();
    };
    server.on('connection', (connection: Duplex) => {
      connections.add(connection);
      connection.on('close', forgetConnection);
    });
    server.prependListener('request', (_request, response) => {
      responses.add(response);
      response.on('close', forgetResponse);
    });
  }

  /** True from the first call of {@link run} on. */
  get isRunning(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Ends the server.
   *
   * @param timeout - after how many milliseconds whatever is left is cut
   * @param endSockets - tells the sockets to end, and resolves when all have told their own end: a
   * socket does that some turns after its connection was closed
   * @returns resolves when every connection is closed, and every socket has told so; the same
   * promise at every call
   */
  run(timeout: number, endSockets: () => Promise<unknown>): Promise<void> {
    this.#ended ??= this.#end(timeout, endSockets);
    return this.#ended;
  }

  async #end(timeout: number, endSockets: () => Promise<unknown>): Promise<void> {
    // guard: the timeout of a shutdown → const timer = startTimer(cut, Infinity, this.#connections);
    const timer = startTimer(cut, timeout, this.#connections);
    const closed = new Promise<void>((resolve) => {
      // Not the method of http.Server, which begins with destroying the connections that it takes
      // for idle: a reply counts as idle there when it was said, although half of it is on its way.
      NetServer.prototype.close.call(this.#server, () => {
        clearTimeout(timer);
        // What is left to do of the other one: its timer for slow requests.
        this.#server.close();
        resolve();
      });
    });
    this.#refuseRequests();
    await Promise.all([closed, endSockets()]);
  }

  /** Requests on connections that are open already; new connections are refused by the kernel. */
  #refuseRequests(): void {
    this.#server.removeAllListeners('request');
    this.#server.removeAllListeners('checkContinue');
    // guard: 503 during a shutdown
    this.#server.on('request', refuse);
    for (const response of this.#responses) {
      endings.get(response)?.();
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const { writableEnded, writableFinished } of this.#responses) {
      if (writableEnded && !writableFinished) return;
    }
    this.#server.closeIdleConnections();
  }
}

function cut(connections: ReadonlySet<Duplex>): void {
  for (const connection of connections) connection.destroy();
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  const { status, code } = shuttingDown;
  publishRefused({ transport: 'http', code, status });
  const { headers, body } = problemOf(shuttingDown);
  response.writeHead(status, headers).end(body);
}
