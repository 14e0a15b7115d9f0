/** A WebSocket as the line of a connection. */
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { admissionOf } from '../connection/claim.ts';
import { ClientConnection, type StartSession } from '../connection/connection.ts';
import { forgetIntroduction, type Introduced, introductionOf } from '../connection/introduction.ts';
import { type Line, PLACED } from '../connection/line.ts';
import { type ConnectionSettings } from '../connection/options.ts';
import { type Wire } from '../core/codec.ts';
import { Prepared } from '../core/prepared.ts';
import { FRAME_HEADER, joinFrame, PROTOCOL, RESUME_LIMIT } from '../core/protocol.ts';
import { safeClose } from './close.ts';
import { forgetRouting, restoreUrl } from './express-ws-url.ts';
import { type Frame, frameOf } from './frame.ts';
import { listen } from './listeners.ts';
import { Outbox } from './outbox.ts';
import { type PausedLine, type Pieces, readInPieces } from './pieces.ts';
import { allowFrame, directStream, limitReceiver } from './ws-internals.ts';

const OPEN = 1;
const CLOSED = 3;

/** What carries a connection over one socket. */
export class WebSocketLine implements Line, PausedLine {
  readonly isMarked: boolean;
  readonly isOneWay: boolean = false;
  readonly limit: number;
  introduction: Introduced | undefined;
  readonly goesOnFrom: undefined;
  isPaused = false;
  /** Made when more than a piece arrives for the first time. */
  pieces: Pieces | undefined;
  readonly #socket: WebSocket;
  /** The stream of the request that opened the socket. */
  readonly stream: Duplex;
  readonly #outbox: Outbox;

  /**
   * @param hasIds - whether the route knows the ids of `omnimessage.1`
   * @param asksWho - whether it wants to know who its clients are
   * @param limit - the largest message that the route allows, in bytes
   */
  constructor(
    socket: WebSocket,
    request: IncomingMessage,
    hasIds: boolean,
    asksWho: boolean,
    limit: number,
  ) {
    this.isMarked = hasIds && socket.protocol === PROTOCOL;
    this.limit = limitReceiver(socket, limit, this.isMarked ? FRAME_HEADER : 0);
    if (this.isMarked) {
      if (asksWho) this.introduction = introductionOf(request);
      forgetIntroduction(request);
    }
    this.#socket = socket;
    this.stream = request.socket;
    this.#outbox = new Outbox(socket, directStream(socket, request), request.socket);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  get buffered(): number {
    return this.#outbox.buffered;
  }

  get bytesSent(): number {
    return this.#outbox.bytesSent;
  }

  write(encoded: Wire | Prepared, header: string): number {
    if (this.isMarked) return this.#outbox.push(marked(encoded, header));
    return this.#outbox.push(encoded instanceof Prepared ? encoded.framedBy(frameOf) : encoded);
  }

  flush(): void {
    this.#outbox.flushUnlessBlocked();
  }

  /** Sends what waits, whatever the client has taken: a close frame is about to follow. */
  flushBeforeClose(): void {
    this.#outbox.flush();
  }

  whenDrained(callback: () => void): void {
    this.#outbox.whenDrained(callback);
  }

  pause(): void {
    this.isPaused = true;
    if (canPause(this.#socket)) {
      this.#socket.pause();
    } else {
      // ws 7 has no pause of its own, and resumes the stream whenever its parser has drained.
      // guard: a pause on ws 7 lasts
      this.stream.on('resume', pauseAgain);
      this.stream.pause();
    }
  }

  resume(): void {
    this.isPaused = false;
    this.pieces?.goOn();
    if (canPause(this.#socket)) {
      this.#socket.resume();
    } else {
      this.stream.off('resume', pauseAgain);
      this.stream.resume();
    }
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string | undefined): void {
    safeClose(this.#socket, code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
    this.pieces?.drop();
  }

  discard(): void {
    this.#outbox.discard();
  }
}

/**
 * Connects a socket: its listeners are attached when this returns, so no frame is lost from here on.
 * @param start - makes the session, once the context is known
 */
export function connectSocket<In, Out, Context, Request extends IncomingMessage>(
  socket: WebSocket,
  request: Request,
  settings: ConnectionSettings<In, Out, Context, Request>,
  start: StartSession<In, Out, Context, Request>,
): void {
  expectSocket(socket);
  const asksWho = (settings.resume ?? settings.onVersion) !== undefined;
  const line = new WebSocketLine(socket, request, settings.hasIds, asksWho, settings.limit);
  const connection = new ClientConnection(line, request, settings, start);
  restoreUrl(request);
  forgetRouting(request);
  listen(socket, connection, line);
  readInPieces(socket, line);
  const admission = admissionOf(socket);
  admission?.claim(connection);
  // Gone while a middleware before us was busy: its 'close' event is past.
  if (socket.readyState === CLOSED) connection.neverOpened();
  else connection.begin(admission);
  // guard: a client with many places comes back
  if (connection.awaitsResume) allowFrame(socket, RESUME_LIMIT);
}

/** @throws TypeError when a route for sockets was mounted as a middleware: it says what to write */
function expectSocket(socket: unknown): void {
  const { terminate } = socket as { terminate?: unknown };
  if (typeof terminate === 'function') return;
  throw new TypeError(
    'Expected a WebSocket, got an HTTP request: a WebSocket route is mounted by app.ws(path, route), ' +
      'on the app that attachWebSockets gives, and not by app.use',
  );
}

/** A message with the header of a marked line. A push that goes to many is framed once. */
function marked(encoded: Wire | Prepared, header: string): Wire | Frame {
  if (!(encoded instanceof Prepared)) return joinFrame(header, encoded);
  if (header === '') return encoded.framedBy(pushFrameOf);
  if (header === PLACED) return encoded.framedBy(placedFrameOf);
  return joinFrame(header, encoded.encoded);
}

function pushFrameOf(encoded: Wire): Frame {
  return frameOf(joinFrame('', encoded));
}

function placedFrameOf(encoded: Wire, { place }: Prepared): Frame {
  return frameOf(joinFrame(place === '' ? '' : PLACED + place, encoded));
}

function pauseAgain(this: Duplex): void {
  this.pause();
}

/** ws 8 has `pause`, ws 7 has not, whatever the types say. */
function canPause(socket: WebSocket): boolean {
  return typeof (socket as { pause?: unknown }).pause === 'function';
}
