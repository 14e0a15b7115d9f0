/**
 * A socket between its upgrade and the route that takes it. It is not read: what the client sends
 * waits in the kernel. Each socket ends up with a route or is closed with a code; none stays open and
 * silent.
 */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { safeClose } from '../websocket/close.ts';
import { publishRefused } from '../process/diagnostics.ts';
import { CloseCode, reasonOf } from '../core/close-codes.ts';
import { statusOf } from '../core/errors.ts';
import { type Admission, admissionOf, admit, type Claimant } from '../connection/claim.ts';
import { closeResponse, type SocketResponse } from './socket-response.ts';
import { startTimer } from '../process/timers.ts';

const OPEN = 1;
const ignoreError = (): void => {};

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
      // A page or a redirect answers an HTTP request: no route here speaks WebSocket.
      return status >= 200 && status < 400 ? CloseCode.NotFound : CloseCode.Failed;
  }
}

/** One socket, watched from its upgrade on. */
export class PendingSocket implements Admission {
  readonly authorized: unknown;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  /** The request that opened the socket, and the response that the middlewares before its route get. */
  request: IncomingMessage | undefined;
  response: SocketResponse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClaimed = false;
  #claimant: Claimant | undefined;
  /** What is still being handled of sockets that have gone. */
  readonly #unfinished: Set<Promise<void>>;

  /**
   * @param socket - just upgraded
   * @param stream - the stream beneath it, paused
   * @param authorized - what `authorize` returned
   * @param unfinished - gets what is being handled when the socket goes
   */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    authorized: unknown,
    unfinished: Set<Promise<void>>,
  ) {
    this.#unfinished = unfinished;
    this.#socket = socket;
    this.#stream = stream;
    this.authorized = authorized;
    admit(socket, this);
  }

  /**
   * Waits for a route, unless one took the socket at once, as mostly.
   * @param openTimeout - after how many milliseconds without a route it is closed with 4404
   */
  wait(openTimeout: number): void {
    // A connection listens itself, and says when its socket has gone.
    if (this.#claimant === undefined) this.#listen();
    if (this.#isClaimed) return;
    if (this.#isListenedTo) {
      this.claim();
      return;
    }
    this.#socket.on('newListener', onNewListener);
    // guard: openTimeout → this.#timer = undefined;
    this.#timer = startTimer(giveUp, openTimeout, this);
  }

  #listen(): void {
    // A frame that breaks the protocol makes ws emit 'error', whatever path the socket asked for:
    // without a listener that ends the process.
    // guard: error listener of every socket
    this.#socket.on('error', ignoreError);
    // One function for all sockets: there may be very many.
    this.#socket.on('close', onClose);
  }

  /** Whether a route has the socket, or it was closed: in both cases nothing is pending. */
  get isClaimed(): boolean {
    return this.#isClaimed || this.#isListenedTo;
  }

  /** A route that does not use this package takes the socket by listening for messages. */
  get #isListenedTo(): boolean {
    return this.#socket.listenerCount('message') > 0;
  }

  claim(claimant?: Claimant): void {
    // The listener for messages may have claimed it a moment before the connection does.
    this.#claimant ??= claimant;
    if (this.#isClaimed) return;
    this.#settle();
    this.#stream.resume();
  }

  /**
   * A middleware or an HTTP route has answered, or no route was found: the socket is closed with the code
   * of the status. A claimed socket stays open: an answer that a middleware's timer gives later does not
   * concern it.
   */
  refuse(status: number): void {
    if (!this.isClaimed) this.#close(closeCodeOf(status));
  }

  /** The route itself has failed, perhaps after it began to listen: no route will serve the socket. */
  fail(error: unknown): void {
    this.#close(closeCodeOf(statusOf(error) ?? 500));
  }

  /** The server shuts down: what runs is finished, then the socket is closed with 1001. */
  async shutDown(): Promise<void> {
    try {
      // guard: running handlers reply before 1001
      await this.#claimant?.shutDown();
    } catch {
      // Whatever became of the connection, its socket is closed next.
    }
    this.#close(CloseCode.GoingAway);
  }

  /** The socket is gone. Said twice where a connection took it late. */
  closed(): void {
    const { request, response } = this;
    if (request === undefined) return;
    this.request = undefined;
    this.#settle();
    // After an upgrade Node no longer does it.
    if (response === undefined) request.destroy();
    else closeResponse(response);
    if (this.#claimant?.rest === undefined) return;
    // The connection has not seen the end yet.
    queueMicrotask(() => this.#finish());
  }

  /** The client may come back, to this process or another, and ask for the answer. */
  #finish(): void {
    const handling = this.#claimant?.rest?.();
    if (handling === undefined) return;
    this.#unfinished.add(handling);
    void handling.then(() => this.#unfinished.delete(handling));
  }

  /** Nothing is pending any more. */
  #settle(): void {
    this.#isClaimed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket.off('newListener', onNewListener);
  }

  #close(code: CloseCode): void {
    // A later claim must do nothing.
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

function onNewListener(this: WebSocket, event: string | symbol): void {
  if (event === 'message') pendingOf(this)?.claim();
}

function onClose(this: WebSocket): void {
  pendingOf(this)?.closed();
}

function giveUp(socket: PendingSocket): void {
  socket.refuse(404);
}

/** The guard of a socket, also after it was claimed; undefined when its server was not attached. */
export function pendingOf(socket: object): PendingSocket | undefined {
  const admission = admissionOf(socket);
  return admission instanceof PendingSocket ? admission : undefined;
}
