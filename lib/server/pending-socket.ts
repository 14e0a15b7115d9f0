/**
 * A socket between its upgrade and the route that takes it. It does not read: what the client sends
 * waits in the kernel. Every way out of here ends either with a route or with a close code; none
 * leaves the socket open and silent.
 */
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { safeClose } from '../websocket/close.ts';
import { publishRefused } from '../process/diagnostics.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { statusOf } from '../core/errors.ts';
import { type Admission, admit, type Claimant } from '../connection/claim.ts';
import { closeResponse, type SocketResponse } from './socket-response.ts';
import { startTimer } from '../process/timers.ts';

const OPEN = 1;
const ignoreError = (): void => {};

const pending = new WeakMap<object, PendingSocket>();

/** The close code for an HTTP status. */
export function closeCodeOf(status: number): CloseCode {
  switch (status) {
    case 401:
      return CloseCode.Unauthorized;
    case 403:
      return CloseCode.Forbidden;
    case 404:
      return CloseCode.NotFound;
    case 408:
      return CloseCode.Timeout;
    case 429:
      // guard: a status of a middleware is a close code → return CloseCode.Failed;
      return CloseCode.RateLimited;
    default:
      // A page or a redirect is an answer to another request: nothing here speaks WebSocket.
      return status >= 200 && status < 400 ? CloseCode.NotFound : CloseCode.Failed;
  }
}

/** Guards one socket from its upgrade on. */
export class PendingSocket implements Admission {
  readonly authorized: unknown;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  /** What the middlewares before its route may answer with. */
  response: SocketResponse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClaimed = false;
  #claimant: Claimant | undefined;

  /**
   * @param socket - just upgraded
   * @param stream - what it runs on, paused
   * @param authorized - what `authorize` returned
   * @param openTimeout - after how many milliseconds without a route it is closed with 4404
   */
  constructor(socket: WebSocket, stream: Duplex, authorized: unknown, openTimeout: number) {
    this.#socket = socket;
    this.#stream = stream;
    this.authorized = authorized;
    // guard: openTimeout → this.#timer = undefined;
    this.#timer = startTimer(giveUp, openTimeout, this);
    // A frame that breaks the protocol makes ws emit 'error', whatever path the socket asked for:
    // without a listener that ends the process.
    // guard: error listener of every socket
    socket.on('error', ignoreError);
    // One function each for all sockets: there may be very many.
    socket.on('newListener', onNewListener);
    socket.on('close', onClose);
    admit(socket, this);
    pending.set(socket, this);
  }

  /** Whether a route has the socket, or it was closed: in both cases there is nothing to wait for. */
  get isClaimed(): boolean {
    return this.#isClaimed;
  }

  claim(claimant?: Claimant): void {
    // The listener for messages may have claimed it a moment before the connection does.
    this.#claimant ??= claimant;
    if (this.#isClaimed) return;
    this.#settle();
    this.#stream.resume();
  }

  /**
   * A middleware or an HTTP route has answered, or nothing has: the socket is closed with the code
   * of the status. A claimed socket is left alone (an answer that a middleware's timer gives later is
   * not about it).
   */
  refuse(status: number): void {
    if (!this.#isClaimed) this.#close(closeCodeOf(status));
  }

  /** The route itself has failed, perhaps after it began to listen: nothing will serve the socket. */
  fail(error: unknown): void {
    this.#close(closeCodeOf(statusOf(error) ?? 500));
  }

  /** The server shuts down: what runs is finished, then the socket is closed with 1001. */
  async shutDown(): Promise<void> {
    try {
      // guard: running handlers reply before 1001
      await this.#claimant?.shutDown();
    } catch {
      // However the connection fares, its socket is closed next.
    }
    this.#close(CloseCode.GoingAway);
  }

  /** The socket is gone. */
  closed(): void {
    this.#settle();
    if (this.response !== undefined) closeResponse(this.response);
  }

  /** There is nothing to wait for any more. */
  #settle(): void {
    this.#isClaimed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket.off('newListener', onNewListener);
  }

  #close(code: CloseCode): void {
    // A claim that comes later must find nothing to do.
    this.#settle();
    if (this.#socket.readyState !== OPEN) return;
    safeClose(this.#socket, code);
    // The client's own close frame is to be read; what it sent before that is dropped.
    this.#stream.resume();
    if (code !== CloseCode.Failed && code !== CloseCode.GoingAway) {
      publishRefused({ transport: 'upgrade', code: reasonOf(code), status: code });
    }
  }
}

/** A route of the user's own, without a connection of ours, takes the socket by listening. */
function onNewListener(this: WebSocket, event: string | symbol): void {
  if (event === 'message') pending.get(this)?.claim();
}

function onClose(this: WebSocket): void {
  pending.get(this)?.closed();
}

function giveUp(socket: PendingSocket): void {
  socket.refuse(404);
}

/** The guard of a socket, also after it was claimed; undefined when its server was not attached. */
export function pendingOf(socket: object): PendingSocket | undefined {
  return pending.get(socket);
}
