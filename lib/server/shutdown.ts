/**
 * Shuts a server down: nothing new is accepted, what runs is finished, and connections that do not end
 * by themselves are cut.
 */
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { startTimer } from '../process/timers.ts';
import { endForShutdown, whenGone } from '../request/client-gone.ts';
import { sendProblem } from '../request/problem.ts';
import { shuttingDown } from './handshake.ts';

/** Tracks the connections and responses of a server, so that it can end in order. */
export class Shutdown {
  readonly #server: Server;
  /** Every connection, upgraded ones too: Node's own list forgets those. */
  readonly #connections = new Set<Duplex>();
  /** The responses that have not been sent to their end. */
  readonly #responses = new Set<ServerResponse>();
  /** During the shutdown: the last response of each connection, after which the connection ends. */
  readonly #last = new Map<Duplex, ServerResponse>();
  /** During the shutdown: the responses that were ended and are still on their way. */
  readonly #unsent = new Set<ServerResponse>();
  #hasClosedIdle = false;
  #ended: Promise<void> | undefined;

  /** @param server - before anything has been sent to it */
  constructor(server: Server) {
    this.#server = server;
    const connections = this.#connections;
    // One function each for all of them: there may be very many.
    const forgetConnection = function (this: Duplex): void {
      connections.delete(this);
    };
    const forgetResponse = (response: ServerResponse): void => {
      this.#forget(response);
    };
    server.on('connection', (connection: Duplex) => {
      connections.add(connection);
      connection.on('close', forgetConnection);
    });
    server.prependListener('request', (_request, response) => {
      this.#responses.add(response);
      whenGone(response, forgetResponse);
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
   * @param endSockets - asks the sockets to end, and resolves when all have reported their end: a
   * socket does that some turns after its connection was closed
   * @returns resolves when every connection is closed, and every socket has reported so; the same
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
      // Not the method of http.Server, which first destroys the connections that it considers idle: there a
      // connection counts as idle once its response was ended, although half of that is still being sent.
      // Bun's server is not one of net's, and has only its own method.
      const server: NetServer = this.#server;
      const onClosed = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (!(server instanceof NetServer)) {
        this.#server.close(onClosed);
        return;
      }
      NetServer.prototype.close.call(server, () => {
        // Stops the timer of http.Server for slow requests.
        server.close();
        onClosed();
      });
    });
    this.#refuseRequests();
    await Promise.all([closed, endSockets()]);
  }

  /** Refuses requests on open connections; the kernel refuses new connections. */
  #refuseRequests(): void {
    this.#server.removeAllListeners('request');
    this.#server.removeAllListeners('checkContinue');
    // guard: 503 during a shutdown
    this.#server.on('request', refuse);
    for (const response of this.#responses) {
      this.#last.set(response.req.socket, response);
      if (response.writableEnded) this.#unsent.add(response);
      else response.once('prefinish', () => this.#unsent.add(response));
      endForShutdown(response);
    }
    // Only the last one: Node ends the connection after the first response that says so, and would
    // drop those that were pipelined behind it.
    for (const response of this.#last.values()) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    this.#closeIdle();
  }

  #forget(response: ServerResponse): void {
    this.#responses.delete(response);
    if (!this.isRunning) return;
    this.#unsent.delete(response);
    const { socket } = response.req;
    // Its headers may have been sent before the shutdown, so that Node would keep the connection.
    if (this.#last.get(socket) === response) endConnection(socket);
    this.#closeIdle();
  }

  /**
   * Closes the connections without a request, once: a connection that becomes idle later is closed after
   * its last response. Node also considers connections idle whose response is still being sent, so this
   * waits until there are none.
   */
  #closeIdle(): void {
    if (this.#hasClosedIdle || this.#unsent.size > 0) return;
    this.#hasClosedIdle = true;
    this.#server.closeIdleConnections();
  }
}

/** Ends a connection after what has been written to it. */
function endConnection(socket: Socket): void {
  if (!socket.destroyed) socket.destroySoon();
}

function cut(connections: ReadonlySet<Duplex>): void {
  for (const connection of connections) connection.destroy();
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  sendProblem(response, shuttingDown, true);
}
