/**
 * Lines that exist in a test alone: the client's end is a class like `WebSocket`, the server's end
 * is the line of a connection, and between them are two queues of frames. Nothing arrives by itself:
 * the test takes each frame out, and cuts wherever it likes.
 */
import { IncomingMessage } from 'node:http';
import { Socket as Stream } from 'node:net';
import { type Introduced, introductionOf } from '../../lib/connection/introduction.ts';
import { type Line, type LineListener, PLACED } from '../../lib/connection/line.ts';
import { type Wire } from '../../lib/core/codec.ts';
import { Prepared } from '../../lib/core/prepared.ts';
import { PROTOCOL } from '../../lib/core/protocol.ts';

/** What is on its way: a frame, or the end of the line with its code. */
type OnItsWay = { readonly frame: string } | { readonly code: number };

interface Listeners {
  open: (() => void)[];
  error: (() => void)[];
  message: ((event: { readonly data: unknown }) => void)[];
  close: ((event: { readonly code: number; readonly reason: string }) => void)[];
}

/** The client's end. */
class ModelSocket {
  binaryType = '';
  readyState = 0;
  readonly bufferedAmount = 0;
  readonly protocol = PROTOCOL;
  readonly #wire: ModelWire;
  readonly listeners: Listeners = { open: [], error: [], message: [], close: [] };

  constructor(wire: ModelWire) {
    this.#wire = wire;
  }

  addEventListener<Type extends keyof Listeners>(
    type: Type,
    listener: Listeners[Type][number],
  ): void {
    (this.listeners[type] as (typeof listener)[]).push(listener);
  }

  send(data: string): void {
    if (this.readyState === 1) this.#wire.fromClient.push({ frame: data });
  }

  close(code = 1005): void {
    if (this.readyState < 2) this.#wire.fromClient.push({ code });
    this.readyState = 2;
  }
}

/** The server's end. */
class ModelLine implements Line {
  isOpen = true;
  readonly isMarked = true;
  readonly isOneWay = false;
  readonly limit = Infinity;
  introduction: Introduced | undefined;
  readonly goesOnFrom = undefined;
  readonly buffered = 0;
  bytesSent = 0;
  readonly #wire: ModelWire;

  constructor(wire: ModelWire, request: IncomingMessage) {
    this.#wire = wire;
    this.introduction = introductionOf(request);
  }

  write(encoded: Wire | Prepared, header: string): number {
    const isPrepared = encoded instanceof Prepared;
    const place = isPrepared && header === PLACED ? encoded.place : '';
    const frame = `${header === PLACED && place === '' ? '' : header}${place}\n${String(isPrepared ? encoded.encoded : encoded)}`;
    this.bytesSent += frame.length;
    this.#wire.fromServer.push({ frame });
    return 0;
  }

  close(code: number): void {
    if (this.isOpen) this.#wire.fromServer.push({ code });
    this.isOpen = false;
  }

  terminate(): void {
    this.#wire.cut(() => 0);
  }

  whenDrained(): void {}
  flush(): void {}
  pause(): void {}
  resume(): void {}
  ping(): void {}
  discard(): void {}
}

/** One line: both of its ends, and what is between them. */
export class ModelWire {
  fromClient: OnItsWay[] = [];
  fromServer: OnItsWay[] = [];
  readonly socket: ModelSocket = new ModelSocket(this);
  readonly line: ModelLine;
  readonly request: IncomingMessage;
  /** The connection, once the server has accepted the line. */
  listener: LineListener | undefined;
  #isCut = false;
  /** The server has seen the end. */
  #isOver = false;

  constructor(protocols: readonly string[]) {
    this.request = new IncomingMessage(new Stream());
    this.request.headers['sec-websocket-protocol'] = protocols.join(', ');
    this.line = new ModelLine(this, this.request);
  }

  /** True when nothing is on its way any more. */
  get isQuiet(): boolean {
    return this.fromClient.length + this.fromServer.length === 0;
  }

  /** The header of what comes next to the client. */
  get next(): string {
    const [next] = this.fromServer;
    return next !== undefined && 'frame' in next ? headerOf(next.frame) : '';
  }

  /** What comes next reaches the client. @returns its header */
  toClient(): string | undefined {
    const next = this.fromServer.shift();
    const { socket } = this;
    if (next === undefined || socket.readyState === 3) return undefined;
    if (socket.readyState === 0) {
      socket.readyState = 1;
      for (const listener of socket.listeners.open) listener();
    }
    if ('code' in next) {
      // The other side of a closing handshake.
      if (socket.readyState === 1 && !this.#isCut) this.fromClient.push(next);
      socket.readyState = 3;
      for (const listener of socket.listeners.close) listener({ code: next.code, reason: '' });
      return undefined;
    }
    for (const listener of socket.listeners.message) listener({ data: next.frame });
    return headerOf(next.frame);
  }

  /** What comes next reaches the server. */
  toServer(): void {
    const next = this.fromClient.shift();
    if (next === undefined || this.#isOver) return;
    if ('frame' in next) {
      this.listener?.receive(next.frame, false);
      return;
    }
    this.#isOver = true;
    if (this.line.isOpen && !this.#isCut) this.fromServer.push(next);
    this.line.isOpen = false;
    this.listener?.closed(next.code);
  }

  /** Breaks it: of what is on its way each side still gets so many, which may be all. */
  cut(pick: (limit: number) => number): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const broken = (all: OnItsWay[]): OnItsWay[] => [
      ...all.slice(0, pick(all.length + 1)),
      { code: 1006 },
    ];
    this.fromClient = broken(this.fromClient);
    this.fromServer = broken(this.fromServer);
  }
}

const headerOf = (frame: string): string => frame.slice(0, frame.indexOf('\n'));
